"""Messages as they come in, and what became of them."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from sqlmodel import select

from models.database import reading
from models.tables import AuditEvent, Case, Message, Request
from tasks.handle_mail import Handled, handle
from tasks.keep_mail import keep_message
from tests.support.case_rows import NOW

MAILBOX = "privacy@nexoris.com"
PERSON = "camille.perso@mail.example"
ACCESS = "Bonjour,\n\nJe souhaite obtenir une copie de mes données personnelles.\n\nCamille Durand\n"
ERASURE = "Hello,\n\nPlease delete my account and all my personal data.\n\nCamille Durand\n"
VAGUE = "Une question sur mes données personnelles.\n"
BOTH = "Hello,\n\nPlease send me a copy of my personal data, then delete my account and all my data.\n"


def mail(
    text: str = ACCESS,
    subject: str = "Mes données",
    sender: str = f"Camille Durand <{PERSON}>",
    message_id: str = "<1@mail.example>",
    **headers: str,
) -> bytes:
    """A plain message; `in_reply_to="<…>"` is the header In-Reply-To."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = MAILBOX
    message["Subject"] = subject
    if message_id:
        message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def keep(raw: bytes, received_at: datetime = NOW) -> int:
    return keep_message(raw, MAILBOX, received_at, NOW)[0]


def receive(raw: bytes) -> tuple[Handled, Message]:
    """Keep and handle; the message's row afterwards."""
    number = keep(raw)
    handled = handle(number, NOW)
    return handled, stored(number)


def stored(number: int) -> Message:
    with reading() as session:
        return session.get_one(Message, number)


def cases() -> list[Case]:
    with reading() as session:
        return list(session.exec(select(Case)))


def requests() -> list[Request]:
    with reading() as session:
        return list(session.exec(select(Request)))


def audited(case: Case) -> list[str]:
    with reading() as session:
        return list(session.exec(select(AuditEvent.kind).where(AuditEvent.case_id == case.id)))
