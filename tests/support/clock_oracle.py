"""The law's clock a second time, small and slow: a case's days are walked one by one, as law.md section 1 tells it.

Nothing of it comes from the engine: only the list of French holidays is the same package. Facts in, dates out.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays

PARIS = ZoneInfo("Europe/Paris")
ONE = timedelta(days=1)
FRENCH = holidays.country_holidays("FR", years=range(2026, 2031))
REPLY, NOTICE = (14, 7, 3, 1, 0), (5, 2, 0)  # working days before the last day, and the day itself
SOON = 3
IN_TIME = ("on_time", "due_soon", "due_today")
LATE = ("promise_broken", "overdue")


def day_of(instant: datetime) -> date:
    """The day in Paris (D10)."""
    return instant.astimezone(PARIS).date()


def months_after(day: date, count: int) -> date:
    """The day with the same number, or the month's last one (D4, D5)."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Happened:
    """`kind`: paused, resumed or extended; `scope`: identity or scope, of a pause."""

    at: datetime
    kind: str
    scope: str = "identity"


@dataclass(frozen=True)
class Dates:
    """One case as it stands on a day. `stretches`: how often the month stood still so far; `stopped`: it does now."""

    received: date
    commitment: date
    unextended: date
    binding: date
    promised: date
    lawful: date
    extended: bool
    stretches: int
    stopped: bool


@dataclass
class Walk:
    """What happened to one case, and the holidays as they are known now."""

    received_at: datetime
    events: list[Happened] = field(default_factory=list)
    extra: set[date] = field(default_factory=set)

    def works(self, day: date) -> bool:
        """No Saturday, Sunday or holiday (D6, D8)."""
        return day.isoweekday() not in {6, 7} and day not in FRENCH and day not in self.extra

    def rolled(self, day: date) -> date:
        """The day, or the next one on which people work (D6)."""
        return day if self.works(day) else self.rolled(day + ONE)

    def working_days_before(self, due: date, count: int) -> date:
        """Count back from the last day; it is not counted itself."""
        day = due
        for _ in range(count):
            day -= ONE
            while not self.works(day):
                day -= ONE
        return day

    def dates(self, now: datetime) -> Dates:
        """Walk from the receipt to now. Each day that ends while the month stands still is added to it (D19)."""
        received, today = day_of(self.received_at), day_of(now)
        month = months_after(received, 1)
        still: set[str] = set()
        answered: dict[str, date] = {}
        ends: list[date] = []  # days that ended while the month stood still
        told: date | None = None
        for day in _days(received, today):
            for event in self.events:
                if day_of(event.at) != day or event.at > now:
                    continue
                if event.kind == "paused" and self._counts(
                    event, day, month + ONE * len(ends), still, answered
                ):
                    still.add(event.scope)
                elif event.kind == "resumed" and event.scope in still:
                    still.remove(event.scope)
                    answered[event.scope] = day
                elif event.kind == "extended":
                    told = told or day
            if still and day < today:
                ends.append(day)
        due = self.rolled(month + ONE * len(ends))
        commitment = received + 30 * ONE  # D26
        extended = told is not None and told <= due  # D11, D12
        binding = min(commitment, due)  # D27
        cautious = months_after(month, 2) + ONE * len(ends)  # D13
        return Dates(
            received=received,
            commitment=commitment,
            unextended=due,
            binding=binding,
            promised=max(binding, cautious) if extended else binding,
            lawful=self.rolled(months_after(received, 3) + ONE * len(ends)) if extended else due,
            extended=extended,
            stretches=sum(day - ONE not in ends for day in ends) + bool(still and today - ONE not in ends),
            stopped=bool(still),
        )

    def _counts(
        self, event: Happened, day: date, month: date, still: set[str], answered: dict[str, date]
    ) -> bool:
        """Asked without undue delay (five working days), or at once after an answer that did not do (D16), and in time."""
        late = sum(self.works(one) for one in _days(day_of(self.received_at) + ONE, day)) > 5
        goes_on = event.scope in still or answered.get(event.scope) == day
        return day <= self.rolled(month) and (goes_on or not late)

    def thresholds(self, now: datetime) -> dict[tuple[str, int], str]:
        """Every warning due by now, as limit and level, with the era of its clock: a new era warns anew."""
        dates, today = self.dates(now), day_of(now)
        limits = [("reply", dates.promised, REPLY)]
        if dates.extended:
            limits.append(("refusal_notice", dates.unextended, NOTICE))  # D14
        else:
            limits.append(("extension_notice", dates.binding, NOTICE))  # D29
        found: dict[tuple[str, int], str] = {}
        for limit, due, ladder in limits:
            last_day = "stands still" if dates.stopped else str(due)
            era = f"{dates.stretches} {dates.extended} {last_day}"
            reached = [
                level
                for level in ladder
                if max(self.working_days_before(due, level), dates.received) <= today
            ]
            late = [-n for n in range(1, (today - due).days + 1)] if limit == "reply" else []
            found |= {(limit, level): era for level in [*reached, *late]}
        return found

    def standing(self, now: datetime) -> str:
        """How it stands while it is unanswered."""
        dates, today = self.dates(now), day_of(now)
        if today > dates.binding:
            return "overdue" if today > dates.lawful else "promise_broken"
        if today == dates.binding:
            return "due_today"
        left = sum(self.works(day) for day in _days(today + ONE, dates.binding))
        return "due_soon" if left <= SOON else "on_time"


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * ONE
