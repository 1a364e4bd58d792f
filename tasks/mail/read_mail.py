"""Reads the raw bytes of one message into a frozen value, whatever they are.

No effect: reading twice gives the same value. Raises `Rejected`, and nothing else, above the limits; intake puts
such a message into the holding pen with that sentence as the reason. How large one may be, `tasks.mail.read_apart` says.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message

import quotequail

from models.errors import Rejected
from tasks.mail import mail_parts

MAX_PARTS = 500
MAX_DEPTH = 30
MAX_QUOTED_LINES = 3_000
SIGNATURE_LINES = 15  # a longer block under `-- ` may be the letter itself

_FORWARDED = re.compile(r"(?:fwd?|tr|wg|rv|i|doorst|transf?)\s*:", re.IGNORECASE)
_INTRODUCES = re.compile(r"(?:\d.*@|@.*\d|\d{1,2}[:h]\d\d|@).*:$")
_CONTAINERS = re.compile(rb"^content-type[ \t]*:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_WRITTEN_HEADERS = (
    *("from", "sender", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references"),
    *("content-type", "content-transfer-encoding", "content-disposition"),
)
_MACHINE_HEADERS = (
    "list-id",
    "list-post",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-failed-recipients",
    "x-loop",
    "feedback-id",
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the message: metadata only. `name` is the sender's word, never a path; `size` in bytes, decoded."""

    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """One message, decoded. Strings hold no control characters except line ends and tabs in the texts.

    Addresses are in lower case. `received_at` is the hop into our own mailbox (law.md D2); where it is None the
    mailbox's internal date counts. `fresh_text` is `text` without quoted thread and signature. `return_path` is
    None where absent and empty for the null path `<>` (RFC 5321 4.5.5). `report_type` is that of a
    multipart/report (RFC 6522), else empty. `digest` is equal where all that was sent is: see `_digest`.
    """

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    sender_address: str
    sender_name: str
    reply_to: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    received_at: datetime | None
    text: str
    fresh_text: str
    attachments: tuple[Attachment, ...]
    auto_submitted: str
    precedence: str
    return_path: str | None
    report_type: str
    machine_headers: tuple[tuple[str, str], ...]
    defects: tuple[str, ...]
    digest: str

    def machine_header(self, name: str) -> str:
        """Value of one of the headers by which machines and lists give themselves away; empty where absent."""
        return next((value for key, value in self.machine_headers if key == name), "")


def read_mail(raw: bytes) -> ParsedMail:
    """The message in `raw`; raises `Rejected` above MAX_PARTS or MAX_DEPTH, and nothing else."""
    message = _parse(raw)
    body, attachments = _contents(message)
    sender_name, sender_address = _sender(message)
    return_path = mail_parts.raw_header(message, "return-path")
    references = mail_parts.raw_header(message, "references")
    subject = mail_parts.header(message, "subject")
    return ParsedMail(
        message_id=mail_parts.header(message, "message-id"),
        in_reply_to=mail_parts.header(message, "in-reply-to"),
        references=tuple(mail_parts.one_line(word) for word in re.findall(r"<[^<>]+>", references)),
        sender_address=sender_address,
        sender_name=sender_name,
        reply_to=_specs(message, "reply-to"),
        to=_specs(message, "to"),
        cc=_specs(message, "cc"),
        subject=subject,
        sent_at=mail_parts.date(mail_parts.header(message, "date")),
        received_at=_received_at(message),
        text=body,
        fresh_text=fresh_text(body, subject),
        attachments=attachments,
        auto_submitted=mail_parts.header(message, "auto-submitted").lower(),
        precedence=mail_parts.header(message, "precedence").lower(),
        return_path=return_path.strip().strip("<>").strip().lower() if return_path else None,
        report_type=_report_type(message),
        machine_headers=tuple(
            (name, mail_parts.header(message, name))
            for name in _MACHINE_HEADERS
            if mail_parts.raw_header(message, name)
        ),
        defects=_defects(message),
        digest=_digest(message, raw),
    )


def _parse(raw: bytes) -> Message:
    if len(_CONTAINERS.findall(raw)) > MAX_PARTS:
        raise Rejected(f"Look at this message by hand: it has more than {MAX_PARTS} parts.")
    try:
        # compat32 keeps headers as written; mail_parts decodes them (policy.default raises while it parses).
        message = message_from_bytes(
            raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"), policy=policy.compat32
        )
        for count, (_, depth) in enumerate(mail_parts.walk(message), start=1):
            if depth > MAX_DEPTH:
                raise Rejected(
                    f"Look at this message by hand: it is nested more than {MAX_DEPTH} levels deep."
                )
            if count > MAX_PARTS:
                raise Rejected(f"Look at this message by hand: it has more than {MAX_PARTS} parts.")
    except RecursionError:
        raise Rejected(
            f"Look at this message by hand: it is nested more than {MAX_DEPTH} levels deep."
        ) from None
    return message


def _contents(message: Message) -> tuple[str, tuple[Attachment, ...]]:
    """The best plain text of the body, and the attachments; text of a forwarded message or text file where there is no other."""
    attachments: list[Attachment] = []
    forwarded: list[str] = []
    text = _text(message, attachments, forwarded)
    return (text or "\n\n".join(forwarded))[: mail_parts.MAX_TEXT].strip(), tuple(attachments)


