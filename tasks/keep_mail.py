"""Keep every message before anybody tries to understand it (DESIGN.md 4.6).

Bytes are stored encrypted and committed, then the server's copy is marked. Dying in between means that the same bytes
come again and are recognised; nothing is lost and nothing is kept twice.
"""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models.database import reading, unit_of_work
from models.errors import Unavailable
from models.settings import Settings
from models.storage import keep, sha256
from models.tables import Message
from tasks.inbox import Inbox, MaildirInbox
from tasks.inbox_imap import ImapInbox


def open_inbox(config: Settings) -> Inbox:
    """Return the configured source of messages."""
    if config.mail_source == "imap":
        return ImapInbox(config)
    return MaildirInbox(config.maildir_path)


def keep_new(inbox: Inbox, mailbox: str, now: datetime) -> int:
    """Keep what `inbox` has and mark it there; return how many messages were new here.

    A message that cannot be marked does not keep the others waiting; `Unavailable` is raised after the last.
    """
    new, unmarkable = 0, None
    for arrived in inbox.unmarked():
        new += keep_message(arrived.raw, mailbox, min(arrived.arrived_at, now), now)[1]
        try:
            inbox.mark(arrived.uid)
        except Unavailable as error:
            unmarkable = error
    if unmarkable is not None:
        raise unmarkable
    return new


def keep_message(raw: bytes, mailbox: str, received_at: datetime, now: datetime) -> tuple[int, bool]:
    """Keep one message's exact bytes; return its number, and whether these bytes were new in this mailbox."""
    digest = sha256(raw)
    known = _number(mailbox, digest)
    if known is not None:
        return known, False
    message = Message(
        mailbox=mailbox,
        content_hash=digest,
        storage_key=keep("mail", raw),
        received_at=received_at,
        kept_at=now,
    )
    try:
        with unit_of_work() as session:
            session.add(message)
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
