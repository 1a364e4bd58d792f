"""The ladder of alerts and the standing of a request, on any history."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.alerts import Limit, Standing, epoch, moves_of, reply_due, standing, thresholds
from models.calendar import is_working
from models.deadlines import ClockFact, Deadlines, clock_from_events, deadlines

RECEIVED = datetime(2026, 11, 2, 10, tzinfo=UTC)


def dates_of(
    *facts: ClockFact, today: date, received: datetime = RECEIVED, extra: frozenset[date] = frozenset()
):
    clock = clock_from_events([ClockFact("received", received), *facts])
    return deadlines(clock, today=today, extra_holidays=extra)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Deadlines, date]:
    received_on = draw(st.dates(date(2025, 1, 1), date(2030, 12, 31)))
    received = datetime.combine(received_on, time(10), UTC)
    moments = sorted(draw(st.lists(st.integers(0, 120), max_size=5)))
    kinds = draw(st.lists(st.sampled_from(["paused", "resumed", "extended"]), min_size=5, max_size=5))
    facts = [
        ClockFact(kind, received + timedelta(days=moment), reason="doubt")
        for kind, moment in zip(kinds, moments, strict=False)
    ]
    today = received.date() + timedelta(days=draw(st.integers(0, 150)) + max(moments, default=0))
    extra = frozenset(
        {received.date() + timedelta(days=n) for n in draw(st.lists(st.integers(20, 40), max_size=3))}
    )
    return dates_of(*facts, today=today, received=received, extra=extra), today


@given(histories())
def test_nothing_is_on_time_after_its_binding_date(history: tuple[Deadlines, date]):
    dates, today = history
    if today > dates.binding:
        assert standing(dates, today) in {Standing.PROMISE_BROKEN, Standing.OVERDUE}
    if today > dates.statutory_in_force:
        assert standing(dates, today) is Standing.OVERDUE


@given(histories())
def test_no_threshold_that_was_passed_is_missing(history: tuple[Deadlines, date]):
    dates, today = history
    due = reply_due(dates)
    levels = {found.level for found in thresholds(dates, today) if found.limit is Limit.REPLY}
    still = (today + timedelta(days=n) for n in range(1, max(1, (due - today).days)))
    between = sum(is_working(day, dates.extra_holidays) for day in still)
    assert {level for level in (14, 7, 3, 1) if between < level} <= levels
    assert (today >= due) == (0 in levels)
    assert {level for level in levels if level < 0} == set(range(-1, (due - today).days - 1, -1))


@given(histories())
def test_a_later_day_only_adds_thresholds(history: tuple[Deadlines, date]):
    dates, today = history
    assert set(thresholds(dates, today)) <= set(thresholds(dates, today + timedelta(days=1)))


def test_the_ladder_of_a_plain_case():
    """Received Monday 2 November 2026: binding Wednesday 2 December; 11 November is a holiday."""
    found = thresholds(dates_of(today=date(2026, 12, 4)), date(2026, 12, 4))
    assert [(t.limit.value, t.level, t.reached_on.isoformat()) for t in found] == [
        ("reply", 14, "2026-11-12"),
        ("reply", 7, "2026-11-23"),
        ("extension_notice", 5, "2026-11-25"),
        ("reply", 3, "2026-11-27"),
        ("extension_notice", 2, "2026-11-30"),
        ("reply", 1, "2026-12-01"),
        ("extension_notice", 0, "2026-12-02"),
        ("reply", 0, "2026-12-02"),
        ("reply", -1, "2026-12-03"),
        ("reply", -2, "2026-12-04"),
    ]


def test_an_extension_moves_the_reply_and_not_the_refusal():
    extended = ClockFact("extended", RECEIVED + timedelta(days=20), reason="volume")
    dates = dates_of(extended, today=date(2026, 12, 10))
    assert reply_due(dates) == date(2027, 2, 2)
    refusals = [t for t in thresholds(dates, date(2026, 12, 10)) if t.limit is Limit.REFUSAL_NOTICE]
    assert [t.level for t in refusals] == [5, 2, 0]
    assert standing(dates, date(2026, 12, 10)) is Standing.PROMISE_BROKEN


def test_what_re_arms():
    today = date(2026, 11, 20)
    plain = dates_of(today=today)
    paused = dates_of(ClockFact("paused", RECEIVED + timedelta(days=2), reason="doubt"), today=today)
    holiday = dates_of(today=today, extra=frozenset({date(2026, 12, 2)}))
    assert epoch(plain, 0) != epoch(paused, 1)
    assert epoch(paused, 1) == epoch(
        dates_of(ClockFact("paused", RECEIVED + timedelta(days=2), reason="doubt"), today=date(2026, 11, 25)),
        1,
    )
    assert epoch(plain, 0) == epoch(holiday, 0), "the promise of 30 days knows no holiday"


def test_what_counts_as_a_move_of_the_clock():
    today = date(2026, 11, 20)
    asked, answered = (RECEIVED + timedelta(days=days) for days in (2, 4))
    doubt = ClockFact("paused", asked, reason="doubt")
    extended = ClockFact("extended", RECEIVED + timedelta(days=9), reason="volume")
    assert moves_of(dates_of(today=today)) == 0
    assert moves_of(dates_of(doubt, today=today)) == 1
    assert moves_of(dates_of(doubt, ClockFact("resumed", answered), today=today)) == 2
    assert moves_of(dates_of(doubt, ClockFact("resumed", asked), today=today)) == 0, "over the day it began"
    assert moves_of(dates_of(ClockFact("paused", asked), today=today)) == 0, (
        "no reason: it stops nothing (I2)"
    )
    assert moves_of(dates_of(extended, today=today)) == 1
    refusal = dates_of(extended, today=today).refusal_notice_latest
    assert epoch(dates_of(extended, today=today), 1, refusal) == f"1:{refusal}"
