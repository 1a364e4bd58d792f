"""What follows when a letter has reached the person: a reply answers its request, a notice extends the period (law.md D11).

Called in the transaction that says so, under the letter's row lock; noting it again changes nothing.
"""

from contextlib import suppress
from datetime import datetime

from sqlmodel import Session, select

from models.cases import lock_case
from models.errors import DsrError
from models.letter_told import is_reply, told_at
from models.letters import LetterKind
from models.request_dates import renew
from models.tables import Case, Letter, Request


def note_left(session: Session, letter: Letter, now: datetime) -> None:
    """Note when a request was answered, and renew the dates of the letter's case. Locks the request, then the case."""
    told = told_at(letter)
    if letter.case_id is None or told is None:
        return
    session.flush()
    if is_reply(letter):
        request = session.exec(select(Request).where(Request.id == letter.request_id).with_for_update()).one()
        if request.replied_at is None:
            request.replied_at = min(told, now)
    elif letter.kind != LetterKind.EXTENSION:
        return
    case = lock_case(session, session.get_one(Case, letter.case_id))
    with suppress(
        DsrError
    ):  # dates that cannot be computed are the watcher's to tell; that a letter left is kept
        renew(session, case, now)
