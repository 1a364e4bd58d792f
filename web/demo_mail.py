"""The demo's mailbox: the letters that went out, read from a Maildir. Only looks, and exists only in the demo."""

from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from itertools import groupby
from mailbox import Maildir
from typing import NamedTuple

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from models.settings import settings
from tasks.mail.read_mail import read_mail
from web.pages import page, portal_language

router = APIRouter(prefix="/demo/mail")

OUTBOX = "demo-outbox"
BODY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation"
)


class Sent(NamedTuple):
    """One letter of the list."""

    recipient: str
    key: str
    subject: str
    sent_at: datetime | None


@router.get("")
def letters(request: Request) -> Response:
    """List the letters by recipient, newest first."""
    found = sorted(map(_sent, _outbox()), key=lambda sent: sent.key, reverse=True)
    by_recipient = groupby(sorted(found, key=lambda sent: sent.recipient), lambda sent: sent.recipient)
    boxes = [(recipient, list(sent)) for recipient, sent in by_recipient]
    return page(request, "demo/letters.html", portal_language(request), boxes=boxes)


@router.get("/{key}")
def letter(request: Request, key: str) -> Response:
    """Show one letter: its headers and, in a sandbox, its body."""
    mail = read_mail(_raw(key))
    return page(request, "demo/letter.html", portal_language(request), key=key, mail=mail)


@router.get("/{key}/body")
def body(key: str) -> Response:
    """Return the HTML body alone: no script, no foreign picture; its links open in the whole window."""
    html = _parsed(_raw(key)).get_body(("html", "plain"))
    content = html.get_content() if html is not None else ""
    headers = {"Content-Security-Policy": BODY_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(f'<base target="_top">{content}', headers=headers)


def _outbox() -> list[tuple[str, bytes]]:
    folder = settings().home / OUTBOX
    if not folder.is_dir():
        return []
    box = Maildir(folder, create=False)
    return [(key, box.get_bytes(key)) for key in box.keys()]  # noqa: SIM118  # a mailbox iterates over messages


def _raw(key: str) -> bytes:
    for known, raw in _outbox():
        if known == key:
            return raw
    raise HTTPException(404)


def _parsed(raw: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(raw)


def _sent(item: tuple[str, bytes]) -> Sent:
    key, raw = item
    mail = read_mail(raw)
    return Sent(", ".join(mail.to), key, mail.subject, mail.sent_at)
