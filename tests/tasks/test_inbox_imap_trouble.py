"""IMAP when something is wrong: one sentence that says what to do, and no message waits for another (real Dovecot)."""

import imaplib
import os
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from models.database import reading
from models.errors import Unavailable
from models.settings import settings
from models.storage import fetch
from models.tables import Message, MessageState, Todo, TodoKind
from tasks.mail.inbox import HEADER_BYTES, MaildirInbox
from tasks.mail.keep_mail import keep_new
from tests.support.dovecot import ACCENTS, DONE_FOLDER, Dovecot, deliver, dovecot, restrict
from tests.support.imap import PATIENCE, colleague, mail, opened, texts

MAILBOX = "privacy@nexoris.com"
ALL_BUT_FLAGS = "lrstei"  # RFC 4314: without w, no keyword lasts
LARGE = b"From: a@client.example\r\nSubject: Mes photos\r\n\r\n" + b"0123456789abcdef\r\n" * 200
HEADER = LARGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def address() -> str:
    """A mailbox nobody has used."""
    return f"{uuid.uuid4().hex}@example.org"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"imap_password": "letmein"}, "refuses the login: check its imap_user and imap_password"),
        ({"imap_password": "clé"}, "refuses the login: check its imap_user and imap_password"),
        ({"imap_folder": "Nowhere"}, "has no such folder, or does not open it: check its imap_folder"),
        ({"imap_done_folder": "Nowhere"}, "no such folder to move kept mail to: check its imap_done_folder"),
        (
            {"imap_tls": True},
            "no TLS with its server (SSLError): check the certificate, imap_port and imap_tls",
        ),
        ({"imap_port": closed_port()}, "cannot be reached (ConnectionRefusedError): check imap_host"),
        ({"imap_host": "name.invalid"}, "cannot be reached (gaierror): check imap_host and imap_port"),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(
    server: Dovecot, address: str, options: dict[str, object], advice: str
) -> None:
    with opened(server, address, **options) as inbox, pytest.raises(Unavailable) as caught:
        inbox.count()
    assert str(caught.value).startswith(f"the mailbox {MAILBOX}: ")
    assert advice in str(caught.value)
    assert str(caught.value).endswith("(DSR_IMAP_* or DSR_MORE_MAILBOXES)")
    assert address not in str(caught.value)
    assert not [word for word in ("letmein", "clé") if word in str(caught.value)]


def test_a_password_with_letters_beyond_ascii_opens(server: Dovecot) -> None:
    with opened(server, f"{uuid.uuid4().hex}@accents.example", imap_password=ACCENTS) as inbox:
        assert inbox.count() == 0


def test_a_message_that_goes_between_search_and_fetch_is_passed_over(server: Dovecot, address: str) -> None:
    for number in (1, 2, 3):
        deliver(server, mail(number), address)
    with opened(server, address) as inbox:
        going = inbox.unmarked()
        next(going)
        with colleague(server, address) as client:
            client.store("2", "+FLAGS", r"(\Deleted)")
            client.expunge()
        assert [arrived.raw.rpartition(b"\r\n\r\n")[2] for arrived in going] == [b".3\r\n"]


def test_messages_that_the_server_cannot_give_keep_no_other_waiting(
    server: Dovecot, address: str, db: str
) -> None:
    for number in range(1, 6):
        deliver(server, mail(number), address)
    with opened(server, address) as inbox:
        assert inbox.count() == 5
        files = (server.folder / "mail" / address / "cur").iterdir()
        damaged = [file for file in files if file.read_bytes().rstrip().endswith((b".2", b".3"))]
        assert len(damaged) == 2
        for file in damaged:
            file.chmod(0)
        with pytest.raises(Unavailable, match="look at the mail server's log"):
            keep_new(inbox, MAILBOX, datetime.now(UTC))
        with reading() as session:
            assert len(session.exec(select(Message)).all()) == 3
        for file in damaged:
            file.chmod(0o600)
        assert texts(inbox) == [".2", ".3"]


def test_a_server_that_keeps_no_keyword_needs_a_folder_for_kept_mail(server: Dovecot, address: str) -> None:
    for number in (1, 2):
        deliver(server, mail(number), address)
    restrict(server, address, ALL_BUT_FLAGS)
    with opened(server, address) as inbox, pytest.raises(Unavailable, match="set its imap_done_folder"):
        list(inbox.unmarked())
    with opened(server, address, imap_done_folder=DONE_FOLDER) as inbox:
        first, second = inbox.unmarked()
        inbox.mark(first.uid)
        inbox.mark(first.uid)
        assert [arrived.uid for arrived in inbox.unmarked()] == [second.uid]
        inbox.mark(second.uid, whole=False)
        assert inbox.count() == 0, "what is left on the server moves too, or it would ring for ever"
        assert inbox.wait(0) is False


