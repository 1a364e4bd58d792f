"""A letter that has no e-mail address: what an officer prints, and the day on which it was posted.

Saying twice that it was posted keeps the first day. Whatever waits for the letter goes on from there, as when the relay
took one.
"""

from datetime import date, datetime, time

from sqlmodel import Session, col, select

from models import audit, storage
from models.calendar import PARIS, paris_date
from models.database import reading, unit_of_work
from models.errors import DsrError, NotFound, Rejected
from models.records import Frozen
from models.tables import Case, Letter, LetterState, Message, MessageState, Request, Todo, TodoKind
from tasks.letters.note_left import note_left
from tasks.letters.render import TEXT_WIDTH
from tasks.mail.paper_mail import postal_lines
from tasks.mail.read_mail import read_mail

NOON = time(12)


class PaperLetter(Frozen):
    """A letter as it is printed. `paragraphs`: its text, as plain lines."""

    number: int
    case_ref: str
    kind: str
    language: str
    subject: str
    written_at: datetime
    state: str
    sent_at: datetime | None
    name: str
    postal: tuple[str, ...]
    paragraphs: tuple[tuple[str, ...], ...]


def paper_letter(number: int) -> PaperLetter:
    """Return the letter `number` that is to be posted, or was; `NotFound` for every other letter.

    Letters with a code or a link are among them only where nothing else was possible; they are shown to be printed.
    """
    with reading() as session:
        letter = session.get(Letter, number)
        case = session.get(Case, letter.case_id) if letter and letter.case_id else None
        if letter is None or case is None or not _is_paper(letter):
            raise NotFound(f"there is no letter {number} to be posted: `dsr todo list` shows what is")
        postal = _postal(session, case)
    text = read_mail(storage.fetch(letter.storage_key)).text
    blocks = [_unwrapped(block) for block in text.replace("\r\n", "\n").split("\n\n")]
    return PaperLetter(
        number=letter.id,
        case_ref=case.ref,
        kind=letter.kind,
        language=letter.language,
        subject=letter.subject,
        written_at=letter.written_at,
        state=letter.state,
        sent_at=letter.sent_at,
        name=case.requester_name,
        postal=tuple(postal),
        paragraphs=tuple(block for block in blocks if block),
    )


def _unwrapped(block: str) -> tuple[str, ...]:
    """The lines of a paragraph as they were written, before they were broken for e-mail."""
    lines: list[str] = []
    before = ""
    for line in block.strip("\n").split("\n"):
        first = next(iter(line.split()), "")
        if lines and first and len(before) + 1 + len(first) > TEXT_WIDTH:
            lines[-1] += f" {line.strip()}"
        elif first:
            lines.append(line.strip())
        before = line
    return tuple(lines)


def posted(number: int, on: date, officer: str, now: datetime) -> str:
    """Record that letter `number` was posted on that day in Paris; return the request that may have waited for it.

    `Rejected` for a day before it was written or after today, or a letter that goes by e-mail; empty: no request.
    """
    with unit_of_work() as session:
        letter = session.exec(select(Letter).where(Letter.id == number).with_for_update()).first()
        if letter is None or letter.case_id is None or not _is_paper(letter):
            raise NotFound(f"there is no letter {number} to be posted: `dsr todo list` shows what is")
        if letter.state == LetterState.TO_POST:
            letter.state, letter.sent_at = LetterState.SENT, _moment(letter, on, now)
            note_left(session, letter, now)
            case = session.get_one(Case, letter.case_id)
            audit.record(session, case, officer, "letter_posted", now, letter=letter.kind, on=on.isoformat())
        open_todo = select(Todo).where(Todo.key == f"{TodoKind.LETTER_TO_POST}:letter-{number}")
        todo = session.exec(open_todo.where(col(Todo.done_at).is_(None))).first()
        if todo is not None:
            todo.done_at, todo.done_by = now, officer
        return session.get_one(Request, letter.request_id).ref if letter.request_id else ""


def _is_paper(letter: Letter) -> bool:
    return letter.state == LetterState.TO_POST or (letter.state == LetterState.SENT and not letter.recipient)


def _moment(letter: Letter, on: date, now: datetime) -> datetime:
    if not paris_date(letter.written_at) <= on <= paris_date(now):
        raise Rejected("it was posted between the day it was written and today: correct the date")
    return min(max(datetime.combine(on, NOON, PARIS), letter.written_at), now)


def _postal(session: Session, case: Case) -> list[str]:
    """The postal address that came with the request, from the newest message that carries one."""
    kept = session.exec(
        select(Message.storage_key)
        .where(
            Message.case_id == case.id,
            Message.state == MessageState.CASE,
            col(Message.message_id).startswith("<by-hand."),
        )
        .order_by(col(Message.id).desc())
    )
    for key in kept:
        try:
            return postal_lines(storage.fetch(key))
        except DsrError:
            continue
    return []
