"""The nightly look: run by Prefect, on the sample systems; one system that is away hides nothing in another."""

import os

import pytest
from sqlmodel import select

from flows.runtime.clock import utc_now
from models.database import reading, unit_of_work
from models.records import Identifier
from models.rights import Right
from models.tables import Letter, Reappearance
from tasks.keeping.suppress import suppress
from tasks.steps import Scene
from tests.support.case_rows import add_case
from tests.support.world import CAMILLE, World

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True
)


def one_night(world: World) -> tuple[str, str]:
    """Start the deployment, as its schedule does, and run it; the name and the message of the state it ends in."""
    deployment = world.engine.api("GET", "/deployments/name/find-reappeared/dsr")["id"]
    run = str(world.engine.api("POST", f"/deployments/{deployment}/create_flow_run", json={})["id"])
    world.engine.run(run)
    state = world.engine.api("GET", f"/flow_runs/{run}")["state"]
    assert isinstance(state, dict)
    return state["name"], state["message"] or ""


def found_in() -> set[str]:
    with reading() as session:
        return {row.system for row in session.exec(select(Reappearance))}


def test_every_night_the_systems_are_looked_through(small_world: World) -> None:
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.ERASURE)
        gone = [Identifier(kind="email", value=CAMILLE)]
        suppress(Scene(session, case, request, utc_now()), gone, "erased", "erasure")
    assert one_night(small_world)[0] == "Completed"
    assert found_in() == {"billing", "site_db"}
    assert len(small_world.letters("reappeared")) == 2
    assert one_night(small_world)[0] == "Completed"
    assert len(small_world.letters("reappeared")) == 2

    with unit_of_work() as session:
        for row in session.exec(select(Reappearance)):
            session.delete(row)
    small_world.engine.environment["DSR_SITE_DB_URL"] = f"sqlite:///{os.devnull}/nowhere"
    name, message = one_night(small_world)
    assert name == "Failed"
    assert "site_db was not looked through" in message
    assert CAMILLE not in message
    assert found_in() == {"billing"}
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 3
