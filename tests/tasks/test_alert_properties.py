"""Property of the clock: whatever happens to a case, nothing late looks on time, and each warning is given, and once.

What is right is told by tests/support/clock_oracle.py, which walks the days and knows nothing of the engine. The watcher
stands still for up to five days; the figures are read at the beginning and at the end of each of them.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from models.alerts import standing
from models.case_clock import deadlines_of
from models.database import reading
from models.sla import Filter
from models.tables import Case, Letter
from tasks.clock.alert_deadlines import watch
from tasks.figures.sla_queries import unanswered
from tests.support.clock_oracle import IN_TIME, LATE, PARIS, SOON, day_of
from tests.support.clock_story import Story, alert_keys, begin

CLOCK = ("watch", "paused", "paused scope", "resumed", "resumed scope", "holiday", "second")
EVENTS = (
    "watch", "watch", "watch", "watch", "watch", "paused", "paused scope", "resumed", "resumed scope", "extended", "holiday",
    "replied", "withdrawn", "returned", "settled", "second",
)  # fmt: skip
ALL = Filter(date(2026, 1, 1), date(2030, 12, 31))
SECOND = timedelta(seconds=1)
RULES = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
postgres = pytest.mark.parametrize("db", ["postgres"], indirect=True)


class Step(NamedTuple):
    """`gap` days later, at that hour in Paris or a minute after the step before, something happens."""

    gap: int
    hour: int
    event: str


EARLY = st.builds(Step, st.integers(0, 2), st.integers(0, 23), st.sampled_from(CLOCK))
STEPS = st.builds(Step, st.integers(0, 5), st.integers(0, 23), st.sampled_from(EVENTS))
QUIET = (Step(5, 9, "watch"), Step(5, 9, "watch"))
"""Between the first days and the time in which warnings are due."""
stories = given(
    received=st.builds(
        datetime.combine,
        st.dates(date(2027, 1, 4), date(2028, 12, 20)),
        st.times(time(0), time(23, 59)),
        st.just(PARIS),
    ),
    begun=st.lists(EARLY, max_size=4),
    steps=st.lists(STEPS, min_size=4, max_size=10),
)


def live(received: datetime, steps: list[Step], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the case live through the steps, and look at it all the time."""
    story, now = begin(received, monkeypatch), received
    noted: set[tuple[str, str, int, str]] = set()
    for step in steps:
        then = at(day_of(now) + timedelta(days=step.gap), step.hour, now + timedelta(minutes=1))
        for moment in between(now, then):
            look(story, moment)
        now = then
        if step.event == "watch":
            watched(story, now, noted)
        else:
            story.happens(step.event, now)
        look(story, now)


def at(day: date, hour: int, least: datetime) -> datetime:
    return max(datetime.combine(day, time(hour), PARIS), least)


def between(first: datetime, last: datetime) -> Iterator[datetime]:
    """One moment of each day in Paris that begins between the two: in turn its very first and its last second."""
    day = day_of(first) + timedelta(days=1)
    while day <= day_of(last):
        begins = datetime.combine(day, time(), PARIS)
        yield begins if day.toordinal() % 2 or day == day_of(last) else begins + timedelta(days=1) - SECOND
        day += timedelta(days=1)


def look(story: Story, now: datetime, *, fresh: bool = False) -> None:
    """The rules and the tiles of the figures at that moment. `fresh`: the watcher has just run."""
    today, truth, waiting = day_of(now), story.walk.standing(now), len(story.waiting)
    with reading() as session:
        dates = deadlines_of(session, session.get_one(Case, story.case_id), now)
        rows = unanswered(session, ALL, today)
    assert standing(dates, today, SOON).value == truth
    shown = Counter({each: sum(getattr(row, each) for row in rows) for each in (*IN_TIME, *LATE)})
    assert shown.total() >= waiting, "what has no answer is not shown as unanswered"
    if truth in LATE:
        assert sum(shown[each] for each in IN_TIME) == 0, "shown as in time after its binding date"
    if truth == "overdue":
        assert shown.total() == shown["overdue"]
    if fresh:
        assert +shown == +Counter({truth: waiting})


