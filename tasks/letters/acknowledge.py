"""Acknowledge a case in writing, once, with the dates until which the periods run (law.md D23).

The letter's key is the case's: a second request adds none, and repeating returns the first. An acknowledgement is an
automatic answer: where RFC 3834 forbids one, an officer has it to do instead, and may send it after all.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from models import audit
from models.case_clock import deadlines_of
from models.cases import requests_of
from models.database import unit_of_work
from models.errors import NotFound, Rejected
from models.letters import Acknowledge, LetterKind
from models.rights import Right
from models.settings import settings
from models.tables import Case, Letter, Todo, TodoKind
from tasks.letters.correspondence import requester_facts
from tasks.letters.write_letter import write_letter
from tasks.mail.mandates import acknowledge_to
from tasks.mail.may_answer import why_hold
from tasks.steps import Scene
from tasks.todos import note


def acknowledge(scene: Scene) -> dict[str, Any]:
    """Queue the acknowledgement of the whole case, or note why an officer must; the result's `letter` is then empty."""
    session, case = scene.session, scene.case
    to = acknowledge_to(session, case)
    why = "" if _letter(session, case) else why_hold(session, case, to, scene.now, LetterKind.ACKNOWLEDGE)
    if not why:
        return {"letter": _write(session, case, scene.now).key}
    known = session.exec(select(Todo.id).where(Todo.key == _todo_key(case))).first()
    if known is None:
        note(session, TodoKind.NOT_ACKNOWLEDGED, scene.now, case=case)
        scene.audit("acknowledgement_held_back", why=why)
    return {"letter": ""}


def acknowledge_now(case_ref: str, officer: str, now: datetime) -> Letter:
    """Queue an acknowledgement that was held back, because `officer` says so; pressing again returns the same letter.

    `NotFound` for an unknown case, `Rejected` where it is closed or the letter would come back to ourselves.
    """
    with unit_of_work() as session:
        case = session.exec(select(Case).where(Case.ref == case_ref).with_for_update()).first()
        if case is None:
            raise NotFound(f"there is no case {case_ref}: `dsr case list` shows them")
        written = _letter(session, case)
        if written is None:
            if case.closed_at is not None:
                raise Rejected(f"{case_ref} is closed: its reply says what an acknowledgement would")
            if settings().is_own(acknowledge_to(session, case)):
                raise Rejected(f"{case_ref} came from an address of our own: find out who asks")
            audit.record(session, case, officer, "acknowledgement_ordered", now)
            written = _write(session, case, now)
        open_one = select(Todo).where(Todo.key == _todo_key(case), col(Todo.done_at).is_(None))
        for todo in session.exec(open_one.with_for_update()):
            todo.done_at, todo.done_by = now, officer
        return written


def _write(session: Session, case: Case, now: datetime) -> Letter:
    dates = deadlines_of(session, case, now)
    context = Acknowledge(
        **requester_facts(case),
        rights=tuple(Right(request.right) for request in requests_of(session, case)),
        commitment=dates.commitment,
        statutory_due=dates.statutory_due,
    )
    to, key = acknowledge_to(session, case), _key(case)
    return write_letter(session, case, None, LetterKind.ACKNOWLEDGE, context, to, key, now)


def _letter(session: Session, case: Case) -> Letter | None:
    return session.exec(select(Letter).where(Letter.key == _key(case))).first()


def _key(case: Case) -> str:
    return f"{case.ref}:acknowledge"


def _todo_key(case: Case) -> str:
    return f"{TodoKind.NOT_ACKNOWLEDGED}:case-{case.id}"
