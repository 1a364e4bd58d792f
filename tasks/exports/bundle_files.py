"""The copy itself (law.md R1.11): each table as JSON and CSV, each document as it is, under names that are safe.

Pure: the same findings give the same files. JSON is faithful to the source; CSV is made harmless for spreadsheets.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pathvalidate import sanitize_filename
from pydantic import JsonValue

from models.bundle import BundleSubject
from models.calendar import Language
from models.data_map import Column, DataMap
from models.deadlines import RULE_VERSION
from models.information import NamedRecipient
from models.map_in_words import column_of, column_title, said, table_of
from models.records import Finding, FindingStatus, Frozen, Record
from models.storage import sha256
from tasks.exports.safe_archive import safe_name, write_csv


class SheetColumn(Frozen):
    """A column with its title in the person's language, and its mapping where the system has one."""

    name: str
    title: str
    mapped: Column | None


class Sheet(Frozen):
    """The person's rows of one table, and the two files that hold them."""

    system: str
    table: str
    title: str
    columns: tuple[SheetColumn, ...]
    records: tuple[Record, ...]
    csv_path: str
    json_path: str


class StoredDocument(Frozen):
    """A document in the archive. `renamed`: its name got `.txt` at its end, its bytes are unchanged."""

    system: str
    path: str
    original_name: str
    size: int
    renamed: bool
    content: bytes


def sheets_of(data_map: DataMap, findings: Iterable[Finding], language: Language) -> Iterator[Sheet]:
    """One sheet per system and table, in the order of the findings."""
    for finding in findings:
        for table in dict.fromkeys(record.table for record in finding.records):
            yield _sheet(data_map, finding, table, language)


def _sheet(data_map: DataMap, finding: Finding, name: str, language: Language) -> Sheet:
    system = data_map.systems[finding.system]
    table = table_of(system, name)
    records = tuple(record for record in finding.records if record.table == name)
    columns = []
    for column in dict.fromkeys(key for record in records for key in record.data):
        mapped = None if table is None else column_of(system, table, column)
        title = column_title(mapped, column, language) if mapped else _in_words(column)
        columns.append(SheetColumn(name=column, title=title, mapped=mapped))
    file = f"data/{finding.system}/{_plain(name)}"
    return Sheet(
        system=finding.system,
        table=name,
        title=said(table.title, language) if table else _in_words(name),
        columns=tuple(columns),
        records=records,
        csv_path=f"{file}.csv",
        json_path=f"{file}.json",
    )


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _plain(name: str) -> str:
    return sanitize_filename(re.sub(r"[^\w-]", "_", name), platform="universal", max_len=60)


def documents_of(findings: Iterable[Finding]) -> Iterator[StoredDocument]:
    """Every document under a name that is safe and unique within its system."""
    for finding in findings:
        for number, document in enumerate(finding.documents, start=1):
            name = safe_name(document.name, number)
            yield StoredDocument(
                system=finding.system,
                path=f"documents/{finding.system}/{name}",
                original_name=document.name,
                size=len(document.content),
                renamed=name.endswith(".txt") and not document.name.casefold().endswith(".txt"),
                content=document.content,
            )


def csv_file(sheet: Sheet, keep_until: str) -> bytes:
    """The sheet for a spreadsheet: titles in words, values that cannot calculate. `keep_until` titles the last column."""
    dated = any(record.keep_until for record in sheet.records)
    header = [column.title for column in sheet.columns] + [keep_until] * dated
    return write_csv(header, (_csv_row(sheet, record, dated=dated) for record in sheet.records))


def _csv_row(sheet: Sheet, record: Record, *, dated: bool) -> list[JsonValue]:
    row = [record.data.get(column.name) for column in sheet.columns]
    return row + [record.keep_until.isoformat() if record.keep_until else None] * dated


def json_file(sheet: Sheet, language: Language) -> bytes:
    """The sheet for a program: values as the system holds them, and what columns and codes mean."""
    columns: dict[str, JsonValue] = {}
    for column in sheet.columns:
        codes = column.mapped.codes if column.mapped else {}
        columns[column.name] = {
            "title": column.title,
            "codes": {code: said(text, language) for code, text in codes.items()},
        }
    return as_json(
        {
            "system": sheet.system,
            "table": sheet.table,
            "title": sheet.title,
            "columns": columns,
            "rows": [record.data for record in sheet.records],
            "keep_until": [
                record.keep_until.isoformat() if record.keep_until else None for record in sheet.records
            ],
        }
    )


def recipients_file(recipients: Iterable[NamedRecipient]) -> bytes:
    """Who received the data, for a program (law.md R1.4): role and country by the map, dates and data sets by the log."""
    listed: list[JsonValue] = [
        one.model_dump(mode="json", exclude={"handed_over"})
        | {"handed_over": [{"on": given.on.isoformat(), "what": given.what} for given in one.handed_over]}
        for one in recipients
    ]
    return as_json({"recipients": listed})


def as_json(value: Mapping[str, JsonValue | Sequence[JsonValue]]) -> bytes:
    """UTF-8, indented, keys in the order given."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def manifest_file(
    form: int, subject: BundleSubject, about: Mapping[str, JsonValue], files: Mapping[str, bytes]
) -> bytes:
    """Whose export it is, in which form, `about` what, and every other file with its SHA-256 and size (law.md S8)."""
    listed: list[JsonValue] = [
        {"name": name, "sha256": sha256(files[name]), "bytes": len(files[name])} for name in sorted(files)
    ]
    return as_json(
        {
            "format": form,
            "case": subject.case_ref,
            "language": subject.language,
            "received_on": subject.received_on.isoformat(),
            "state_of_data_at": subject.state_of_data_at.isoformat(),
            "rule_version": RULE_VERSION,
            **about,
            "files": listed,
        }
    )


def found_nothing(data_map: DataMap, findings: Iterable[Finding], language: Language) -> tuple[str, ...]:
    """Titles of the systems that hold nothing about the person."""
    return tuple(
        said(data_map.systems[finding.system].title, language)
        for finding in findings
        if finding.status == FindingStatus.NONE
    )
