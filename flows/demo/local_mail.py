"""The demo's mail server: a real SMTP server on this machine that takes mail for privacy@ and shows what goes out.

Mail for the published address is delivered into the engine's Maildir; everything else is kept in a second Maildir, one
letter each, and leaves this machine never.
"""

import mailbox
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from models.errors import Rejected
from models.settings import Settings

MESSAGES = Path(__file__).parent / "messages"
OUTBOX = "demo-outbox"


class _Handler:
    def __init__(self, config: Settings, tell: Callable[[str], None]) -> None:
        self._mailbox, self._tell = config.mailbox.lower(), tell
        self._inbox = mailbox.Maildir(config.maildir_path, create=True)
        self._outbox = mailbox.Maildir(config.home / OUTBOX, create=True)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            if recipient.lower() == self._mailbox:
                self._inbox.add(content)
            else:
                self._outbox.add(content)
                subject = BytesParser(policy=policy.default).parsebytes(content, headersonly=True)["subject"]
                self._tell(f"  ✉ to {recipient}: {subject}")
        return "250 kept"


@contextmanager
def mail_server(config: Settings, tell: Callable[[str], None]) -> Iterator[None]:
    """Serve SMTP on `smtp_port` until the end; `tell` gets a line for each letter that goes out."""
    config.home.mkdir(parents=True, exist_ok=True)
    controller = Controller(_Handler(config, tell), hostname=config.smtp_host, port=config.smtp_port)
    try:
        controller.start()
    except OSError as error:
        raise Rejected(f"port {config.smtp_port} is taken: set DSR_SMTP_PORT to another") from error
    try:
        yield
    finally:
        controller.stop()


def sample_messages() -> list[Path]:
    """Return the files of the sample messages, in the order in which they are sent."""
    return sorted(MESSAGES.glob("*.eml"))


def people() -> list[str]:
    """Return the addresses of those who ask for something, in the order in which they write; machines are left out."""
    mails = (BytesParser(policy=policy.default).parsebytes(file.read_bytes()) for file in sample_messages())
    return [mail["from"].addresses[0].addr_spec for mail in mails if "List-Id" not in mail]


def send_sample_messages(config: Settings, now: datetime | None = None) -> int:
    """Send the sample messages to the published address over SMTP; return how many."""
    when = format_datetime(now or datetime.now(UTC))
    files = sample_messages()
    with smtplib.SMTP(config.smtp_host, config.smtp_port, timeout=10) as relay:
        for file in files:
            raw = f"Date: {when}\n".encode() + file.read_bytes()
            mail = BytesParser(policy=policy.SMTP).parsebytes(raw)
            relay.sendmail(str(mail["from"]), [config.mailbox], mail.as_bytes())
    return len(files)
