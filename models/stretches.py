"""How long a request stood in each state and whom it waited for; noted whenever that may have changed.

Noting the same again changes nothing.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from models.tables import Request, RequestState, Stretch


def note_stretch(session: Session, request: Request, now: datetime) -> None:
    """End the stretch that no longer describes `request`, and begin the one that does; a closed request begins none."""
    running = session.exec(
        select(Stretch).where(Stretch.request_id == request.id, col(Stretch.until).is_(None))
    ).first()
    if running is not None:
        if (running.state, running.waits_for) == (request.state, request.waits_for):
            return
        running.until = now
    if request.state != RequestState.CLOSED:
        begun = Stretch(request_id=request.id, state=request.state, waits_for=request.waits_for, since=now)
        session.add(begun)
