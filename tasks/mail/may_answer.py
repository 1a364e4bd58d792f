"""Tells why nothing may be answered to a message automatically: two robots must never talk to each other (RFC 3834).

Looks only. An answer here never says that a message is not a request: a person may stand behind a list or a robot.
"""

import re
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from models.letters import LetterKind
from models.settings import settings
from models.tables import Case, Letter, Message
from tasks.classifier.detect_machine import detect_machine, is_own_list
from tasks.mail.read_mail import ParsedMail

DAY = timedelta(days=1)

# Local parts of addresses that nobody reads (RFC 2142, RFC 3834 2), in French too.
_ROBOT = re.compile(
    r"^(?:mailer.?daemon|post.?master|mail.?daemon|mdaemon|daemon|root|listserv\w*|majordomo|mailman|owner-.+|bounces?|null|nobody|mta|smtpd?)(?:$|[-._+])"
    r"|(?:^|[-._+])(?:no|not|don.?t|do.?not|ne.?pas)[-._]?(?:reply|replies|respond|response|answer|repondre|reponse)(?:$|[-._+\d])"
    r"|-(?:bounces?|owner|request|daemon)$"
)
_SUPPRESSED = re.compile(r"\b(?:all|oof|autoreply)\b", re.IGNORECASE)
_NOT_AUTOMATIC = re.compile(r"\s*(?:\([^()]*\)\s*)*no\b", re.IGNORECASE)
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe", "list-unsubscribe-post", "feedback-id")


def why_not(mail: ParsedMail, session: Session, now: datetime) -> str:
    """Return the reason in a few words why `mail` gets no automatic answer, or "" where it may get one.

    RFC 3834 2 and 5, RFC 2076 (Precedence), RFC 2369 and 2919 (lists), [MS-OXCMAIL] (X-Auto-Response-Suppress).
    """
    return _header_reason(mail) or _sender_reason(mail.sender_address, session, now)


def too_many(
    session: Session, address: str, now: datetime, kind: LetterKind = LetterKind.ACKNOWLEDGE
) -> bool:
    """Whether `address` had as many letters of this `kind` within 24 hours as one address may have (RFC 3834 2).

    Senders can be forged: nobody shall be buried under our answers to what others wrote in their name.
    """
    query = select(func.count()).where(
        func.lower(Letter.recipient) == address.lower(),
        Letter.kind == kind,
        col(Letter.written_at) > now - DAY,
    )
    return session.exec(query).one() >= settings().answers_per_day


def own_domains() -> frozenset[str]:
    """The domains of our mailboxes in lower case."""
    return frozenset(address.rpartition("@")[2] for address in settings().own_addresses)


def is_robot(address: str) -> bool:
    """Whether nobody reads what is sent to `address`, as its local part says."""
    return bool(_ROBOT.search(address.rpartition("@")[0].lower()))


def why_hold(session: Session, case: Case, recipient: str, now: datetime, kind: LetterKind) -> str:
    """Return why no automatic letter of this `kind` may go to `recipient` of a case, or ""; mail gave its own reason."""
    first = session.exec(
        select(Message.automatic).where(Message.case_id == case.id).order_by(col(Message.id)).limit(1)
    ).first()
    flooded = bool(recipient) and too_many(session, recipient, now, kind)
    return first or ("this address had enough automatic answers today" if flooded else "")


def _header_reason(mail: ParsedMail) -> str:
    ours = is_own_list(mail, own_domains())
    automatic = bool(mail.auto_submitted) and not _NOT_AUTOMATIC.match(mail.auto_submitted)
    reasons = {
        "it says that a machine sent it": automatic,
        "it has no return path": mail.return_path == "",
        "it is bulk mail": mail.precedence.strip()
        in {"bulk", "junk", "auto_reply", "auto-reply", *(() if ours else ("list",))},
        "it came over a mailing list": any(
            map(mail.machine_header, ("feedback-id",) if ours else _LIST_HEADERS)
        ),
        "it asks for no automatic answer": _SUPPRESSED.search(
            mail.machine_header("x-auto-response-suppress")
        ),
        "it is an automatic reply or a report": mail.report_type or detect_machine(mail) is not None,
    }
    return next((reason for reason, found in reasons.items() if found), "")


def _sender_reason(address: str, session: Session, now: datetime) -> str:
    if settings().is_own(address):
        return "our own address sent it"
    if is_robot(address):
        return "its address is that of a robot"
    if too_many(session, address, now):
        return "this address had enough automatic answers today"
    return ""
