"""The book-keeping of flow runs: which attempt a request is at, and which requests need a run.

Prefect's own idempotency key is request and attempt, so starting an attempt twice gives one run.
"""

from datetime import datetime

from sqlmodel import col, or_, select

from models import audit
from models.cases import lock_request
from models.database import reading, unit_of_work
from models.tables import Case, Request, RequestState


def open_requests(now: datetime) -> list[Request]:
    """Return requests that are not closed and not resting after a failure, oldest first."""
    with reading() as session:
        query = (
            select(Request)
            .where(
                Request.state != RequestState.CLOSED,
                or_(col(Request.retry_at).is_(None), col(Request.retry_at) <= now),
            )
            .order_by(col(Request.id))
        )
        return list(session.exec(query))


def case_ref_of(request_ref: str) -> str:
    """Return the reference of the request's case: what stands before the right."""
    return request_ref.partition("/")[0]


def begin_attempt(request_ref: str, dead_run: str, why: str, now: datetime) -> bool:
    """Count one attempt more, if `dead_run` is still the newest run; False where somebody was faster."""
    with unit_of_work() as session:
        request = lock_request(session, request_ref)
        if request.flow_run_id != dead_run or request.state == RequestState.CLOSED:
            return False
        request.attempt += 1
        request.flow_run_id = ""
        request.lease_version += 1
        if dead_run:
            case = session.get_one(Case, request.case_id)
            audit.record(session, case, "engine", "run_restarted", now, request=request.right, why=why)
        return True


def note_run(request_ref: str, flow_run_id: str) -> None:
    """Remember the run of the current attempt."""
    with unit_of_work() as session:
        request = lock_request(session, request_ref)
        if not request.flow_run_id:
            request.flow_run_id = flow_run_id
