"""Understand kept messages: each ends in exactly one place, a case, the holding pen, or recorded as machine mail.

A message is handled under its row's lock and only while it is KEPT, so doing it again, or twice at once, changes nothing.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, col, select

from models import audit
from models.cases import open_case
from models.classification import Classification, Kind, Machine
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.letter_contexts import CONTEXTS
from models.letters import RequesterLetter
from models.rights import Right
from models.settings import settings
from models.storage import fetch, sha256
from models.tables import Case, Letter, Message, MessageState, Request
from tasks.challenges import answer_by_reply
from tasks.classify import classify
from tasks.detect_machine import is_bulk
from tasks.read_mail import ParsedMail, read_mail
from tasks.write_letter import is_address

REFERENCE = re.compile(r"\bDSR-\d{4}-\d{4,}\b", re.IGNORECASE)
MESSAGE_ID = re.compile(r"<[^<>\s]+>")
OUR_MESSAGE_ID = re.compile(rb"<dsr-\d{4}-\d{4,}\.[\w-]+@[^<>\s]+>")
REDELIVERY = timedelta(hours=1)  # between copies without a Message-ID
TO_REQUESTERS = [kind for kind, context in CONTEXTS.items() if issubclass(context, RequesterLetter)]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a message: `new_requests` want a flow run, `wake` names requests whose wait may be over."""

    state: MessageState
    case_ref: str = ""
    new_requests: tuple[str, ...] = ()
    wake: tuple[str, ...] = ()


def handle_kept(now: datetime) -> list[Handled]:
    """Handle every message that is still only kept, oldest first."""
    with reading() as session:
        kept = session.exec(
            select(Message.id).where(Message.state == MessageState.KEPT).order_by(col(Message.id))
        ).all()
    return [handle(number, now) for number in kept]


