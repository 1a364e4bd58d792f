"""The dates of requests as an index to search by: derived from what happened, renewed in the transaction in which it does.

Renewing again changes nothing. Nobody decides by these rows: letters, forms and pages compute (DESIGN.md 4.7).
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel import Session, col, select

from models.alerts import is_paused, reply_due
from models.calendar import paris_date
from models.case_clock import clock_events, deadlines_of
from models.deadlines import Deadlines
from models.letter_told import is_lost
from models.records import FindingStatus
from models.tables import Case, Decision, FindingRow, Letter, Request, RequestDates


def renew(session: Session, case: Case, now: datetime) -> None:
    """Write the dates of every request of `case` anew, in the caller's transaction."""
    session.flush()
    dates = deadlines_of(session, case, now)
    ground = next(
        (event.reason.partition(":")[0] for event in clock_events(session, case) if event.kind == "extended"),
        "",
    )
    for request in session.exec(select(Request).where(Request.case_id == case.id)).all():
        row = session.get(RequestDates, request.id)
        fresh = _row(session, case, request, dates, ground if dates.extended else "", now)
        if row is None:
            session.add(fresh)
        else:
            row.sqlmodel_update(fresh.model_dump())
    session.flush()


def month_number(day: date) -> int:
    """Return the months since the year 0."""
    return 12 * day.year + day.month - 1


def systems_text(systems: Iterable[str]) -> str:
    """Return `,elay,site_db,`: each system between commas, so that one is found by `%,elay,%`; empty where there is none."""
    found = sorted(set(systems))
    return f",{','.join(found)}," if found else ""


def _row(
    session: Session, case: Case, request: Request, dates: Deadlines, ground: str, now: datetime
) -> RequestDates:
    replied_on = _answered_on(session, request)
    refused = request.outcome == "refused"
    outcome = request.outcome if request.closed_at and replied_on else ""
    lawful = (
        dates.refusal_notice_latest if refused else dates.statutory_in_force
    )  # D14: no extension for a refusal
    return RequestDates(
        request_id=request.id,
        case_id=case.id,
        right=request.right,
        language=case.language,
        channel=case.channel,
        received_on=dates.received_on,
        received_month=month_number(dates.received_on),
        commitment=dates.commitment,
        statutory=dates.statutory_in_force,
        binding=dates.binding,
        reply_due=reply_due(dates),
        refusal_latest=dates.refusal_notice_latest,
        paused_days=dates.paused_days,
        pause_open=is_paused(dates),
        extended=dates.extended,
        extension_ground=ground,
        replied_on=replied_on,
        answer_days=(replied_on - dates.received_on).days if replied_on else None,
        in_promise=replied_on <= dates.commitment if replied_on else None,
        in_law=replied_on <= lawful if replied_on else None,
        outcome=outcome,
        refusal_ground=_refusal_ground(session, request) if outcome == "refused" else "",
        identity_checked=case.identity_settled_at is not None,
        systems=systems_text(_involved(session, request)),
        computed_on=paris_date(now),
    )


def _answered_on(session: Session, request: Request) -> date | None:
    """The day in Paris on which the reply left, or else reached the person; None where it could not leave or came back."""
    reply = session.exec(select(Letter).where(Letter.key == f"{request.ref}:reply")).first()
    if reply is not None and reply.reached_on is not None:
        return reply.reached_on
    if request.replied_at is None or (reply is not None and is_lost(reply)):
        return None
    return paris_date(request.replied_at)


def _refusal_ground(session: Session, request: Request) -> str:
    refused = select(Decision).where(
        Decision.request_id == request.id, Decision.choice == "refuse", col(Decision.accepted).is_(True)
    )
    decision = session.exec(refused.order_by(col(Decision.id).desc())).first()
    return str(decision.answers.get("ground", "")) if decision else ""


def _involved(session: Session, request: Request) -> Iterable[str]:
    """The systems of which a search found something, failed, or waits for a colleague."""
    found = select(FindingRow.system).where(
        FindingRow.request_id == request.id, FindingRow.status != FindingStatus.NONE
    )
    return session.exec(found)
