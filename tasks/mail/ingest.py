"""Hand a message file to the same intake that the mailbox uses. The same bytes twice are one message."""

from datetime import datetime
from pathlib import Path

from models.errors import Rejected
from models.settings import settings
from tasks.mail.keep_mail import keep_message
from tasks.mail.read_kept import read_bytes


def ingest_file(file: Path, mailbox: str, now: datetime) -> tuple[int, bool]:
    """Keep a `.eml` file; return its number and whether it was new.

    It arrived when our own mail server says so (its topmost Received header), or else now: never in the future (D2).
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Rejected(f"{file} cannot be read: {error.strerror}") from error
    if not raw.strip():
        raise Rejected(f"{file} is empty: nothing to take in")
    return keep_message(raw, mailbox, min(_received(raw) or now, now), now)


def _received(raw: bytes) -> datetime | None:
    mail = read_bytes(raw, settings().message_seconds)
    return mail.received_at if mail is not None else None
