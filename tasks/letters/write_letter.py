"""Write one letter: rendered, turned into its final bytes, stored, and queued for sending (DESIGN.md 4.5).

The letter's key is unique, so writing it again returns the first one, unchanged.
"""

import re
from collections.abc import Mapping, Sequence
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
from models.tables import (
    Case,
    Letter,
    LetterState,
    Mandate,
    Message,
    MessageState,
    Request,
    TodoKind,
)
from models.tokens import new_token
from tasks.letters.attach import Attached, attach
from tasks.letters.render import LANGUAGES, Rendered, render
from tasks.letters.reply_address import reply_address
from tasks.todos import note

# Base64 or quoted-printable: no relay has to change a byte (RFC 6152), and no signature breaks.
POLICY = SMTP.clone(cte_type="7bit")
THREAD_LENGTH = 20
# Exchange keeps its automatic replies and receipts to itself; non-delivery reports (NDR) are wanted ([MS-OXCMAIL]).
SUPPRESSED_ANSWERS = "DR, RN, NRN, OOF, AutoReply"
# Each holds a code or a link whose code comes by e-mail: on paper it would open nothing.
NEEDS_EMAIL = {
    LetterKind.ASK_IDENTITY,
    LetterKind.DOWNLOAD_CODE,
    LetterKind.NEW_LINK,
    LetterKind.ACCESS_REPLY,
    LetterKind.PORTABILITY_REPLY,
}
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")


def write_letter(  # noqa: PLR0913, PLR0917  # a letter is all of these
    session: Session,
    case: Case | None,
    request: Request | None,
    kind: LetterKind,
    context: Context,
    recipient: str,
    key: str,
    now: datetime,
    *,
    language: str = "",
    secret: bool = False,
    attachments: Sequence[Attached] = (),
) -> Letter:
    """Queue the letter `key` in the caller's transaction; `recipient` is one bare address, else `NeedsHuman`.

    An officer's letter may be about no `case`. The requester of a case that came by post or phone may have no address:
    the letter then waits to be printed, unless it holds what only e-mail can bring.
    """
    known = session.exec(select(Letter).where(Letter.key == key)).first()
    if known is not None:
        return known
    by_post = case is not None and _goes_by_post(case, kind, recipient, secret=secret)
    if not by_post and not is_address(recipient):
        raise NeedsHuman("no letter can be sent to the address of this case: answer by other means")
    language = language or (case.language if case else settings().officer_language)
    language = language if language in LANGUAGES else "en"
    rendered = render(kind, language, context)
    message_id = f"<{case.ref.lower() if case else 'desk'}.{new_token()}@{_domain()}>"
    headers, thread = _correspondence(session, case, recipient)
    headers |= {"To": recipient, "Date": format_datetime(now), "Message-ID": message_id}
    content = thread + _bytes(rendered, language, headers, attachments)
    letter = Letter(
        key=key,
        case_id=case.id if case else None,
        request_id=request.id if request else None,
        kind=kind,
        language=language,
        recipient=recipient,
        subject=rendered.subject,
        message_id=message_id,
        storage_key=keep("letters", content),
        sha256=sha256(content),
        secret=secret,
        state=LetterState.TO_POST if by_post else LetterState.QUEUED,
        written_at=now,
    )
    session.add(letter)
    session.flush()
    if case is not None:
        audit.record(session, case, "engine", "letter_written", now, letter=kind, sha256=letter.sha256)
    if by_post:
        note(session, TodoKind.LETTER_TO_POST, now, case=case, letter=letter)
    return letter


def is_address(address: str) -> bool:
    """Whether a letter can go there: one bare address without SMTPUTF8 (RFC 6531). Nothing is looked up."""
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return address.isascii()


def _goes_by_post(case: Case, kind: LetterKind, recipient: str, *, secret: bool) -> bool:
    """Whether this letter to the person is printed: nobody knows an e-mail address of theirs."""
    return not case.requester_address and not recipient and not secret and kind not in NEEDS_EMAIL


def _correspondence(session: Session, case: Case | None, recipient: str) -> tuple[dict[str, str], bytes]:
    """Headers, and threading headers: a letter to a party of the case says what it answers and where answers find it.

    RFC 3834 5: `auto-replied` to whoever wrote to us, else `auto-generated`. An officer's decision is marked too: the
    engine mails it, and an absence note in return would help nobody.
    """
    if case is None or recipient not in _parties(session, case):
        return {"Auto-Submitted": "auto-generated"}, b""
    headers = {"Auto-Submitted": "auto-replied", "Reply-To": reply_address(session, case)}
    return headers, _threading(_thread(session, case))


def _bytes(
    rendered: Rendered, language: str, headers: Mapping[str, str], attachments: Sequence[Attached]
) -> bytes:
    """The final bytes, with those `headers` that are not empty."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(settings().sender_name, addr_spec=settings().mailbox)
    for name, value in headers.items():
        if value:
            mail[name] = value
    mail["Subject"] = rendered.subject
    mail["X-Auto-Response-Suppress"] = SUPPRESSED_ANSWERS
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    attach(mail, attachments)
    mail["Content-Language"] = language  # earlier, it would become a header of the first part
    return mail.as_bytes()


def _parties(session: Session, case: Case) -> set[str]:
    """The addresses that take part in the correspondence: the requester's, the proved one, the agent's (law.md I13)."""
    agents = session.exec(select(Mandate.agent_address).where(Mandate.case_id == case.id))
    return {case.requester_address, case.verified_address, *agents} - {""}


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
