"""When somebody must be warned that a date comes near or has passed, and how a request stands today (law.md D27, D29).

Pure: dates in, thresholds out. Each threshold is told once per request and epoch of its clock; who tells it keeps that
in the `alert` table.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from models.calendar import DAY, is_working
from models.deadlines import Deadlines

REPLY_LADDER = (
    14,
    7,
    3,
    1,
)  # working days before the last day; the day itself and each day after it come besides
NOTICE_LADDER = (5, 2)  # for notices of extension and refusal


class Limit(StrEnum):
    """What must have left by a date. REPLY: the answer, by the binding date, or by the promised one once extended."""

    REPLY = "reply"
    EXTENSION_NOTICE = "extension_notice"
    REFUSAL_NOTICE = "refusal_notice"


class Standing(StrEnum):
    """How a request stands. PROMISE_BROKEN: after the 30 days and inside the law; OVERDUE: after what the law allows."""

    ON_TIME = "on_time"
    DUE_SOON = "due_soon"
    DUE_TODAY = "due_today"
    PROMISE_BROKEN = "promise_broken"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A moment at which to warn. `level`: working days left; 0 on the last day; below zero calendar days too late."""

    limit: Limit
    level: int
    due: date
    reached_on: date


def reply_due(dates: Deadlines) -> date:
    """Return the last day to answer that still keeps a word: the binding date, or the one an extension promised (D13)."""
    return max(dates.binding, dates.extended_cautious) if dates.extended else dates.binding


def thresholds(
    dates: Deadlines,
    today: date,
    *,
    ladder: Collection[int] = REPLY_LADDER,
    notice_ladder: Collection[int] = NOTICE_LADDER,
) -> tuple[Threshold, ...]:
    """Return every threshold that an unanswered request has reached by `today`, in the order of the days.

    The notice of an extension is due by the binding date (D29) until one has told the person; that of a refusal by the end of the
    unextended month (D14) once the reply itself may come later.
    """
    found = list(_reached(Limit.REPLY, reply_due(dates), dates, today, ladder, daily=True))
    if dates.extended:
        found += _reached(Limit.REFUSAL_NOTICE, dates.refusal_notice_latest, dates, today, notice_ladder)
    else:
        due = dates.extension_notice_promised_by
        found += _reached(Limit.EXTENSION_NOTICE, due, dates, today, notice_ladder)
    return tuple(sorted(found, key=lambda threshold: (threshold.reached_on, threshold.limit)))


def _reached(
    limit: Limit, due: date, dates: Deadlines, today: date, ladder: Collection[int], *, daily: bool = False
) -> Iterator[Threshold]:
    for level in sorted({*ladder, 0}, reverse=True):
        day = max(dates.received_on, _working_days_before(due, level, dates.extra_holidays))
        if day <= today:
            yield Threshold(limit, level, due, day)
    if daily:
        for late in range(1, (today - due).days + 1):
            yield Threshold(limit, -late, due, due + late * DAY)


def _working_days_before(due: date, count: int, extra: Collection[date]) -> date:
    """Return the `count`-th working day before `due`; `due` itself is not counted."""
    day = due
    while count:
        day -= DAY
        count -= is_working(day, extra)
    return day


def working_days_left(due: date, today: date, extra: Collection[date] = frozenset()) -> int:
    """Return how many working days come after `today` up to and with `due`; below zero: calendar days too late."""
    if today > due:
        return (due - today).days
    return sum(is_working(today + timedelta(days=n), extra) for n in range(1, (due - today).days + 1))


def standing(dates: Deadlines, today: date, soon: int = 3) -> Standing:
    """Return how an unanswered request stands; `soon`: so many working days before the last day it is due soon.

    Nothing is on time after its binding date, extended or not.
    """
    if today > dates.statutory_in_force:
        return Standing.OVERDUE
    if today > dates.binding:
        return Standing.PROMISE_BROKEN
    if today == dates.binding:
        return Standing.DUE_TODAY
    near = working_days_left(dates.binding, today, dates.extra_holidays) <= soon
    return Standing.DUE_SOON if near else Standing.ON_TIME


def is_paused(dates: Deadlines) -> bool:
    """Whether the law's clock stands still today; the promise of 30 days never does (D29)."""
    return any(verdict.outcome == "counted" and verdict.pause.answered is None for verdict in dates.pauses)


def moves_of(dates: Deadlines) -> int:
    """Return how often the clock of a case was moved: by each stop and each restart of the month, and by an extension.

    Questions that overlap, or follow an insufficient answer at once, keep it stopped (D16, D19): one stop. A pause that was
    over the day it began moved nothing.
    """
    moves, stopped_until = int(dates.extended), date.min
    for pause in (verdict.pause for verdict in dates.pauses if verdict.outcome == "counted"):
        ends = pause.answered or date.max
        if ends > max(pause.asked, stopped_until):
            moves += 2 * (pause.asked > stopped_until) - (ends == date.max)
            stopped_until = ends
    return moves


def epoch(dates: Deadlines, moves: int, due: date | None = None) -> str:
    """Return what re-arms alerts when it changes: `moves` (pauses, resumptions, extensions so far) and the last day.

    `due`: the last day of the limit in question; without it that of the reply. While a pause is open the last day moves
    every day; then only `moves` tells.
    """
    return f"{moves}:paused" if is_paused(dates) else f"{moves}:{due or reply_due(dates)}"
