"""The figures of the SLA pages as one frozen value: the page, the CSV, the PDF and the report all say what it says.

Pure. The unit is the request: one right of one case. `tasks/figures/sla_figures.py` fills the values; how each is defined stands
here and, in words, on the page itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from dateutil.relativedelta import relativedelta

MONTHS_SHOWN = 12
MOST_MONTHS = 120
FIRST_DAY = date(2018, 5, 25)  # the GDPR applies from this day on
FORECAST_FROM = 3  # whole months
AGES = ((0, 7), (8, 14), (15, 21), (22, 30), (31, None))  # days since receipt, of what is unanswered
DAYS = ((0, 3), (4, 7), (8, 14), (15, 21), (22, 30), (31, 60), (61, None))  # from receipt to reply
PERCENTILES = (50, 90)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests are counted: those received from `since` to `until` (days in Paris, both included).

    An empty text does not filter. `system`: a search of it found something, failed, or waits for a
    colleague. What is unanswered today (`NOW`) is counted whenever it was received: nothing drops out by age.
    """

    since: date
    until: date
    right: str = ""
    language: str = ""
    system: str = ""

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise ValueError("the period ends before it begins")


def last_months(today: date) -> Filter:
    """Return the filter of a page that was not asked for anything else: this month and the eleven before."""
    return Filter(today.replace(day=1) - relativedelta(months=MONTHS_SHOWN - 1), today)


def check_period(wanted: Filter, today: date) -> Filter:
    """Return the filter; `ValueError` where its period cannot be meant, as with a year that is half typed."""
    newest = today + relativedelta(years=1)
    whole = len(months_between(wanted.since, wanted.until)) <= MOST_MONTHS
    if not (wanted.since >= FIRST_DAY and wanted.until <= newest and whole):
        raise ValueError("the period is too long, or before the GDPR, or too far ahead")
    return wanted


@dataclass(frozen=True, slots=True)
class Count:
    """How many requests are in the set `figure:value`; the page `/sla/requests` lists exactly these."""

    figure: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """How the requests received in one month, or of one right, were answered; `key` is `2026-11` or `access`.

    Kept: answered in time. Missed: answered too late, or unanswered and past the date. What is unanswered and not late
    yet is neither. `promise`: the published 30 days; `law`: what the law allows, an extension included. `p50`, `p90`:
    days from receipt to reply of the answered ones, None where there are none.
    """

    key: str
    received: int = 0
    answered: int = 0
    promise_kept: int = 0
    promise_missed: int = 0
    law_kept: int = 0
    law_missed: int = 0
    p50: int | None = None
    p90: int | None = None

    @property
    def promise_share(self) -> float | None:
        """Kept of all that is decided, 0 to 1; None where nothing is decided."""
        return share(self.promise_kept, self.promise_missed)

    @property
    def law_share(self) -> float | None:
        """Likewise for what the law allows."""
        return share(self.law_kept, self.law_missed)


@dataclass(frozen=True, slots=True)
class Stage:
    """Time spent in one state, or waiting for one side. `figure:value` as in `Count`; `requests`: how many were in it.

    `days`: the mean per request that was in it, in days of 24 hours, of stretches that have ended.
    """

    figure: str
    value: str
    requests: int
    days: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """Unanswered requests that a system holds up. `requests`: either or both, each once.

    `failed`: its newest search failed; `silent`: a colleague has not answered a task.
    """

    system: str
    requests: int
    failed: int
    silent: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Requests to expect in `month`: the mean of the last whole months, rounded half up, and their smallest and largest.

    No model of the future: with so few requests a season cannot be told from chance.
    """

    month: str
    expected: int
    low: int
    high: int
    months: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the SLA pages, exports and reports show. Tuples are complete and ordered: zero is a figure too.

    NOW, whatever the period: `unanswered`, `standing`, `ages`, `waiting`, `blocked`. The rest: received in the period.
    `days_*`: how long the answered ones took, nearest rank, and the longest; None where nothing was answered.
    """

    filter: Filter
    as_of: date
    unanswered: int
    standing: tuple[Count, ...]
    ages: tuple[Count, ...]
    waiting: tuple[Count, ...]
    blocked: tuple[Blocked, ...]
    total: Kept
    months: tuple[Kept, ...]
    rights: tuple[Kept, ...]
    days: tuple[Count, ...]
    longest: int | None
    stages: tuple[Stage, ...]
    waited: tuple[Stage, ...]
    outcomes: tuple[Count, ...]
    extensions: tuple[Count, ...]
    refusals: tuple[Count, ...]
    extended: int
    refused: int
    refused_late: int
    identity: tuple[Count, ...]
    channels: tuple[Count, ...]
    bounced: tuple[Count, ...]
    bounced_requests: int
    forecast: Forecast | None

    @property
    def overdue(self) -> int:
        """How many are unanswered after what the law allows: anything above zero is red."""
        return self.standing_count("overdue")

    def standing_count(self, standing: str) -> int:
        """How many unanswered requests stand so."""
        return next(count.count for count in self.standing if count.value == standing)


