"""Read a kept message once more, as carefully as the first time: apart, within limits of time and memory.

No effect: what was too much for its reader at intake is so again, and nothing else is stopped by it.
"""

from models.errors import DsrError, Permanent
from models.settings import settings
from models.storage import fetch
from tasks.mail import read_apart
from tasks.mail.read_mail import ParsedMail

SHOWN_WITHIN = 5.0  # seconds a page waits for one message; most take a hundredth of one


def read_kept(storage_key: str) -> ParsedMail | None:
    """Return the message kept under `storage_key`; None where it was purged, or nobody can read it.

    `Unavailable` where the storage is away or no reader starts: then another time gives an answer.
    """
    try:
        raw = fetch(storage_key)
    except Permanent:
        return None
    return read_bytes(raw, settings().message_seconds)


def shown_kept(storage_key: str) -> ParsedMail | None:
    """Return the same for a page, which does not wait long and shows what it has: None, too, where storage is away."""
    try:
        return read_bytes(fetch(storage_key), min(SHOWN_WITHIN, settings().message_seconds))
    except DsrError:
        return None


def read_bytes(raw: bytes, seconds: float) -> ParsedMail | None:
    """Return the message in `raw`; None where its reader gives up or dies, `Unavailable` where none starts."""
    read_apart.ready()
    try:
        return read_apart.read_apart(raw, seconds).mail
    except DsrError:
        return None
