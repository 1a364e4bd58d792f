"""How a flow acts on a request: one lease, steps as task runs, waits as suspensions (DESIGN.md 4.1, 4.3).

A flow's body may run any number of times. Finished steps are found in our database and cost no task run; a wait looks
into our database before it suspends, so that a lost or doubled bell changes nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from prefect import suspend_flow_run, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from sqlmodel import Session

from flows.case_clock_artifact import forget_clock
from flows.prefect_api import forget_inputs, retag
from flows.runtime.clock import utc_now
from models.cases import find_request
from models.database import reading
from models.errors import Rejected
from models.tables import Case, Request, WaitsFor
from tasks import steps
from tasks.forms.decide import tell_stuck
from tasks.letters.send_letters import send_queued
from tasks.ring import ring
from tasks.siblings import waiting_siblings
from tasks.steps import (
    Effect,
    Lease,
    LeaseLost,
    claim,
    do_once,
    note_failure,
    result_of,
    wait_for,
)
from tasks.waits import letter_settled

T = TypeVar("T")
log = logging.getLogger(__name__)


def act(request_ref: str, answer: Callable[[Lease], None]) -> None:
    """Claim the request and let `answer` bring it to its end; a failure is noted and tried again by `recover`."""
    try:
        lease = claim(request_ref, str(flow_run.id), utc_now())
    except Rejected:
        log.info("%s is closed already", request_ref)
        return
    try:
        answer(lease)
    except LeaseLost:
        log.warning("another run has taken over %s", request_ref)
        return
    except Exception as error:
        if note_failure(lease, error, utc_now()):
            tell_stuck(lease.request_ref, utc_now())
            send_queued_now()
        raise
    forget_inputs(request_ref)
    case, _ = look(lease)
    if case.closed_at is not None:
        forget_clock(case.ref)


@task(task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def _as_task(name: str, lease: Lease, build: Callable[[], Effect]) -> dict[str, Any]:
    return do_once(lease, name, build(), utc_now())


def step(lease: Lease, name: str, build: Callable[[], Effect]) -> dict[str, Any]:
    """Do a step once and return what it recorded.

    `build` returns the effect. What takes long, such as searching systems, happens in `build`, before the effect's
    transaction begins.
    """
    done = result_of(lease, name)
    return done if done is not None else _as_task(name, lease, build)


def send_queued_now() -> None:
    """Send every letter that is due; what does not go now is sent by `recover`."""
    asyncio.run(send_queued(utc_now()))


def post_letter(key: str) -> None:
    """Send one letter now, if the relay takes it; otherwise `recover` sends it later."""
    steps.at_boundary("before", f"send {key.rpartition(':')[2]}")
    asyncio.run(send_queued(utc_now(), key))
    steps.at_boundary("after", f"send {key.rpartition(':')[2]}")


def send_letter(lease: Lease, key: str) -> None:
    """Send one letter and wait until it has left, or until it is clear that it never will."""
    post_letter(key)
    wait_until(lease, WaitsFor.RELAY, key, lambda session, _: letter_settled(session, key) or None)


def wait_until(lease: Lease, whom: WaitsFor, on: str, ready: Callable[[Session, Request], T | None]) -> T:
    """Return what `ready` finds, suspending while it finds None. Resuming is only the bell."""
    with reading() as session:
        request = find_request(session, lease.request_ref)
        found = ready(session, request)
    if found is None:
        begin_wait(lease, whom, on)
        suspend_flow_run(key=f"{on}-{uuid4()}")
        return wait_until(lease, whom, on, ready)
    if request.waits_for != WaitsFor.NOBODY:
        end_wait(lease)
    return found


def act_on_siblings(lease: Lease) -> None:
    """Ring the requests that waited for this one; `recover` rings again where nobody heard."""
    with reading() as session:
        waiting = waiting_siblings(session, find_request(session, lease.request_ref))
    for request_ref in waiting:
        ring(request_ref, utc_now())


def end_wait(lease: Lease) -> None:
    """Note that the request waits for nobody any more."""
    wait_for(lease, WaitsFor.NOBODY, "", utc_now())
    retag(lease.request_ref, str(flow_run.id), utc_now())


def begin_wait(lease: Lease, whom: WaitsFor, on: str) -> None:
    """Note in our database, and in the run's tags, whom the request waits for from now on."""
    wait_for(lease, whom, on, utc_now())
    retag(lease.request_ref, str(flow_run.id), utc_now())
    steps.at_boundary("before", f"suspend {on.rpartition(':')[2].partition('-until-')[0]}")


def look(lease: Lease) -> tuple[Case, Request]:
    """Return the case and the request as they are now, detached."""
    with reading() as session:
        request = find_request(session, lease.request_ref)
        return session.get_one(Case, request.case_id), request
