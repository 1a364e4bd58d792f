"""The nightly purge against a real Prefect server: runs of closed cases go, those of open ones stay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlmodel import select

from flows.case_clock_artifact import forget_clock, show_clock
from flows.prefect_api import prefect as server
from flows.prefect_api import runs_of
from flows.purge import purge_due
from models import audit, storage
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.tables import Case, Letter, Request
from tasks.runs import case_ref_of
from tests.support.kept_case import keep_case

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.exhaustive)], indirect=True
)
DAYS = timedelta(days=1)


@pytest.fixture(autouse=True)
def _of_this_process(prefect: dict[str, str]) -> Iterator[None]:
    """Prefect's client of this process asks the tests' server."""
    with temporary_settings({PREFECT_API_URL: prefect["PREFECT_API_URL"]}):
        yield


def start(deployment: str, *tags: str) -> str:
    with server() as client:
        found = client.read_deployment_by_name(deployment)
        return str(client.create_flow_run_from_deployment(found.id, tags=tags).id)


def runs(request_ref: str) -> list[FlowRun]:
    with server() as client:
        return runs_of(client, request_ref)


def a_case(closed: datetime | None, how_many: int = 2) -> str:
    """A case whose request has this many runs; its request's reference."""
    with unit_of_work() as session:
        case = keep_case(session, datetime.now(UTC) - 90 * DAYS, closed)
        request = session.exec(select(Request).where(Request.case_id == case.id)).one()
    for _ in range(how_many):
        newest = start("recover/dsr", case.ref, request.right)
    with unit_of_work() as session:
        session.get_one(Request, request.id).flow_run_id = newest
    return request.ref


def test_runs_of_closed_cases_go_and_those_of_open_ones_stay(small_world) -> None:
    now = datetime.now(UTC)
    old, fresh, still = a_case(now - 31 * DAYS), a_case(now - 29 * DAYS), a_case(None)
    for ref in (old, still):
        assert show_clock(case_ref_of(ref), now)
    done = purge_due(now)
    assert (done["run"], done["mail"]) == (1, 1)
    assert [forget_clock(case_ref_of(ref)) for ref in (old, still)] == [0, 1], "its clock went with the runs"
    assert [len(runs(ref)) for ref in (old, fresh, still)] == [0, 2, 2]
    with reading() as session:
        ids = {row.ref: row.flow_run_id for row in session.exec(select(Request))}
        assert audit.verify(session) == []
    assert (ids[old], bool(ids[fresh]), bool(ids[still])) == ("", True, True)
    assert purge_due(now)["run"] == 0


def test_a_run_that_somebody_deleted_already_is_as_good(small_world) -> None:
    now = datetime.now(UTC)
    ref = a_case(now - 31 * DAYS, how_many=1)
    with server() as client:
        [run] = runs_of(client, ref)
        client.delete_flow_run(run.id)
    assert purge_due(now)["run"] == 1
    assert purge_due(now)["run"] == 0


def test_the_deployed_flow_purges_by_itself(small_world) -> None:
    ref = a_case(datetime.now(UTC) - 31 * DAYS, how_many=1)
    assert small_world.engine.run(start("purge/dsr")) == 0
    assert runs(ref) == []
    with reading() as session:
        case = session.exec(select(Case)).one()
        reply = session.exec(select(Letter).where(Letter.kind == LetterKind.ERASURE_REPLY)).one()
        assert case.requester_name, "the reply is kept with its addressee"
        assert storage.fetch(reply.storage_key)


def test_every_night_at_three_in_paris(small_world) -> None:
    with server() as client:
        [schedule] = client.read_deployment_by_name("purge/dsr").schedules
    assert (schedule.schedule.cron, schedule.schedule.timezone) == ("0 3 * * *", "Europe/Paris")