def handle(number: int, now: datetime) -> Handled:
    """Handle message `number`. What cannot be read goes to the pen with the reason; it is never lost."""
    with reading() as session:
        key = session.get_one(Message, number).storage_key
    try:
        raw = fetch(key)
    except NotFound as error:
        return _set_aside(number, str(error), now)
    if len(raw) > settings().message_max_bytes:
        return _set_aside(number, "it is larger than DSR_MESSAGE_MAX_BYTES: look at it by hand", now)
    try:
        mail = read_mail(raw)
        return _file(number, raw, mail, classify(mail), now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not the message's: it stays kept
    except Rejected as error:
        return _set_aside(number, str(error), now)
    except Exception as error:  # noqa: BLE001  # whatever a hostile message breaks must not stop the others
        return _set_aside(number, f"could not be read ({type(error).__name__})", now)


def _file(number: int, raw: bytes, mail: ParsedMail, verdict: Classification, now: datetime) -> Handled:
    with unit_of_work() as session:
        message = _take(session, number)
        if message is None:
            return Handled(MessageState.KEPT)
        message.message_id, message.body_hash = mail.message_id, sha256((mail.text or mail.subject).encode())
        message.sender, message.subject = mail.sender_address, mail.subject
        message.classification = _as_json(verdict)
        handled = _route(session, message, mail, verdict, now)
        message.state, message.handled_at = handled.state, now
        if verdict.machine is Machine.BOUNCE:
            _note_delivery_report(session, message, raw, now)
        return handled


def _route(
    session: Session, message: Message, mail: ParsedMail, verdict: Classification, now: datetime
) -> Handled:
    aside = _why_refused(session, message, mail, verdict)
    case = None if aside else _thread_case(session, mail)
    if case is not None:
        return _attach(session, message, case, mail, verdict, now)
    aside = aside or _why_aside(mail, verdict)
    if aside is not None:
        message.reason = aside[1]
        return Handled(aside[0])
    name = " ".join(part for part in (verdict.first_name, verdict.last_name) if part)
    return _open(session, message, verdict.rights, name, verdict.language, now)


def _why_refused(
    session: Session, message: Message, mail: ParsedMail, verdict: Classification
) -> tuple[MessageState, str] | None:
    """Why a message is not even looked up in a thread: it came before, or no person wrote it."""
    if _is_redelivery(session, message):
        return MessageState.DISMISSED, "the same message arrived before"
    if mail.sender_address == settings().mailbox.lower() or _letters(session, [mail.message_id]):
        return MessageState.MACHINE, "our own address wrote it"
    if verdict.machine is not None:
        return MessageState.MACHINE, str(verdict.machine)
    return None


def _why_aside(mail: ParsedMail, verdict: Classification) -> tuple[MessageState, str] | None:
    """Where a message goes that opens no case and joins none, with the reason."""
    if verdict.kind is Kind.NOT_REQUEST and is_bulk(mail):
        return MessageState.MACHINE, "bulk mail that asks for nothing"
    if verdict.kind is not Kind.REQUEST or not verdict.rights:
        return MessageState.PEN, _doubt(verdict)
    if not is_address(mail.sender_address):
        return MessageState.PEN, "the sender's address cannot be answered"
    return None


def release(number: int, rights: Sequence[Right], now: datetime, officer: str) -> Handled:
    """Open a case from a message in the pen; `Rejected` where it is not there (any more)."""
    with unit_of_work() as session:
        message = _penned(session, number)
        if not rights:
            raise Rejected("say which right it exercises: --right access, --right erasure …")
        if not is_address(message.sender):
            raise Rejected(f"message {number} has no address to answer: use other means, then dismiss it")
        found = message.classification
        name = " ".join(str(found[key]) for key in ("first_name", "last_name") if found.get(key))
        handled = _open(session, message, rights, name, str(found.get("language", "")), now)
        message.state, message.handled_at, message.reason = handled.state, now, f"released by {officer}"
        case = session.get_one(Case, message.case_id)
        audit.record(session, case, officer, "message_released", now, message=message.content_hash)
        return handled


def dismiss(number: int, reason: str, now: datetime, officer: str) -> None:
    """Take a message out of the pen without a case; the reason is kept."""
    if not reason.strip():
        raise Rejected("say why it needs no case: the reason is kept")
    with unit_of_work() as session:
        message = _penned(session, number)
        message.state, message.handled_at = MessageState.DISMISSED, now
        message.reason = f"dismissed by {officer}: {reason}"


def _open(
    session: Session, message: Message, rights: Sequence[Right], name: str, language: str, now: datetime
) -> Handled:
    case = Case(
        ref="",
        received_at=message.received_at,
        mailbox=message.mailbox,
        requester_address=message.sender,
        requester_name=name,
        language=language if language in settings().letter_languages else "en",
        opened_at=now,
    )
    requests = open_case(session, case, dict.fromkeys(rights), now)
    message.case_id = case.id
    return Handled(MessageState.CASE, case.ref, tuple(request.ref for request in requests))


def _attach(
    session: Session, message: Message, case: Case, mail: ParsedMail, verdict: Classification, now: datetime
) -> Handled:
    """Add a message to its case; where it asks for more, a person decides whether that is a new case (law.md V2)."""
    answer_by_reply(
        session, case, mail.fresh_text or mail.text, now
    )  # locks as the portal does: code, then case
    message.case_id = case.id
    audit.record(session, case, "requester", "message_received", now, message=message.content_hash)
    open_ones = session.exec(
        select(Request).where(Request.case_id == case.id, col(Request.closed_at).is_(None))
    ).all()
    wake = tuple(request.ref for request in open_ones)
    asked = {request.right for request in open_ones} if _is_party(case, mail) else set()
    asks = verdict.kind in {Kind.REQUEST, Kind.FOLLOW_UP}
    closed = not open_ones and verdict.kind is not Kind.NOT_REQUEST
    if closed or (asks and not asked.issuperset(verdict.rights)):
        message.reason = f"it answers {case.ref} and may ask for something new: read it and decide today"
        return Handled(MessageState.PEN, case.ref, wake=wake)
    return Handled(MessageState.CASE, case.ref, wake=wake)


def _thread_case(session: Session, mail: ParsedMail) -> Case | None:
    """The case a message belongs to: a letter to a requester in its thread, or else our reference in its subject."""
    earlier = [*MESSAGE_ID.findall(mail.in_reply_to), *reversed(mail.references)]
    letters = {letter.message_id: letter for letter in _letters(session, earlier)}
    letter = next((letters[found] for found in earlier if found in letters), None)
    if letter is not None and letter.case_id is not None and letter.kind in TO_REQUESTERS:
        return session.get(Case, letter.case_id)
    found = REFERENCE.search(mail.subject)
    named = found and session.exec(select(Case).where(Case.ref == found[0].upper())).first()
    return named if named and _is_party(named, mail) else None


def _is_party(case: Case, mail: ParsedMail) -> bool:
    """Whether the sender's address is one of the case's; no proof of anything."""
    known = {case.requester_address.lower(), case.verified_address.lower()} - {""}
    return mail.sender_address in known


def _letters(session: Session, message_ids: Sequence[str]) -> Sequence[Letter]:
    """Our letters among these Message-IDs."""
    return session.exec(select(Letter).where(col(Letter.message_id).in_(message_ids))).all()


def _note_delivery_report(session: Session, message: Message, raw: bytes, now: datetime) -> None:
    """Link a bounce to the case of the letter it speaks of; our Message-IDs cannot be guessed."""
    found = [match.decode("ascii", "replace") for match in OUR_MESSAGE_ID.findall(raw)]
    letter = next(iter(_letters(session, found)), None)
    if letter is not None and letter.case_id is not None:
        case = session.get_one(Case, letter.case_id)
        message.case_id = case.id
        audit.record(
            session, case, "engine", "delivery_report", now, letter=letter.kind, message=message.content_hash
        )


def _is_redelivery(session: Session, message: Message) -> bool:
    """Whether this message came before by another way. A Message-ID used again with other words is another message."""
    earlier = select(Message.id).where(
        Message.mailbox == message.mailbox,
        Message.message_id == message.message_id,
        Message.id != message.id,
        col(Message.state) != MessageState.KEPT,
    )
    same = earlier.where(Message.body_hash == message.body_hash, Message.sender == message.sender)
    if not message.message_id:
        same = same.where(col(Message.received_at) >= message.received_at - REDELIVERY)
    if session.exec(same).first() is not None:
        return True
    if message.message_id and session.exec(earlier).first() is not None:
        message.reason = "an earlier message has the same Message-ID and other words"
        log.warning("message %s: %s", message.id, message.reason)
    return False


def _doubt(verdict: Classification) -> str:
    reasons = {
        Kind.NOT_REQUEST: "no request was found in it",
        Kind.FOLLOW_UP: "it seems to belong to an earlier case, which could not be found",
        Kind.NEEDS_REVIEW: "it may be a request: read it and decide today",
        Kind.REQUEST: "it is a request, but of which right is not clear",
    }
    return reasons[verdict.kind]


def _set_aside(number: int, reason: str, now: datetime) -> Handled:
    with unit_of_work() as session:
        message = _take(session, number)
        if message is not None:
            message.state, message.reason, message.handled_at = MessageState.PEN, reason, now
    return Handled(MessageState.PEN)


def _take(session: Session, number: int) -> Message | None:
    """The message under its lock, or None where it has been handled meanwhile.

    Messages are filed one after the other, behind the lock of the oldest: two copies at once would not see each other.
    """
    session.exec(select(Message.id).order_by(col(Message.id)).limit(1).with_for_update()).one()
    message = session.exec(select(Message).where(Message.id == number).with_for_update()).one()
    return message if message.state == MessageState.KEPT else None


def _penned(session: Session, number: int) -> Message:
    message = session.exec(select(Message).where(Message.id == number).with_for_update()).first()
    if message is None:
        raise NotFound(f"there is no message {number}: `dsr pen list` shows what waits")
    if message.state != MessageState.PEN:
        raise Rejected(f"message {number} is not in the holding pen: it is {message.state}")
    return message


def _as_json(verdict: Classification) -> dict[str, object]:
    return {
        "kind": verdict.kind,
        "rights": list(verdict.rights),
        "language": verdict.language,
        "first_name": verdict.first_name,
        "last_name": verdict.last_name,
        "confidence": verdict.confidence,
        "because": [[evidence.right, evidence.words] for evidence in verdict.because],
    }
