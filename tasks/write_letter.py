"""Write one letter: rendered, turned into its final bytes, stored, and queued for sending (DESIGN.md 4.5).

The letter's key is unique, so writing it again returns the first one, unchanged.
"""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session, col, select

from models import audit
from models.errors import NeedsHuman
from models.letters import Context, LetterKind
from models.settings import settings
from models.storage import keep, sha256
from models.tables import Case, Letter, Message, MessageState, Request
from models.tokens import new_token
from tasks.render import LANGUAGES, render

# Base64 or quoted-printable: no relay has to change a byte (RFC 6152), and no signature breaks.
POLICY = SMTP.clone(cte_type="7bit")
THREAD_LENGTH = 20
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")


def write_letter(  # noqa: PLR0913, PLR0917  # a letter is all of these
    session: Session,
    case: Case,
    request: Request | None,
    kind: LetterKind,
    context: Context,
    recipient: str,
    key: str,
    now: datetime,
    *,
    language: str = "",
    secret: bool = False,
) -> Letter:
    """Queue the letter `key` in the caller's transaction; `recipient` is one bare address, else `NeedsHuman`.

    Letters to the requester carry threading headers, so that the correspondence shows as one conversation.
    `Auto-Submitted` (RFC 3834) keeps other robots from answering.
    """
    known = session.exec(select(Letter).where(Letter.key == key)).first()
    if known is not None:
        return known
    if not is_address(recipient):
        raise NeedsHuman("no letter can be sent to the address of this case: answer by other means")
    language = language or case.language
    language = language if language in LANGUAGES else "en"
    rendered = render(kind, language, context)
    message_id = f"<{case.ref.lower()}.{new_token()}@{_domain()}>"
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(settings().sender_name, addr_spec=settings().mailbox)
    mail["To"] = recipient
    mail["Subject"] = rendered.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-replied" if recipient == case.requester_address else "auto-generated"
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    mail["Content-Language"] = language  # earlier, it would become a header of the first part
    thread = _thread(session, case) if recipient in {case.requester_address, case.verified_address} else []
    content = _threading(thread) + mail.as_bytes()
    letter = Letter(
        key=key,
        case_id=case.id,
        request_id=request.id if request else None,
        kind=kind,
        language=language,
        recipient=recipient,
        subject=rendered.subject,
        message_id=message_id,
        storage_key=keep("letters", content),
        sha256=sha256(content),
        secret=secret,
        written_at=now,
    )
    session.add(letter)
    session.flush()
    audit.record(session, case, "engine", "letter_written", now, letter=kind, sha256=letter.sha256)
    return letter


def is_address(address: str) -> bool:
    """Whether a letter can go there: one bare address without SMTPUTF8 (RFC 6531). Nothing is looked up."""
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return address.isascii()


def _domain() -> str:
    return settings().mailbox.rpartition("@")[2]


def _threading(thread: list[str]) -> bytes:
    """The threading headers. Written by hand: the stdlib makes encoded words of a Message-ID that is longer than a line."""
    if not thread:
        return b""
    references = "\r\n ".join(thread)
    return f"In-Reply-To: {thread[-1]}\r\nReferences: {references}\r\n".encode("ascii")


def _thread(session: Session, case: Case) -> list[str]:
    """The newest Message-IDs of the case, oldest first; what a sender wrote that is none is left out."""
    messages = session.exec(
        select(Message.message_id)
        .where(Message.case_id == case.id, Message.state == MessageState.CASE, Message.message_id != "")
        .order_by(col(Message.id).desc())
        .limit(THREAD_LENGTH)
    )
    return [message_id for message_id in messages if _MESSAGE_ID.fullmatch(message_id)][::-1]
