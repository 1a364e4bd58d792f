"""The officers' list of what to do outside the forms, most urgent first, and how an entry is done.

Looking changes nothing; doing an entry twice keeps who did it first.
"""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from models.calendar import add_working_days, is_working, paris_date
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.records import Frozen
from models.tables import Case, Letter, LetterState, Message, MessageState, Todo, TodoKind
from tasks import todos
from tasks.letters.put_right import ON_ITS_WAY, may_send_again, owes_the_person

URGENCY = (
    TodoKind.QUALIFY,
    TodoKind.BOUNCED,
    TodoKind.LETTER_FAILED,
    TodoKind.LETTER_UNCERTAIN,
    TodoKind.REPLY_HELD,
    TodoKind.NOT_ACKNOWLEDGED,
    TodoKind.LETTER_TO_POST,
    TodoKind.REMINDER,
    TodoKind.MANDATE,
)
ELSEWHERE = {
    TodoKind.QUALIFY: "qualify the message, or put it aside with a reason: then it is done",
    TodoKind.REPLY_HELD: "send the reply, or say that nobody is to be answered: then it is done",
    TodoKind.LETTER_TO_POST: "say on the letter's page when it was posted: then it is done",
    TodoKind.MANDATE: "check the mandate on its page: then it is done",
}
"""Entries that end with what they ask for, not by being ticked off."""
OWED = "nobody was told: send it again, or say on which day it reached the person (`dsr letter reached`)"
"""An answer, or the notice of an extension, that could not leave or came back is owed until it has told the person."""
LONGEST_WAIT = 30  # working days that are counted


class TodoLine(Frozen):
    """One thing to do. `number` is 0 for a message in the pen that nobody noted. `days`: working days it waits.

    `late`: it was already there on an earlier working day. `about`: a message's subject or a letter's kind; `why`: the
    reason that was written down; `person`: whom it is about, as far as known. `again`: its letter can be sent again;
    `owed`: it ends when that letter has told the person; `leaving`: the letter is in the outbox.
    """

    number: int
    kind: TodoKind
    since: datetime
    days: int
    late: bool
    case_ref: str = ""
    message: int | None = None
    letter: int | None = None
    about: str = ""
    why: str = ""
    person: str = ""
    again: bool = False
    owed: bool = False
    leaving: bool = False


def todo_lines(session: Session, now: datetime) -> list[TodoLine]:
    """Return what waits, most urgent kind first, then oldest first. A message waits from its arrival (law.md V2)."""
    found = todos.open_todos(session)
    lines = [line for todo in found if (line := _line(session, todo, now)) is not None]
    noted = {line.message for line in lines if line.kind == TodoKind.QUALIFY}
    loud = select(Message).where(Message.state == MessageState.PEN, ~col(Message.quiet))
    penned = session.exec(loud).all()
    lines += [_penned(session, message, 0, now) for message in penned if message.id not in noted]
    return sorted(lines, key=lambda line: (URGENCY.index(line.kind), line.since, line.number))


def count_todos() -> int:
    """Return how many things wait: the number beside the desk's link."""
    with reading() as session:
        noted = session.exec(select(func.count()).where(col(Todo.done_at).is_(None))).one()
        known = select(Todo.message_id).where(
            Todo.kind == TodoKind.QUALIFY, col(Todo.message_id).is_not(None)
        )
        unnoted = select(func.count()).where(
            Message.state == MessageState.PEN, ~col(Message.quiet), col(Message.id).not_in(known)
        )
        return noted + session.exec(unnoted).one()


def count_quiet() -> int:
    """Return how many messages in the pen were read as no request, and wait for the weekly look."""
    quiet = select(func.count()).where(Message.state == MessageState.PEN, col(Message.quiet))
    with reading() as session:
        return session.exec(quiet).one()


def do(number: int, officer: str, now: datetime) -> None:
    """Note that entry `number` is done; `Rejected` for those that end with what they ask for, or while the person is owed it."""
    with unit_of_work() as session:
        todo = session.exec(select(Todo).where(Todo.id == number).with_for_update()).first()
        if todo is None:
            raise NotFound(f"there is nothing to do under the number {number}: `dsr todo list` shows what is")
        if todo.done_at is None and todo.kind in ELSEWHERE and _still_true(session, todo):
            raise Rejected(ELSEWHERE[TodoKind(todo.kind)])
        letter = session.get(Letter, todo.letter_id) if todo.letter_id else None
        if todo.done_at is None and letter is not None and owes_the_person(session, letter):
            raise Rejected(OWED)
        todos.settle(session, number, officer, now)


def _still_true(session: Session, todo: Todo) -> bool:
    message = session.get(Message, todo.message_id) if todo.message_id else None
    letter = session.get(Letter, todo.letter_id) if todo.letter_id else None
    if todo.kind == TodoKind.QUALIFY:
        return message is not None and message.state == MessageState.PEN
    if todo.kind == TodoKind.REPLY_HELD:
        return letter is not None and letter.state == LetterState.HELD
    if todo.kind == TodoKind.LETTER_TO_POST:
        return letter is not None and letter.state == LetterState.TO_POST
    return True


def _line(session: Session, todo: Todo, now: datetime) -> TodoLine | None:
    """The entry; None where a message in the pen has left it and only the note stayed behind."""
    message = session.get(Message, todo.message_id) if todo.message_id else None
    if todo.kind == TodoKind.QUALIFY and message is not None:
        return _penned(session, message, todo.id, now) if message.state == MessageState.PEN else None
    letter = session.get(Letter, todo.letter_id) if todo.letter_id else None
    number = todo.case_id or (letter.case_id if letter else None) or (message.case_id if message else None)
    case = session.get(Case, number) if number else None
    days = _waited(paris_date(todo.noted_at), paris_date(now))
    return TodoLine(
        number=todo.id,
        kind=TodoKind(todo.kind),
        since=todo.noted_at,
        days=days,
        late=days > 0,
        case_ref=case.ref if case else "",
        message=todo.message_id,
        letter=todo.letter_id,
        about=letter.kind if letter else message.subject if message else "",
        why=letter.bounce or letter.smtp_reply if letter else "",
        person=letter.recipient if letter and letter.recipient else _who(case),
        again=letter is not None and may_send_again(letter),
        owed=letter is not None and owes_the_person(session, letter),
        leaving=letter is not None and letter.state in ON_ITS_WAY,
    )


def _penned(session: Session, message: Message, number: int, now: datetime) -> TodoLine:
    case = session.get(Case, message.case_id) if message.case_id else None
    days = _waited(paris_date(message.received_at), paris_date(now))
    return TodoLine(
        number=number,
        kind=TodoKind.QUALIFY,
        since=message.received_at,
        days=days,
        late=days > 0,
        case_ref=case.ref if case else "",
        message=message.id,
        about=message.subject,
        why=message.reason,
        person=message.sender,
    )


def _who(case: Case | None) -> str:
    return case.requester_name or case.requester_address if case else ""


def _waited(since: date, today: date) -> int:
    """Working days after `since`, up to today; what comes on a day off waits from the next working day."""
    day, count = since, 0
    while not is_working(day):
        day += timedelta(days=1)
    while count < LONGEST_WAIT and (day := add_working_days(day, 1)) <= today:
        count += 1
    return count


def letter_of(number: int) -> int:
    """Return the letter that entry `number` is about; `NotFound` where it is about none."""
    with reading() as session:
        todo = session.get(Todo, number)
    if todo is None or todo.letter_id is None:
        raise NotFound(f"there is no letter to do under the number {number}: `dsr todo list` shows what is")
    return todo.letter_id
