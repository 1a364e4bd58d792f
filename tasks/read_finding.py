"""Show an officer the records of one finding as they would be sent, to read what may speak of others (law.md T2).

Looking again shows the same. The audit log tells of the first look of each officer at each finding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models import audit
from models.calendar import Language
from models.cases import find_case
from models.database import reading, unit_of_work
from models.errors import DsrError, NotFound
from models.map_in_words import said
from models.records import FindingStatus
from models.settings import settings
from models.tables import AuditEvent, Case, FindingRow, Request
from tasks.exports.bundle_files import Sheet, StoredDocument, documents_of, sheets_of
from tasks.letters.correspondence import run_link
from tasks.search_systems import data_map, load_findings

SEARCHED = {FindingStatus.FOUND, FindingStatus.NONE}


@dataclass(frozen=True, slots=True)
class ToRead:
    """A column that may speak of other people. Its place among sheets and columns, and its rows, count from 1."""

    table: str
    column: str
    sheet: int
    place: int
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """What the page shows, titles in the officers' language. `problem`: why there is nothing to show."""

    row: FindingRow
    title: str
    replaced: bool
    run_url: str
    problem: str
    sheets: tuple[Sheet, ...] = ()
    documents: tuple[StoredDocument, ...] = ()
    to_read: tuple[ToRead, ...] = ()

    @property
    def texts(self) -> int:
        """How many texts are to be read."""
        return sum(len(column.rows) for column in self.to_read)


def read_finding(case_ref: str, finding_id: int, officer: str, now: datetime) -> SeenFinding:
    """Return one finding of this case, and record that `officer` looked; `NotFound` for any other case's."""
    with reading() as session:
        case = find_case(session, case_ref)
        request, row, replaced = _found(session, case, finding_id)
        noted = _noted(session, case, row, officer)
    if not noted:
        _note(case, request, row, officer, now)
    return _seen(request, row, replaced=replaced)


def _found(session: Session, case: Case, finding_id: int) -> tuple[Request, FindingRow, bool]:
    """The finding, looked up among the case's own: a number made up reaches nothing else."""
    pairs = session.exec(
        select(Request, FindingRow)
        .join(FindingRow, col(FindingRow.request_id) == Request.id)
        .where(Request.case_id == case.id)
    ).all()
    for request, row in pairs:
        if row.id == finding_id:
            newest = max(other.round for _, other in pairs if other.request_id == request.id)
            return request, row, row.round < newest
    raise NotFound(f"{case.ref} has no such finding: open it from the case page")


def _noted(session: Session, case: Case, row: FindingRow, officer: str) -> bool:
    events = session.exec(
        select(AuditEvent).where(
            AuditEvent.case_id == case.id, AuditEvent.actor == officer, AuditEvent.kind == "finding_read"
        )
    )
    return any(event.detail["finding"] == row.id for event in events)


def _note(case: Case, request: Request, row: FindingRow, officer: str, now: datetime) -> None:
    with unit_of_work() as session:
        locked = session.exec(select(Case).where(Case.id == case.id).with_for_update()).one()
        if _noted(session, locked, row, officer):
            return
        facts = {"finding": row.id, "system": row.system, "round": row.round, "sha256": row.sha256}
        audit.record(session, locked, officer, "finding_read", now, request=request.right, **facts)


def _seen(request: Request, row: FindingRow, *, replaced: bool) -> SeenFinding:
    language: Language = "fr" if settings().officer_language == "fr" else "en"
    run_url = run_link(request) if request.flow_run_id else ""
    mapped = data_map()
    system = mapped.systems.get(row.system)
    title = said(system.title, language) if system else row.system
    if row.status not in SEARCHED:
        return SeenFinding(row, title, replaced, run_url, row.problem)
    try:
        findings = load_findings([row])
        sheets = tuple(sheets_of(mapped, findings, language))
    except DsrError as error:
        return SeenFinding(row, title, replaced, run_url, str(error))
    documents = tuple(documents_of(findings))
    return SeenFinding(row, title, replaced, run_url, "", sheets, documents, tuple(_to_read(sheets)))


def _to_read(sheets: Sequence[Sheet]) -> Iterator[ToRead]:
    for number, sheet in enumerate(sheets, start=1):
        for place, column in enumerate(sheet.columns, start=1):
            rows = [n for n, record in enumerate(sheet.records, start=1) if column.name in record.to_review]
            if rows:
                yield ToRead(sheet.title, column.title, number, place, tuple(rows))
