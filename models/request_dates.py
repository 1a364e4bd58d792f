"""The dates of requests as an index to search by: derived from what happened, renewed in the transaction in which it does.

Renewing again changes nothing. Nobody decides by these rows: letters, forms and pages compute (DESIGN.md 4.7).
"""

from datetime import date, datetime

from sqlmodel import Session, col, select

from models.alerts import reply_due
from models.calendar import paris_date
from models.case_clock import clock_events, deadlines_of
from models.deadlines import Deadlines
from models.tables import Case, Decision, Letter, Request, RequestDates, Todo


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


def _row(
    session: Session, case: Case, request: Request, dates: Deadlines, ground: str, now: datetime
) -> RequestDates:
    replied_on = _answered_on(session, request)
    return RequestDates(
        request_id=request.id,
        case_id=case.id,
        right=request.right,
        language=case.language,
        channel=case.channel,
        received_on=dates.received_on,
        commitment=dates.commitment,
        statutory=dates.statutory_in_force,
        binding=dates.binding,
        reply_due=reply_due(dates),
        refusal_latest=dates.refusal_notice_latest,
        paused_days=dates.paused_days,
        pause_open=any(
            verdict.outcome == "counted" and verdict.pause.answered is None for verdict in dates.pauses
        ),
        extended=dates.extended,
        extension_ground=ground,
        replied_on=replied_on,
        answer_days=(replied_on - dates.received_on).days if replied_on else None,
        in_promise=replied_on <= dates.commitment if replied_on else None,
        in_law=replied_on <= dates.statutory_in_force if replied_on else None,
        outcome=request.outcome if request.closed_at else "",
        refusal_ground=_refusal_ground(session, request) if request.outcome == "refused" else "",
        identity_checked=case.identity_settled_at is not None,
        computed_on=paris_date(now),
    )


def _answered_on(session: Session, request: Request) -> date | None:
    """The day in Paris on which the reply left. One that came back is no answer until an officer has dealt with it."""
    if request.replied_at is None:
        return None
    returned = session.exec(
        select(Todo, Letter)
        .join(Letter, col(Letter.id) == col(Todo.letter_id))
        .where(
            Letter.key == f"{request.ref}:reply",
            col(Letter.bounced_at).is_not(None),
        )
    ).first()
    if returned is None:
        return paris_date(request.replied_at)
    return paris_date(returned[0].done_at) if returned[0].done_at else None


def _refusal_ground(session: Session, request: Request) -> str:
    refused = select(Decision).where(
        Decision.request_id == request.id, Decision.choice == "refuse", col(Decision.accepted).is_(True)
    )
    decision = session.exec(refused.order_by(col(Decision.id).desc())).first()
    return str(decision.answers.get("ground", "")) if decision else ""
