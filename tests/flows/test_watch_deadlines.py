"""The half-hourly watch, run by a real Prefect server: letters leave, events arrive, and its heartbeat is noted."""

from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from flows.runtime.clock import utc_now
from models.database import reading, unit_of_work
from models.rights import Right
from models.tables import Alert, ClockEvent, Heartbeat, Letter, LetterState
from tests.support.case_rows import add_case
from tests.support.running import wait_for
from tests.support.world import World, words_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True
)


def one_watch(world: World) -> str:
    """Start the deployment, as its schedule does, and run it; the name of the state it ends in."""
    deployment = world.engine.api("GET", "/deployments/name/watch-deadlines/dsr")
    schedules = deployment["schedules"]
    assert isinstance(schedules, list)
    assert schedules[0]["schedule"]["interval"] == 1800
    run = world.engine.api("POST", f"/deployments/{deployment['id']}/create_flow_run", json={})
    world.engine.run(str(run["id"]))
    return world.engine.state_of(str(run["id"]))


def events(world: World) -> list[dict[str, object]]:
    """What Prefect keeps of our events, as an automation sees them."""
    url = f"{world.engine.environment['PREFECT_API_URL']}/events/filter"
    wanted = {"filter": {"event": {"prefix": ["dsr.deadline."]}}, "limit": 50}
    return list(httpx.post(url, json=wanted, timeout=30).raise_for_status().json()["events"])


def new_events(world: World, known: set[object]) -> list[dict[str, object]]:
    """Prefect writes events in batches, a moment after it got them."""
    return wait_for("the event", lambda: [one for one in events(world) if one["id"] not in known] or None)


def test_every_half_hour_what_comes_near_is_told_by_letter_and_event(small_world: World) -> None:
    received = utc_now() - timedelta(days=33)
    with unit_of_work() as session:
        add_case(session, Right.ACCESS, received_at=received)
    known = {event["id"] for event in events(small_world)}
    assert one_watch(small_world) == "Completed"
    [mail] = small_world.letters("deadline_alert")
    assert "DSR-" in words_of(mail)
    assert "Durand" not in words_of(mail)
    [event] = new_events(small_world, known)
    with reading() as session:
        alerts = session.exec(select(Alert)).all()
        told = next(alert for alert in alerts if alert.digest)
        assert (
            session.exec(select(Letter.state).where(Letter.kind == "deadline_alert")).one()
            == LetterState.SENT
        )
        assert session.get(Heartbeat, "watch-deadlines") is not None
    assert event["event"] == "dsr.deadline.reply"
    assert event["resource"] == {
        "prefect.resource.id": f"dsr.request.{told.key.partition(':')[0]}",
        "prefect.resource.name": told.key.partition(":")[0],
    }
    assert event["payload"] == {"level": told.level, "due": told.due.isoformat()}

    taken = len(small_world.letters())
    assert one_watch(small_world) == "Completed"
    assert len(small_world.letters()) == taken


def test_a_watch_that_fails_has_no_heartbeat_and_tells_the_others(small_world: World) -> None:
    received = utc_now() - timedelta(days=25)
    with unit_of_work() as session:
        broken, _ = add_case(session, Right.ACCESS, received_at=received)
        add_case(session, Right.ERASURE, received_at=received)
        session.delete(session.exec(select(ClockEvent).where(ClockEvent.case_id == broken.id)).one())
    assert one_watch(small_world) == "Failed"
    assert len(small_world.letters("deadline_alert")) == 1
    with reading() as session:
        assert session.get(Heartbeat, "watch-deadlines") is None
