"""A relay for tests: a real SMTP conversation, whose misbehaviour is written down beforehand."""

import asyncio
import base64
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.support.certificate import Certificate


class Fault(StrEnum):
    """What the relay does in one conversation."""

    NONE = "accepts"
    BUSY_GREETING = "refuses MAIL FROM with 451"
    CLOSED_GREETING = "refuses MAIL FROM with 550"
    RECIPIENT_LATER = "answers the recipient with 450"
    RECIPIENT_NEVER = "answers the recipient with 550"
    CONTENT_LATER = "answers the content with 451"
    CONTENT_NEVER = "answers the content with 554"
    DROPS_BEFORE_CONTENT = "drops the connection at the recipient"
    DROPS_AFTER_CONTENT = "drops the connection when it has the content"
    TAKES_AND_DROPS = "accepts the content and drops the connection before saying so"
    HANGS_BEFORE_CONTENT = "says nothing to the recipient"
    HANGS_AFTER_CONTENT = "says nothing to the content"
    TAKES_AND_HANGS = "accepts the content and never says so"


ANSWERS = {
    Fault.BUSY_GREETING: "451 try later",
    Fault.CLOSED_GREETING: "550 not from here",
    Fault.RECIPIENT_LATER: "450 mailbox busy",
    Fault.RECIPIENT_NEVER: "550 no such person",
    Fault.CONTENT_LATER: "451 try later",
    Fault.CONTENT_NEVER: "554 not wanted",
}
TAKES = {Fault.NONE, Fault.TAKES_AND_DROPS, Fault.TAKES_AND_HANGS}


@dataclass(frozen=True, slots=True)
class Taken:
    """One message the relay has taken, whether or not it could say so."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class Relay:
    """A running relay: `script` is what the next conversations meet, `taken` what it delivers, `asked` all recipients.

    `reached` is set when the first content has arrived. `tokens`: who may log in with XOAUTH2, added while it runs.
    """

    port: int
    script: deque[Fault] = field(default_factory=deque)
    taken: list[Taken] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    tokens: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


class _Handler:
    """aiosmtpd's hooks, one per command; each conversation draws its fault at MAIL FROM."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802  # aiosmtpd's name
        """RFC 6750 in SASL clothes: `user=…^Aauth=Bearer TOKEN^A^A`."""
        said = base64.b64decode(args[1]).decode()
        self._relay.logins.append(said.partition("\x01")[0])
        good = any(f"auth=Bearer {token}\x01" in said for token in self._relay.tokens)
        return AuthResult(success=good, handled=False, auth_data=said)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._relay.script.popleft() if self._relay.script else Fault.NONE
        session.fault = fault  # type: ignore[attr-defined]  # what this conversation meets
        if fault in {Fault.BUSY_GREETING, Fault.CLOSED_GREETING}:
            return ANSWERS[fault]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._relay.asked.append(address)
        fault: Fault = session.fault  # type: ignore[attr-defined]
        if fault is Fault.DROPS_BEFORE_CONTENT:
            _drop(server)
        if fault is Fault.HANGS_BEFORE_CONTENT:
            await asyncio.Event().wait()
        if fault in {Fault.RECIPIENT_LATER, Fault.RECIPIENT_NEVER}:
            return ANSWERS[fault]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        fault: Fault = session.fault  # type: ignore[attr-defined]
        assert isinstance(envelope.original_content, bytes)
        if fault in TAKES:
            taken = Taken(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content)
            self._relay.taken.append(taken)
        if fault in {Fault.DROPS_AFTER_CONTENT, Fault.TAKES_AND_DROPS}:
            _drop(server)
        self._relay.reached.set()
        if fault in {Fault.HANGS_AFTER_CONTENT, Fault.TAKES_AND_HANGS}:
            await asyncio.Event().wait()
        return ANSWERS.get(fault, "250 OK")


@contextmanager
def smtp_relay(*script: Fault, tls: Certificate | None = None) -> Iterator[Relay]:
    """A relay on a free port that plays `script`, one fault for each conversation, and then accepts everything.

    With a certificate it offers STARTTLS and takes nothing without.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    relay = Relay(port, deque(script))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if tls else None
    if context is not None and tls is not None:
        context.load_cert_chain(tls.chain, tls.key)
    controller = Controller(
        _Handler(relay),
        hostname="127.0.0.1",
        port=port,
        auth_require_tls=False,
        tls_context=context,
        require_starttls=tls is not None,
    )
    controller.start()
    try:
        yield relay
    finally:
        controller.stop()


@contextmanager
def half_deaf_relay(reads: int) -> Iterator[tuple[int, threading.Event]]:
    """A relay that stops reading `reads` bytes after DATA and never answers; its port, and what is set at that moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped, over = threading.Event(), threading.Event()

        def converse() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 half deaf\r\n")
                for answer in (b"250 OK\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go ahead\r\n"):
                    lines.readline()
                    connection.sendall(answer)
                lines.read(reads)
                stopped.set()
                over.wait()

        thread = threading.Thread(target=converse)
        thread.start()
        try:
            yield int(listener.getsockname()[1]), stopped
        finally:
            over.set()
            thread.join()


def _drop(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()
