"""Keep every message before anybody tries to understand it (DESIGN.md 4.6).

Bytes are stored encrypted and committed, then the server's copy is marked. Dying in between means that the same bytes
come again and are recognised; nothing is lost and nothing is kept twice. What is large is counted before it is brought:
bringing and encrypting takes about eight times its size in memory, and what killed us three times stays on the server.
"""

from contextlib import suppress
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models.database import reading, unit_of_work
from models.errors import Unavailable
from models.mailbox_settings import MailboxSettings
from models.settings import settings
from models.storage import keep, sha256
from models.tables import Bringing, Message, MessageState, TodoKind
from tasks.mail.inbox import Arrived, Inbox, MaildirInbox
from tasks.mail.inbox_imap import ImapInbox
from tasks.mail.read_mail import read_mail
from tasks.todos import note

MAX_ATTEMPTS = 3
TOO_HEAVY = "bringing it here ended the intake three times: only its header is kept here, it stays unread in the mailbox: read it there and decide today"


def open_inbox(mailbox: MailboxSettings) -> Inbox:
    """Return the source of messages of one mailbox."""
    largest, since = settings().message_max_bytes, settings().mail_since
    if mailbox.source == "imap":
        return ImapInbox(mailbox, largest, since)
    return MaildirInbox(mailbox.maildir, largest, since)


def keep_new(inbox: Inbox, mailbox: str, now: datetime) -> int:
    """Keep what `inbox` has and mark it there; return how many messages were new here.

    A message that cannot be marked does not keep the others waiting; `Unavailable` is raised after the last.
    """
    new, unmarkable = 0, None
    heavy: list[str] = []
    try:
        for arrived in inbox.unmarked(partial(_may_bring, mailbox, heavy)):
            new += _keep(arrived, mailbox, now)
            try:
                inbox.mark(arrived.uid, whole=not arrived.left)
            except Unavailable as error:
                unmarkable = error
            _survived(mailbox, heavy)
    except MemoryError:
        heavy.clear()  # it was too much for us: that counts
        raise
    finally:
        _survived(mailbox, heavy)
    if unmarkable is not None:
        raise unmarkable
    return new


def _may_bring(mailbox: str, heavy: list[str], uid: str) -> str:
    """Count that a heavy message is brought now; say why not where that ended us before, again and again."""
    with unit_of_work() as session:
        row = session.get(Bringing, (mailbox, uid)) or Bringing(mailbox=mailbox, uid=uid)
        if row.attempts >= MAX_ATTEMPTS:
            return TOO_HEAVY
        row.attempts += 1
        session.add(row)
    heavy.append(uid)
    return ""


def _survived(mailbox: str, heavy: list[str]) -> None:
    """Forget the counts of what did not end us: whether it is here now, or the server or the storage said no."""
    while heavy:
        with unit_of_work() as session:
            row = session.get(Bringing, (mailbox, heavy.pop()))
            if row is not None:
                session.delete(row)


def keep_message(raw: bytes, mailbox: str, received_at: datetime, now: datetime) -> tuple[int, bool]:
    """Keep one message's exact bytes; return its number, and whether these bytes were new in this mailbox."""
    return _keep_row(_row(raw, mailbox, received_at, now), raw)


def _keep(arrived: Arrived, mailbox: str, now: datetime) -> bool:
    """Keep what arrived; what could not be brought here whole goes to the holding pen at once."""
    message = _row(arrived.raw, mailbox, min(arrived.arrived_at, now), now)
    if arrived.left:
        message.state, message.reason, message.handled_at = MessageState.PEN, arrived.left, now
        with suppress(Exception):  # these only help the officer; no header may stop what comes after it
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
