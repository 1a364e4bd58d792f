"""The figures as sections, each a table and mostly a chart: page, CSV, PDF and report show these and nothing else.

Pure: the same figures and language give the same sections.
"""

from collections.abc import Iterable
from dataclasses import replace

from models.calendar import Language
from models.sla import Count, Figures, Filter, Kept, Stage, within
from tasks.figures.draw_charts import Chart, Kind, Series
from tasks.figures.sla_say import month_name, name_of, number, per_cent, say, tenths_of
from tasks.figures.sla_section import Cell, Section
from tasks.figures.sla_sets import TIMED

SPARSE = frozenset({"waiting"})
"""Sections whose chart leaves out what is zero."""
NOW = ("standing", "ages", "waiting", "blocked")
"""The sections of today; the others are about the period."""

KEPT = (
    "received", "answered", "promise_kept", "promise_missed", "promise_share", "law_kept", "law_missed", "law_share",
)  # fmt: skip


def sections(figures: Figures, language: Language) -> tuple[Section, ...]:
    """Return every section, in the order in which they are shown."""
    return (
        _counts(figures, language, "standing", figures.standing, "standing", kind="bars"),
        _counts(figures, language, "ages", figures.ages, "age", kind="columns"),
        _counts(figures, language, "waiting", figures.waiting, "whom", kind="bars"),
        _blocked(figures, language),
        _total(figures, language),
        _kept(figures, language, "months", "month", figures.months),
        _volume(figures, language),
        _kept(figures, language, "rights", "right", figures.rights),
        _days(figures, language),
        _stages(figures, language, "stages", figures.stages),
        _stages(figures, language, "waited", figures.waited),
        _counts(figures, language, "outcomes", figures.outcomes, "outcome", kind="bars"),
        _grounds(
            figures, language, "extensions", figures.extensions, Count("extended", "", figures.extended)
        ),
        _refusals(figures, language),
        _counts(figures, language, "identity", figures.identity, "identity"),
        _counts(figures, language, "channels", figures.channels, "channel"),
        _grounds(
            figures, language, "bounced", figures.bounced, Count("bounced", "", figures.bounced_requests)
        ),
    )


def cell(language: Language, wanted: Filter, count: Count) -> Cell:
    """Return a number that leads to its requests."""
    behind = (wanted, count.figure, count.value) if count.count else None
    return Cell(number(language, count.count), count.count, behind)


def _plain(language: Language, value: float | None) -> Cell:
    return Cell(number(language, value), value)


def _section(
    language: Language,
    key: str,
    first: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, str, tuple[Cell, ...]]],
    **values: object,
) -> Section:
    return Section(
        key,
        say(language, f"section.{key}"),
        say(language, f"section.{key}_note", **values),
        (say(language, f"head.{first}"), *(say(language, f"head.{column}") for column in columns)),
        columns,
        tuple(rows),
    )


def _drawn(
    language: Language,
    section: Section,
    kind: Kind,
    unit: str,
    series: dict[str, int],
    labels: tuple[str, ...] = (),
) -> Section:
    """Return the section with a chart of some of its columns: `series` names column numbers."""
    rows = [row for row in section.rows if row[2][0].raw or section.key not in SPARSE]
    labels = labels or tuple(row[0] for row in rows)
    drawn = tuple(
        Series(
            name,
            tuple(row[2][place].raw for row in rows),
            tuple(row[2][place].text for row in rows),
        )
        for name, place in series.items()
    )
    numbers = "; ".join(
        f"{row[0]}: " + ", ".join(row[2][place].text for place in series.values()) for row in rows
    )
    text = say(language, "chart.text", title=section.title, numbers=numbers)
    return replace(
        section,
        chart=Chart(section.key, kind, section.title, text, say(language, f"chart.{unit}"), labels, drawn),
    )


def _counts(
    figures: Figures,
    language: Language,
    key: str,
    counts: tuple[Count, ...],
    first: str,
    *,
    kind: Kind | None = None,
) -> Section:
    rows = [
        (name_of(language, count.figure, count.value), count.value, (cell(language, figures.filter, count),))
        for count in counts
    ]
    section = _section(language, key, first, ("requests",), rows)
    labels = _bins(counts) if kind == "columns" else ()
    return _drawn(language, section, kind, "requests", {section.head[1]: 0}, labels) if kind else section


def _bins(counts: tuple[Count, ...]) -> tuple[str, ...]:
    """Return `8-14` and `31+`: there is little room below a column."""
    return tuple(count.value.removesuffix("-") + "+" * count.value.endswith("-") for count in counts)


def _grounds(
    figures: Figures, language: Language, key: str, counts: tuple[Count, ...], total: Count
) -> Section:
    section = _counts(figures, language, key, counts, "letter" if key == "bounced" else "ground")
    last = (say(language, "head.total"), "total", (cell(language, figures.filter, total),))
    return replace(section, rows=(*section.rows, last))


