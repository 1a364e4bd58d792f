"""Understand kept messages: each ends in exactly one place, a case, the holding pen, or recorded as machine mail.

A message is filed under its row's lock and only while it is KEPT, so doing it again, or twice at once, changes nothing.
Whoever begins to read one counts that first: what kills its reader again and again goes to the pen and stops nobody.
A reader that does not even start is not counted.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session, col, func, select

from models.database import reading, unit_of_work
from models.errors import DsrError, NotFound, Permanent, Rejected, Unavailable
from models.fingerprints import email_digest
from models.settings import settings
from models.storage import fetch
from models.tables import Message, MessageState, TodoKind
from tasks import todos
from tasks.mail import read_apart
from tasks.mail.file_mail import Arrived, Handled, verdict_json
from tasks.mail.may_answer import own_domains
from tasks.mail.read_apart import Read
from tasks.mail.route_mail import route

__all__ = ["Handled", "handle", "handle_kept", "waiting_since"]

MAX_ATTEMPTS = 3
MAX_ID = 600  # characters of a Message-ID; a database's index holds no endless ones
log = logging.getLogger(__name__)


def handle_kept(now: datetime) -> list[Handled]:
    """Handle every message that is still only kept, oldest first; none keeps the others waiting."""
    with reading() as session:
        kept = session.exec(
            select(Message.id).where(Message.state == MessageState.KEPT).order_by(col(Message.id))
        ).all()
    done = []
    for number in kept:
        try:
            done.append(handle(number, now))
        except (OperationalError, InterfaceError):
            raise  # the database is away for every one of them
        except Exception as error:  # noqa: BLE001  # whatever one message or its file breaks must not stop the others
            log.warning("message %s stays kept: %s", number, _in_words(error))
    return done


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, DsrError) else type(error).__name__


def waiting_since(session: Session) -> tuple[int, datetime | None]:
    """How many messages are only kept, and since when the oldest is; None where there is none."""
    kept = select(func.count(), func.min(col(Message.kept_at))).where(Message.state == MessageState.KEPT)
    return session.exec(kept).one()


def handle(number: int, now: datetime) -> Handled:
    """Handle message `number`. What cannot be read goes to the pen with the reason; it is never lost.

    It stays kept where its reader died, where the storage is away, or where its file cannot be opened: the next round
    tries again, three times in all where the message may be the cause.
    """
    with _one_at_a_time():
        return _handle(number, now)


def _handle(number: int, now: datetime) -> Handled:
    with reading() as session:
        message = session.get_one(Message, number)
    if message.state != MessageState.KEPT:
        return Handled(MessageState.KEPT)
    if message.attempts >= MAX_ATTEMPTS:
        return _set_aside(number, "reading it ended its reader three times: look at it by hand", now)
    return _understand(message, now)


def _understand(message: Message, now: datetime) -> Handled:
    number = message.id
    try:
        raw = fetch(message.storage_key)
        read_apart.ready()
        _count(number)
        return _file(number, read_apart.read_apart(raw, settings().message_seconds, own_domains()), now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not the message's: it stays kept
    except Unavailable as error:
        log.warning("message %s: %s", number, error)
        return Handled(MessageState.KEPT)
    except (NotFound, Rejected) as error:
        return _set_aside(number, str(error), now)
    except Permanent as error:
        return _unopened(message, error, now)
    except Exception as error:  # noqa: BLE001  # whatever a hostile message breaks must not stop the others
        return _set_aside(number, f"could not be filed ({type(error).__name__})", now)


def _unopened(message: Message, error: Permanent, now: datetime) -> Handled:
    """No key opens its file: the right one may come back until the last attempt."""
    if message.attempts + 1 >= MAX_ATTEMPTS:
        return _set_aside(message.id, str(error), now)
    _count(message.id)
    log.warning("message %s: %s", message.id, error)
    return Handled(MessageState.KEPT)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one message be read at a time on this machine, so that whoever counts attempts knows that the others ended."""
    lock = settings().home / "reading.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _count(number: int) -> None:
    with unit_of_work() as session:
        message = session.exec(select(Message).where(Message.id == number).with_for_update()).one()
        message.attempts += 1


def _file(number: int, read: Read, now: datetime) -> Handled:
    with unit_of_work() as session:
        message = _take(session, number)
        if message is None:
            return Handled(MessageState.KEPT)
        mail = read.mail
        message.message_id = mail.message_id[:MAX_ID]
        message.body_hash = mail.digest
        message.sender, message.subject = mail.sender_address, mail.subject
        message.sender_digest = email_digest(mail.sender_address)
        message.classification = verdict_json(read.verdict)
        handled = route(Arrived(session, message, read, now))
        message.state, message.handled_at = handled.state, now
        return handled


def _set_aside(number: int, reason: str, now: datetime) -> Handled:
    with unit_of_work() as session:
        message = _take(session, number)
        if message is not None:
            message.state, message.reason, message.handled_at = MessageState.PEN, reason, now
            todos.note(session, TodoKind.QUALIFY, now, message=message)
    return Handled(MessageState.PEN)


def _take(session: Session, number: int) -> Message | None:
    """The message under its lock, or None where it has been handled meanwhile.

    Messages are filed one after the other, behind the lock of the oldest: two copies at once would not see each other.
    """
    session.exec(select(Message.id).order_by(col(Message.id)).limit(1).with_for_update()).one()
    message = session.exec(select(Message).where(Message.id == number).with_for_update()).one()
    return message if message.state == MessageState.KEPT else None
