"""The holding pen: what waits for a person, and what the person decides: a case, more of a case, or none.

A message is decided on under its row's lock and only while it waits, so deciding twice is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models import audit
from models.cases import add_requests, count_from, find_case, open_case, requests_of
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.mandates import MandateGiven
from models.records import Frozen
from models.rights import Right
from models.settings import settings
from models.tables import Case, Channel, Message, MessageState, Request, TodoKind
from tasks import todos
from tasks.connectors.rows import fold
from tasks.letters.write_letter import is_address
from tasks.mail.file_mail import Handled, case_from
from tasks.mail.mandates import record_mandate
from tasks.mail.thread_mail import is_colleague
from tasks.todos import settle_message


class Penned(Frozen):
    """One message that a person must decide on, and why; `case_ref`: the case it seems to belong to.

    `quiet`: it was read as no request, and is due with the weekly look instead of today.
    """

    number: int
    received_at: datetime
    sender: str
    subject: str
    reason: str
    case_ref: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Qualified:
    """What an officer read in a message. Empty fields are those of the message itself.

    `address`: of the person who asks. `received_at`: when it reached the company, where that was earlier (law.md D3).
    `case_ref`: the case it belongs to; empty for one of its own. `mandate`: of whoever wrote on behalf of the person
    (law.md I13); then an empty `address` is not known, for the agent's is not theirs.
    """

    rights: tuple[Right, ...] = ()
    name: str = ""
    address: str = ""
    language: str = ""
    received_at: datetime | None = None
    case_ref: str = ""
    channel: Channel = Channel.MAIL
    reason: str = ""
    mandate: MandateGiven | None = None


def waiting() -> list[Penned]:
    """Return the messages in the pen, oldest first: their clocks may be running (law.md V2, GL 48).

    Those read as no request come after the others.
    """
    query = (
        select(Message, Case.ref)
        .outerjoin(Case, col(Case.id) == col(Message.case_id))
        .where(Message.state == MessageState.PEN)
        .order_by(col(Message.quiet), col(Message.received_at))
    )
    with reading() as session:
        return [
            Penned(
                number=message.id,
                received_at=message.received_at,
                sender=message.sender,
                subject=message.subject,
                reason=message.reason,
                case_ref=case_ref or "",
                quiet=message.quiet,
            )
            for message, case_ref in session.exec(query)
        ]


def qualify(number: int, answer: Qualified, officer: str, now: datetime) -> Handled:
    """File a message as the officer says, and return what it opens.

    A case that the message opened itself, and that is still open, gets the rights it lacks (law.md Q4, Q5). Rights that
    another case lacks open one of their own. `Rejected` says what is missing; `NotFound` for no such message or case.
    """
    with unit_of_work() as session:
        message = _penned(session, number)
        if answer.received_at is not None and answer.received_at > message.received_at:
            raise Rejected("a request cannot have arrived after its message: give an earlier moment, or none")
        named = find_case(session, answer.case_ref) if answer.case_ref else None
        own = _own_case(session, message)
        requests = _requests(session, message, answer, named or own, officer, now)
        home = named or own or session.get_one(Case, message.case_id)
        message.case_id, message.state, message.handled_at = home.id, MessageState.CASE, now
        message.joined, message.quiet = "officer", False
        message.reason = f"qualified by {officer}" + (f": {answer.reason}" if answer.reason.strip() else "")
        digest, new = message.content_hash, tuple(request.ref for request in requests)
        audit.record(session, home, officer, "message_qualified", now, message=digest, opened=list(new))
        settle_message(session, message, officer, now)
        ref = new[0].partition("/")[0] if new else home.ref
        if answer.mandate is not None:
            _act_for(session, find_case(session, ref), answer, answer.mandate, message.sender, officer, now)
        still_open = tuple(
            r.ref for r in requests_of(session, home) if r.closed_at is None and r.ref not in new
        )
        return Handled(MessageState.CASE, ref, new, still_open)


def _act_for(  # noqa: PLR0913, PLR0917  # what a mandate is about
    session: Session,
    case: Case,
    answer: Qualified,
    mandate: MandateGiven,
    sender: str,
    officer: str,
    now: datetime,
) -> None:
    """Record who acts for the person of `case`; an address of the agent's was never the person's."""
    if not answer.address and fold(case.requester_address) in {fold(sender), fold(mandate.agent_address)}:
        case.requester_address = ""
    record_mandate(session, case, mandate, officer, now)


def _requests(
    session: Session, message: Message, answer: Qualified, home: Case | None, officer: str, now: datetime
) -> list[Request]:
    """The requests that the answer opens: in the message's own case, or in a new one of the same person."""
    held = {request.right for request in requests_of(session, home)} if home else set()
    wanted = tuple(dict.fromkeys(right for right in answer.rights if right not in held))
    if home is None and not wanted:
        raise Rejected("say which right it exercises: --right access, --right erasure …")
    own = _own_case(session, message)
    if own is not None:
        count_from(session, own, answer.received_at or own.received_at, officer, now)
        own.requester_name = answer.name or own.requester_name
        own.requester_address = _address(message, answer)
        own.language = answer.language or own.language
        return add_requests(session, own, wanted, now)
    if not wanted:
        return []
    case = _new_case(message, answer, home, now)
    case.received_at = answer.received_at or message.received_at
    case.channel, case.recorded_by = answer.channel, officer
    requests = open_case(session, case, wanted, now)
    if home is None:
        message.case_id = case.id
    return requests


