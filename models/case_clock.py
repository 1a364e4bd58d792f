"""A case's dates, computed from its clock events whenever they are asked for (DESIGN.md 4.7)."""

from datetime import datetime
from typing import cast

from sqlmodel import Session, col, select

from models.calendar import paris_date
from models.deadlines import ClockFact, Deadlines, Scope, clock_from_events, deadlines
from models.settings import settings
from models.tables import Case, ClockEvent


def deadlines_of(session: Session, case: Case, now: datetime) -> Deadlines:
    """Return the dates of `case` as they stand at `now` (an open pause counts up to that day)."""
    facts = [fact_of(event) for event in clock_events(session, case)]
    return deadlines(
        clock_from_events(facts), today=paris_date(now), extra_holidays=settings().extra_holidays
    )


def clock_events(session: Session, case: Case) -> list[ClockEvent]:
    """Return what happened to the clock of `case`, oldest first."""
    of_case = select(ClockEvent).where(ClockEvent.case_id == case.id)
    return list(session.exec(of_case.order_by(col(ClockEvent.at), col(ClockEvent.id))))


def fact_of(event: ClockEvent) -> ClockFact:
    """Return a stored clock event as a value."""
    return ClockFact(
        kind=event.kind,  # type: ignore[arg-type]  # the column holds only these kinds
        at=event.at,
        scope=cast("Scope", event.scope or "identity"),
        reason=event.reason,
        override=event.override_reason,
    )
