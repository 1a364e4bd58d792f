"""What officers must do outside a flow's forms: noted once under its key, done once.

`tasks.letters.tell_officers` writes to them about it.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from models.errors import NotFound
from models.tables import Case, Letter, Message, Todo, TodoKind


def note(
    session: Session,
    kind: TodoKind,
    now: datetime,
    *,
    case: Case | None = None,
    message: Message | None = None,
    letter: Letter | None = None,
) -> Todo:
    """Note something to do, in the caller's transaction; the same thing again returns the first note.

    Its key names the most particular of what it is about: the letter, else the message, else the case. Rows must have
    their numbers (`session.flush()`).
    """
    about = next(
        f"{name}-{row.id}"
        for name, row in (("letter", letter), ("message", message), ("case", case))
        if row is not None
    )
    key = f"{kind}:{about}"
    known = session.exec(select(Todo).where(Todo.key == key)).first()
    if known is not None:
        return known
    todo = Todo(
        key=key,
        kind=kind,
        case_id=case.id if case else None,
        message_id=message.id if message else None,
        letter_id=letter.id if letter else None,
        noted_at=now,
    )
    session.add(todo)
    session.flush()
    return todo


def open_todos(session: Session) -> list[Todo]:
    """Return what is not done, oldest first."""
    return list(session.exec(select(Todo).where(col(Todo.done_at).is_(None)).order_by(col(Todo.id))))


def settle(session: Session, number: int, officer: str, now: datetime) -> Todo:
    """Note that `officer` did it; settled already is as good. `NotFound` where there is none."""
    todo = session.exec(select(Todo).where(Todo.id == number).with_for_update()).first()
    if todo is None:
        raise NotFound(f"there is nothing to do under the number {number}: `dsr todo list` shows what is")
    if todo.done_at is None:
        todo.done_at, todo.done_by = now, officer
    return todo


def settle_message(session: Session, message: Message, officer: str, now: datetime) -> None:
    """Note that what there was to do about `message` is done."""
    about = select(Todo).where(Todo.message_id == message.id, col(Todo.done_at).is_(None))
    for todo in session.exec(about.with_for_update()):
        todo.done_at, todo.done_by = now, officer
