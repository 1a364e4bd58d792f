"""Messages as they come in, and what became of them."""

from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from sqlmodel import select

from models.cases import find_case
from models.classification import Kind, Machine
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.rights import Right
from models.tables import AuditEvent, Case, Letter, Message, Request
from tasks.letters.write_letter import write_letter
from tasks.mail import handle_mail
from tasks.mail.handle_mail import Handled, handle
from tasks.mail.keep_mail import keep_message
from tasks.mail.read_apart import Read, read
from tasks.todos import open_todos
from tests.support.case_rows import NOW
from tests.support.letter_samples import sample

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


def keep(raw: bytes, received_at: datetime = NOW, mailbox: str = MAILBOX) -> int:
    return keep_message(raw, mailbox, received_at, NOW)[0]


def receive(raw: bytes) -> tuple[Handled, Message]:
    """Keep and handle; the message's row afterwards."""
    number = keep(raw)
    handled = handle(number, NOW)
    return handled, stored(number)


def receive_as(
    raw: bytes, kind: Kind, *rights: Right, machine: Machine | None = None
) -> tuple[Handled, Message]:
    """As `receive`, with a verdict of the test's choice: how mail is routed does not hang on the classifier's words."""
    number = keep(raw)
    found = read(raw)
    assert isinstance(found, Read)
    verdict = replace(found.verdict, kind=kind, rights=rights, machine=machine)
    handled = handle_mail._file(number, replace(found, verdict=verdict, own=verdict), NOW)
    return handled, stored(number)


def opened(text: str = ACCESS, **mail_as: str) -> Case:
    """A case as an e-mail opens it."""
    handled, _ = receive(mail(text, **mail_as))
    with reading() as session:
        return find_case(session, handled.case_ref)


def now_is(case: Case) -> Case:
    """The case's row as it is now."""
    with reading() as session:
        return session.get_one(Case, case.id)


def letter_to(case: Case, kind: LetterKind = LetterKind.ACKNOWLEDGE, recipient: str = PERSON) -> Letter:
    with unit_of_work() as session:
        found = session.get_one(Case, case.id)
        return write_letter(
            session, found, None, kind, sample(kind, "fr"), recipient, f"{case.ref}:{kind}", NOW
        )


def close(case: Case) -> None:
    """Close a case, as its last request does."""
    with unit_of_work() as session:
        session.get_one(Case, case.id).closed_at = NOW
        for request in session.exec(select(Request).where(Request.case_id == case.id)):
            request.closed_at = NOW


def todo_kinds() -> list[str]:
    """What is to be done, oldest first."""
    with reading() as session:
        return [todo.kind for todo in open_todos(session)]


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