def _refusals(figures: Figures, language: Language) -> Section:
    wanted = figures.filter
    rows = [
        *(
            (name_of(language, "refused", c.value), c.value, (cell(language, wanted, c),))
            for c in figures.refusals
        ),
        (
            say(language, "head.total"),
            "total",
            (cell(language, wanted, Count("refused", "", figures.refused)),),
        ),
        (
            say(language, "head.late"),
            "late",
            (cell(language, wanted, Count("refused_late", "", figures.refused_late)),),
        ),
    ]
    late = number(language, figures.refused_late)
    return _section(language, "refusals", "ground", ("requests",), rows, late=late)


def _blocked(figures: Figures, language: Language) -> Section:
    rows = [
        (
            name_of(language, "blocked", each.system),
            each.system,
            tuple(
                cell(language, figures.filter, Count(figure, each.system, count))
                for figure, count in (
                    ("blocked", each.requests),
                    ("failed", each.failed),
                    ("silent", each.silent),
                )
            ),
        )
        for each in figures.blocked
    ]
    return _section(language, "blocked", "system", ("requests", "failed", "silent"), rows)


def kept_cells(language: Language, wanted: Filter, kept: Kept) -> tuple[Cell, ...]:
    """Return the cells of the columns `KEPT`."""
    cells = []
    for name in KEPT:
        head, _, tail = name.partition("_")
        if tail == "share":
            numbers = getattr(kept, f"{head}_kept"), getattr(kept, f"{head}_missed")
            tenths = tenths_of(*numbers)
            cells.append(Cell(per_cent(language, *numbers), None if tenths is None else tenths / 10))
        else:
            cells.append(cell(language, wanted, Count(name, "", getattr(kept, name))))
    return tuple(cells)


def _total(figures: Figures, language: Language) -> Section:
    total = figures.total
    cells = kept_cells(language, figures.filter, total)
    rows = [(say(language, f"head.{name}"), name, (one,)) for name, one in zip(KEPT, cells, strict=True)]
    rows += [
        (say(language, f"head.{name}"), name, (_plain(language, value),))
        for name, value in (("p50", total.p50), ("p90", total.p90), ("longest", figures.longest))
    ]
    return _section(language, "total", "figure", ("value",), rows)


def _kept(figures: Figures, language: Language, key: str, first: str, lines: tuple[Kept, ...]) -> Section:
    by_month = key == "months"
    rows = []
    for line in lines:
        wanted = within(figures.filter, line.key) if by_month else replace(figures.filter, right=line.key)
        name = month_name(language, line.key) if by_month else name_of(language, "right", line.key)
        cells = kept_cells(language, wanted, line)
        if not by_month:
            cells += (_plain(language, line.p50), _plain(language, line.p90))
        rows.append((name, line.key, cells))
    columns = KEPT if by_month else (*KEPT, "p50", "p90")
    section = _section(language, key, first, columns, rows)
    series = {say(language, "chart.promise"): 4, say(language, "chart.law"): 7}
    short = tuple(month_name(language, line.key, short=True) for line in lines) if by_month else ()
    return _drawn(language, section, "lines" if by_month else "bars", "per_cent", series, short)


def _volume(figures: Figures, language: Language) -> Section:
    rows = [
        (
            month_name(language, month.key),
            month.key,
            (cell(language, within(figures.filter, month.key), Count("received", "", month.received)),),
        )
        for month in figures.months
    ]
    section = _section(language, "volume", "month", ("received",), rows, **_forecast(figures, language))
    if figures.forecast is None:
        section = replace(section, note=say(language, "section.volume_note_none"))
    short = tuple(month_name(language, month.key, short=True) for month in figures.months)
    return _drawn(language, section, "columns", "requests", {section.head[1]: 0}, short)


def _forecast(figures: Figures, language: Language) -> dict[str, object]:
    expected = figures.forecast
    if expected is None:
        return {"month": "", "expected": "", "low": "", "high": "", "months": ""}
    return {
        "month": month_name(language, expected.month),
        "expected": number(language, expected.expected),
        "low": number(language, expected.low),
        "high": number(language, expected.high),
        "months": ", ".join(month_name(language, month) for month in expected.months),
    }


def _days(figures: Figures, language: Language) -> Section:
    section = _section(
        language,
        "days",
        "time",
        ("requests",),
        (
            (name_of(language, "days", count.value), count.value, (cell(language, figures.filter, count),))
            for count in figures.days
        ),
        p50=number(language, figures.total.p50),
        p90=number(language, figures.total.p90),
        longest=number(language, figures.longest),
    )
    if figures.longest is None:
        section = replace(section, note=say(language, "section.days_note_none"))
    return _drawn(language, section, "columns", "requests", {section.head[1]: 0}, _bins(figures.days))


def _stages(figures: Figures, language: Language, key: str, stages: tuple[Stage, ...]) -> Section:
    rows = [
        (
            name_of(language, stage.figure, stage.value),
            stage.value,
            (
                _plain(language, stage.days),
                cell(language, figures.filter, Count(stage.figure, stage.value, stage.requests)),
            ),
        )
        for stage in stages
    ]
    first = "stage" if key == "stages" else "whom"
    section = _section(language, key, first, ("days", "requests"), rows, most=number(language, TIMED))
    return _drawn(language, section, "bars", "days", {section.head[1]: 0}) if rows else section
