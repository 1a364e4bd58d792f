"""Render the page and the short guide of the export bundle in the person's language.

Pure: the same values give the same text. The page needs no script and loads nothing; every value is escaped.
"""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import yaml
from babel import Locale
from babel.dates import format_date, format_time
from babel.units import format_unit
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from models.bundle import BundleSubject, Withheld
from models.calendar import LOCALES, PARIS, Language, paris_date
from models.data_map import DataMap
from models.information import AccessInformation, DataSet
from models.map_in_words import meaning_of, said
from models.records import Finding, Record
from models.withholding import MARK
from tasks.exports.bundle_files import Sheet, SheetColumn, StoredDocument, found_nothing

TEMPLATES = Path(__file__).parent / "bundle_templates"
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
ISO_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LONG = 90  # characters: a longer value makes a table too wide to read
WIDE = 6  # columns
UNITS = {"d": "duration-day", "mo": "duration-month", "y": "duration-year"}


class Cell(NamedTuple):
    """What the page shows; `note` is the code behind a meaning. `empty`: the system holds nothing there."""

    text: str
    note: str = ""
    empty: bool = False


def render_page(
    subject: BundleSubject,
    data_map: DataMap,
    findings: Sequence[Finding],
    information: AccessInformation,
    sheets: Sequence[Sheet],
    documents: Sequence[StoredDocument],
) -> str:
    """Return index.html. `findings` are those after withholding, one per system of the map."""
    return _render(
        "index.html.j2",
        subject.language,
        **_facts(subject, data_map),
        info=information,
        findings=findings,
        sheets=sheets,
        documents=documents,
        nothing_in=found_nothing(data_map, findings, subject.language),
        rights=[(right, list(same)) for right, same in groupby(information.rights, lambda item: item.right)],
        withheld=[
            (_place(entry, data_map, sheets, subject.language), entry.reason) for entry in subject.withheld
        ],
        marks={MARK[subject.language].format(reason=entry.reason) for entry in subject.withheld},
        expired=lambda held: _expired(sheets, held, subject.state_of_data_at),
    )


def render_readme(subject: BundleSubject, data_map: DataMap) -> str:
    """Return README.txt: how to open the archive, whom to ask."""
    return _render("README.txt.j2", subject.language, **_facts(subject, data_map))


def _place(entry: Withheld, data_map: DataMap, sheets: Sequence[Sheet], language: Language) -> str:
    """Where something is withheld, in words."""
    system, told = said(data_map.systems[entry.system].title, language), words(language)["s14"]
    if entry.what.startswith("document:"):
        return f"{system} – {told['document'].format(entry.what.removeprefix('document:'))}"
    cell, _, row = entry.what.partition("#")
    place = next(
        f"{system} – {sheet.title} – {column.title}"
        for sheet in sheets
        for column in sheet.columns
        if (sheet.system, f"{sheet.table}.{column.name}") == (entry.system, cell)
    )
    return str(told["row"]).format(place, row) if row else place


def _expired(sheets: Sequence[Sheet], held: DataSet, now: datetime) -> int:
    """How many rows of a data set are past their retention (D22: they wait for the answer)."""
    return sum(
        record.keep_until is not None and record.keep_until < paris_date(now)
        for sheet in sheets
        if (sheet.system, sheet.table) == (held.system, held.table)
        for record in sheet.records
    )


def _facts(subject: BundleSubject, data_map: DataMap) -> dict[str, Any]:
    language, controller = subject.language, data_map.controller
    return {
        "subject": subject,
        "controller": controller,
        "systems": {key: said(system.title, language) for key, system in data_map.systems.items()},
        "contact": said(controller.privacy_contact.name, language),
    }


def _render(template: str, language: Language, **values: Any) -> str:
    return _environment(language).get_template(template).render(t=words(language), lang=language, **values)


