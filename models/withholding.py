"""Replace what the officer withholds by a mark, before anything is computed or written from it (law.md R1.14, T2).

Pure. An entry that matches nothing is refused: whoever wrote it believes that something is withheld.
"""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from models.bundle import Withheld
from models.calendar import Language
from models.errors import NeedsHuman
from models.records import Document, Finding, Record

MARK: Mapping[Language, str] = {"fr": "[non communiqué : {reason}]", "en": "[withheld: {reason}]"}


def withhold(
    findings: Sequence[Finding], withheld: Sequence[Withheld], language: Language
) -> tuple[Finding, ...]:
    """Return the findings with each withheld cell replaced by a marked text, and without withheld documents.

    `NeedsHuman` where an entry has no reason, or names nothing that was found.
    """
    _check(findings, withheld)
    return tuple(
        _released(
            finding,
            {
                entry.what: MARK[language].format(reason=entry.reason)
                for entry in withheld
                if entry.system == finding.system
            },
        )
        for finding in findings
    )


def _check(findings: Sequence[Finding], withheld: Sequence[Withheld]) -> None:
    known = {(finding.system, name) for finding in findings for name in _names(finding)}
    for number, entry in enumerate(withheld, start=1):
        if not entry.reason.strip():
            raise NeedsHuman(f"withheld item {number} has no reason: write one sentence for the person")
        if (entry.system, entry.what) not in known:
            raise NeedsHuman(
                f"withheld item {number} names nothing that was found in {entry.system}: "
                "write table.column, table.column#row or document:name"
            )


def _names(finding: Finding) -> set[str]:
    cells = {
        name
        for number, record in _numbered(finding)
        for column in record.data
        for name in _cell_names(record, column, number)
    }
    return cells | {f"document:{document.name}" for document in finding.documents}


def _released(finding: Finding, marks: Mapping[str, str]) -> Finding:
    """Empty cells stay empty: a mark there would say that something was written."""
    if not marks:
        return finding
    records = []
    for number, record in _numbered(finding):
        data: dict[str, JsonValue] = dict(record.data)
        for column, value in record.data.items():
            mark = next((marks[name] for name in _cell_names(record, column, number) if name in marks), None)
            if mark is not None and value not in (None, ""):
                data[column] = mark
        records.append(record.model_copy(update={"data": data}))
    documents: tuple[Document, ...] = tuple(
        document for document in finding.documents if f"document:{document.name}" not in marks
    )
    return finding.model_copy(update={"records": tuple(records), "documents": documents})


def _numbered(finding: Finding) -> list[tuple[int, Record]]:
    """Each record with its number among those of its table, from 1."""
    seen: dict[str, int] = {}
    numbered = []
    for record in finding.records:
        seen[record.table] = seen.get(record.table, 0) + 1
        numbered.append((seen[record.table], record))
    return numbered


def _cell_names(record: Record, column: str, number: int) -> tuple[str, str]:
    """The entry for this very row is looked up first."""
    return f"{record.table}.{column}#{number}", f"{record.table}.{column}"
