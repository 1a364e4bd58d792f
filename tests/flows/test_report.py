"""The daily report, run by a real Prefect server: letters leave as they were stored, and artifacts show the numbers."""

import json
from datetime import datetime, timedelta

import httpx
import pytest
from sqlmodel import select

from flows.runtime.clock import utc_now
from models.calendar import PARIS
from models.database import reading, unit_of_work
from models.rights import Right
from models.storage import fetch
from models.tables import Heartbeat, Letter, LetterState, SentReport
from tests.conftest import forget_settings
from tests.support.case_rows import add_case
from tests.support.world import World

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True
)


def one_run(world: World) -> str:
    """Start the deployment, as its schedule does, and run it; the name of the state it ends in."""
    deployment = world.engine.api("GET", "/deployments/name/report/dsr")
    [schedule] = deployment["schedules"]  # type: ignore[misc]
    assert schedule["schedule"]["cron"] == "0 7 * * *"
    assert schedule["schedule"]["timezone"] == "Europe/Paris"
    run = world.engine.api("POST", f"/deployments/{deployment['id']}/create_flow_run", json={})
    world.engine.run(str(run["id"]))
    return world.engine.state_of(str(run["id"]))


def artifacts(world: World) -> list[dict[str, str]]:
    url = f"{world.engine.environment['PREFECT_API_URL']}/artifacts/filter"
    wanted = {"artifacts": {"key": {"like_": "sla-"}}, "limit": 50}
    return list(httpx.post(url, json=wanted, timeout=30).raise_for_status().json())


def test_what_is_due_is_written_sent_and_shown_once(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    managers = json.dumps(["direction@nexoris.example"])
    monkeypatch.setenv("DSR_MANAGERS", managers)
    monkeypatch.setitem(small_world.engine.environment, "DSR_MANAGERS", managers)
    forget_settings()
    today = utc_now().astimezone(PARIS)
    monday = datetime(today.year, today.month, today.day, 12, tzinfo=PARIS) - timedelta(days=today.weekday())
    with unit_of_work() as session:
        add_case(
            session, Right.ACCESS, received_at=(monday - timedelta(days=40)).astimezone(utc_now().tzinfo)
        )
    before = {artifact["id"] for artifact in artifacts(small_world)}
    assert one_run(small_world) == "Completed"
    shown = [artifact for artifact in artifacts(small_world) if artifact["id"] not in before]
    assert {artifact["key"] for artifact in shown} == {"sla-week", "sla-month"}
    assert all("| 1 |" in artifact["data"] and "Durand" not in artifact["data"] for artifact in shown)
    with reading() as session:
        letters = session.exec(select(Letter).where(Letter.kind == "report")).all()
        assert len(session.exec(select(SentReport)).all()) == 2
        assert session.get(Heartbeat, "report") is not None
    assert [letter.state for letter in letters] == [LetterState.SENT] * 2
    sent = {taken.content for taken in small_world.relay.taken}
    assert {fetch(letter.storage_key) for letter in letters} <= sent, "the bytes stored are the bytes sent"
    assert all(b"application/pdf" in fetch(letter.storage_key) for letter in letters)

    assert one_run(small_world) == "Completed"
    assert len(small_world.letters("report")) == 2
    assert len(artifacts(small_world)) == len(before) + 2
