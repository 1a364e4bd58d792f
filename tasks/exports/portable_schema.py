"""Describe the data file of a portability export: JSON Schema 2020-12, titles and descriptions from the data map.

Pure. Which fields there are and what they mean comes from the map; the types are those of the values that are there,
so that the schema fits this very file and refuses any field more.
"""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from models.calendar import Language
from models.controller import Text
from models.data_map import Column, DataMap, Table
from models.map_in_words import said, table_of
from tasks.exports.bundle_files import Sheet
from tasks.exports.portable_words import CATEGORY, CODE, CODES, FACTS, PURPOSE, SOURCE, TITLE

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def schema_of(
    facts: Mapping[str, str | int], sheets: Sequence[Sheet], data_map: DataMap, language: Language
) -> dict[str, JsonValue]:
    """Return the schema of the data file whose head is `facts` and whose records are those of `sheets`."""
    name = data_map.controller.controller.name
    properties: dict[str, JsonValue] = {
        key: {"description": said(FACTS[key], language), "const": value} for key, value in facts.items()
    }
    systems = dict.fromkeys(sheet.system for sheet in sheets)
    properties["data"] = {
        "description": said(FACTS["data"], language),
        **_object({system: _system(system, sheets, data_map, language) for system in systems}),
    }
    return {"$schema": DIALECT, "title": said(TITLE, language).format(name), **_object(properties)}


def _object(properties: dict[str, JsonValue], required: Iterable[str] | None = None) -> dict[str, JsonValue]:
    """An object with these fields and no other; every field is required where nothing else is said."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*(properties if required is None else required)],
        "additionalProperties": False,
    }


def _system(system: str, sheets: Sequence[Sheet], data_map: DataMap, language: Language) -> JsonValue:
    tables: dict[str, JsonValue] = {
        sheet.table: _table(sheet, data_map, language) for sheet in sheets if sheet.system == system
    }
    return {"title": said(data_map.systems[system].title, language), **_object(tables)}


def _table(sheet: Sheet, data_map: DataMap, language: Language) -> JsonValue:
    table = table_of(data_map.systems[sheet.system], sheet.table)
    assert table is not None
    columns: dict[str, JsonValue] = {
        column.name: _column(sheet, column.name, column.title, data_map, language) for column in sheet.columns
    }
    always = [name for name in columns if all(name in record.data for record in sheet.records)]
    return {
        "title": sheet.title,
        "description": _about(table, data_map, language),
        "type": "array",
        "items": _object(columns, always),
    }


def _about(table: Table, data_map: DataMap, language: Language) -> str:
    controller = data_map.controller
    purpose = said(controller.purposes[table.purpose].title, language)
    source = said(controller.sources[table.source], language)
    return f"{said(PURPOSE, language).format(purpose)} {said(SOURCE, language).format(source)}"


def _column(sheet: Sheet, name: str, title: str, data_map: DataMap, language: Language) -> JsonValue:
    table = table_of(data_map.systems[sheet.system], sheet.table)
    assert table is not None
    described = table.columns[name]
    category = said(data_map.controller.categories[described.category], language)
    description = said(CATEGORY, language).format(category)
    if described.codes:
        description += f" {said(CODES, language).format(_codes(described, language))}"
    held = _types(record.data[name] for record in sheet.records if name in record.data)
    return {"title": title, "description": description, "type": held[0] if len(held) == 1 else [*held]}


def _codes(column: Column, language: Language) -> str:
    def one(code: str, meaning: Text) -> str:
        return said(CODE, language).format(code, said(meaning, language))

    return ", ".join(one(code, meaning) for code, meaning in column.codes.items())


def _types(values: Iterable[JsonValue]) -> list[str]:
    """The JSON types that occur, each once; an integer is a number too."""
    found = {"null" if value is None else TYPES[type(value)] for value in values}
    return sorted(found - {"integer"} if "number" in found else found)
