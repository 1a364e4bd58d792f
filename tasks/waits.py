"""What a request waits for, and whether it is there: asked by flows before they suspend, and by `recover` after."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from models.letter_told import is_reply
from models.tables import UNPROVED, WRITTEN, Letter, LetterState, Message, Request, WaitsFor
from tasks.colleagues.manual_search import colleagues_done
from tasks.identify import code_outcome
from tasks.siblings import settled

SETTLED = {LetterState.SENT, LetterState.UNCERTAIN, LetterState.FAILED, LetterState.DROPPED}


def letter_settled(session: Session, key: str) -> bool:
    """Whether nothing more happens to the letter by itself.

    A reply must have left, have been dropped, or have reached the person otherwise: one that could not leave is no
    answer, and its request waits until an officer has put that right.
    """
    letter = session.exec(select(Letter).where(Letter.key == key)).one()
    if is_reply(letter):
        return letter.state in {LetterState.SENT, LetterState.DROPPED} or letter.reached_on is not None
    return letter.state in SETTLED


def is_over(session: Session, request: Request, now: datetime) -> bool:
    """Whether the wait of a request has ended without its run knowing. An officer's form is never over by itself."""
    on = request.waits_on
    ended: dict[str, Callable[[], bool]] = {
        WaitsFor.REQUESTER: lambda: code_outcome(session, on, now) != "waiting",
        WaitsFor.COLLEAGUE: lambda: colleagues_done(session, request, now),
        WaitsFor.RELAY: lambda: letter_settled(session, on),
        WaitsFor.SIBLING: lambda: settled(session, request, on),
        WaitsFor.MESSAGE: lambda: has_written(session, request, on, now),
        WaitsFor.CLOCK: lambda: now >= moment_of(on),
    }
    return ended.get(request.waits_for, bool)()


def newest_message(session: Session, request: Request) -> int:
    """Return the number of the case's newest message that no machine wrote; waiting for one waits for a higher number."""
    return session.exec(_newest(request)).one() or 0


def newest_answer(session: Session, request: Request) -> int:
    """Return the number of the newest message that may end a wait.

    What anybody could have written in the person's name ends none until an officer has filed it with the case.
    """
    return session.exec(_newest(request).where(col(Message.joined).not_in(UNPROVED))).one() or 0


def _newest(request: Request) -> SelectOfScalar[int]:
    return select(func.max(Message.id)).where(
        Message.case_id == request.case_id, col(Message.state).in_(WRITTEN)
    )


def has_written(session: Session, request: Request, waits_on: str, now: datetime) -> bool:
    """Whether the requester has written after the message that `for_message` names, or the time for it is over."""
    number, _, end = waits_on.removeprefix("message-").partition("-")
    return newest_answer(session, request) > int(number) or now >= moment_of(end)


def for_message(after: int, end: datetime) -> str:
    """Return what a request waits on that waits for a message newer than `after`, until `end` at most."""
    return f"message-{after}-{until(end)}"


def message_since(session: Session, request: Request, moment: datetime) -> bool:
    """Whether the requester wrote after `moment`: a person reads it before anything that cannot be undone."""
    newer = select(Message.id).where(
        Message.case_id == request.case_id,
        col(Message.state).in_(WRITTEN),
        col(Message.handled_at) > moment,
    )
    return session.exec(newer).first() is not None


def until(moment: datetime) -> str:
    """Return what a request waits on until `moment`, to the second; keys of suspensions hold no colon."""
    return f"{moment.astimezone(UTC):until-%Y%m%d-%H%M%S}"


def moment_of(waits_on: str) -> datetime:
    """Return the moment that `until` wrote down."""
    return datetime.strptime(waits_on, "until-%Y%m%d-%H%M%S").replace(tzinfo=UTC)
