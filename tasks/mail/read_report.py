"""Reads what a delivery report says: failed, delayed or delivered, with which status, about whom and which letter.

Pure, and never raises: whatever cannot be read is left out. Order of trust: the parts of a multipart/report (RFC 3464),
then flufl.bounce for the many programs that write reports of their own, then headers and words.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Literal

from flufl.bounce import all_failures

from tasks.mail import mail_parts

Outcome = Literal["failed", "delayed", "delivered"]

LOOKED_AT = 4_000  # characters of the text: behind them stands the letter, or anything
MAX_GUESSED = 100_000  # bytes in which flufl.bounce looks: its patterns are slow on what is made to be slow
MAX_READ = 2_000_000  # bytes of one part; a report is short, the letter that it returns is ours
_ACTIONS: dict[str, Outcome] = {
    "failed": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_FAILURE = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_ADDRESS = re.compile(r"[^\s<>;,\"()]+@[^\s<>;,\"()]+")
_OURS = rb"(?:dsr-\d{4}-\d{4,}|desk)\.[\w-]{32}@[\w.-]{1,255}"
_RETURNED = re.compile(rb"^message-id:\s*<(" + _OURS + rb")>", re.IGNORECASE | re.MULTILINE)
_MENTIONED = re.compile(rb"(?<![\w.-])" + _OURS, re.IGNORECASE)
_DELAYED = re.compile(r"delay|not yet|retard|verz.ger|retras|ritard|vertraag|warning", re.IGNORECASE)
_TEXTS = {"text/plain", "text/html"}
_FLUFL = logging.getLogger("flufl.bounce")


@dataclass(frozen=True, slots=True)
class Report:
    """`status`: an enhanced status code (RFC 3463) or "". `addresses`: in lower case, of whom it speaks.

    `message_ids`: of letters in our own form, the returned one first; with angle brackets.
    """

    outcome: Outcome
    status: str
    addresses: tuple[str, ...]
    message_ids: tuple[str, ...]


def read_report(raw: bytes) -> Report:
    """The report in `raw`. Where nothing says that a letter is only late, it has failed: a person should look."""
    message = message_from_bytes(raw, policy=policy.compat32)
    found = _from_parts(message) or _from_flufl(raw, message) or _from_headers(message)
    outcome, status, addresses = found
    return Report(outcome, status, tuple(dict.fromkeys(addresses)), _message_ids(raw, message))


def _from_parts(message: Message) -> tuple[Outcome, str, list[str]] | None:
    """What the fields for each recipient say (RFC 3464 2.3); the worst counts."""
    told: list[tuple[Outcome, str]] = []
    addresses: list[str] = []
    for fields in _recipient_fields(message):
        action = mail_parts.header(fields, "action").lower()
        code = _STATUS.search(mail_parts.header(fields, "status"))
        status = code[0] if code else ""
        by_status: Outcome = (
            "delivered" if status[:1] == "2" else "delayed" if status[:1] == "4" else "failed"
        )
        told.append((_ACTIONS.get(action, by_status), status))
        for name in ("original-recipient", "final-recipient"):
            addresses += [found.lower() for found in _ADDRESS.findall(mail_parts.header(fields, name))]
    for outcome in ("failed", "delayed", "delivered"):
        for said, status in told:
            if said == outcome:
                return outcome, status, addresses
    return None


def _recipient_fields(message: Message) -> Iterator[Message]:
    """The groups of fields that speak of one recipient each."""
    for part, _ in mail_parts.walk(message):
        if mail_parts.media_type(part) == "message/delivery-status":
            for group in mail_parts.children(part):
                if mail_parts.raw_header(group, "action") or mail_parts.raw_header(group, "status"):
                    yield group


def _from_flufl(raw: bytes, message: Message) -> tuple[Outcome, str, list[str]] | None:
    """What flufl.bounce makes of it; it raises on senders it cannot read, and would log their words."""
    _FLUFL.disabled = True
    try:
        late, failed = all_failures(message_from_bytes(raw[:MAX_GUESSED], policy=policy.default))
    except Exception:  # noqa: BLE001  # a library's detectors on hostile input: nothing found is an answer
        return None
    if not (late or failed):
        return None
    addresses = [found.decode("ascii", "ignore").lower() for found in sorted(failed or late)]
    return "failed" if failed else "delayed", _status_in_text(message), addresses


def _from_headers(message: Message) -> tuple[Outcome, str, list[str]]:
    """The last resort: a header of its own, else whichever addresses the words name."""
    refused = mail_parts.header(message, "x-failed-recipients")
    late = not refused and _DELAYED.search(mail_parts.header(message, "subject"))
    addresses = [found.strip(".:").lower() for found in _ADDRESS.findall(refused or _words(message))]
    return "delayed" if late else "failed", _status_in_text(message), addresses


def _status_in_text(message: Message) -> str:
    found = _FAILURE.search(_words(message))
    return found[0] if found else ""


def _words(message: Message) -> str:
    """The beginning of the report's own text."""
    texts = (part for part, _ in mail_parts.walk(message) if mail_parts.media_type(part) in _TEXTS)
    first = next(texts, None)
    return "" if first is None else mail_parts.part_text(first)[:LOOKED_AT]


def _message_ids(raw: bytes, message: Message) -> tuple[str, ...]:
    texts = [raw[:MAX_READ], *(mail_parts.content(part)[:MAX_READ] for part, _ in mail_parts.walk(message))]
    found = [
        match for pattern in (_RETURNED, _MENTIONED) for text in texts for match in pattern.findall(text)
    ]
    return tuple(dict.fromkeys(f"<{match.decode('ascii', 'replace')}>" for match in found))[:100]
