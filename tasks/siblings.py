"""Requests of one case, or of one person, that wait for each other: identity is asked once, erasure comes last.

Looks only; what a request waits for is looked up again whenever its run goes on.
"""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from models.rights import Right
from models.tables import Case, Request, WaitsFor
from tasks.connectors.rows import fold

ACTS_AT_ONCE = frozenset({Right.OBJECTION, Right.CONSENT_WITHDRAWAL})
"""Rights that act first and seldom need to know who asks (law.md I20): others of the case ask before them."""
FIRST = frozenset({Right.ACCESS, Right.PORTABILITY})
"""Rights of the same person that an erasure waits for, in any of their cases (law.md D22)."""
IDENTITY = "identity"
BEFORE_ERASURE = "before-erasure"


def whose_identity(session: Session, request: Request) -> str | None:
    """Return `settled` where the case knows who asks, `ask` where this request is to ask, None while another does."""
    case = session.get_one(Case, request.case_id)
    if case.identity_settled_at is not None:
        return "settled"
    still_open = session.exec(
        select(Request).where(Request.case_id == case.id, col(Request.closed_at).is_(None))
    )
    first = min(still_open, key=lambda other: (other.right in ACTS_AT_ONCE, other.id))
    return "ask" if first.id == request.id else None


def may_erase(session: Session, request: Request) -> bool:
    """Whether nothing is open that needs the data: the case's other requests, the person's copies (law.md D22)."""
    case = session.get_one(Case, request.case_id)
    addresses = {fold(case.requester_address), fold(case.verified_address)} - {""}
    others = session.exec(
        select(Request, Case)
        .join(Case)
        .where(
            col(Request.closed_at).is_(None),
            col(Request.id) != request.id,
            or_(Request.case_id == case.id, col(Request.right).in_(FIRST)),
            Request.right != Right.ERASURE,
        )
    )
    return not any(
        other.case_id == case.id or {fold(owner.requester_address), fold(owner.verified_address)} & addresses
        for other, owner in others
    )


def settled(session: Session, request: Request, on: str) -> bool:
    """Whether a request that waits for others, on `on`, need not wait any longer."""
    return bool(whose_identity(session, request) if on == IDENTITY else may_erase(session, request))


def waiting_siblings(session: Session, request: Request) -> list[str]:
    """Return the references of open requests that waited for another one and need not wait any longer."""
    waiting = session.exec(
        select(Request).where(
            Request.waits_for == WaitsFor.SIBLING, col(Request.closed_at).is_(None), Request.id != request.id
        )
    )
    return [one.ref for one in waiting if settled(session, one, one.waits_on)]


def settle_identity(case: Case, now: datetime) -> None:
    """Note that the case asks nobody any more who the requester is."""
    case.identity_settled_at = case.identity_settled_at or now
