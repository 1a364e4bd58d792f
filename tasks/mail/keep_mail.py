"""Keep every message before anybody tries to understand it (DESIGN.md 4.6).

Bytes are stored encrypted and committed, then the server's copy is marked. Dying in between means that the same bytes
come again and are recognised; nothing is lost and nothing is kept twice.
"""

from contextlib import suppress
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models.database import reading, unit_of_work
from models.errors import Unavailable
from models.mailbox_settings import MailboxSettings
from models.settings import settings
from models.storage import keep, sha256
from models.tables import Message, MessageState, TodoKind
from tasks.mail.inbox import Arrived, Inbox, MaildirInbox
from tasks.mail.inbox_imap import ImapInbox
from tasks.mail.read_mail import read_mail
from tasks.todos import note

# Encrypting takes about eight times a message's size in memory: what is larger than this is not brought here.
LIMITS = 2  # times DSR_MESSAGE_MAX_BYTES
TOO_LARGE = "it is more than twice DSR_MESSAGE_MAX_BYTES: only its header is kept here, read it in the mailbox and decide today"


def open_inbox(mailbox: MailboxSettings) -> Inbox:
    """Return the source of messages of one mailbox."""
    largest = LIMITS * settings().message_max_bytes
    if mailbox.source == "imap":
        return ImapInbox(mailbox, largest)
    return MaildirInbox(mailbox.maildir, largest)


def keep_new(inbox: Inbox, mailbox: str, now: datetime) -> int:
    """Keep what `inbox` has and mark it there; return how many messages were new here.

    A message that cannot be marked does not keep the others waiting; `Unavailable` is raised after the last.
    """
    new, unmarkable = 0, None
    for arrived in inbox.unmarked():
        new += _keep(arrived, mailbox, now)
        try:
            inbox.mark(arrived.uid)
        except Unavailable as error:
            unmarkable = error
    if unmarkable is not None:
        raise unmarkable
    return new


def keep_message(raw: bytes, mailbox: str, received_at: datetime, now: datetime) -> tuple[int, bool]:
    """Keep one message's exact bytes; return its number, and whether these bytes were new in this mailbox."""
    return _keep_row(_row(raw, mailbox, received_at, now), raw)


def _keep(arrived: Arrived, mailbox: str, now: datetime) -> bool:
    """Keep what arrived; what could not be brought here whole goes to the holding pen at once."""
    message = _row(arrived.raw, mailbox, min(arrived.arrived_at, now), now)
    if arrived.too_large:
        message.state, message.reason, message.handled_at = MessageState.PEN, TOO_LARGE, now
        with suppress(Exception):  # these two only help the officer; no header may stop what comes after it
            header = read_mail(arrived.raw)
            message.sender, message.subject = header.sender_address, header.subject
    return _keep_row(message, arrived.raw)[1]


def _row(raw: bytes, mailbox: str, received_at: datetime, now: datetime) -> Message:
    return Message(
        mailbox=mailbox, content_hash=sha256(raw), storage_key="", received_at=received_at, kept_at=now
    )


def _keep_row(message: Message, raw: bytes) -> tuple[int, bool]:
    mailbox, digest = message.mailbox, message.content_hash
    known = _number(mailbox, digest)
    if known is not None:
        return known, False
    message.storage_key = keep("mail", raw)
    try:
        with unit_of_work() as session:
            session.add(message)
            if message.state == MessageState.PEN:
                session.flush()
                note(session, TodoKind.QUALIFY, message.kept_at, message=message)
    except IntegrityError:
        known = _number(mailbox, digest)
        assert known is not None, "another process kept the same bytes"
        return known, False
    return message.id, True


def _number(mailbox: str, digest: str) -> int | None:
    with reading() as session:
        return session.exec(
            select(Message.id).where(Message.mailbox == mailbox, Message.content_hash == digest)
        ).first()
