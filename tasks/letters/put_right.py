"""What an officer does about a letter that could not leave or came back: send it again, or say how it reached the person.

Either may be said twice: a letter in the outbox stays there once, and the first day that was named stands.
"""

from datetime import date, datetime

from sqlmodel import Session, col, select

from models import audit
from models.calendar import paris_date
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.letter_told import is_lost, is_reply
from models.letters import LetterKind
from models.tables import Case, Letter, LetterState, Reached, Request, Todo, TodoKind
from tasks.keeping.retain_rows import GONE
from tasks.letters.note_left import note_left

KINDS = (TodoKind.BOUNCED, TodoKind.LETTER_FAILED, TodoKind.LETTER_UNCERTAIN)
"""What there is to do about letters that did not arrive."""
ON_ITS_WAY = (LetterState.QUEUED, LetterState.SENDING)


def letter_called(name: str) -> int:
    """Return the letter that `name` means: an entry of the to-do list, a request's reply, or its key.

    `NotFound` where there is none.
    """
    with reading() as session:
        if name.isdecimal():
            todo = session.get(Todo, int(name))
            found = todo.letter_id if todo else None
        else:
            keys = (name, f"{name}:reply")
            found = session.exec(select(Letter.id).where(col(Letter.key).in_(keys))).first()
    if found is None:
        raise NotFound(f"there is no letter {name}: give the number that `dsr todo list` shows, or a request")
    return found


def may_send_again(letter: Letter) -> bool:
    """Whether the same bytes may go out once more: it certainly did not leave, or a copy too many would do no harm."""
    if letter.storage_key in {"", GONE} or letter.reached_on is not None:
        return False
    return letter.state == LetterState.FAILED or (letter.state == LetterState.UNCERTAIN and not letter.secret)


def owes_the_person(session: Session, letter: Letter) -> bool:
    """Whether the law waits for this letter: an answer (law.md D1), or the notice of an extension (D11), that told nobody."""
    if not is_lost(letter) or letter.case_id is None:
        return False
    open_case = session.get_one(Case, letter.case_id).closed_at is None
    return is_reply(letter) or (letter.kind == LetterKind.EXTENSION and open_case)


def send_again(number: int, officer: str, now: datetime) -> Letter:
    """Put letter `number` back into the outbox, with the same bytes and Message-ID.

    `Rejected` where it has left, reached the person otherwise, was purged, or holds a secret that may have left.
    """
    with unit_of_work() as session:
        letter = _locked(session, number)
        if letter.state in ON_ITS_WAY:
            return letter
        if not may_send_again(letter):
            raise Rejected(_why_not(letter))
        letter.state, letter.attempts = LetterState.QUEUED, 0
        letter.next_try_at = letter.claimed_until = None
        if letter.case_id is not None:
            case = session.get_one(Case, letter.case_id)
            audit.record(session, case, officer, "letter_again", now, letter=letter.kind)
        return letter


def _why_not(letter: Letter) -> str:
    if letter.secret and letter.state == LetterState.UNCERTAIN:
        return "it holds a code or a link and may have left: send the person a new one"
    if letter.storage_key in {"", GONE}:
        return "its text was purged: answer by other means, and say on which day it reached the person"
    if letter.bounced_at is not None:
        return "it left and came back: reach the person otherwise, and say on which day"
    return "it has left already, or reached the person otherwise: there is nothing to send"


def reached(number: int, how: Reached, on: date, officer: str, now: datetime) -> str:
    """Record that what letter `number` says reached the person otherwise on that day in Paris; return its request, or "".

    It counts as the letter's day: for the two periods, the register and the figures. `Rejected` for a letter that did
    leave, and for a day before it was written or after today.
    """
    with unit_of_work() as session:
        letter = _locked(session, number)
        if letter.reached_on is None:
            if not is_lost(letter):
                raise Rejected(
                    "it has left, or is on its way: only what could not leave or came back is put right"
                )
            if not paris_date(letter.written_at) <= on <= paris_date(now):
                raise Rejected(
                    "it reached the person between the day it was written and today: correct the date"
                )
            letter.reached_on, letter.reached_by = on, how
            note_left(session, letter, now)
            if letter.case_id is not None:
                case = session.get_one(Case, letter.case_id)
                said = {"letter": letter.kind, "how": how, "on": on.isoformat()}
                audit.record(session, case, officer, "letter_reached", now, **said)
        about = select(Todo).where(Todo.letter_id == number, col(Todo.done_at).is_(None))
        for todo in session.exec(about.where(col(Todo.kind).in_(KINDS)).with_for_update()):
            todo.done_at, todo.done_by = now, officer
        return session.get_one(Request, letter.request_id).ref if letter.request_id else ""


def _locked(session: Session, number: int) -> Letter:
    letter = session.exec(select(Letter).where(Letter.id == number).with_for_update()).first()
    if letter is None:
        raise NotFound(f"there is no letter {number}: `dsr todo list` shows what did not arrive")
    return letter