def test_a_large_message_leaves_its_header_in_the_pen_and_stays_where_it_is(
    server: Dovecot, address: str, db: str
) -> None:
    with colleague(server, address) as client:
        client.append("INBOX", "", imaplib.Time2Internaldate(1_700_000_000), LARGE)
    deliver(server, mail(1), address)
    with opened(server, address, largest=2000) as inbox:
        assert keep_new(inbox, MAILBOX, datetime.now(UTC)) == 2
        assert inbox.count() == 0
    assert_penned_with_header(datetime.fromtimestamp(1_700_000_000, UTC))
    with colleague(server, address) as client:
        assert client.fetch("1", "(BODY.PEEK[])")[1][0][1] == LARGE  # type: ignore[index]
        assert client.search(None, "UNSEEN", "KEYWORD", "DsrKept")[1] == [b"1"], "a colleague finds it unread"


def test_fifty_megabytes_leave_their_header_in_the_pen_and_stay_unread_on_the_server(
    server: Dovecot, address: str, db: str
) -> None:
    limit = settings().message_max_bytes
    huge = HEADER + b"0123456789abcdef\r\n" * (limit // 18)
    assert len(huge) > limit
    with colleague(server, address) as client:
        client.append("INBOX", "", imaplib.Time2Internaldate(1_700_000_000), huge)
    with opened(server, address, limit) as inbox:
        assert keep_new(inbox, MAILBOX, datetime.now(UTC)) == 1
        assert keep_new(inbox, MAILBOX, datetime.now(UTC)) == inbox.count() == 0
    assert_penned_with_header(datetime.fromtimestamp(1_700_000_000, UTC))
    with colleague(server, address) as client:
        assert client.search(None, "UNSEEN", "LARGER", str(limit))[1] == [b"1"]


def test_a_large_message_in_a_maildir_leaves_its_header_in_the_pen(db: str, tmp_path: Path) -> None:
    inbox = MaildirInbox(tmp_path / "mail", largest=2000)
    for raw in (LARGE, mail(1)):
        inbox.deliver(raw)
    (large,) = [file for file in (tmp_path / "mail" / "new").iterdir() if file.stat().st_size > 2000]
    os.utime(large, (1_700_000_000, 1_700_000_000))
    assert keep_new(inbox, MAILBOX, datetime.now(UTC)) == 2
    assert_penned_with_header(datetime.fromtimestamp(1_700_000_000, UTC))
    assert (tmp_path / "mail" / "cur" / f"{large.name}:2,").read_bytes() == LARGE, "not seen"


def assert_penned_with_header(received_at: datetime) -> None:
    with reading() as session:
        (penned,) = session.exec(select(Message).where(Message.state == MessageState.PEN))
        (todo,) = session.exec(select(Todo))
    assert fetch(penned.storage_key) == HEADER
    assert "DSR_MESSAGE_MAX_BYTES" in penned.reason
    assert "unread in the mailbox" in penned.reason
    assert (penned.sender, penned.subject) == ("a@client.example", "Mes photos")
    assert penned.received_at == received_at
    assert (todo.kind, todo.message_id) == (TodoKind.QUALIFY, penned.id)


def test_the_header_of_a_large_message_is_bounded_too(tmp_path: Path) -> None:
    inbox = MaildirInbox(tmp_path / "mail", largest=2000)
    inbox.deliver(b"Subject: x\n " + b"a" * 3_000_000)
    (arrived,) = inbox.unmarked()
    assert len(arrived.raw) == HEADER_BYTES


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Pacific/Kiritimati", "Asia/Kolkata"])
def test_the_day_of_arrival_does_not_depend_on_where_the_engine_runs(
    server: Dovecot, address: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hours that exist twice in autumn, and one that is skipped in spring; Dovecot writes them in its own zone."""
    hours = [(10, 25, 0), (10, 25, 1), (11, 1, 5), (11, 1, 6), (3, 29, 1), (3, 8, 7)]
    moments = [datetime(2026, month, day, hour, 30, tzinfo=UTC) for month, day, hour in hours]
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        with colleague(server, address) as client:
            for number, moment in enumerate(moments):
                client.append("INBOX", "", imaplib.Time2Internaldate(moment), mail(number))
        with opened(server, address) as inbox:
            assert [arrived.arrived_at for arrived in inbox.unmarked()] == moments
    finally:
        monkeypatch.undo()
        time.tzset()


def test_waiting_ends_when_the_idle_time_is_over(server: Dovecot, address: str) -> None:
    """IDLE is renewed by those who call again."""
    with opened(server, address, imap_idle_seconds=1) as inbox:
        began = time.monotonic()
        assert inbox.wait(PATIENCE) is False
        assert time.monotonic() - began < PATIENCE / 2
