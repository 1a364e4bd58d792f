"""Whether data must not be deleted yet, because their person has asked to see or receive them (law.md D22); reads only."""

from sqlmodel import Session, col, select

from models.errors import Rejected
from models.fingerprints import normalise
from models.rights import Right
from models.tables import Case, Request, RequestState

TAKES_DATA_OUT = (Right.ACCESS, Right.PORTABILITY)


def is_held(session: Session, address: str) -> bool:
    """Whether an open access or portability request concerns `address`; `Rejected` where it is no address.

    An address that was only written in a request counts too: waiting with a deletion harms nobody.
    """
    wanted = normalise("email", address)
    open_cases = (
        select(Case.requester_address, Case.verified_address)
        .join(Request, col(Request.case_id) == Case.id)
        .where(col(Request.right).in_(TAKES_DATA_OUT), Request.state != RequestState.CLOSED)
    )
    return any(wanted in map(_spelling, addresses) for addresses in session.exec(open_cases))


def _spelling(address: str) -> str:
    try:
        return normalise("email", address)
    except Rejected:
        return ""
