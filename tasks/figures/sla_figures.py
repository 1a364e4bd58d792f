"""Count the SLA figures from what the queries of `tasks/figures/sla_queries.py` bring back.

It looks only. Stored dates are read, not computed: `watch_deadlines` renews them every day, and a banner says when it
did not run. `models.sla.last_months(today)` is the filter of somebody who asked for no other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlmodel import Session

from models.alerts import Standing
from models.rights import Right
from models.sla import (
    AGES,
    DAYS,
    KEPT_FIGURES,
    Blocked,
    Count,
    Figures,
    Filter,
    Kept,
    Stage,
    bin_name,
    forecast,
    months_between,
    nearest_rank,
)
from models.tables import Channel, RequestState, WaitsFor
from tasks.figures import sla_queries as queries
from tasks.figures.sla_sets import NO_GROUND

SECONDS_A_DAY = 86_400
OUTCOMES = ("answered", "nothing_held", "refused", "withdrawn", "not_a_request")


def figures(session: Session, wanted: Filter, today: date) -> Figures:
    """Return every figure of the requests that `wanted` selects, as they stand on `today` (a day in Paris)."""
    now = queries.unanswered(session, wanted, today)
    parts = queries.period(session, wanted, today)
    months, rights = _kept(parts[queries.MONTH], parts[queries.DAYS], wanted)
    days: Counter[int] = Counter()
    for row in parts[queries.DAYS]:
        days[row.i] += row.n
    stages = queries.stages(session, wanted, today)
    bounced = queries.bounced(session, wanted, today)
    return Figures(
        filter=wanted,
        as_of=today,
        unanswered=sum(row.number for row in now),
        standing=tuple(Count("standing", each, sum(getattr(row, each) for row in now)) for each in Standing),
        ages=tuple(
            Count("age", bin_name(*each), sum(getattr(row, f"age_{each[0]}") for row in now)) for each in AGES
        ),
        waiting=_complete("waiting", WaitsFor, {row.waits_for: row.number for row in now}),
        blocked=tuple(
            Blocked(row.system, row.number, row.failed, row.silent)
            for row in queries.blocked(session, wanted, today)
        ),
        total=_total(months, days),
        months=months,
        rights=rights,
        days=tuple(_in_bin(days, *each) for each in DAYS),
        longest=max(days, default=None),
        stages=_stages("stage", RequestState, stages),
        waited=_stages("waited", WaitsFor, stages),
        bounced=_found("bounced", Counter(row.kind for row in bounced)),
        bounced_requests=len({row.request_id for row in bounced}),
        forecast=forecast(months, wanted, today),
        **_kinds(parts[queries.KIND]),
        **_grounds(parts[queries.REFUSED], parts[queries.EXTENDED]),
    )


def _kept(
    by_month: queries.Rows, by_days: queries.Rows, wanted: Filter
) -> tuple[tuple[Kept, ...], tuple[Kept, ...]]:
    """Return every month of the period and every right, also those without a request."""
    months: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    rights: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for row in by_month:
        year, month = divmod(int(row.a), 12)
        for line in (months[f"{year:04d}-{month + 1:02d}"], rights[row.b]):
            for place, number in enumerate((row.n, row.n1, row.n2, row.n3, row.n4, row.n5)):
                line[place] += number
    days: dict[str, dict[int, int]] = defaultdict(dict)
    for row in by_days:
        days[row.a][row.i] = row.n
    asked = [right for right in Right if wanted.right in {"", right}]
    return (
        tuple(_line(key, months[key], {}) for key in months_between(wanted.since, wanted.until)),
        tuple(_line(right, rights[right], days[right]) for right in asked),
    )


def _line(key: str, numbers: Iterable[int], days: Mapping[int, int]) -> Kept:
    counts = dict(zip(KEPT_FIGURES, numbers, strict=True))
    return replace(Kept(key, **counts), p50=nearest_rank(days, 50), p90=nearest_rank(days, 90))


def _total(months: Iterable[Kept], days: Mapping[int, int]) -> Kept:
    listed = list(months)
    return _line("", [sum(getattr(month, name) for month in listed) for name in KEPT_FIGURES], days)


def _in_bin(days: Mapping[int, int], low: int, high: int | None) -> Count:
    inside = sum(n for day, n in days.items() if day >= low and (high is None or day <= high))
    return Count("days", bin_name(low, high), inside)


def _kinds(rows: queries.Rows) -> dict[str, Any]:
    outcomes: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    for row in rows:
        outcomes[row.a] += row.n
        channels[row.b] += row.n
    checked = sum(row.n1 for row in rows)
    return {
        "outcomes": _complete("outcome", OUTCOMES, outcomes),
        "channels": _complete("channel", Channel, channels),
        "identity": (
            Count("identity", "checked", checked),
            Count("identity", "unchecked", outcomes.total() - checked),
        ),
    }


def _grounds(refused: queries.Rows, extended: queries.Rows) -> dict[str, Any]:
    return {
        "refusals": _found("refused", {row.a or NO_GROUND: row.n for row in refused}),
        "refused": sum(row.n for row in refused),
        "refused_late": sum(row.n1 for row in refused),
        "extensions": _found("extended", {row.a: row.n for row in extended}),
        "extended": sum(row.n for row in extended),
    }


def _complete(figure: str, values: Iterable[str], counts: Mapping[str, int]) -> tuple[Count, ...]:
    """Return a count for each of `values` in their order, zero too, then whatever else there is."""
    known = [str(value) for value in values]
    others = sorted(value for value in counts if value and value not in known)
    return tuple(Count(figure, value, counts.get(value, 0)) for value in [*known, *others])


def _found(figure: str, counts: Mapping[str, int]) -> tuple[Count, ...]:
    """Return what occurs, most frequent first."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Count(figure, value, number) for value, number in ordered if number)


def _stages(figure: str, values: Iterable[str], rows: queries.Rows) -> tuple[Stage, ...]:
    found = {row.value: row for row in rows if row.figure == figure}
    return tuple(
        Stage(
            figure,
            value,
            found[value].number,
            round(float(found[value].seconds) / found[value].number / SECONDS_A_DAY, 2),
        )
        for value in map(str, values)
        if value in found
    )
