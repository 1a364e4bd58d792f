"""Write to the officers about what is new to do outside of the forms, and about what should be done by now.

One letter to each officer, an hour apart at least; `Todo.told_at` is set in the transaction that queues them, under the
rows' locks, so that running it again, or twice at once, tells nobody twice. The weekly line about messages that were
read as no request has a key for each week and officer.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlmodel import Session, col, func, select

from models.calendar import PARIS, add_working_days, paris_date
from models.database import reading, unit_of_work
from models.letters import LetterKind, ThingsToDo, TodoNotice
from models.settings import settings
from models.tables import Case, Letter, Message, MessageState, Officer, Todo, TodoKind
from tasks.letters.write_letter import is_address, write_letter
from tasks.officers import deciding

APART = timedelta(hours=1)
MORNING = timedelta(hours=8)  # of a Monday in Paris
NAMED = 5  # of one kind; the list in the desk has all


def tell_officers(now: datetime) -> int:
    """Queue the letters that are due; return how many things they tell of. Nothing is told while there is no officer."""
    _tell_quiet(now)
    if not _is_due(now):
        return 0
    with unit_of_work() as session:
        query = select(Todo).where(col(Todo.done_at).is_(None)).order_by(col(Todo.id))
        waiting = list(session.exec(query.with_for_update()))
        newest = session.exec(select(func.max(Todo.told_at))).one()
        new = [todo for todo in waiting if todo.told_at is None]
        late = [todo for todo in waiting if _is_late(todo, now)]
        officers = _officers(session)
        if not (new or late) or not officers or (newest is not None and newest > now - APART):
            return 0
        notice = TodoNotice(
            new=_grouped(session, new),
            late=_grouped(session, late),
            waiting=len(waiting),
            link=f"{settings().public_url.rstrip('/')}/desk/todo",
        )
        for officer in officers:
            key = f"todo-notice:{now:%Y%m%dT%H%M%S}:{officer.id}"
            write_letter(session, None, None, LetterKind.TODO_NOTICE, notice, officer.address, key, now)
        for todo in new + late:
            todo.told_at = now
        return len(new) + len(late)


def _tell_quiet(now: datetime) -> None:
    """Once a week, from Monday morning on: how many older messages were read as no request and are still not looked through."""
    today = paris_date(now)
    monday = datetime.combine(today - timedelta(days=today.weekday()), time(), PARIS)
    week = f"quiet-mail:{monday:%G-W%V}"
    older = select(func.count()).where(
        Message.state == MessageState.PEN, col(Message.quiet), col(Message.kept_at) < monday
    )
    told = select(Letter.id).where(col(Letter.key).startswith(f"{week}:"))
    with reading() as session:
        if now < monday + MORNING or session.exec(told).first() or not session.exec(older).one():
            return
    with unit_of_work() as session:
        session.exec(select(Officer.id).order_by(col(Officer.id)).limit(1).with_for_update()).first()
        if session.exec(told).first() is not None:
            return
        link = f"{settings().public_url.rstrip('/')}/desk/pen"
        notice = TodoNotice(new=(), late=(), waiting=0, quiet=session.exec(older).one(), link=link)
        for officer in _officers(session):
            key = f"{week}:{officer.id}"
            write_letter(session, None, None, LetterKind.TODO_NOTICE, notice, officer.address, key, now)


def _is_due(now: datetime) -> bool:
    """Whether there may be something to tell: a look that locks nothing, for this runs every two minutes."""
    with reading() as session:
        newest = session.exec(select(func.max(Todo.told_at))).one()
        if newest is not None and newest > now - APART:
            return False
        waiting = session.exec(select(Todo).where(col(Todo.done_at).is_(None))).all()
        return any(todo.told_at is None or _is_late(todo, now) for todo in waiting)


def _is_late(todo: Todo, now: datetime) -> bool:
    """Whether something that is due the same day (law.md V2) still waits on a later working day, and nobody said so yet."""
    if todo.kind != TodoKind.QUALIFY or todo.told_at is None:
        return False
    next_day = add_working_days(paris_date(todo.noted_at), 1)
    return paris_date(todo.told_at) < next_day <= paris_date(now)


def _officers(session: Session) -> list[Officer]:
    active = session.exec(select(Officer).where(deciding()).order_by(col(Officer.id)))
    return [officer for officer in active if is_address(officer.address)]


def _grouped(session: Session, todos: Sequence[Todo]) -> tuple[ThingsToDo, ...]:
    kinds = {kind: [todo for todo in todos if todo.kind == kind] for kind in TodoKind}
    return tuple(
        ThingsToDo(kind=kind, count=len(same), about=tuple(_about(session, todo) for todo in same[:NAMED]))
        for kind, same in kinds.items()
        if same
    )


def _about(session: Session, todo: Todo) -> str:
    """Where to look, without personal data."""
    if todo.case_id is not None:
        return session.get_one(Case, todo.case_id).ref
    return f"message {todo.message_id}" if todo.message_id is not None else f"no. {todo.id}"
