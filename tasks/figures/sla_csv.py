"""The figures, and the list behind one, as CSV: UTF-8 with a mark that spreadsheets know it by. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from io import StringIO

from defusedcsv import csv

from models.calendar import Language
from models.sla import Figures
from tasks.figures.sla_requests import Line
from tasks.figures.sla_say import name_of, say
from tasks.figures.sla_section import Section
from tasks.figures.sla_sections import sections

HEAD = ("section", "line", "line_name", "column", "column_name", "value")
_NAMES = {
    "right": "right",
    "standing": "standing",
    "state": "stage",
    "waits_for": "waiting",
    "channel": "channel",
}


def figures_csv(figures: Figures, language: Language) -> bytes:
    """Return one line per number: keys that stay the same, their names, and the number with a decimal point."""
    wanted = figures.filter
    asked = {
        "since": wanted.since,
        "until": wanted.until,
        "right": wanted.right,
        "language": wanted.language,
        "system": wanted.system,
        "as_of": figures.as_of,
    }
    rows: list[Sequence[object]] = [("filter", key, key, "", "", value) for key, value in asked.items()]
    for section in sections(figures, language):
        rows += _numbers(section)
    if figures.forecast:
        month = figures.forecast.month
        for name in ("expected", "low", "high"):
            title = say(language, "head.forecast")
            rows.append(("forecast", month, title, name, name, getattr(figures.forecast, name)))
    return _written(HEAD, rows)


def _numbers(section: Section) -> Iterator[Sequence[object]]:
    for name, key, cells in section.rows:
        for column, title, cell in zip(section.columns, section.head[1:], cells, strict=True):
            yield section.key, key, name, column, title, "" if cell.raw is None else cell.raw


def list_csv(lines: Iterable[Line], language: Language) -> bytes:
    """Return one line per request; no names, no addresses."""
    names = [field.name for field in fields(Line)]
    rows = (
        [
            name_of(language, _NAMES[name], value) if name in _NAMES and value else value
            for name, value in zip(names, astuple(line), strict=True)
        ]
        for line in lines
    )
    return _written(names, rows)


def _written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = StringIO()
    writer = csv.writer(out)  # defusedcsv: no cell runs as a formula
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
