"""Which requests have no valid answer, and their dates renewed: moved by a pause, a new holiday, a reply that came back.

Renewing again changes nothing. A case is renewed under its row's lock, so that nobody's older dates win.
"""

from datetime import datetime

from sqlmodel import col, or_, select

from models.database import reading, unit_of_work
from models.request_dates import renew
from models.tables import Case, Letter, Request, RequestDates

AT_ONCE = 500


def unanswered() -> list[int]:
    """Return the cases with a request that is not answered, or whose reply came back and told nobody, oldest first."""
    reply_returned = (
        select(Letter.id)
        .where(
            Letter.request_id == Request.id,
            col(Letter.key) == col(Request.ref) + ":reply",
            col(Letter.bounced_at).is_not(None),
            col(Letter.reached_on).is_(None),
        )
        .exists()
    )
    query = (
        select(Request.case_id)
        .outerjoin(RequestDates, col(RequestDates.request_id) == col(Request.id))
        .where(
            or_(
                col(Request.replied_at).is_(None),
                col(RequestDates.replied_on).is_(None) & col(RequestDates.request_id).is_not(None),
                reply_returned,
            )
        )
    )
    with reading() as session:
        return sorted(set(session.exec(query)))


def renew_one(case_id: int, now: datetime) -> None:
    """Write the dates of one case anew."""
    with unit_of_work() as session:
        case = session.exec(select(Case).where(Case.id == case_id).with_for_update()).one()
        renew(session, case, now)


def renew_older(now: datetime) -> int:
    """Write the dates of answered cases from before there were any, some hundreds at once; return how many cases."""
    query = (
        select(Request.case_id)
        .outerjoin(RequestDates, col(RequestDates.request_id) == col(Request.id))
        .where(col(RequestDates.request_id).is_(None), col(Request.replied_at).is_not(None))
        .distinct()
        .limit(AT_ONCE)
    )
    with reading() as session:
        older = list(session.exec(query))
    for case_id in older:
        renew_one(case_id, now)
    return len(older)
