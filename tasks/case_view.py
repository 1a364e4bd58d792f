"""Everything about a case in one frozen value: for the officer's page and for `dsr case show|list --json`.

Only looks: reading again changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, Field, JsonValue
from sqlalchemy import Row, Select
from sqlmodel import Session, SQLModel, col, select

from models.audit import _verify_case
from models.calendar import Language, paris_date
from models.case_clock import _fact, deadlines_of
from models.cases import find_case, requests_of
from models.deadline_explanation import explain
from models.deadlines import clock_from_events, deadlines
from models.records import Frozen
from models.settings import settings
from models.tables import (
    AuditEvent,
    Case,
    ClockEvent,
    Decision,
    Download,
    FindingRow,
    Letter,
    ManualTask,
    Message,
    Receipt,
    Request,
    Step,
)
from tasks.correspondence import run_link

Which = Literal["open", "closed", "all"]


class Seen(Frozen):
    """A value read off a table's row."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


Table = TypeVar("Table", bound=SQLModel)
View = TypeVar("View", bound=Seen)


class DatesView(Seen):
    """Days in Paris, last day included. `days_left` is None once every request is answered; below zero is late."""

    received_on: date
    commitment: date
    statutory: date
    binding: date
    days_left: int | None
    explanation: tuple[str, ...]


class StepView(Seen):
    name: str
    done_at: datetime


class FindingView(Seen):
    system: str
    status: str
    records: int
    documents: int
    to_review: int
    problem: str
    searched_at: datetime


class DecisionView(Seen):
    question: str
    round: int
    officer: str
    choice: str
    reason: str
    accepted: bool
    sent_back_because: str
    content_hash: str
    decided_at: datetime


class ReceiptView(Seen):
    kind: str
    system: str
    detail: dict[str, JsonValue]
    at: datetime


class OfferView(Seen):
    """The download on offer; `size` in bytes."""

    size: int
    sha256: str
    expires_at: datetime
    opened_at: datetime | None
    downloaded_at: datetime | None
    downloads: int


class TaskLine(Seen):
    system: str
    round: int
    person: str
    due_on: date
    outcome: str
    note: str
    answered_at: datetime | None


class RequestView(Seen):
    """One right of the case. `findings` are those of the newest round of discovery."""

    ref: str
    right: str
    state: str
    waits_for: str
    waits_on: str
    outcome: str
    problem: str
    opened_at: datetime
    replied_at: datetime | None
    closed_at: datetime | None
    flow_run_url: str
    steps: tuple[StepView, ...]
    findings: tuple[FindingView, ...]
    tasks: tuple[TaskLine, ...]
    decisions: tuple[DecisionView, ...]
    receipts: tuple[ReceiptView, ...]
    download: OfferView | None

    @property
    def searched(self) -> int:
        """How many systems gave an answer, of `len(findings)`."""
        return sum(finding.status in {"found", "none"} for finding in self.findings)


class MessageLine(Seen):
    id: int
    received_at: datetime
    sender: str
    subject: str
    state: str
    storage_key: str = Field(exclude=True)


class LetterLine(Seen):
    id: int
    kind: str
    language: str
    recipient: str
    subject: str
    state: str
    secret: bool
    attempts: int
    written_at: datetime
    sent_at: datetime | None
    sha256: str
    storage_key: str = Field(exclude=True)


class AuditLine(Seen):
    number: int
    at: datetime
    actor: str
    kind: str
    detail: dict[str, JsonValue]


class CaseView(Seen):
    """`audit_broken` says where the hash chain does not hold; empty is good."""

    ref: str
    received_at: datetime
    mailbox: str
    requester_name: str
    requester_address: str
    language: str
    verified_address: str
    identity_evidence: str
    closed_at: datetime | None
    dates: DatesView
    requests: tuple[RequestView, ...]
    messages: tuple[MessageLine, ...]
    letters: tuple[LetterLine, ...]
    audit: tuple[AuditLine, ...]
    audit_broken: str


class RequestLine(Seen):
    right: str
    state: str
    waits_for: str
    problem: str


class CaseLine(Seen):
    """A case in the list. `days_left` as in `DatesView`."""

    ref: str
    requester_name: str
    requester_address: str
    received_at: datetime
    closed_at: datetime | None
    binding: date
    days_left: int | None
    requests: tuple[RequestLine, ...]


