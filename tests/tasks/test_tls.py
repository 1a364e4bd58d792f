"""Mail travels encrypted, and only to a server whose certificate is trusted: IMAP and SMTP, over real connections."""

import uuid
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest

from models.errors import Unavailable
from models.tables import LetterState
from tasks.letters.attach import Attached
from tests.support.certificate import Certificate, certificate
from tests.support.dovecot import Dovecot, deliver, dovecot
from tests.support.imap import mail, opened, texts
from tests.support.outbox import LATER, letter, relay_in_settings, send, write

EVERY_BYTE = bytes(range(256)) * 400


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot(tls=True) as running:
        yield running


@pytest.fixture
def shown(tmp_path: Path) -> Certificate:
    """What the relay shows."""
    return certificate(tmp_path)


def test_a_mailbox_is_read_over_tls_from_a_server_that_is_trusted(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{uuid.uuid4().hex}@example.org"
    deliver(server, mail(1), address)
    encrypted = {"imap_tls": True, "imap_port": server.imaps_port}
    with (
        opened(server, address, **encrypted) as inbox,
        pytest.raises(Unavailable, match="check the certificate"),
    ):
        list(inbox.unmarked())
    assert server.certificate is not None
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.chain))
    with opened(server, address, **encrypted) as inbox:
        assert texts(inbox) == [".1"]
    elsewhere = opened(server, address, **encrypted, imap_host="localhost")
    with elsewhere as inbox, pytest.raises(Unavailable, match="check the certificate"):
        inbox.count()  # the certificate is of 127.0.0.1


def test_a_letter_leaves_over_tls_to_a_relay_that_is_trusted(
    db: str, shown: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with relay_in_settings(monkeypatch, tls=shown) as relay:
        number = write()
        assert send() == 0
        assert (letter(number).state, relay.asked) == (LetterState.QUEUED, [])
        assert "check DSR_SMTP_" in letter(number).smtp_reply
        monkeypatch.setenv("SSL_CERT_FILE", str(shown.chain))
        assert send(LATER) == 1
        assert letter(number).state == LetterState.SENT
        assert len(relay.taken) == 1


def test_files_of_a_letter_arrive_as_they_are(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"rapport été.pdf": EVERY_BYTE, "ligne.csv": b"a;b\r\n\r\n.\r\n..\n\rc\x00", "vide.bin": b""}
    attachments = [Attached(name, "application/octet-stream", content) for name, content in files.items()]
    with relay_in_settings(monkeypatch) as relay:
        write(attachments=attachments)
        assert send() == 1
        (taken,) = relay.taken
    parts = [
        part
        for part in message_from_bytes(taken.content).walk()
        if part.get_content_disposition() == "attachment"
    ]
    assert [part.get_payload(decode=True) for part in parts] == list(files.values())
    assert len({part.get_filename() for part in parts}) == len(files)
