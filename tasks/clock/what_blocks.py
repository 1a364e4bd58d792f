"""What keeps a request from being answered, and what the law allows in its place. Only looks; names no person."""

from contextlib import suppress
from datetime import date, datetime

from sqlmodel import Session, func, select

from models.alerts import Threshold, is_paused
from models.calendar import paris_date
from models.case_clock import deadlines_of
from models.data_map_loading import load_data_map
from models.deadline_alert import Block, Blocker, DueRequest
from models.deadlines import Deadlines
from models.errors import DsrError
from models.letter_told import is_lost
from models.records import FindingStatus
from models.rights import Right
from models.settings import settings
from models.tables import Case, FindingRow, Letter, ManualTask, Request, RequestState, WaitsFor
from tasks.figures.sla_sets import not_answered
from tasks.letters.correspondence import case_link, run_link
from tasks.letters.unsent_letters import unsent

WAITS = {
    WaitsFor.REQUESTER: Blocker.REQUESTER,
    WaitsFor.MESSAGE: Blocker.MESSAGE,
    WaitsFor.OFFICER: Blocker.OFFICER,
    WaitsFor.COLLEAGUE: Blocker.COLLEAGUE,
    WaitsFor.SIBLING: Blocker.SIBLING,
    WaitsFor.CLOCK: Blocker.CLOCK,
    WaitsFor.RELAY: Blocker.LETTER,
}
UNTOLD = {"not_told", "undelivered"}
CAN_BE_PARTIAL = {Right.ACCESS, Right.RECTIFICATION, Right.ERASURE, Right.PORTABILITY}


def due_request(
    session: Session, case: Case, request: Request, threshold: Threshold, dates: Deadlines, now: datetime
) -> DueRequest:
    """Return what the digest says about one request."""
    today = paris_date(now)
    return DueRequest(
        ref=case.ref,
        right=Right(request.right),
        limit=threshold.limit,
        due=threshold.due,
        days=(threshold.due - today).days,
        blocks=blocks(session, request, now),
        extend_until=extension_until(Right(request.right), dates, today),
        extension_breaks_promise=today > dates.extension_notice_promised_by,
        refuse_until=dates.refusal_notice_latest if today <= dates.refusal_notice_latest else None,
        partial=can_be_partial(session, case, request),
        broken="law" if today > dates.statutory_in_force else "promise" if today > dates.commitment else "",
        lawful_until=dates.statutory_in_force,
        paused=is_paused(dates),
        case_link=case_link(case),
        run_link=run_link(request) if request.flow_run_id else None,
    )


def extension_until(right: Right, dates: Deadlines, today: date) -> date | None:
    """Return the last day to announce an extension: the one that keeps the promise (D29), once that is over the law's.

    None where there can be none: it is decided already, the month is over (D11, D12), or the right allows no month at
    all (D24).
    """
    if (
        dates.extension != "none"
        or today > dates.extension_notice_legal_latest
        or right is Right.CONSENT_WITHDRAWAL
    ):
        return None
    promised = dates.extension_notice_promised_by
    return promised if today <= promised else dates.extension_notice_legal_latest


def can_be_partial(session: Session, case: Case, request: Request) -> bool:
    """Whether some of the answer could leave now: we know whose data they are, and a system has given some (D1)."""
    if (
        request.right not in CAN_BE_PARTIAL
        or case.identity_settled_at is None
        or request.closed_at is not None
    ):
        return False
    found = select(FindingRow.id).where(
        FindingRow.request_id == request.id, FindingRow.status == FindingStatus.FOUND
    )
    return session.exec(found).first() is not None


def blocks(session: Session, request: Request, now: datetime) -> tuple[Block, ...]:
    """Return every reason why the answer has not left; the engine itself where there is none other."""
    reply = session.exec(select(Letter).where(Letter.key == f"{request.ref}:reply")).first()
    if reply is not None and is_lost(reply):
        return (Block(by=Blocker.UNSENT if reply.bounced_at is None else Blocker.RETURNED),)
    case = session.get_one(Case, request.case_id)
    by = WAITS.get(WaitsFor(request.waits_for))
    found = [Block(by=by, systems=_asked(session, request) if by is Blocker.COLLEAGUE else ())] if by else []
    if by is not Blocker.LETTER and unsent(session, now, request_id=request.id):
        found.append(Block(by=Blocker.LETTER))
    if deadlines_of(session, case, now).extension in UNTOLD:
        found.append(Block(by=Blocker.NOTICE))
    if request.state != RequestState.CLOSED:
        if silent := _not_reached(session, request):
            found.append(Block(by=Blocker.SYSTEM, systems=silent))
        if request.problem:
            found.append(Block(by=Blocker.PROBLEM))
    return tuple(found) or (Block(by=Blocker.ENGINE),)


def _asked(session: Session, request: Request) -> tuple[str, ...]:
    """The systems of colleagues who have not answered; a newer task takes the place of an older one."""
    waiting = select(ManualTask.system).where(ManualTask.request_id == request.id, not_answered())
    return _titles(set(session.exec(waiting)))


def _not_reached(session: Session, request: Request) -> tuple[str, ...]:
    """The systems that the newest search could not reach."""
    newest = select(func.max(FindingRow.round)).where(FindingRow.request_id == request.id)
    failed = select(FindingRow.system).where(
        FindingRow.request_id == request.id,
        FindingRow.round == session.exec(newest).one(),
        FindingRow.status == FindingStatus.FAILED,
    )
    return _titles(set(session.exec(failed)))


def _titles(systems: set[str]) -> tuple[str, ...]:
    """The systems as the data map calls them; a map that cannot be read holds up no alert."""
    titles = {name: name for name in systems}
    with suppress(DsrError):
        described = load_data_map(settings().data_map).systems
        language = "fr" if settings().officer_language == "fr" else "en"
        titles |= {name: getattr(described[name].title, language) for name in systems & described.keys()}
    return tuple(sorted(titles.values()))