def case_view(session: Session, ref: str, now: datetime) -> CaseView:
    """Return the case called `ref` as it stands at `now`; `NotFound` where there is none."""
    case = find_case(session, ref)
    requests = requests_of(session, case)
    broken = _verify_case(session, case)
    of_case = {"case_id": case.id}
    return CaseView(
        **{name: getattr(case, name) for name in CaseView.model_fields if name in Case.model_fields},
        dates=_dates(session, case, requests, now),
        requests=tuple(_request(session, request) for request in requests),
        messages=_seen(MessageLine, _rows(session, Message, of_case)),
        letters=_seen(LetterLine, _rows(session, Letter, of_case)),
        audit=_seen(AuditLine, _rows(session, AuditEvent, of_case)),
        audit_broken=f"{broken.number}: {broken.why}" if broken else "",
    )


def _dates(session: Session, case: Case, requests: Sequence[Request], now: datetime) -> DatesView:
    dates = deadlines_of(session, case, now)
    language: Language = "fr" if settings().officer_language == "fr" else "en"
    return DatesView(
        received_on=dates.received_on,
        commitment=dates.commitment,
        statutory=dates.statutory_in_force,
        binding=dates.binding,
        days_left=_days_left(dates.binding, requests, now),
        explanation=tuple(explain(dates, language)),
    )


def _days_left(binding: date, requests: Iterable[Any], now: datetime) -> int | None:
    waiting = any(request.replied_at is None and request.closed_at is None for request in requests)
    return (binding - paris_date(now)).days if waiting else None


def _request(session: Session, request: Request) -> RequestView:
    of_request = {"request_id": request.id}
    findings = _rows(session, FindingRow, of_request)
    newest = max((finding.round for finding in findings), default=0)
    offer = _rows(session, Download, of_request)
    return RequestView(
        **{name: getattr(request, name) for name in RequestView.model_fields if name in Request.model_fields},
        flow_run_url=run_link(request) if request.flow_run_id else "",
        steps=_seen(StepView, _rows(session, Step, of_request)),
        findings=_seen(FindingView, (finding for finding in findings if finding.round == newest)),
        tasks=_seen(TaskLine, _rows(session, ManualTask, of_request)),
        decisions=_seen(DecisionView, _rows(session, Decision, of_request)),
        receipts=_seen(ReceiptView, _rows(session, Receipt, of_request)),
        download=OfferView.model_validate(offer[0]) if offer else None,
    )


def _rows(session: Session, table: type[Table], of: dict[str, int]) -> Sequence[Table]:
    return session.exec(select(table).filter_by(**of).order_by("id")).all()


def _seen(view: type[View], rows: Iterable[Any]) -> tuple[View, ...]:
    return tuple(view.model_validate(row) for row in rows)


def case_list(session: Session, now: datetime, which: Which = "open") -> list[CaseLine]:
    """Return the cases, earliest binding date first (law.md D27); three queries however many there are."""
    closed = col(Case.closed_at)
    wanted = {"open": [closed.is_(None)], "closed": [closed.is_not(None)], "all": []}[which]
    requests: dict[int, list[Row[Any]]] = defaultdict(list)
    events: dict[int, list[Row[Any]]] = defaultdict(list)
    for request in session.execute(_columns(Request).join(Case).where(*wanted).order_by(col(Request.id))):
        requests[request.case_id].append(request)
    for event in session.execute(_columns(ClockEvent).join(Case).where(*wanted)):
        events[event.case_id].append(event)
    cases = session.execute(_columns(Case).where(*wanted)).all()
    lines = [_line(case, requests[case.id], events[case.id], now) for case in cases]
    return sorted(lines, key=lambda line: (line.binding, line.ref))


def _columns(table: type[SQLModel]) -> Select[Any]:
    """Select plain values: for a long list, a third of the time that objects take."""
    return select(*table.__table__.columns)  # type: ignore[attr-defined]


def _line(case: Row[Any], requests: list[Row[Any]], events: list[Row[Any]], now: datetime) -> CaseLine:
    binding = deadlines(clock_from_events(map(_fact, events)), today=paris_date(now)).binding
    return CaseLine(
        ref=case.ref,
        requester_name=case.requester_name,
        requester_address=case.requester_address,
        received_at=case.received_at,
        closed_at=case.closed_at,
        binding=binding,
        days_left=_days_left(binding, requests, now),
        requests=_seen(RequestLine, requests),
    )
