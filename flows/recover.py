"""Recover: whatever a crash left is put right, unaided (DESIGN.md 4.4).

Messages kept but not handled, letters not sent, requests without a live run, runs that did not hear the bell. Runs every
few minutes; repeating it changes nothing where all is well.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from prefect import flow
from prefect.client.schemas.objects import FlowRun

from flows.beating import beating
from flows.case_clock_artifact import show_clock
from flows.intake import follow_up
from flows.prefect_api import create_run, give_up, has_form, keep_true, read_run, resume
from flows.runtime.clock import utc_now
from flows.start import start_run
from models.cases import find_case
from models.database import reading, unit_of_work
from models.errors import DsrError, NeedsHuman
from models.tables import Request, WaitsFor
from tasks.clock.pauses import resume_answered
from tasks.letters.send_letters import send_queued
from tasks.letters.tell_officers import tell_officers
from tasks.mail.handle_mail import handle_kept
from tasks.runs import case_ref_of, note_run, open_requests
from tasks.waits import is_over

log = logging.getLogger(__name__)


@flow(name="recover", flow_run_name="recover", persist_result=False)
@beating("recover")
def recover() -> None:
    """Repair everything that can be repaired now; the run fails, after all is done, where something could not be."""
    problems = repair(utc_now()).problems
    if problems:
        raise NeedsHuman("; ".join(problems))


class Repaired(NamedTuple):
    """What was done, and what could not be, in sentences without personal data."""

    done: tuple[str, ...]
    problems: tuple[str, ...]


def repair(now: datetime) -> Repaired:
    """Repair what can be repaired. What is broken in one request or case holds up no other."""
    for handled in handle_kept(now):
        follow_up(handled)
    tell_officers(now)
    asyncio.run(send_queued(now))
    waiting = open_requests(now)
    done: list[str] = []
    problems: list[str] = []
    for request in waiting:
        with _going_on(request.ref, problems):
            done += filter(None, [_repair_request(request, now)])
    for ref in dict.fromkeys(case_ref_of(request.ref) for request in waiting):
        with _going_on(ref, problems):
            keep_clock(ref, now)
    for sentence in done:
        log.warning(sentence)
    return Repaired(tuple(done), tuple(problems))


@contextmanager
def _going_on(ref: str, problems: list[str]) -> Iterator[None]:
    """Note in `problems` what went wrong about `ref`, and go on behind it."""
    try:
        yield
    except DsrError as error:
        problems.append(f"{ref} could not be repaired: {error}")
    except Exception as error:
        log.exception("%s could not be repaired", ref)
        problems.append(f"{ref} could not be repaired: {type(error).__name__}, see the log")


def keep_clock(case_ref: str, now: datetime) -> None:
    """End the pauses whose question was answered meanwhile, and show the clock as it is."""
    with unit_of_work() as session:
        resume_answered(session, find_case(session, case_ref), now)
    show_clock(case_ref, now)


def _repair_request(request: Request, now: datetime) -> str:
    if not request.attempt:
        return _started(request, now, "", "it had no run")
    run = read_run(request.flow_run_id)
    if run is None and not request.flow_run_id:
        note_run(request.ref, create_run(request.ref, now))
        return f"{request.ref}: the run of attempt {request.attempt} was started"
    if run is None or run.state is None or run.state.is_final():
        state = run.state.name if run and run.state else "gone"
        return _started(request, now, request.flow_run_id, f"its run was {state}")
    if run.state.is_paused():
        keep_true(request.ref, run, now)
        return _repair_waiting(request, run, now)
    if run.state.is_running() and request.lease_until is not None and request.lease_until <= now:
        give_up(run.id, "its process is silent for longer than its lease")
        return _started(request, now, request.flow_run_id, "its process fell silent")
    return ""


def _repair_waiting(request: Request, run: FlowRun, now: datetime) -> str:
    if request.waits_for == WaitsFor.OFFICER:
        if has_form(run):
            return ""
        give_up(run.id, "its form was never saved")
        return _started(request, now, request.flow_run_id, "its form was never saved")
    with reading() as session:
        over = is_over(session, request, now)
    if request.waits_for and not over:
        return ""
    resume(run)
    return f"{request.ref}: its wait was over, and its run is resumed"


def _started(request: Request, now: datetime, dead_run: str, why: str) -> str:
    if not start_run(request.ref, now, instead_of=dead_run, why=why):
        return ""
    return f"{request.ref}: {why}, and a new one is started"
