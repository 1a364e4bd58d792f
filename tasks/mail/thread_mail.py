"""Find the case a message belongs to, and whether the same message came before. Looks only.

The order is that of what can be guessed least: the token of a reply address, one of our Message-IDs, our reference in
the subject, the sender's address. The first two prove that the writer saw our letter, the others prove nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from models.fingerprints import email_digests
from models.letter_contexts import CONTEXTS
from models.letters import RequesterLetter
from models.settings import settings
from models.tables import Case, Letter, Mandate, Message, MessageState, Request
from tasks.mail.read_apart import Read
from tasks.mail.read_mail import ParsedMail

REDELIVERY = timedelta(hours=1)  # between copies without a Message-ID
TO_REQUESTERS = [kind for kind, context in CONTEXTS.items() if issubclass(context, RequesterLetter)]
_REFERENCE = re.compile(r"\bDSR-\d{4}-\d{4,}\b", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")


class By(StrEnum):
    """What joins a message to a case."""

    TOKEN = "token"  # noqa: S105  # a word
    REPLY = "reply"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Thread:
    """The case a message belongs to, and what says so."""

    case: Case
    by: By


def find_thread(session: Session, read: Read) -> Thread | None:
    """The case a message belongs to by its thread; None where only its sender could tell, or nothing does."""
    by_token = _by_token(session, read.sent_to)
    if by_token is not None:
        return Thread(by_token, By.TOKEN)
    answered = _answered(session, read.mail)
    if answered is not None:
        return Thread(answered, By.REPLY)
    found = _REFERENCE.search(read.mail.subject)
    named = found and session.exec(select(Case).where(Case.ref == found[0].upper())).first()
    if named and is_party(session, named, read.mail.sender_address):
        return Thread(named, By.REFERENCE)
    return None


def _by_token(session: Session, addresses: Sequence[str]) -> Case | None:
    tokens = {token for address in addresses if (token := settings().token_in(address))}
    if not tokens:
        return None
    found = session.exec(select(Case).where(col(Case.reply_token).in_(tokens)).order_by(col(Case.id).desc()))
    return found.first()


def _answered(session: Session, mail: ParsedMail) -> Case | None:
    """The case of the letter to a requester, or else of the requester's message, that it answers."""
    earlier = [*_MESSAGE_ID.findall(mail.in_reply_to), *reversed(mail.references)]
    letters = {
        letter.message_id: letter.case_id
        for letter in letters_called(session, earlier)
        if letter.kind in TO_REQUESTERS
    }
    messages = session.exec(
        select(Message.message_id, Message.case_id).where(
            col(Message.message_id).in_(earlier),
            col(Message.state).in_([MessageState.CASE, MessageState.PEN]),
            col(Message.case_id).is_not(None),
        )
    )
    cases = {**dict(messages.all()), **letters}
    case_id = next((cases[one] for one in earlier if cases.get(one) is not None), None)
    return session.get(Case, case_id) if case_id is not None else None


def letters_called(session: Session, message_ids: Sequence[str]) -> Sequence[Letter]:
    """Our letters among these Message-IDs, which nobody can guess."""
    return session.exec(select(Letter).where(col(Letter.message_id).in_(message_ids))).all()


def is_party(session: Session, case: Case, address: str) -> bool:
    """Whether `address`, in lower case, is one of the case's; no proof of anything."""
    agent = session.exec(select(Mandate.agent_address).where(Mandate.case_id == case.id)).first() or ""
    known = {case.requester_address.lower(), case.verified_address.lower(), agent.lower()}
    return bool(address) and address in known


def open_requests_of(session: Session, address: str) -> list[tuple[Request, Case]]:
    """What the person who writes from `address`, in lower case, has open, newest first; no proof of anything."""
    if not address:
        return []
    query = (
        select(Request, Case)
        .join(Case, col(Case.id) == col(Request.case_id))
        .where(
            col(Request.closed_at).is_(None),
            or_(
                func.lower(Case.requester_address) == address,
                func.lower(Case.verified_address) == address,
            ),
        )
        .order_by(col(Case.id).desc(), col(Request.id))
    )
    return list(session.exec(query).all())


def had_case(session: Session, address: str) -> bool:
    """Whether any case, open or closed, is of whoever writes from `address`, in lower case."""
    query = select(Case.id).where(
        or_(func.lower(Case.requester_address) == address, func.lower(Case.verified_address) == address)
    )
    return bool(address) and session.exec(query.limit(1)).first() is not None


def is_colleague(address: str) -> bool:
    """Whether somebody of the company writes: an address of our domain that is no mailbox of ours."""
    domain = address.rpartition("@")[2]
    ours = {own.rpartition("@")[2] for own in settings().own_addresses}
    return domain in ours and not settings().is_own(address)


def came_before(session: Session, message: Message) -> Message | None:
    """The message of which this one is a copy, by whatever mailbox it came.

    Only where subject, texts and attachments are all equal. A Message-ID used again with other words, another file, or
    by another sender, is another message. The sender is known by its digest after retention has taken the address.
    """
    same = _with_its_id(message).where(Message.body_hash == message.body_hash, _same_sender(message))
    if not message.message_id:
        same = same.where(
            col(Message.received_at).between(
                message.received_at - REDELIVERY, message.received_at + REDELIVERY
            )
        )
    return session.exec(same.order_by(col(Message.id))).first()


def _same_sender(message: Message) -> ColumnElement[bool]:
    same = and_(col(Message.sender) == message.sender, col(Message.sender_digest) == "")
    return or_(same, col(Message.sender_digest).in_(email_digests(message.sender)))


def reuses_an_id(session: Session, message: Message) -> bool:
    """Whether an earlier message has the same Message-ID; `came_before` has told copies."""
    return bool(message.message_id) and session.exec(_with_its_id(message)).first() is not None


def _with_its_id(message: Message) -> SelectOfScalar[Message]:
    return select(Message).where(
        Message.message_id == message.message_id,
        Message.id != message.id,
        col(Message.state) != MessageState.KEPT,
    )
