"""Whatever happens to a case, in whatever order: nothing late is shown on time, and no threshold is lost or told twice.

The database holds what the flows write; the watcher runs on some days and not on others, and now and then twice.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete, select

from models.alerts import Standing, epoch, moves_of, standing, thresholds
from models.database import reading, unit_of_work
from models.settings import settings as our_settings
from models.tables import Alert, AuditEvent, Case, Letter, RequestDates, Stretch, Todo
from tasks.clock.alert_deadlines import watch
from tasks.figures.sla_sets import standing_is
from tests.support.watching import (
    CLAIRE,
    answer,
    at,
    bounce,
    clock_event,
    dates_now,
    officers,
    opened,
    set_holidays,
    settle,
)

EVENTS = (
    "watch",
    "watch",
    "nothing",
    "paused",
    "resumed",
    "extended",
    "answer",
    "bounce",
    "settle",
    "holiday",
)
LATE = {Standing.PROMISE_BROKEN, Standing.OVERDUE}
moments = count(1)


@dataclass
class Story:
    """One case and what we know of it without looking into the database."""

    case_id: int
    answered: bool = False
    returned: bool = False
    settled: bool = False

    @property
    def open(self) -> bool:
        return not self.answered or (self.returned and not self.settled)


def happen(story: Story, event: str, day: date, holidays: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = at(day, 12) + timedelta(seconds=next(moments) % 3600)
    if event in {"paused", "resumed", "extended"}:
        clock_event(story.case_id, event, now, "" if event == "resumed" else "volume: a reason")
    elif event == "answer" and story.open and not story.answered:
        answer(story.case_id, now)
        story.answered = True
    elif event == "bounce" and story.answered and not story.returned:
        bounce(story.case_id, now)
        story.returned = True
    elif event == "settle" and story.returned:
        settle(story.case_id, at(day, 15))
        story.settled = True
    elif event == "holiday":
        holidays.add((day + timedelta(days=next(moments) % 20)).isoformat())
        set_holidays(monkeypatch, *sorted(holidays))


def check(story: Story, day: date, before: set[str], told: int) -> None:
    """After the watcher ran on `day`."""
    dates = dates_now(story.case_id, at(day))
    config = our_settings()
    ladders = {"ladder": config.alert_days, "notice_ladder": config.notice_days}
    with reading() as session:
        row = session.exec(select(RequestDates)).one()
        keys = list(session.exec(select(Alert.key)))
        letters = session.exec(select(Letter.key).where(Letter.kind == "deadline_alert")).all()
        digests = set(session.exec(select(Alert.digest).where(Alert.digest != "")))
        shown = {
            s
            for s in Standing
            if session.exec(select(RequestDates.request_id).where(standing_is(s, day))).all()
        }
    assert len(keys) == len(set(keys))
    assert {key.rpartition(":")[0] for key in letters} == digests, "each alert has its letter, and each letter its alert"  # fmt: skip
    assert (row.replied_on is None) == story.open
    if not story.open:
        assert (told, set(keys)) == (0, before), "nobody is warned of what is answered"
        return
    assert (row.binding, row.statutory) == (dates.binding, dates.statutory_in_force)
    assert shown == {standing(dates, day, config.due_soon_days)}
    if day > dates.binding:
        assert shown <= LATE
    era = {
        reached: epoch(dates, moves_of(dates), reached.due) for reached in thresholds(dates, day, **ladders)
    }
    ref = "DSR-2027-0001/access"
    due = {f"{ref}:{reached.limit}:{when}:{reached.level}" for reached, when in era.items()}
    assert due <= set(keys), "a threshold was passed and is not noted"
    assert told == (1 if due - before else 0), "one line for each request, and only where something is new"


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    received=st.dates(date(2027, 1, 4), date(2027, 12, 20)),
    days=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(EVENTS)), min_size=3, max_size=18),
)
def test_no_sequence_of_events_loses_or_doubles_an_alert(
    db: str, monkeypatch: pytest.MonkeyPatch, received: date, days: list[tuple[int, str]]
) -> None:
    empty()
    set_holidays(monkeypatch)
    story = Story(opened(at(received, 8))[0])
    day, holidays = received, set[str]()
    for gap, event in days:
        day += timedelta(days=gap)
        if event != "watch":
            happen(story, event, day, holidays, monkeypatch)
            continue
        with reading() as session:
            before = set(session.exec(select(Alert.key)))
        evening = at(day, 14) + timedelta(seconds=next(moments) % 3600)
        told = watch(evening)
        assert told.problems == ()
        check(story, day, before, len(told.told))
        assert watch(evening + timedelta(hours=1)).told == ()


def empty() -> None:
    """Forget the example before."""
    with unit_of_work() as session:
        from models.tables import ClockEvent, Officer, ReferenceCounter, Request

        for table in (Alert, Todo, Stretch, RequestDates, Letter, AuditEvent, ClockEvent, Request, Case, ReferenceCounter, Officer):  # fmt: skip
            session.exec(delete(table))  # type: ignore[call-overload]
    officers(CLAIRE)