def _text(part: Message, attachments: list[Attachment], forwarded: list[str]) -> str:
    kind = mail_parts.media_type(part)
    if inside := mail_parts.children(part):
        texts = [_text(child, attachments, forwarded) for child in inside]
        if kind == "message/rfc822":
            attachments.append(Attachment(mail_parts.file_name(part), kind, 0))
            forwarded.extend(text for text in texts if text)
            return ""
        if kind == "multipart/alternative":
            return _best_alternative(inside, texts)
        return "\n\n".join(text for text in texts if text)
    if mail_parts.is_attachment(part) and not kind.startswith("multipart/"):
        if kind == "text/plain":
            forwarded.append(mail_parts.part_text(part).strip())
        attachments.append(Attachment(mail_parts.file_name(part), kind, len(mail_parts.content(part))))
        return ""
    return mail_parts.part_text(part).strip()


def _best_alternative(parts: list[Message], texts: list[str]) -> str:
    """The plain text, unless it is a stub ("your program cannot show HTML") beside a much longer HTML part."""
    longest = max(texts, key=len, default="")
    for part, text in zip(parts, texts, strict=True):
        if mail_parts.media_type(part) == "text/plain" and text and len(text) * 4 >= len(longest):
            return text
    return longest


def fresh_text(text: str, subject: str = "") -> str:
    """What the writer added: without quoted thread and signature; the whole text where nothing else is left.

    A forward is kept whole: what it carries is its content. Losing a line of a request costs more than keeping a quoted one.
    """
    if text.count("\n") > MAX_QUOTED_LINES:
        return text
    unmarked = "\n".join(_without_quoted_lines(text.split("\n")))
    parts = _unwrap(unmarked)
    if parts.get("type") == "forward":  # also what Outlook puts over the mail that it answers
        fresh = "" if _FORWARDED.match(subject) else parts.get("text_top", "")
    elif parts:
        fresh = "\n\n".join(parts[key] for key in ("text_top", "text_bottom") if parts.get(key))
    else:
        fresh = unmarked
    fresh = _without_signature(fresh.rstrip("-_* \n").split("\n"))
    return fresh if any(character.isalpha() for character in fresh) else text


def _without_quoted_lines(lines: list[str]) -> list[str]:
    """The lines without those under `>` and the line or two which introduce them ("On ... wrote:")."""
    kept: list[str] = []
    for line in lines:
        if not line.lstrip().startswith(">"):
            kept.append(line)
            continue
        while kept and not kept[-1].strip():
            kept.pop()
        if kept and _INTRODUCES.search(kept[-1]):
            kept.pop()
        elif kept[-1:] and kept[-1].endswith(":") and kept[-2:-1] and _INTRODUCES.search(" ".join(kept[-2:])):
            del kept[-2:]
    return kept


def _without_signature(lines: list[str]) -> str:
    """The lines above the delimiter of RFC 3676 4.3, where what follows it is short."""
    for index in range(max(0, len(lines) - SIGNATURE_LINES), len(lines)):
        if lines[index].rstrip() == "--":
            return "\n".join(lines[:index]).strip()
    return "\n".join(lines).strip()


def _unwrap(text: str) -> dict[str, str]:
    """What quotequail makes of a thread; an empty dict where it sees none or fails."""
    try:
        parts = quotequail.unwrap(text)
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError):
        return {}
    return parts if isinstance(parts, dict) else {}


def _sender(message: Message) -> tuple[str, str]:
    """(display name, address): From, else Sender, else Return-Path; empty where nobody signs."""
    for name in ("from", "sender", "return-path"):
        found = mail_parts.addresses(message, name)
        if found:
            return found[0]
    return "", ""


def _specs(message: Message, name: str) -> tuple[str, ...]:
    return tuple(spec for _, spec in mail_parts.addresses(message, name))


def _received_at(message: Message) -> datetime | None:
    """The date of the topmost `Received:`; those below were written by others, perhaps by the sender (law.md D2)."""
    _, found, stamp = mail_parts.header(message, "received").rpartition(";")
    return mail_parts.date(stamp) if found else None


def _report_type(message: Message) -> str:
    if mail_parts.media_type(message) == "multipart/report":
        return mail_parts.parameter(message, "report-type").lower() or "unknown"
    return ""


def _defects(message: Message) -> tuple[str, ...]:
    """Names of what the parser found broken, each once."""
    names = (type(defect).__name__ for part, _ in mail_parts.walk(message) for defect in part.defects)
    return tuple(dict.fromkeys(names))


def _digest(message: Message, raw: bytes) -> str:
    """SHA-256 over what its writer put into the headers, and the whole body: every word, name and byte of every part.

    Servers on the way write headers of their own and line ends as they like, so these do not count.
    """
    said = "\n".join(mail_parts.header(message, name) for name in _WRITTEN_HEADERS)
    _, _, body = raw.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
    return hashlib.sha256(b"%b\n\n%b" % (said.encode(), body.strip())).hexdigest()
