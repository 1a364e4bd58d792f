"""What we ask of Prefect's server, through its own client. Each call may be repeated.

Prefect is given references, rights, dates and states, never a name or an address (DESIGN.md 4.2).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun, FlowRunInput
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from models.alerts import reply_due
from models.case_clock import deadlines_of
from models.cases import find_request
from models.database import reading
from models.rights import Right
from models.tables import Case, Request, RequestState

DEPLOYMENTS = {right: f"{right.replace('_', '-')}/dsr" for right in Right}


@contextmanager
def prefect() -> Iterator[SyncPrefectClient]:
    """Yield a client of the configured server."""
    with get_client(sync_client=True) as client:
        yield client


def tags_of(request: Request, case: Case) -> list[str]:
    """Return case, right and state: what officers filter by."""
    state = "closed" if request.state == RequestState.CLOSED else f"waits-for-{request.waits_for}"
    return [case.ref, request.right, state if request.waits_for or request.closed_at else "working"]


def name_of(request: Request, case: Case, due: datetime | object) -> str:
    """Return `due 2026-12-23 · DSR-2026-0042 · access`: sorted by name, the earliest comes first."""
    return f"due {due} · {case.ref} · {request.right}"


def create_run(request_ref: str, now: datetime) -> str:
    """Start the flow run of the request's current attempt; the same attempt gives the same run."""
    name, tags = _label(request_ref, now)
    with reading() as session:
        request = find_request(session, request_ref)
    with prefect() as client:
        deployment = client.read_deployment_by_name(DEPLOYMENTS[Right(request.right)])
        run = client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"request_ref": request_ref},
            name=name,
            tags=tags,
            idempotency_key=f"{request_ref}#{request.attempt}",
        )
    return str(run.id)


def retag(request_ref: str, flow_run_id: str, now: datetime) -> None:
    """Bring a run's name and tags up to date: dates and states move."""
    name, tags = _label(request_ref, now)
    with prefect() as client:
        client.update_flow_run(UUID(flow_run_id), name=name, tags=tags)


def keep_true(request_ref: str, run: FlowRun, now: datetime) -> bool:
    """Bring a waiting run's name and tags up to date, where a date moved while it waited; True where one did."""
    name, tags = _label(request_ref, now)
    if run.name == name and set(run.tags) == set(tags):
        return False
    with prefect() as client:
        client.update_flow_run(run.id, name=name, tags=tags)
    return True


def _label(request_ref: str, now: datetime) -> tuple[str, list[str]]:
    with reading() as session:
        request = find_request(session, request_ref)
        case = session.get_one(Case, request.case_id)
        due = reply_due(deadlines_of(session, case, now))
    return name_of(request, case, due), tags_of(request, case)


def read_run(flow_run_id: str) -> FlowRun | None:
    """Return the run, or None where Prefect has none of that id."""
    if not flow_run_id:
        return None
    with prefect() as client, suppress(ObjectNotFound):
        return client.read_flow_run(UUID(flow_run_id))
    return None


def has_form(run: FlowRun) -> bool:
    """Whether a suspended run's form was saved: a crash can come between suspending and saving it."""
    keyset = run.state.state_details.run_input_keyset if run.state else None
    if not keyset:
        return True
    with prefect() as client:
        return bool(_inputs(client, run.id, keyset["schema"]))


def resume(run: FlowRun) -> None:
    """Ring: let a suspended run look again at what it waits for."""
    with prefect() as client:
        client.resume_flow_run(run.id)


def give_up(flow_run_id: UUID, why: str) -> None:
    """Mark a run as crashed, so that nobody takes it for alive; its lease is fenced off besides."""
    with prefect() as client:
        client.set_flow_run_state(flow_run_id, Crashed(message=why), force=True)


def runs_of(client: SyncPrefectClient, request_ref: str) -> list[FlowRun]:
    """Return every run of a request, oldest attempts too."""
    case_ref, _, right = request_ref.partition("/")
    tags = FlowRunFilterTags(all_=[case_ref, right])
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=tags))


def answer_left_behind(request_ref: str, flow_run_id: str, key: str) -> str | None:
    """Return the raw JSON an officer submitted to an earlier, crashed run under the same question, or None."""
    with prefect() as client:
        for run in runs_of(client, request_ref):
            if str(run.id) != flow_run_id and (left := _inputs(client, run.id, f"suspended-{key}-response")):
                return left[0].value
    return None


def _inputs(client: SyncPrefectClient, flow_run_id: UUID, prefix: str) -> list[FlowRunInput]:
    return client.filter_flow_run_input(flow_run_id, key_prefix=prefix, limit=200, exclude_keys=set())


def forget_inputs(request_ref: str) -> None:
    """Purge what forms and their answers left in Prefect: texts and reasons may name people (DESIGN.md 4.2)."""
    with prefect() as client:
        for run in runs_of(client, request_ref):
            for kept in _inputs(client, run.id, ""):
                client.delete_flow_run_input(run.id, kept.key)
