"""The morning's look at restrictions, run by a real Prefect server: who was told is lifted, the rest is for review."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from models import audit
from models.database import reading
from models.tables import Request, RequestState, Restriction
from tasks.changes.lift_restriction import announce
from tasks.letters.send_letters import send_queued
from tasks.samples.sample_systems import OLIVER
from tests.support.restricted_case import BECAUSE, DAY, restricted, stored_only
from tests.support.world import World, words_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True
)


def one_morning(world: World) -> str:
    """Start the deployment, as its schedule does, and run it; the name of the state it ends in."""
    deployment = world.engine.api("GET", "/deployments/name/lift-restrictions/dsr")
    schedules = deployment["schedules"]
    assert isinstance(schedules, list)
    planned = schedules[0]["schedule"]
    assert (planned["cron"], planned["timezone"]) == ("0 6 * * *", "Europe/Paris")
    run = world.engine.api("POST", f"/deployments/{deployment['id']}/create_flow_run", json={})
    world.engine.run(str(run["id"]))
    return world.engine.state_of(str(run["id"]))


def test_every_morning_who_was_told_is_lifted_and_officers_hear_of_the_rest(small_world: World) -> None:
    now = datetime.now(UTC)
    ending = restricted(at=now - 100 * DAY)
    staying = restricted(at=now - 100 * DAY, address=OLIVER.email)
    announce(ending, BECAUSE, "Claire Martin", now - 8 * DAY)
    assert stored_only(), "nobody has sent the letter yet"

    asyncio.run(send_queued(now))
    assert one_morning(small_world) == "Completed"
    assert [stored_only(), stored_only(OLIVER.email)] == [False, True]
    with reading() as session:
        open_ones = session.exec(
            select(Request.ref).join(Restriction).where(col(Restriction.lifted_at).is_(None))
        ).all()
        assert set(session.exec(select(Request.state))) == {RequestState.CLOSED}
        assert audit.verify(session) == []
    assert open_ones == [staying]
    [reminder] = small_world.letters("review_due")
    assert staying.partition("/")[0] in words_of(reminder)
    assert small_world.letters("manual_task")

    taken = len(small_world.letters())
    assert one_morning(small_world) == "Completed"
    assert len(small_world.letters()) == taken
