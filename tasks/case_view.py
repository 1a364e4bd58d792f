"""Everything about a case in one frozen value: for the officer's page and for `dsr case show|list --json`.

Only looks: reading again changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, Row, Select, or_
from sqlmodel import Session, SQLModel, col, select

from models.audit import verify_case
from models.calendar import Language, paris_date
from models.case_clock import dates_of, deadlines_of, notice_of
from models.case_effects import ReceiptView, Seen
from models.case_values import (
    AuditLine,
    CaseLine,
    CaseView,
    DatesView,
    DecisionView,
    ExtensionView,
    FindingView,
    LetterLine,
    MandateView,
    MessageLine,
    OfferView,
    RequestLine,
    RequestView,
    StepView,
    TaskLine,
)
from models.cases import find_case, requests_of
from models.deadline_explanation import explain
from models.grounds import Delay
from models.letter_told import LEFT_TO_OFFICERS, is_lost, is_reply, told_at
from models.letters import LetterKind
from models.settings import settings
from models.tables import (
    AuditEvent,
    Case,
    ClockEvent,
    Decision,
    Download,
    FindingRow,
    Letter,
    Mandate,
    ManualTask,
    Message,
    Receipt,
    Request,
    Step,
    StoredPlan,
)
from tasks.changes.case_effects import done_of, left_of, plans_of, restriction_of
from tasks.keeping.retain_rows import GONE
from tasks.letters.correspondence import run_link
from tasks.mail.mandates import mandate_of

Which = Literal["open", "closed", "all"]
Table = TypeVar("Table", bound=SQLModel)
View = TypeVar("View", bound=Seen)

__all__ = ["CaseLine", "CaseView", "Which", "case_list", "case_view"]


def case_view(session: Session, ref: str, now: datetime) -> CaseView:
    """Return the case called `ref` as it stands at `now`; `NotFound` where there is none."""
    case = find_case(session, ref)
    requests = requests_of(session, case)
    broken = verify_case(session, case)
    of_case = {"case_id": case.id}
    mandate = mandate_of(session, case)
    letters = _rows(session, Letter, of_case)
    lost = _lost(letters)
    return CaseView(
        mandate=MandateView.model_validate(mandate) if mandate else None,
        **{name: getattr(case, name) for name in CaseView.model_fields if name in Case.model_fields},
        dates=_dates(session, case, requests, now, lost),
        extension=_extension(session, case, now),
        requests=tuple(_request(session, request, lost) for request in requests),
        messages=_seen(MessageLine, _rows(session, Message, of_case)),
        letters=_seen(LetterLine, letters),
        audit=_seen(AuditLine, _rows(session, AuditEvent, of_case)),
        audit_broken=f"{broken.number}: {broken.why}" if broken else "",
    )


def _lost(letters: Iterable[Any]) -> set[int]:
    """The requests whose reply could not leave or came back, and told nobody: they are not answered."""
    return {letter.request_id for letter in letters if is_reply(letter) and is_lost(letter)}


def _dates(
    session: Session, case: Case, requests: Sequence[Request], now: datetime, lost: Container[int]
) -> DatesView:
    dates = deadlines_of(session, case, now)
    language: Language = "fr" if settings().officer_language == "fr" else "en"
    return DatesView(
        received_on=dates.received_on,
        commitment=dates.commitment,
        statutory=dates.statutory_in_force,
        binding=dates.binding,
        days_left=_days_left(dates.binding, requests, now, lost),
        explanation=tuple(explain(dates, language)),
    )


def _extension(session: Session, case: Case, now: datetime) -> ExtensionView | None:
    """The extension and what the law makes of it (law.md D11 to D13)."""
    event = session.exec(
        select(ClockEvent).where(ClockEvent.case_id == case.id, ClockEvent.kind == "extended")
    ).first()
    if event is None:
        return None
    dates, notice = deadlines_of(session, case, now), notice_of(session, case)
    ground, _, reason = event.reason.partition(": ")
    known = ground in set(Delay)
    return ExtensionView(
        ground=ground if known else "",
        reason=reason if known else event.reason,
        told_at=told_at(notice) if notice else event.at,
        recorded_by=event.recorded_by,
        counts=dates.extended,
        waits=dates.extension == "not_told",
        promise_broken=dates.extension == "in_force_promise_broken",
    )


def _days_left(binding: date, requests: Iterable[Any], now: datetime, lost: Container[int]) -> int | None:
    waiting = any(
        request.id in lost or (request.replied_at is None and request.closed_at is None)
        for request in requests
    )
    return (binding - paris_date(now)).days if waiting else None


def _request(session: Session, request: Request, lost: Container[int]) -> RequestView:
    of_request = {"request_id": request.id}
    findings = _rows(session, FindingRow, of_request)
    newest = max((finding.round for finding in findings), default=0)
    earlier = sorted(
        (finding for finding in findings if finding.round < newest), key=lambda finding: -finding.round
    )
    offer = _rows(session, Download, of_request)
    steps, decisions = _rows(session, Step, of_request), _rows(session, Decision, of_request)
    receipts = _rows(session, Receipt, of_request)
    said = {name: getattr(request, name) for name in RequestView.model_fields if name in Request.model_fields}
    if request.replied_at is None or request.id in lost:  # it has told nobody, whatever was decided
        said |= {"replied_at": None, "outcome": ""}
    return RequestView(
        **said,
        flow_run_url=run_link(request) if request.flow_run_id else "",
        steps=_seen(StepView, steps),
        findings=_seen(FindingView, (finding for finding in findings if finding.round == newest)),
        earlier=_seen(FindingView, earlier),
        tasks=tuple(_task(task) for task in _rows(session, ManualTask, of_request)),
        decisions=_seen(DecisionView, decisions),
        plans=plans_of(steps, _rows(session, StoredPlan, of_request), decisions),
        done=done_of(receipts),
        left=left_of(steps),
        restriction=restriction_of(session, request),
        receipts=_seen(ReceiptView, receipts),
        download=OfferView.model_validate(offer[0]) if offer else None,
    )


def _task(task: ManualTask) -> TaskLine:
    said = {name: getattr(task, name) for name in TaskLine.model_fields if name in ManualTask.model_fields}
    return TaskLine(**said, evidence=task.evidence_key not in {"", GONE})


def _rows(session: Session, table: type[Table], of: dict[str, int]) -> Sequence[Table]:
    return session.exec(select(table).filter_by(**of).order_by("id")).all()


def _seen(view: type[View], rows: Iterable[Any]) -> tuple[View, ...]:
    return tuple(view.model_validate(row) for row in rows)


def case_list(session: Session, now: datetime, which: Which = "open") -> list[CaseLine]:
    """Return the cases, earliest binding date first (law.md D27); five queries however many there are."""
    closed = col(Case.closed_at)
    wanted = {"open": [closed.is_(None)], "closed": [closed.is_not(None)], "all": []}[which]
    requests: dict[int, list[Row[Any]]] = defaultdict(list)
    events: dict[int, list[Row[Any]]] = defaultdict(list)
    for request in session.execute(_columns(Request).join(Case).where(*wanted).order_by(col(Request.id))):
        requests[request.case_id].append(request)
    for event in session.execute(_columns(ClockEvent).join(Case).where(*wanted)):
        events[event.case_id].append(event)
    letters = session.execute(_columns(Letter).where(_watched())).all()
    bounced = Counter(letter.case_id for letter in letters if letter.bounced_at is not None)
    notices = {letter.case_id: letter for letter in letters if letter.kind == LetterKind.EXTENSION}
    acted_for = set(session.exec(select(Mandate.case_id)))
    lost = _lost(letters)
    cases = session.execute(_columns(Case).where(*wanted)).all()
    lines = [
        _line(
            case, requests[case.id], dates_of(events[case.id], notices.get(case.id), now).binding, now, lost
        ).model_copy(update={"bounced": bounced[case.id], "mandate": case.id in acted_for})
        for case in cases
    ]
    return sorted(lines, key=lambda line: (line.binding, line.ref))


def _watched() -> ColumnElement[bool]:
    """Letters that came back or could not leave, and notices of extensions."""
    stuck = or_(col(Letter.bounced_at).is_not(None), col(Letter.state).in_(LEFT_TO_OFFICERS))
    return or_(stuck, col(Letter.kind) == LetterKind.EXTENSION)


def _columns(table: type[SQLModel]) -> Select[Any]:
    """Select plain values: for a long list, a third of the time that objects take."""
    return select(*table.__table__.columns)  # type: ignore[attr-defined]


def _line(
    case: Row[Any], requests: list[Row[Any]], binding: date, now: datetime, lost: Container[int]
) -> CaseLine:
    return CaseLine(
        ref=case.ref,
        requester_name=case.requester_name,
        requester_address=case.requester_address,
        received_at=case.received_at,
        closed_at=case.closed_at,
        binding=binding,
        days_left=_days_left(binding, requests, now, lost),
        channel=case.channel,
        reminders=case.reminders,
        bounced=0,
        mandate=False,
        requests=_seen(RequestLine, requests),
    )
