"""`GET /metrics`: known callers only, right numbers, no personal data; and the Grafana dashboard asks for what is there."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from models.database import unit_of_work
from models.request_dates import renew
from models.rights import Right
from models.settings import REPOSITORY
from models.tables import AuditEvent, Letter, LetterState, Message, MessageState, RequestState
from tasks.clock.heartbeat import beat
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, add_case
from tests.web.conftest import Site

TOKEN = "metrics-token-of-prometheus"
DASHBOARD = REPOSITORY / "docs" / "grafana.json"
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def token(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DSR_METRICS_TOKEN", TOKEN)
    forget_settings()
    yield
    forget_settings()


def scrape(browser: httpx.Client, token: str = TOKEN) -> httpx.Response:
    return browser.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def samples(answer: httpx.Response) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order of their names."""
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def fill() -> None:
    """One request overdue, one on time, two answered; a message in the pen; letters of three states."""
    with unit_of_work() as session:
        for right, days, answered in (
            (Right.ACCESS, 70, None),
            (Right.ERASURE, 2, None),
            (Right.ACCESS, 60, 10),
            (Right.ACCESS, 90, 45),
        ):
            received = NOW - timedelta(days=days)
            case, [request] = add_case(session, right, received_at=received)
            if answered is not None:
                request.replied_at = request.closed_at = received + timedelta(days=answered)
                request.state, request.outcome = RequestState.CLOSED, "answered"
            renew(session, case, NOW)
        session.add(
            Message(
                mailbox="privacy@nexoris.com",
                content_hash="a",
                storage_key="mail/a",
                received_at=NOW,
                kept_at=NOW - timedelta(hours=3),
                state=MessageState.PEN,
                sender="camille@mail.example",
            )
        )
        for number, state in enumerate((LetterState.QUEUED, LetterState.FAILED, LetterState.SENT)):
            session.add(
                Letter(
                    key=str(number),
                    kind="acknowledge",
                    language="fr",
                    recipient="camille@mail.example",
                    subject="",
                    message_id=f"<{number}@nexoris.com>",
                    storage_key="",
                    sha256="",
                    state=state,
                    written_at=NOW - timedelta(hours=1),
                    bounced_at=NOW if state == LetterState.SENT else None,
                )
            )
    beat("intake", NOW - timedelta(minutes=5))


def test_the_numbers_are_right_and_hold_nobody(browser: httpx.Client) -> None:
    fill()
    answer = scrape(browser)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = samples(answer)
    assert found["dsr_requests_open", "access", "overdue"] == 1
    assert found["dsr_requests_open", "erasure", "on_time"] == 1
    assert sum(value for key, value in found.items() if key[0] == "dsr_requests_open") == 2
    assert found["dsr_requests_overdue",] == 1
    assert found["dsr_requests_answered", "yes", "yes", "access"] == 1
    assert found["dsr_requests_answered", "no", "no", "access"] == 1
    assert found["dsr_on_time_ratio", "law"] == 1 / 3
    assert (found["dsr_answer_days", "0.5"], found["dsr_answer_days", "0.9"]) == (10, 45)
    assert (found["dsr_pen_messages",], found["dsr_pen_oldest_age_seconds",]) == (1, 3 * 3600)
    assert [found["dsr_letters", state] for state in ("queued", "failed", "sent", "uncertain")] == [
        1,
        1,
        1,
        0,
    ]
    assert (found["dsr_letters_bounced",], found["dsr_letters_late",]) == (1, 2)
    assert found["dsr_heartbeat_age_seconds", "intake"] == 300
    assert found["dsr_heartbeat_interval_seconds", "intake"] == 60
    assert found["dsr_audit_broken_chains",] == 0
    for personal in ("DSR-", "Durand", "@", "example"):
        assert personal not in answer.text


@sqlite
def test_a_broken_chain_is_counted(browser: httpx.Client) -> None:
    fill()
    with unit_of_work() as session:
        event = session.get_one(AuditEvent, 1)
        event.kind = "something_else"
    assert samples(scrape(browser))["dsr_audit_broken_chains",] == 1


def test_an_empty_system_has_numbers_too(browser: httpx.Client) -> None:
    found = samples(scrape(browser))
    assert found["dsr_requests_overdue",] == found["dsr_pen_oldest_age_seconds",] == 0


@sqlite
def test_only_known_callers_and_nothing_without_a_token(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.browser()
    for wrong in ("x", TOKEN[:-1], f"{TOKEN}x", "é"):
        answer = browser.get("/metrics", headers={b"Authorization": f"Bearer {wrong}".encode()})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "dsr_" not in answer.text
    assert browser.get("/metrics").status_code == 401
    assert browser.get("/metrics", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401
    assert browser.get("/metrics", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200
    monkeypatch.setenv("DSR_METRICS_TOKEN", "")
    forget_settings()
    assert scrape(browser).status_code == 404


@sqlite
def test_the_dashboard_asks_for_metrics_and_labels_that_are_there(browser: httpx.Client) -> None:
    fill()
    families = list(text_string_to_metric_families(scrape(browser).text))
    labels = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert asked
    for expression in asked:
        named = set(re.findall(r"\bdsr_[a-z_]+", expression))
        assert named
        assert named <= labels.keys(), expression
        said = re.findall(r"\bby \(([a-z_, ]+)\)|\{([a-z_]+)[=!]", expression)
        used = {label.strip() for groups in said for group in groups if group for label in group.split(",")}
        assert used <= set().union(*(labels[name] for name in named)), expression
    assert {
        target["datasource"]["uid"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    } == {"${datasource}"}
    titles = [panel["title"] for panel in dashboard["panels"]]
    assert len(set(titles)) == len(titles)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(titles)