def share(kept: int, missed: int) -> float | None:
    """Return kept of kept and missed, 0 to 1; None where both are zero."""
    return kept / (kept + missed) if kept + missed else None


def nearest_rank(counts: Mapping[int, int], percent: int) -> int | None:
    """Return the smallest value that at least `percent` % of all are not above; exact, and always a value that occurs.

    `counts`: how often each value occurs. The p-th percentile of n values is the one of rank ⌈p·n/100⌉ (nearest rank).
    """
    total = sum(counts.values())
    rank = -(-percent * total // 100)
    for value in sorted(counts):
        rank -= counts[value]
        if rank <= 0:
            return value
    return None


def months_between(first: date, last: date) -> tuple[str, ...]:
    """Return every month from that of `first` to that of `last`, as `2026-11`."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    start = first.replace(day=1)
    return tuple(month_of(start + relativedelta(months=n)) for n in range(count))


def month_of(day: date) -> str:
    """Return `2026-11`."""
    return f"{day.year:04d}-{day.month:02d}"


def within(wanted: Filter, month: str) -> Filter:
    """Return the filter narrowed to the days of `month` that it covers."""
    first = date.fromisoformat(f"{month}-01")
    last = first + relativedelta(months=1) - timedelta(days=1)
    return replace(wanted, since=max(wanted.since, first), until=min(wanted.until, last))


def forecast(months: Iterable[Kept], wanted: Filter, today: date) -> Forecast | None:
    """Return what to expect in the month of `today`; None with fewer than three whole months.

    A month is whole when the period covers it and it is over on `today`. None, too, where the period ended before this
    month: nothing is foretold of the past.
    """
    if month_of(wanted.until) < month_of(today):
        return None
    whole = [month for month in months if is_whole(month.key, wanted, today)][-FORECAST_FROM:]
    if len(whole) < FORECAST_FROM:
        return None
    numbers = [month.received for month in whole]
    following = date.fromisoformat(f"{whole[-1].key}-01") + relativedelta(months=1)
    expected = (2 * sum(numbers) + FORECAST_FROM) // (2 * FORECAST_FROM)
    return Forecast(
        month_of(following), expected, min(numbers), max(numbers), tuple(month.key for month in whole)
    )


def is_whole(month: str, wanted: Filter, today: date) -> bool:
    """Whether the period covers the month and it is over on `today`."""
    first = date.fromisoformat(f"{month}-01")
    following = first + relativedelta(months=1)
    return wanted.since <= first and following <= today and following - timedelta(days=1) <= wanted.until


def bin_name(low: int, high: int | None) -> str:
    """Return `8-14`, or `31-` for the last one."""
    return f"{low}-{high or ''}"


def counts_of(figures: Figures) -> Iterator[tuple[Filter, Count]]:
    """Yield every number with the filter under which its list shows as many rows."""
    wanted = figures.filter
    plain = (
        *figures.standing, *figures.ages, *figures.waiting, *figures.days, *figures.outcomes, *figures.extensions,
        *figures.refusals, *figures.identity, *figures.channels, *figures.bounced,
    )  # fmt: skip
    for count in plain:
        yield wanted, count
    for name, number in (
        ("unanswered", figures.unanswered),
        ("extended", figures.extended),
        ("refused", figures.refused),
        ("refused_late", figures.refused_late),
        ("bounced", figures.bounced_requests),
    ):
        yield wanted, Count(name, "", number)
    for system in figures.blocked:
        yield wanted, Count("blocked", system.system, system.requests)
        yield wanted, Count("failed", system.system, system.failed)
        yield wanted, Count("silent", system.system, system.silent)
    for stage in (*figures.stages, *figures.waited):
        yield wanted, Count(stage.figure, stage.value, stage.requests)
    for kept, narrowed in kept_lines(figures):
        for name in KEPT_FIGURES:
            yield narrowed, Count(name, "", getattr(kept, name))


KEPT_FIGURES = ("received", "answered", "promise_kept", "promise_missed", "law_kept", "law_missed")
"""The numbers of a `Kept`, each the name of a set."""


def kept_lines(figures: Figures) -> Iterator[tuple[Kept, Filter]]:
    """Yield the total, each month and each right, with the filter that selects the same requests."""
    yield figures.total, figures.filter
    for month in figures.months:
        yield month, within(figures.filter, month.key)
    for right in figures.rights:
        yield right, replace(figures.filter, right=right.key)


assert all(low == (high or 0) + 1 for bins in (AGES, DAYS) for (_, high), (low, _) in pairwise(bins))
