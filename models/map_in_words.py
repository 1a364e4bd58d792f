"""Tables, columns and codes of the data map in the words of one person's language; what is not mapped is refused."""

from collections.abc import Mapping

from pydantic import JsonValue

from models.calendar import Language
from models.controller import Text
from models.data_map import Column, DataMap, ManualSystem, System, Table
from models.errors import MapIncomplete

DOCUMENT: Mapping[Language, str] = {"fr": "document «\u00a0{}\u00a0»", "en": "document “{}”"}
ROW: Mapping[Language, str] = {"fr": "n°\u00a0{}", "en": "no. {}"}


def said(text: Text, language: Language) -> str:
    """The text in one of the two languages."""
    return text.fr if language == "fr" else text.en


def column_title(column: Column, name: str, language: Language) -> str:
    """The column in words; its own name without underscores where the map has no title."""
    return said(column.title, language) if column.title else name.replace("_", " ").capitalize()


def table_of(system: System, table: str) -> Table | None:
    """The table as mapped; None in a system that is searched by hand. `MapIncomplete` where it is not mapped."""
    if isinstance(system, ManualSystem):
        return None
    if table not in system.tables:
        raise MapIncomplete(
            f"{system.system}: the table {table} was found and is not in the data map: add it"
        )
    return system.tables[table]


def column_of(system: System, table: Table, name: str) -> Column:
    """The column as mapped. `MapIncomplete` where it is not, or where the map does not export it."""
    column = table.columns.get(name)
    if column is None or not column.export:
        raise MapIncomplete(f"{system.system}: the column {name} is not exported by the data map: add it")
    return column


def meaning_of(column: Column, value: JsonValue, language: Language) -> str:
    """What a code means in words; empty where the map explains none. YAML writes `true` as JSON does."""
    code = str(value).lower() if isinstance(value, bool) else str(value)
    return said(column.codes[code], language) if code in column.codes else ""


def place_in_words(data_map: DataMap, system: str, what: str, language: Language) -> str:
    """Where something stands, for a layperson: `Notes of our team (Contact record, Website database)`.

    `what` is spelt as in `models.bundle.Withheld`. `MapIncomplete` where the map does not name it.
    """
    if system not in data_map.systems:
        raise MapIncomplete(f"{system} is not in the data map: add it")
    mapped = data_map.systems[system]
    where = said(mapped.title, language)
    if what.startswith("document:"):
        return f"{DOCUMENT[language].format(what.removeprefix('document:'))} ({where})"
    cell, _, row = what.partition("#")
    name, _, column = cell.rpartition(".")
    table = table_of(mapped, name)
    if table is None:
        title, held = column.replace("_", " ").capitalize(), name.replace("_", " ").capitalize()
    else:
        title = column_title(column_of(mapped, table, column), column, language)
        held = said(table.title, language)
    return f"{title} ({', '.join([held, *([ROW[language].format(row)] if row else []), where])})"
