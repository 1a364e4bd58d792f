"""Deadlines over every receipt date of 2025–2045, against an oracle that shares no code with the engine.

The oracle uses the standard library only: `calendar.monthrange` for months, the anonymous Gregorian computus for Easter.
"""

import calendar
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import PARIS, end_of_day, is_working, paris_date, public_holidays
from models.deadlines import Clock, Deadlines, Pause, deadlines

DAY = timedelta(days=1)
FIRST, LAST = date(2025, 1, 1), date(2045, 12, 31)
RECEIPTS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))


def easter(year: int) -> date:
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@cache
def oracle_holidays(year: int) -> frozenset[date]:
    movable = {easter(year) + timedelta(days=n) for n in (1, 39, 50)}
    return frozenset(movable | {date(year, month, day) for month, day in FIXED})


def oracle_works(day: date) -> bool:
    return day.isoweekday() < 6 and day not in oracle_holidays(day.year)


def oracle_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def oracle_roll(day: date, step: int = 1) -> date:
    while not oracle_works(day):
        day += step * DAY
    return day


def received_at(day: date, at: time = time(12)) -> Clock:
    return Clock(datetime.combine(day, at, PARIS))


@cache
def dated(day: date) -> Deadlines:
    return deadlines(received_at(day))


@pytest.mark.parametrize("year", range(2025, 2046))
def test_the_holiday_list_is_the_national_one(year: int) -> None:
    assert set(public_holidays(year)) == oracle_holidays(year)
    assert easter(year) - 2 * DAY not in public_holidays(year)  # Good Friday: Alsace-Moselle only
    assert date(year, 12, 26) not in public_holidays(year)


def test_every_date_agrees_with_the_oracle() -> None:
    for day in RECEIPTS:
        dates = dated(day)
        month, extended = oracle_months(day, 1), oracle_months(day, 3)
        promise, due = day + timedelta(days=30), oracle_roll(month)
        assert dates.received_on == day
        assert dates.commitment == promise
        assert dates.commitment_target == oracle_roll(promise, -1)
        assert dates.statutory_nominal == dates.month_ends == month
        assert dates.statutory_due == dates.statutory_due_without_pause == due
        assert dates.extended_nominal == extended
        assert dates.extended_due == oracle_roll(extended)
        assert dates.extended_cautious == oracle_months(month, 2)
        assert dates.binding == min(promise, due)
        assert dates.safe_send_by == oracle_roll(min(promise, month), -1)


def test_what_is_true_of_every_receipt() -> None:
    for day in RECEIPTS:
        dates = dated(day)
        assert 0 <= (dates.statutory_due - dates.statutory_nominal).days <= 4
        assert is_working(dates.statutory_due)
        assert is_working(dates.extended_due)
        assert is_working(dates.safe_send_by)
        assert 28 <= (dates.statutory_nominal - day).days <= 31
        assert dates.statutory_nominal.month == day.month % 12 + 1
        assert dates.statutory_nominal.day <= day.day
        assert day < dates.safe_send_by <= dates.binding <= dates.commitment
        assert dates.safe_send_by <= dates.statutory_nominal
        assert dates.extended_cautious <= dates.extended_nominal <= dates.extended_due
        assert dates.statutory_in_force == dates.statutory_due
        ends = dates.statutory_window_ends.astimezone(PARIS)
        assert (ends.date(), ends.time()) == (dates.statutory_due + DAY, time())


def test_a_later_receipt_is_never_due_earlier() -> None:
    for day in RECEIPTS[1:]:
        before, after = dated(day - DAY), dated(day)
        assert before.statutory_due <= after.statutory_due
        assert before.extended_due <= after.extended_due
        assert before.binding <= after.binding


def test_the_date_in_paris_counts_on_both_sides_of_both_midnights() -> None:
    for day in RECEIPTS:
        begins = end_of_day(day - DAY)
        assert begins == datetime.combine(day, time(), PARIS)
        assert begins.hour in {22, 23}
        assert paris_date(begins) == day
        assert paris_date(begins - timedelta(microseconds=1)) == day - DAY
        utc_midnight = datetime.combine(day, time(), UTC)
        assert paris_date(utc_midnight) == paris_date(utc_midnight - timedelta(microseconds=1)) == day
        assert (end_of_day(day) - begins) in {timedelta(hours=hours) for hours in (23, 24, 25)}


def test_only_the_date_of_receipt_matters_not_its_hour() -> None:
    changes = [day for day in RECEIPTS if end_of_day(day) - end_of_day(day - DAY) != DAY]
    assert len(changes) == 2 * 21
    for day in changes:
        begins, ends = end_of_day(day - DAY), end_of_day(day)
        hours = int((ends - begins) / timedelta(hours=1))
        instants = [begins + timedelta(hours=n) for n in range(hours)] + [ends - timedelta(microseconds=1)]
        assert {deadlines(Clock(instant)) for instant in instants} == {dated(day)}


