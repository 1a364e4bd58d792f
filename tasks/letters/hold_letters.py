"""Replies that the engine writes by itself, held back where RFC 3834 allows no automatic answer: an officer sends or drops them.

Holding happens in the transaction that writes the letter. Sending and dropping happen once, under its row's lock.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from models import audit
from models.database import unit_of_work
from models.errors import NotFound, Rejected
from models.letters import LetterKind
from models.settings import settings
from models.tables import Case, Letter, LetterState, Request, Todo, TodoKind
from tasks.mail.may_answer import why_hold
from tasks.steps import Scene
from tasks.todos import note


def write_automatic(scene: Scene, kind: LetterKind, write: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Have `write` queue a reply of this `kind`, and hold it back where nothing may be answered automatically (RFC 3834 2)."""
    session, case = scene.session, scene.case
    why = why_hold(session, case, case.verified_address or case.requester_address, scene.now, kind)
    written = write()
    letter = session.exec(select(Letter).where(Letter.key == written["letter"])).one()
    if why and letter.state == LetterState.QUEUED:
        letter.state = LetterState.HELD
        note(session, TodoKind.REPLY_HELD, scene.now, case=case, letter=letter)
        scene.audit("reply_held_back", letter=letter.kind, why=why)
    return written


def send_held(number: int, officer: str, now: datetime) -> str:
    """Queue letter `number` because `officer` says so, and return its key; pressing again changes nothing."""
    with unit_of_work() as session:
        letter, case = _held(session, number)
        if letter.state == LetterState.HELD:
            if settings().is_own(letter.recipient):
                raise Rejected("it would come back to an address of our own: find out who asks")
            letter.state = LetterState.QUEUED
            audit.record(session, case, officer, "reply_ordered", now, letter=letter.kind)
        _settle(session, number, officer, now)
        return letter.key


def drop_held(number: int, officer: str, now: datetime) -> str:
    """End the request of letter `number` without an answer: `officer` saw that a machine asked. Return its reference.

    What was done at once, the end of marketing, stays done. `Rejected` where the letter has left or is leaving.
    """
    with unit_of_work() as session:
        letter, case = _held(session, number)
        if letter.state not in {LetterState.HELD, LetterState.DROPPED} or letter.request_id is None:
            raise Rejected("this reply is on its way already: nothing was changed")
        request = session.get_one(Request, letter.request_id)
        if letter.state == LetterState.HELD:
            letter.state, request.outcome = LetterState.DROPPED, "not_a_request"
            audit.record(session, case, officer, "reply_dropped", now, letter=letter.kind)
        _settle(session, number, officer, now)
        return request.ref


def _held(session: Session, number: int) -> tuple[Letter, Case]:
    """A letter that is held back, or was; its row locked."""
    letter = session.exec(select(Letter).where(Letter.id == number).with_for_update()).first()
    held = select(Todo.id).where(Todo.key == _key(number))
    if letter is None or letter.case_id is None or session.exec(held).first() is None:
        raise NotFound(f"no letter {number} was held back: `dsr todo list` shows what waits")
    return letter, session.get_one(Case, letter.case_id)


def _settle(session: Session, number: int, officer: str, now: datetime) -> None:
    query = select(Todo).where(Todo.key == _key(number), col(Todo.done_at).is_(None))
    for todo in session.exec(query.with_for_update()):
        todo.done_at, todo.done_by = now, officer


def _key(number: int) -> str:
    return f"{TodoKind.REPLY_HELD}:letter-{number}"
