"""What a request waits for, and whether it is there: asked by flows before they suspend, and by `recover` after."""

from datetime import datetime

from sqlmodel import Session, select

from models.tables import Letter, LetterState, Request, WaitsFor
from tasks.identify import code_outcome
from tasks.manual_search import colleagues_done

SETTLED = {LetterState.SENT, LetterState.UNCERTAIN, LetterState.FAILED}


def letter_settled(session: Session, key: str) -> bool:
    """Whether nothing more happens to the letter by itself."""
    return session.exec(select(Letter.state).where(Letter.key == key)).one() in SETTLED


def is_over(session: Session, request: Request, now: datetime) -> bool:
    """Whether the wait of a request has ended without its run knowing. An officer's form is never over by itself."""
    match request.waits_for:
        case WaitsFor.REQUESTER:
            return code_outcome(session, request.waits_on, now) != "waiting"
        case WaitsFor.COLLEAGUE:
            return colleagues_done(session, request, now)
        case WaitsFor.RELAY:
            return letter_settled(session, request.waits_on)
    return False
