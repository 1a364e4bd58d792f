"""A case's dates, computed from its clock events and what became of its notice, whenever they are asked for (DESIGN.md 4.7)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, cast

from sqlmodel import Session, col, select

from models.calendar import paris_date
from models.deadlines import ClockFact, Deadlines, Notice, Scope, clock_from_events, deadlines
from models.letter_told import is_lost, told_at
from models.settings import settings
from models.tables import Case, ClockEvent, Letter


def deadlines_of(session: Session, case: Case, now: datetime) -> Deadlines:
    """Return the dates of `case` as they stand at `now` (an open pause counts up to that day)."""
    events = clock_events(session, case)
    extended = any(event.kind == "extended" for event in events)
    return dates_of(events, notice_of(session, case) if extended else None, now)


def deadlines_by_case(session: Session, cases: Collection[Case], now: datetime) -> dict[int, Deadlines]:
    """Return the dates of many cases at once, in two queries; `Rejected` where one of them has none."""
    numbers = [case.id for case in cases]
    events: dict[int, list[ClockEvent]] = defaultdict(list)
    for event in session.exec(select(ClockEvent).where(col(ClockEvent.case_id).in_(numbers))):
        events[event.case_id].append(event)
    keys = [notice_key(case) for case in cases if any(one.kind == "extended" for one in events[case.id])]
    notices = {
        letter.case_id: letter for letter in session.exec(select(Letter).where(col(Letter.key).in_(keys)))
    }
    return {case.id: dates_of(events[case.id], notices.get(case.id), now) for case in cases}


def dates_of(events: Iterable[Any], notice: Any, now: datetime) -> Deadlines:
    """Return the dates that these clock events give, with the letter that tells of an extension where there is one."""
    facts = [fact_of(event, notice) for event in events]
    return deadlines(
        clock_from_events(facts), today=paris_date(now), extra_holidays=settings().extra_holidays
    )


def clock_events(session: Session, case: Case) -> list[ClockEvent]:
    """Return what happened to the clock of `case`, oldest first."""
    of_case = select(ClockEvent).where(ClockEvent.case_id == case.id)
    return list(session.exec(of_case.order_by(col(ClockEvent.at), col(ClockEvent.id))))


def notice_key(case: Case) -> str:
    """Return the key of the letter that tells of an extension: a case has one at most (law.md D11)."""
    return f"{case.ref}:extension"


def notice_of(session: Session, case: Case) -> Letter | None:
    """Return the letter that tells of the case's extension."""
    return session.exec(select(Letter).where(Letter.key == notice_key(case))).first()


def fact_of(event: Any, notice: Any = None) -> ClockFact:
    """Return a stored clock event as a value: an extension happens when the person is told, not when it is decided (D11).

    One without a letter of ours was told by other means, when it was recorded.
    """
    at: datetime = event.at
    standing: Notice = "told"
    if event.kind == "extended" and notice is not None:
        told = told_at(notice)
        at, standing = (told or event.at), "told" if told else "lost" if is_lost(notice) else "waiting"
    return ClockFact(
        kind=event.kind,
        at=at,
        scope=cast("Scope", event.scope or "identity"),
        reason=event.reason,
        override=event.override_reason,
        notice=standing,
    )
