"""The engine's health as it is seen from outside: `/healthz`, and the command that says what to do."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from models.database import unit_of_work
from models.tables import Heartbeat, LetterState
from tasks.clock.heartbeat import CLOCKWORK, beat, expect
from tasks.letters.unsent_letters import unsent
from tests.support.watching import letter
from tests.tasks.test_cli import dsr
from tests.web.conftest import Site

HALF = timedelta(minutes=30)
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def test_a_dead_watcher_turns_the_app_and_the_command_red(
    site: Site, browser: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Done when 6: its runs have stopped for more than an hour, and everything else goes on."""
    now = datetime.now(UTC)
    site.now = now
    expect(now - timedelta(hours=2))
    for flow in CLOCKWORK:
        beat(flow, now - timedelta(minutes=61) if flow == "watch-deadlines" else now)
    answer = browser.get("/healthz")
    assert answer.status_code == 503
    assert list(answer.json()["silent"]) == ["watch-deadlines"]
    assert answer.json()["database"] == "ok"
    assert browser.get("/livez").status_code == 200, "whoever starts the app must not wait for the engine"
    checks = doctor(capsys)
    assert not checks["clockwork"]["ok"]
    assert "watch-deadlines since" in checks["clockwork"]["say"]
    beat("watch-deadlines", now)
    assert browser.get("/healthz").status_code == 200
    assert doctor(capsys)["clockwork"] == {"part": "clockwork", "ok": True, "say": "7 flows run on time"}


def doctor(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    """What the real command says, by part; it is red as a whole where one part is."""
    capsys.readouterr()
    status = dsr("doctor", "--json")
    checks = json.loads(capsys.readouterr().out)
    assert status == (0 if all(check["ok"] for check in checks) else 1)
    return {check["part"]: check for check in checks}


def test_an_engine_that_never_started_turns_the_app_red(site: Site, browser: httpx.Client) -> None:
    answer = browser.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "silent": dict.fromkeys(CLOCKWORK, "never")}
    assert browser.get("/livez").status_code == 200, "a start-up probe must not wait for the engine"


def test_a_start_has_the_grace_of_two_intervals(site: Site, browser: httpx.Client) -> None:
    """`dsr up` expects the clockwork before the web app answers."""
    expect(site.now)
    assert browser.get("/healthz").status_code == 200
    site.now += timedelta(minutes=2, seconds=1)
    assert list(browser.get("/healthz").json()["silent"]) == ["intake"]


def test_a_flow_that_is_new_in_this_version_is_silent_until_somebody_expects_it(
    site: Site, browser: httpx.Client
) -> None:
    expect(site.now)
    with unit_of_work() as session:
        session.delete(session.get_one(Heartbeat, "report"))
    assert browser.get("/healthz").json()["silent"] == {"report": "never"}


@sqlite
def test_an_engine_that_never_started_is_said(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "never started" in str(doctor(capsys)["clockwork"]["say"])


@sqlite
def test_letters_that_should_have_left_and_did_not_are_listed(
    db: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    states = {
        "fresh": (LetterState.QUEUED, now - HALF + timedelta(minutes=1)),
        "waiting": (LetterState.QUEUED, now - HALF - timedelta(seconds=5)),
        "stuck": (LetterState.SENDING, now - 2 * HALF),
        "failed": (LetterState.FAILED, now),
        "uncertain": (LetterState.UNCERTAIN, now),
        "sent": (LetterState.SENT, now - 9 * HALF),
    }
    with unit_of_work() as session:
        session.add_all(letter(key, state, when) for key, (state, when) in states.items())
    with unit_of_work() as session:
        assert [one.key for one in unsent(session, now)] == ["waiting", "stuck", "failed", "uncertain"]
    check = doctor(capsys)["letters"]
    assert not check["ok"]
    assert "waiting (queued), stuck (sending), failed (failed), uncertain (uncertain)" in str(check["say"])