def test_which_clock_ends_first_in_2025_to_2032() -> None:
    receipts = [day for day in RECEIPTS if day.year <= 2032]
    apart = {day: (dated(day).statutory_due - dated(day).commitment).days for day in receipts}
    order = Counter(
        "commitment" if gap > 0 else "statutory" if gap < 0 else "equal" for gap in apart.values()
    )
    assert len(receipts) == 2922
    assert order == {"commitment": 2011, "equal": 717, "statutory": 194}
    assert (min(apart.values()), max(apart.values())) == (-2, 4)
    assert all(
        day.month == 2 or (day.month, day.day) in {(1, 30), (1, 31)} for day in receipts if apart[day] < 0
    )
    assert sum(dated(day).extended_cautious < dated(day).extended_nominal for day in receipts) == 38


def test_how_many_days_one_month_is_worth() -> None:
    for day in RECEIPTS:
        leap, month, number = calendar.isleap(day.year), day.month, day.day
        if month == 2:
            worth = 29 if leap else 28
        elif month == 1 and number > 28:
            worth = {29: 31, 30: 30, 31: 29}[number] if leap else {29: 30, 30: 29, 31: 28}[number]
        elif month in {4, 6, 9, 11} or (month in {3, 5, 8, 10} and number == 31):
            worth = 30
        else:
            worth = 31
        assert (dated(day).statutory_nominal - day).days == worth


def test_the_longest_roll() -> None:
    rolled = {day: (dated(day).statutory_due - dated(day).statutory_nominal).days for day in RECEIPTS}
    assert max(days for day, days in rolled.items() if day.year <= 2042) == 3
    assert next(day for day, days in rolled.items() if days == 4) == date(2043, 4, 7)
    assert dated(date(2043, 4, 7)).statutory_due == date(2043, 5, 11)


receipts = st.dates(FIRST, LAST)
spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5)


def paused(day: date, parts: list[tuple[int, int]], override: str = "decided") -> Deadlines:
    pauses = tuple(
        Pause("identity", day + start * DAY, day + (start + length) * DAY, "doubt", override)
        for start, length in parts
    )
    return deadlines(Clock(received_at(day).received, pauses))


@given(receipts, spans)
def test_a_pause_moves_the_law_only_and_by_the_days_covered_once(
    day: date, parts: list[tuple[int, int]]
) -> None:
    plain, dates = dated(day), paused(day, parts)
    counted = [verdict.pause for verdict in dates.pauses if verdict.outcome == "counted"]
    covered = {start.asked + n * DAY for start in counted for n in range((start.answered - start.asked).days)}
    assert dates.paused_days == len(covered)
    assert dates.commitment == plain.commitment
    assert dates.statutory_due_without_pause == plain.statutory_due
    assert dates.statutory_nominal == oracle_months(day, 1) + len(covered) * DAY
    assert dates.statutory_due == oracle_roll(dates.statutory_nominal)
    assert dates.extended_due == oracle_roll(oracle_months(day, 3) + len(covered) * DAY)
    assert plain.binding <= dates.binding <= dates.commitment


@given(receipts, spans, st.data())
def test_a_longer_pause_never_makes_the_law_earlier(
    day: date, parts: list[tuple[int, int]], data: st.DataObject
) -> None:
    override = data.draw(st.sampled_from(["decided", ""]))
    longer = [(start, length + data.draw(st.integers(0, 20))) for start, length in parts]
    assert paused(day, longer, override).statutory_due >= paused(day, parts, override).statutory_due


@given(receipts, spans, st.randoms())
def test_the_order_of_pauses_does_not_matter(day: date, parts: list[tuple[int, int]], shuffled) -> None:
    other = list(parts)
    shuffled.shuffle(other)
    assert paused(day, other).statutory_due == paused(day, parts).statutory_due


@given(receipts, st.integers(0, 7), st.integers(0, 400))
def test_an_open_pause_is_one_that_is_answered_today(day: date, start: int, length: int) -> None:
    asked, today = day + start * DAY, day + (start + length) * DAY
    instant = received_at(day).received
    still_open = deadlines(Clock(instant, (Pause("identity", asked, None, "doubt"),)), today=today)
    answered = deadlines(Clock(instant, (Pause("identity", asked, today, "doubt"),)))
    assert still_open.statutory_due == answered.statutory_due
    assert still_open.paused_days == answered.paused_days


@given(receipts, st.sets(st.integers(20, 45), max_size=10))
def test_a_new_holiday_never_makes_the_law_earlier(day: date, offsets: set[int]) -> None:
    extra = {day + n * DAY for n in offsets}
    dates = deadlines(received_at(day), extra_holidays=extra)
    assert dates.statutory_due >= dated(day).statutory_due
    assert dates.statutory_due not in extra
    assert dates.safe_send_by not in extra
    assert dates.commitment == dated(day).commitment
