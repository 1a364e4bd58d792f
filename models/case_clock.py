"""A case's dates, computed from its clock events whenever they are asked for (DESIGN.md 4.7)."""

from datetime import datetime
from typing import cast

from sqlmodel import Session, select

from models.calendar import paris_date
from models.deadlines import ClockFact, Deadlines, Scope, clock_from_events, deadlines
from models.tables import Case, ClockEvent


def deadlines_of(session: Session, case: Case, now: datetime) -> Deadlines:
    """Return the dates of `case` as they stand at `now` (an open pause counts up to that day)."""
    events = session.exec(select(ClockEvent).where(ClockEvent.case_id == case.id)).all()
    return deadlines(clock_from_events(fact_of(event) for event in events), today=paris_date(now))


def fact_of(event: ClockEvent) -> ClockFact:
    """Return a stored clock event as a value."""
    return ClockFact(
        kind=event.kind,  # type: ignore[arg-type]  # the column holds only these kinds
        at=event.at,
        scope=cast("Scope", event.scope or "identity"),
        reason=event.reason,
        override=event.override_reason,
    )
