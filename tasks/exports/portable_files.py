"""The files of a portability export: JSON as the systems hold it, CSV for spreadsheets, the scope, checksums.

Pure: the same findings give the same bytes. JSON is faithful; CSV is made harmless for spreadsheets.
"""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from models.bundle import BundleSubject
from models.calendar import Language
from models.data_map import DataMap
from models.errors import NeedsHuman
from models.map_in_words import column_title, said, table_of
from models.portability import ScopeItem
from models.records import Finding
from tasks.exports.bundle_files import Sheet, as_json, manifest_file
from tasks.exports.bundle_page import show_moment
from tasks.exports.portable_words import NO, README, SCOPE_HEADER, YES
from tasks.exports.safe_archive import write_csv

FORMAT = 1
SCHEMA_FILE = "schema.json"


def head_of(subject: BundleSubject, data_map: DataMap) -> dict[str, str | int]:
    """What the data file says before the data."""
    return {
        "$schema": SCHEMA_FILE,
        "format": FORMAT,
        "controller": data_map.controller.controller.name,
        "case": subject.case_ref,
        "language": subject.language,
        "state_of_data_at": subject.state_of_data_at.isoformat(),
    }


def data_file(head: Mapping[str, str | int], sheets: Sequence[Sheet]) -> bytes:
    """One document: system, table, records. `NeedsHuman` names a column whose value no JSON file can carry."""
    data: dict[str, JsonValue] = {}
    for sheet in sheets:
        _check_values(sheet)
        tables = data.setdefault(sheet.system, {})
        assert isinstance(tables, dict)
        tables[sheet.table] = [record.data for record in sheet.records]
    return as_json({**head, "data": data})


def _check_values(sheet: Sheet) -> None:
    """NaN and infinity (RFC 8259 §6), lone surrogates (RFC 3629), numbers and nesting beyond every reader."""
    for record in sheet.records:
        for column, value in record.data.items():
            try:
                json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
            except (ValueError, RecursionError):
                raise NeedsHuman(
                    f"{sheet.system}: {sheet.table}.{column} holds a value that no JSON file can carry: "
                    "correct it in the system and search again"
                ) from None


def table_file(sheet: Sheet) -> bytes:
    """The table for a spreadsheet, under the names of the data file; what they mean stands in the schema."""
    names = [column.name for column in sheet.columns]
    return write_csv(names, ([record.data.get(name) for name in names] for record in sheet.records))


def scope_json(subject: BundleSubject, scope: Sequence[ScopeItem]) -> bytes:
    """What is included and what is not, with the reason, for a program."""
    lines: list[JsonValue] = [
        {
            "system": item.system,
            "table": item.table,
            "what": said(item.what, subject.language),
            "included": item.included,
            "because": item.because.value,
            "why": said(item.why, subject.language),
            "records": item.records,
            "columns": [*item.columns],
        }
        for item in scope
    ]
    return as_json({"case": subject.case_ref, "format": FORMAT, "scope": lines})


def scope_csv(scope: Sequence[ScopeItem], data_map: DataMap, language: Language) -> bytes:
    """The same for a person."""
    rows: list[list[JsonValue]] = [
        [
            said(item.what, language),
            said(YES if item.included else NO, language),
            said(item.why, language),
            item.records,
            ", ".join(_titles(item, data_map, language)),
            item.system,
            item.table,
        ]
        for item in scope
    ]
    return write_csv([said(title, language) for title in SCOPE_HEADER], rows)


def _titles(item: ScopeItem, data_map: DataMap, language: Language) -> list[str]:
    table = table_of(data_map.systems[item.system], item.table)
    if table is None:
        return []
    return [column_title(table.columns[name], name, language) for name in item.columns]


def readme(subject: BundleSubject, data_map: DataMap) -> bytes:
    """What is in the archive, how to open it, what else the person may ask for."""
    controller, language = data_map.controller, subject.language
    text = said(README, language).format(
        controller=controller.controller.name,
        case=subject.case_ref,
        state=show_moment(subject.state_of_data_at, language),
        email=controller.privacy_contact.email,
        authority=controller.supervisory_authority.name,
        url=controller.supervisory_authority.url,
    )
    return f"{text}\n".encode()


def manifest(
    subject: BundleSubject, data_map: DataMap, findings: Sequence[Finding], files: Mapping[str, bytes]
) -> bytes:
    """Every other file with its SHA-256 and size, and what was searched (law.md S8)."""
    systems: list[JsonValue] = [
        {
            "system": finding.system,
            "title": said(data_map.systems[finding.system].title, subject.language),
            "searched_at": finding.searched_at.isoformat(),
        }
        for finding in findings
    ]
    return manifest_file(FORMAT, subject, {"systems": systems}, files)