def _new_case(message: Message, answer: Qualified, home: Case | None, now: datetime) -> Case:
    """A case of whoever asks: where the message belongs to `home`, that is its requester, whoever wrote."""
    found = message.classification
    said = " ".join(str(found[key]) for key in ("first_name", "last_name") if found.get(key))
    if home is not None and not answer.address:
        name, language = answer.name or home.requester_name, answer.language or home.language
        return case_from(message, home.requester_address, name, language, now)
    language = answer.language or str(found.get("language", ""))
    return case_from(message, _address(message, answer), answer.name or said, language, now)


def _own_case(session: Session, message: Message) -> Case | None:
    """The open case that this message opened by itself, for its safe part (law.md Q5)."""
    case = session.get(Case, message.case_id) if message.case_id is not None else None
    if case is None or case.closed_at is not None or case.recorded_by:
        return None
    earlier = select(Message.id).where(Message.case_id == case.id, col(Message.id) < message.id)
    opened = case.received_at == message.received_at and session.exec(earlier).first() is None
    return case if opened else None


def _address(message: Message, answer: Qualified) -> str:
    """The address of the person who asks; empty where an agent asks for them and gives none."""
    if answer.mandate is not None and not answer.address:
        return ""
    named = message.classification.get("reply_to")
    if named and not answer.address:
        raise Rejected(
            f"a robot or a form sent it and names {named}: give the address of the person who asks"
        )
    address = (answer.address or message.sender).strip()
    if not answer.address and answer.channel == Channel.FORWARD and is_colleague(address):
        raise Rejected("a colleague forwarded it: give the address of the person who asks")
    if not is_address(address):
        raise Rejected(
            f"message {message.id} has no address to answer: give one, or use other means and dismiss it"
        )
    if settings().is_own(address):
        raise Rejected("this is an address of our own: give that of the person who asks")
    return address


def release(number: int, rights: Sequence[Right], now: datetime, officer: str) -> Handled:
    """Open a case from a message, with everything else as the message has it."""
    return qualify(number, Qualified(rights=tuple(rights)), officer, now)


def dismiss(number: int, reason: str, now: datetime, officer: str) -> None:
    """Take a message out of the pen without a case; the reason is kept."""
    if not reason.strip():
        raise Rejected("say why it needs no case: the reason is kept")
    with unit_of_work() as session:
        message = _penned(session, number)
        message.state, message.quiet, message.handled_at = MessageState.DISMISSED, False, now
        message.reason = f"dismissed by {officer}: {reason}"
        settle_message(session, message, officer, now)


def look_at(number: int, now: datetime) -> None:
    """Make a message that was read as no request something to do today; doing it twice changes nothing."""
    with unit_of_work() as session:
        message = _penned(session, number)
        message.quiet = False
        todos.note(session, TodoKind.QUALIFY, now, message=message)


def dismiss_quiet(numbers: Sequence[int], officer: str, now: datetime) -> int:
    """Put aside those of these messages that still lie quietly in the pen, because `officer` looked through the list."""
    query = select(Message).where(
        col(Message.id).in_(numbers), col(Message.quiet), Message.state == MessageState.PEN
    )
    with unit_of_work() as session:
        found = session.exec(query.order_by(col(Message.id)).with_for_update()).all()
        for message in found:
            message.state, message.quiet, message.handled_at = MessageState.DISMISSED, False, now
            message.reason = f"dismissed by {officer}: read as no request, and looked through"
        return len(found)


def _penned(session: Session, number: int) -> Message:
    message = session.exec(select(Message).where(Message.id == number).with_for_update()).first()
    if message is None:
        raise NotFound(f"there is no message {number}: `dsr pen list` shows what waits")
    if message.state != MessageState.PEN:
        raise Rejected(f"message {number} is not in the holding pen: it is {message.state}")
    return message
