"""What every answer of the web app carries, and what every question must pass: headers, body size, CSRF, log-in attempts.

The list of attempts lives in memory: one process serves the web app, a restart forgives at most five attempts, and an
argon2 check costs an attacker more than the list costs us.
"""

import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Annotated

from fastapi import Form, HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}
SMALL_BODY = 64_000  # bytes of a form
UPLOAD_BODY = 30_000_000  # bytes: 25 MB of documents and what multipart adds
MAX_DIGITS = 12  # of a body's announced length
_UPLOADS = re.compile(r"/task/.*|/desk/cases/(?:new|[^/]+/mandate)")
WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 5  # of one address, from one place
FAILURES_PER_CLIENT = 20  # from one place


def with_headers(app: ASGIApp, *, https: bool) -> ASGIApp:
    """Add `HEADERS` to every answer that does not set its own, and forbid keeping any page but static files."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-store"
                if https:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await app(scope, receive, send_with_headers)

    return answer


def with_body_limit(app: ASGIApp) -> ASGIApp:
    """Stop reading a body at its limit, whether or not its length was announced: 413."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        limit = UPLOAD_BODY if _UPLOADS.fullmatch(scope["path"]) else SMALL_BODY
        announced = Headers(scope=scope).get("content-length", "0")
        too_long = len(announced) > MAX_DIGITS or (announced.isdecimal() and int(announced) > limit)
        read = limit + 1 if too_long else 0

        async def receive_some() -> Message:
            nonlocal read
            if read > limit:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            return message

        await app(scope, receive_some, send)

    return answer


def csrf_token(request: Request) -> str:
    """Return the token that this browser's forms carry."""
    token: str = request.session.setdefault("csrf", secrets.token_urlsafe(24))
    return token


def csrf_checked(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    """Refuse a form that did not come from a page of ours in this browser: 403."""
    expected = request.session.get("csrf", "")
    if not expected or not secrets.compare_digest(expected.encode(), csrf.encode()):
        raise HTTPException(403)


@dataclass(frozen=True)
class LoginAttempts:
    """Failed log-ins of the last quarter of an hour: a simple sliding window, at most 10,000 remembered."""

    recent: deque[tuple[datetime, str, str]] = field(default_factory=lambda: deque(maxlen=10_000))
    lock: Lock = field(default_factory=Lock)


def take_attempt(attempts: LoginAttempts, client: str, address: str, now: datetime) -> bool:
    """Whether this log-in may be tried; it counts as failed until `forgive` says otherwise."""
    with attempts.lock:
        while attempts.recent and attempts.recent[0][0] <= now - WINDOW:
            attempts.recent.popleft()
        here = [account for _, place, account in attempts.recent if place == client]
        if len(here) >= FAILURES_PER_CLIENT or here.count(address) >= FAILURES_PER_ACCOUNT:
            return False
        attempts.recent.append((now, client, address))
        return True


def forgive(attempts: LoginAttempts, client: str, address: str) -> None:
    """Forget the attempts of somebody who logged in."""
    with attempts.lock:
        kept = [attempt for attempt in attempts.recent if attempt[1:] != (client, address)]
        attempts.recent.clear()
        attempts.recent.extend(kept)
