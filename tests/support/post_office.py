"""The world's mail between several mailboxes: a real SMTP server that hands everything on to a real Dovecot by LMTP.

It knows who does not exist and sends a report back, as relays do, with an empty return path.
"""

import asyncio
import smtplib
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.delivery_reports import multipart_report
from tests.support.dovecot import READY_SECONDS, Dovecot


@dataclass(frozen=True, slots=True)
class Carried:
    """One message to one mailbox, as it was handed on."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PostOffice:
    """`nobody`: addresses that do not exist. `loses`: headers, in lower case, that go missing on the way."""

    port: int
    dovecot: Dovecot
    carried: list[Carried] = field(default_factory=list)
    nobody: set[str] = field(default_factory=set)
    loses: set[str] = field(default_factory=set)

    def post(self, content: bytes, sender: str, recipient: str) -> None:
        """Send one message as any mail program would."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=READY_SECONDS) as client:
            client.sendmail(sender, [recipient], content)

    def to(self, address: str) -> list[Carried]:
        """What was delivered to `address`."""
        return [one for one in self.carried if one.recipient == address]

    def deliver(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        """Hand on; `privacy+anything@` is the mailbox `privacy@` (RFC 5233)."""
        content = self._without_lost_headers(content)
        for recipient in recipients:
            local, _, domain = recipient.lower().rpartition("@")
            mailbox = f"{local.partition('+')[0]}@{domain}"
            if mailbox in self.nobody:
                if sender:
                    self.deliver("", [sender], multipart_report(content, recipient))
                continue
            with smtplib.LMTP("127.0.0.1", self.dovecot.lmtp_port, timeout=READY_SECONDS) as client:
                client.sendmail(sender, [mailbox], content)
            self.carried.append(Carried(sender, mailbox, content))

    def _without_lost_headers(self, content: bytes) -> bytes:
        if not self.loses:
            return content
        head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
        kept: list[bytes] = []
        losing = False
        for line in head.split(b"\n"):
            if not line.startswith((b" ", b"\t")):
                losing = line.partition(b":")[0].decode().lower() in self.loses
            kept += [] if losing else [line]
        return (b"\n".join(kept) + b"\n\n" + body).replace(b"\n", b"\r\n")


class _Handler:
    """aiosmtpd's hook: 250 only after Dovecot has everything."""

    office: PostOffice

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.original_content, bytes)
        await asyncio.to_thread(
            self.office.deliver, envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content
        )
        return "250 OK"


@contextmanager
def post_office(dovecot: Dovecot) -> Iterator[PostOffice]:
    """A running one, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    handler = _Handler()
    handler.office = PostOffice(port, dovecot)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler.office
    finally:
        controller.stop()