def watched(story: Story, now: datetime, noted: set[tuple[str, str, int, str]]) -> None:
    """The watcher runs, twice. `noted`: every warning that was due at a watch, with the era of its clock."""
    due = {
        (right, limit, level, era)
        for right in story.waiting
        for (limit, level), era in story.walk.thresholds(now).items()
    }
    before, letters = Counter(alert_keys()), digests()
    seen = watch(now)
    assert seen.problems == ()
    new = due - noted
    noted |= due
    told = Counter((one.ref.partition("/")[2], str(one.limit), one.level) for one in seen.told)
    assert Counter(alert_keys()) - before == Counter((right, limit, level) for right, limit, level, _ in new)
    assert told <= Counter((right, limit, level) for right, limit, level, _ in new), (
        "told twice, or of what is answered"
    )
    assert {right for right, _, _ in told} == {right for right, _, _, _ in new}, "a warning that nobody reads"
    assert digests() - letters == bool(new), "one letter for all of it"
    look(story, now, fresh=True)
    assert watch(now + SECOND) == ((), ())


def digests() -> int:
    with reading() as session:
        return len(session.exec(select(Letter.id).where(Letter.kind == "deadline_alert")).all())


@sqlite
@settings(RULES, max_examples=12)
@stories
def test_whatever_happens(
    db: str, monkeypatch: pytest.MonkeyPatch, received: datetime, begun: list[Step], steps: list[Step]
) -> None:
    live(received, [*begun, *QUIET, *steps], monkeypatch)


@pytest.mark.long
@pytest.mark.timeout(1800)
@sqlite
@settings(RULES, max_examples=150)
@stories
def test_whatever_happens_at_length(
    db: str, monkeypatch: pytest.MonkeyPatch, received: datetime, begun: list[Step], steps: list[Step]
) -> None:
    live(received, [*begun, *QUIET, *steps], monkeypatch)


@pytest.mark.long
@pytest.mark.timeout(1800)
@postgres
@settings(RULES, max_examples=40)
@stories
def test_whatever_happens_on_postgres(
    db: str, monkeypatch: pytest.MonkeyPatch, received: datetime, begun: list[Step], steps: list[Step]
) -> None:
    live(received, [*begun, *QUIET, *steps], monkeypatch)


@sqlite
def test_a_reply_that_came_back_is_unanswered_from_that_moment(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the property: until the watcher ran again the figures counted it as an answer within the 30 days."""
    received = datetime(2027, 3, 1, 9, tzinfo=PARIS)
    story = begin(received, monkeypatch)
    story.happens("replied", received + timedelta(days=3))
    story.happens("returned", received + timedelta(days=31))
    look(story, received + timedelta(days=31))


@sqlite
def test_questions_that_overlap_stop_the_month_once(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by the property: the month stood still all along, and each further question had all warnings given again."""
    received = datetime(2027, 3, 1, 9, tzinfo=PARIS)
    story, noted = begin(received, monkeypatch), set[tuple[str, str, int, str]]()
    story.happens("paused", received + timedelta(days=1))
    story.happens("paused scope", received + timedelta(days=2))
    watched(story, received + timedelta(days=15), noted)
    assert len(noted) == 1
    story.happens("resumed", received + timedelta(days=15, hours=1))
    story.happens("paused scope", received + timedelta(days=15, hours=2))
    watched(story, received + timedelta(days=15, hours=3), noted)
    assert len(noted) == 1, "nothing moved"
    story.happens("resumed scope", received + timedelta(days=15, hours=4))
    watched(story, received + timedelta(days=15, hours=5), noted)
    assert len(noted) == 2, "the month runs again: a new era"
