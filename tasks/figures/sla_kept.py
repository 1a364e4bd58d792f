"""The sections that say how deadlines were kept: in short, by month, by right, and how much arrived. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from models.calendar import Language
from models.sla import Count, Figures, Filter, Kept, is_whole, within
from tasks.figures.sla_say import month_name, name_of, number, per_cent, say, tenths_of
from tasks.figures.sla_section import Cell, Section, cell, drawn, plain, section_of

KEPT = (
    "received", "answered", "promise_kept", "promise_missed", "promise_share", "law_kept", "law_missed", "law_share",
)  # fmt: skip


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


def total(figures: Figures, language: Language) -> Section:
    """Return the period in short."""
    whole = figures.total
    cells = kept_cells(language, figures.filter, whole)
    rows = [(say(language, f"head.{name}"), name, (one,)) for name, one in zip(KEPT, cells, strict=True)]
    rows += [
        (say(language, f"head.{name}"), name, (plain(language, value),))
        for name, value in (("p50", whole.p50), ("p90", whole.p90), ("longest", figures.longest))
    ]
    return section_of(language, "total", "figure", ("value",), rows)


def kept(figures: Figures, language: Language, key: str, first: str, lines: tuple[Kept, ...]) -> Section:
    """Return how deadlines were kept, by month or by right; grey are months in which some promise still runs."""
    by_month = key == "months"
    rows = []
    for line in lines:
        wanted = within(figures.filter, line.key) if by_month else replace(figures.filter, right=line.key)
        name = month_name(language, line.key) if by_month else name_of(language, "right", line.key)
        cells = kept_cells(language, wanted, line)
        if not by_month:
            cells += (plain(language, line.p50), plain(language, line.p90))
        rows.append((name, line.key, cells))
    columns = KEPT if by_month else (*KEPT, "p50", "p90")
    section = section_of(language, key, first, columns, rows)
    series = {say(language, "chart.promise"): 4, say(language, "chart.law"): 7}
    if not by_month:
        return drawn(language, section, "bars", "per_cent", series)
    short = tuple(month_name(language, line.key, short=True) for line in lines)
    open_months = [line.promise_kept + line.promise_missed < line.received for line in lines]
    shown = _unfinished(drawn(language, section, "lines", "per_cent", series, short), open_months, language)
    cut = say(language, "chart.cut", low="{low}")
    return replace(shown, chart=replace(shown.chart, cut=cut) if shown.chart else None)


def volume(figures: Figures, language: Language) -> Section:
    """Return what arrived in each month; grey are months that are not whole."""
    rows = [
        (
            month_name(language, month.key),
            month.key,
            (cell(language, within(figures.filter, month.key), Count("received", "", month.received)),),
        )
        for month in figures.months
    ]
    section = section_of(language, "volume", "month", ("received",), rows, **_forecast(figures, language))
    if figures.forecast is None:
        section = replace(section, note=say(language, "section.volume_note_none"))
    short = tuple(month_name(language, month.key, short=True) for month in figures.months)
    shown = drawn(language, section, "columns", "requests", {section.head[1]: 0}, short)
    parts = [not is_whole(month.key, figures.filter, figures.as_of) for month in figures.months]
    return _unfinished(shown, parts, language)


def _unfinished(section: Section, flags: Sequence[bool], language: Language) -> Section:
    """Return the section with the places of its chart that are not complete yet."""
    places = tuple(place for place, flag in enumerate(flags) if flag)
    chart = section.chart
    named = say(language, "chart.partial")
    return replace(section, chart=replace(chart, unfinished=places, unfinished_name=named) if chart else None)


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
