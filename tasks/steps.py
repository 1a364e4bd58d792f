"""Steps happen once: each records itself in the transaction of its effect, under a key unique per request.

Running a flow again, from the top or from another process, finds the finished steps and goes on behind them. A lease
with a fencing version lets one run act at a time: whoever claimed later makes every earlier run's next step fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from models import audit
from models.cases import find_request, lock_request
from models.database import reading, unit_of_work
from models.errors import DsrError, NeedsHuman, Rejected
from models.settings import settings
from models.stretches import note_stretch
from models.tables import Case, Request, RequestState, Step, WaitsFor

ATTEMPTS_BEFORE_HELP = 5


class LeaseLost(Rejected):
    """Another run of the same request took over; this one must stop without a trace."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act on one request until somebody claims it again."""

    request_ref: str
    version: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What an effect works on, all in one transaction."""

    session: Session
    case: Case
    request: Request
    now: datetime

    def audit(self, kind: str, *, actor: str = "engine", **detail: Any) -> None:
        """Append to the case's audit log."""
        audit.record(self.session, self.case, actor, kind, self.now, request=self.request.right, **detail)


Effect = Callable[[Scene], dict[str, Any] | None]


def at_boundary(moment: str, step: str) -> None:
    """Do nothing. The fault tests put a SIGKILL here; `moment` is before or after."""


def claim(request_ref: str, flow_run_id: str, now: datetime) -> Lease:
    """Take the request for this run: from now on every earlier run is fenced off. Closed requests are `Rejected`."""
    with unit_of_work() as session:
        request = lock_request(session, request_ref)
        if request.state == RequestState.CLOSED:
            raise Rejected(f"{request_ref} is closed: there is nothing left to do")
        request.lease_version += 1
        request.flow_run_id = flow_run_id
        request.lease_until = now + timedelta(seconds=settings().lease_seconds)
        return Lease(request_ref, request.lease_version)


def result_of(lease: Lease, name: str) -> dict[str, Any] | None:
    """Return what a finished step recorded, or None where it is still to be done."""
    with reading() as session:
        request = find_request(session, lease.request_ref)
        step = session.exec(select(Step).where(Step.request_id == request.id, Step.name == name)).first()
        return step.result if step else None


def do_once(lease: Lease, name: str, effect: Effect, now: datetime) -> dict[str, Any]:
    """Run `effect` and record the step in one transaction, or return what it recorded earlier."""
    at_boundary("before", name)
    with unit_of_work() as session:
        request = locked_by(session, lease)
        done = session.exec(select(Step).where(Step.request_id == request.id, Step.name == name)).first()
        if done is None:
            case = session.get_one(Case, request.case_id)
            result = effect(Scene(session, case, request, now)) or {}
            done = Step(
                request_id=request.id, name=name, done_at=now, lease_version=lease.version, result=result
            )
            session.add(done)
            request.failures, request.problem, request.retry_at = 0, "", None
            request.lease_until = now + timedelta(seconds=settings().lease_seconds)
            note_stretch(session, request, now)
    at_boundary("after", name)
    return done.result


def wait_for(lease: Lease, whom: WaitsFor, on: str, now: datetime) -> None:
    """Note whom the request waits for, before its run suspends; NOBODY ends the wait."""
    with unit_of_work() as session:
        request = locked_by(session, lease)
        request.waits_for, request.waits_on = whom, on
        request.lease_until = now + timedelta(seconds=settings().lease_seconds)
        note_stretch(session, request, now)


def note_failure(lease: Lease, error: Exception, now: datetime) -> bool:
    """Record why a run stopped and when to try again (1, 2, 4 … 60 minutes); True when a person must look."""
    sentence = (
        str(error) if isinstance(error, DsrError) else f"unexpected {type(error).__name__}: see the log"
    )
    with unit_of_work() as session:
        request = locked_by(session, lease)
        request.failures += 1
        request.problem = sentence
        request.retry_at = now + timedelta(minutes=min(60, 2 ** (request.failures - 1)))
        request.lease_until = None
        case = session.get_one(Case, request.case_id)
        audit.record(session, case, "engine", "run_failed", now, request=request.right, problem=sentence)
        return isinstance(error, NeedsHuman) or request.failures == ATTEMPTS_BEFORE_HELP


def locked_by(session: Session, lease: Lease) -> Request:
    """Return the request under its row lock; `LeaseLost` where a later run claimed it."""
    request = lock_request(session, lease.request_ref)
    if request.lease_version != lease.version:
        raise LeaseLost(f"another run has taken over {lease.request_ref}: this one stops")
    return request
