"""The figures, and the list behind one, as CSV: UTF-8 with a mark that spreadsheets know it by. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
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
    "language": "language",
    "channel": "channel",
    "standing": "standing",
    "state": "stage",
    "waits_for": "waiting",
    "pause_open": "answer",
    "extended": "answer",
    "extension_ground": "extended",
    "outcome": "outcome",
    "refusal_ground": "refused",
}
"""Columns of a list whose values have words, and the figure that names them."""
_ASKED = {"right": "right", "language": "language", "system": "blocked"}


def figures_csv(figures: Figures, language: Language) -> bytes:
    """Return one line per number: keys that stay the same, their names, and the number with a decimal point."""
    wanted = figures.filter
    rows: list[Sequence[object]] = [("filter", "as_of", "as_of", "", "", figures.as_of)]
    for key in ("since", "until", *_ASKED):
        value = str(getattr(wanted, key))
        named = name_of(language, _ASKED[key], value) if value and key in _ASKED else ""
        rows.append(("filter", key, say(language, f"page.{key}"), "", named, value))
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
    return _written(names, ([_in_words(line, name, language) for name in names] for line in lines))


def _in_words(line: Line, name: str, language: Language) -> object:
    value = getattr(line, name)
    working = name == "waits_for" and line.standing  # nobody is waited for: the engine works
    return (
        name_of(language, _NAMES[name], str(value)) if name in _NAMES and (value != "" or working) else value
    )


def _written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = StringIO()
    writer = csv.writer(out)  # defusedcsv: no cell runs as a formula
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
