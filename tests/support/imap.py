"""Clients of a real IMAP server for tests: ours, and a colleague's mail program."""

import imaplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from models.settings import Settings
from tasks.mail.inbox import LARGEST
from tasks.mail.inbox_imap import ImapInbox
from tests.support.dovecot import PASSWORD, Dovecot

PATIENCE = 30.0  # seconds until a test gives up; nothing waits that long


@contextmanager
def opened(server: Dovecot, address: str, largest: int = LARGEST, **options: object) -> Iterator[ImapInbox]:
    """The published mailbox, as settings with these `options` describe it."""
    given = {
        "imap_host": "127.0.0.1",
        "imap_port": server.imap_port,
        "imap_tls": False,
        "imap_user": address,
        "imap_password": PASSWORD,
    }
    config = Settings.model_validate({"demo": True, **given, **options})
    inbox = ImapInbox(config.mailboxes[0], largest)
    try:
        yield inbox
    finally:
        inbox.close()


@contextmanager
def colleague(server: Dovecot, address: str) -> Iterator[imaplib.IMAP4]:
    """Somebody else with a mail program on the same mailbox."""
    with imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=PATIENCE) as client:
        client.login(address, PASSWORD)
        client.select("INBOX")
        yield client


def mail(number: int) -> bytes:
    return f"From: a@client.example\r\nMessage-ID: <{number}@client.example>\r\n\r\n.{number}\r\n".encode()


def texts(inbox: ImapInbox) -> list[str]:
    return [arrived.raw.rpartition(b"\r\n\r\n")[2].decode().strip() for arrived in inbox.unmarked()]


def until(reached: Callable[[], object]) -> None:
    """Look again and again; no test needs to know how long anything takes."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        threading.Event().wait(0.01)
