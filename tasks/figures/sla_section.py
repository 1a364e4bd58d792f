"""One section of the SLA figures as a value: a table, and mostly a chart. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.calendar import Language
from models.sla import Count, Filter
from tasks.figures.draw_charts import Chart, Kind, Series
from tasks.figures.sla_say import number, say

SPARSE = frozenset({"waiting"})
"""Sections whose chart leaves out what is zero."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number: as people read it, as a machine does, and the set of requests behind it (None: none of its own)."""

    text: str
    raw: float | None
    behind: tuple[Filter, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One table. `key` names it in exports and words; `rows`: what a line is about, its key, and its cells."""

    key: str
    title: str
    note: str
    head: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Cell, ...]], ...]
    chart: Chart | None = None


def cell(language: Language, wanted: Filter, count: Count) -> Cell:
    """Return a number that leads to its requests."""
    behind = (wanted, count.figure, count.value) if count.count else None
    return Cell(number(language, count.count), count.count, behind)


def plain(language: Language, value: float | None) -> Cell:
    """Return a number that has no list of its own."""
    return Cell(number(language, value), value)


def section_of(
    language: Language,
    key: str,
    first: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, str, tuple[Cell, ...]]],
    **values: object,
) -> Section:
    """Return a section with the words of its key: `section.<key>`, `head.<column>`."""
    return Section(
        key,
        say(language, f"section.{key}"),
        say(language, f"section.{key}_note", **values),
        (say(language, f"head.{first}"), *(say(language, f"head.{column}") for column in columns)),
        columns,
        tuple(rows),
    )


def drawn(
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
    lines = tuple(
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
        chart=Chart(section.key, kind, section.title, text, say(language, f"chart.{unit}"), labels, lines),
    )
