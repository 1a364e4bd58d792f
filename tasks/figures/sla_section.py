"""One section of the SLA figures as a value: a table, and mostly a chart."""

from dataclasses import dataclass

from models.sla import Filter
from tasks.figures.draw_charts import Chart


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
