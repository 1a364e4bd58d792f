"""One message of the holding pen as an officer reads it: its text with the telling words marked, and what to fill in.

Looking changes nothing. Nothing of the message is trusted: it is text, never markup.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, func, or_, select

from models import storage
from models.cases import requests_of
from models.database import reading
from models.errors import NotFound
from models.rights import Right
from models.tables import Case, Message, MessageState
from tasks.mail.mark_words import Segment, mark
from tasks.mail.read_kept import shown_kept
from tasks.mail.read_mail import Attachment

LONGEST = 20_000  # characters shown
PRIVACY = "privacy"  # words that touch on privacy law and on no right in particular


class OpenCase(NamedTuple):
    """A case that the message may belong to."""

    ref: str
    rights: tuple[str, ...]
    received_at: datetime


class PennedMessage(NamedTuple):
    """`state`: the pen, or where the message is since; `text` is None where nobody can read it.

    `reply_to`: whom a robot or form names as the one to answer, which nobody has checked. `because`: right, or `privacy`, to the words that speak for it. `cases`: where it may belong, the likeliest first.
    """

    number: int
    state: str
    received_at: datetime
    mailbox: str
    sender: str
    sender_name: str
    reply_to: str
    subject: str
    reason: str
    automatic: str
    case_ref: str
    text: list[Segment] | None
    cut: bool
    attachments: tuple[Attachment, ...]
    because: dict[str, list[str]]
    rights: tuple[str, ...]
    name: str
    language: str
    cases: list[OpenCase]


def penned_message(number: int) -> PennedMessage:
    """Return message `number` that is, or was, in the pen; `NotFound` for any other."""
    with reading() as session:
        message = session.get(Message, number)
        if message is None or message.state not in {
            MessageState.PEN,
            MessageState.CASE,
            MessageState.DISMISSED,
        }:
            raise NotFound(f"there is no message {number} in the pen: `dsr pen list` shows what waits")
        case = session.get(Case, message.case_id) if message.case_id else None
        cases = _cases(session, message.sender, case)
    found = message.classification
    evidence = _evidence(found)
    mail = shown_kept(message.storage_key)
    return PennedMessage(
        number=message.id,
        state=message.state,
        received_at=message.received_at,
        mailbox=message.mailbox,
        sender=message.sender,
        reply_to=str(found.get("reply_to", "")),
        sender_name=mail.sender_name if mail else "",
        subject=message.subject,
        reason=message.reason,
        automatic=message.automatic,
        case_ref=case.ref if case else "",
        text=mark(mail.text[:LONGEST], evidence) if mail else None,
        cut=mail is not None and len(mail.text) > LONGEST,
        attachments=mail.attachments if mail else (),
        because=_by_right(evidence),
        rights=tuple(right for right in Right if right in _listed(found.get("rights"))),
        name=" ".join(str(found[key]) for key in ("first_name", "last_name") if found.get(key)),
        language=str(found.get("language", "")),
        cases=cases,
    )


def raw_penned(number: int) -> bytes:
    """Return the bytes of message `number`, as they arrived."""
    with reading() as session:
        message = session.get(Message, number)
    if message is None:
        raise NotFound(f"there is no message {number}: `dsr pen list` shows what waits")
    return storage.fetch(message.storage_key)


def _evidence(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The classifier's reasons as pairs of right and words; whatever else is stored there is left out."""
    pairs = (
        each for each in _listed(found.get("because")) if isinstance(each, list | tuple) and len(each) == 2
    )
    return [
        (str(right) if right in set(Right) else PRIVACY, words)
        for right, words in pairs
        if isinstance(words, str)
    ]


def _by_right(evidence: list[tuple[str, str]]) -> dict[str, list[str]]:
    said: dict[str, dict[str, None]] = {}
    for right, words in evidence:
        said.setdefault(right, {})[words] = None
    return {right: list(words) for right, words in said.items()}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _cases(session: Session, sender: str, case: Case | None) -> list[OpenCase]:
    """The case it was filed with, then the sender's open ones, oldest first."""
    of_sender = select(Case).where(
        col(Case.closed_at).is_(None),
        or_(
            func.lower(Case.requester_address) == sender.lower(),
            func.lower(Case.verified_address) == sender.lower(),
        ),
    )
    mine = session.exec(of_sender.order_by(col(Case.id))).all() if sender else []
    found = {one.id: one for one in ([case] if case else []) + list(mine)}
    return [OpenCase(one.ref, _rights(session, one), one.received_at) for one in found.values()]


def _rights(session: Session, case: Case) -> tuple[str, ...]:
    return tuple(request.right for request in requests_of(session, case))
