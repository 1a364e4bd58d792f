"""Letters that should have left and did not. Only looks."""

import re
from datetime import datetime, timedelta

from sqlmodel import Session, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from models.records import Frozen
from models.tables import Letter, LetterState

_CASE = re.compile(r"DSR-\d{4}-\d{4,}")
PATIENCE = timedelta(minutes=30)
"""A letter leaves within seconds, or with the next `recover`; after half an hour somebody should know."""


class Unsent(Frozen):
    """One letter; its key holds a reference and no personal data."""

    key: str
    kind: str
    state: str
    written_at: datetime


def unsent(session: Session, now: datetime, *, request_id: int | None = None) -> list[Unsent]:
    """Return the letters that failed, are uncertain, or have been waiting for longer than `PATIENCE`; oldest first.

    Not what an officer says has reached the person otherwise. With `request_id` only those of that request.
    """
    query = _stuck(now) if request_id is None else _stuck(now).where(Letter.request_id == request_id)
    return [
        Unsent(key=letter.key, kind=letter.kind, state=letter.state, written_at=letter.written_at)
        for letter in session.exec(query)
    ]


def stuck_letters(session: Session, now: datetime) -> list[Unsent]:
    """Return the same for whoever may not see keys: the key is the reference of the case, or empty."""
    found = unsent(session, now)
    return [
        one.model_copy(update={"key": match[0] if (match := _CASE.search(one.key)) else ""}) for one in found
    ]


def _stuck(now: datetime) -> SelectOfScalar[Letter]:
    ended = and_(
        col(Letter.state).in_([LetterState.FAILED, LetterState.UNCERTAIN]), col(Letter.reached_on).is_(None)
    )
    waiting = col(Letter.state).in_([LetterState.QUEUED, LetterState.SENDING])
    late = and_(waiting, col(Letter.written_at) < now - PATIENCE)
    return select(Letter).where(or_(ended, late)).order_by(col(Letter.id))