@cache
def words(language: Language) -> dict[str, Any]:
    """The page's own words; in French with no-break spaces before : ; ? ! » and after «."""
    text = (TEMPLATES / f"{language}.yaml").read_text(encoding="utf-8")
    if language == "fr":
        text = re.sub(r"(?<=[\w»)]) (?=[:;?!](?:[\s\".]|$))| (?=»)|(?<=«) ", "\N{NO-BREAK SPACE}", text)
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def _environment(language: Language) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "day": lambda day: show_day(day, language),
        "moment": lambda instant: show_moment(instant, language),
        "period": lambda keep: show_period(keep, language),
        "size": lambda count: show_size(count, language),
        "country": lambda code: country_name(code, language),
        "cell": lambda record, column: show_cell(record, column, language),
        "visible": visible,
        "link": quote,
        "cards": as_cards,
        "capital": lambda text: text[:1].upper() + text[1:],
    }
    return environment


def show_day(day: date, language: Language) -> str:
    """`23 November 2026`, `1er novembre 2026`."""
    text = format_date(day, "d MMMM y", LOCALES[language])
    return re.sub(r"^1 ", "1er ", text) if language == "fr" else text


def show_moment(instant: datetime, language: Language) -> str:
    """Day and time in Paris of an aware instant."""
    local = instant.astimezone(PARIS)
    time = format_time(local, "HH:mm", locale=LOCALES[language])
    return str(words(language)["at_time"]).format(show_day(local.date(), language), time)


def show_period(keep: str, language: Language) -> str:
    """`3 years`, `13 mois`."""
    number, unit = re.fullmatch(r"(\d+)(d|mo|y)", keep).groups()  # type: ignore[union-attr]  # Duration's own pattern
    return str(format_unit(int(number), UNITS[unit], locale=LOCALES[language]))


def show_size(count: int, language: Language) -> str:
    """`15 bytes`, `1,2 Mo`: a number of bytes in decimal units."""
    for size, unit in ((1_000_000, "megabyte"), (1_000, "kilobyte")):
        if count >= size:
            return str(
                format_unit(round(count / size, 1), f"digital-{unit}", "short", locale=LOCALES[language])
            )
    return str(format_unit(count, "digital-byte", "long", locale=LOCALES[language]))


def country_name(code: str, language: Language) -> str:
    """The country in words; `unknown` says that it is being confirmed."""
    if code == "unknown":
        return str(words(language)["s4"]["unknown"])
    return str(Locale.parse(LOCALES[language]).territories.get(code, code))


def visible(text: str) -> str:
    """The text with control characters shown as `\N{REPLACEMENT CHARACTER}`: a browser would drop or change them."""
    return INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


def show_cell(record: Record, column: SheetColumn, language: Language) -> Cell:
    """A value in words: dates written out, codes explained, nested values line by line."""
    value = record.data.get(column.name)
    if value in (None, "", [], {}):
        return Cell(str(words(language)["s11"]["empty"]), empty=True)
    meaning = meaning_of(column.mapped, value, language) if column.mapped else ""
    text = _show(value, language)
    return Cell(meaning, visible(str(value))) if meaning else Cell(visible(text))


def _show(value: JsonValue, language: Language) -> str:
    if isinstance(value, bool):
        return str(words(language)["yes" if value else "no"])
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_show(inner, language)}" for key, inner in value.items())
    if isinstance(value, list):
        plain = not any(isinstance(inner, dict | list) for inner in value)
        return (", " if plain else "\n\n").join(_show(inner, language) for inner in value)
    if isinstance(value, str) and ISO_DATE.fullmatch(value):
        return _dated(value, language)
    if isinstance(value, str) and ISO_INSTANT.fullmatch(value):
        return _dated(value, language)
    return value if isinstance(value, str) else json.dumps(value)


def _dated(value: str, language: Language) -> str:
    """An ISO date or instant written out; what only looks like one stays as it is. No zone: no conversion."""
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return value
    if ISO_DATE.fullmatch(value):
        return show_day(instant.date(), language)
    if instant.tzinfo is not None:
        return show_moment(instant, language)
    return f"{show_day(instant.date(), language)}, {instant:%H:%M}"


def as_cards(sheet: Sheet) -> bool:
    """Whether a row is easier to read as a card: many columns, or a long text somewhere."""
    return len(sheet.columns) > WIDE or any(
        len(str(value)) > LONG for record in sheet.records for value in record.data.values()
    )
