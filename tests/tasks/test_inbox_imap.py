"""IMAP against a real Dovecot: exact bytes, our own mark, a wake-up, and a server that goes away and comes back."""

import imaplib
import os
import signal
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from imap_tools.utils import encode_folder
from pydantic import SecretStr

from models.errors import Unavailable
from tasks.mail import inbox_imap_login
from tasks.mail.inbox import Arrived
from tasks.mail.inbox_imap import ImapInbox
from tasks.mail.keep_mail import keep_new
from tests.support import dovecot as servers
from tests.support.dovecot import DONE_FOLDER, Dovecot, deliver, dovecot
from tests.support.imap import PATIENCE, colleague, mail, opened, texts, until

EVERY_BYTE = b"Subject: =?x\r\n\r\n" + bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"") + b"\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def address() -> str:
    """A mailbox nobody has used."""
    return f"{uuid.uuid4().hex}@example.org"


def waiting(inbox: ImapInbox) -> tuple[threading.Thread, list[object]]:
    """Wait in a thread, and return when IDLE has begun."""
    answers: list[object] = []

    def wait() -> None:
        try:
            answers.append(inbox.wait(PATIENCE * 4))
        except Unavailable as error:
            answers.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: inbox._connection and inbox._connection.idle._idle_tag)
    return thread, answers


def renumber(server: Dovecot, address: str) -> None:
    """What a restored or rebuilt mailbox looks like: another UIDVALIDITY, all flags lost."""
    servers.stop(server)
    folder = server.folder / "mail" / address
    for path in folder.glob("dovecot*"):
        if "uidvalidity" not in path.name:
            path.unlink()
    for path in (folder / "cur").iterdir():
        path.rename(folder / "new" / path.name.partition(":")[0])
    servers.start(server)


def test_every_byte_arrives_as_it_was_delivered(server: Dovecot, address: str) -> None:
    long = b"Subject: long\r\n\r\n" + b"0123456789abcdef\r\n" * 100_000
    with colleague(server, address) as client:
        for raw in (EVERY_BYTE, long):
            client.append("INBOX", "", imaplib.Time2Internaldate(1_700_000_000), raw)
    deliver(server, mail(1), address)
    with opened(server, address) as inbox:
        first, second, third = [arrived.raw for arrived in inbox.unmarked()]
    assert (first, second) == (EVERY_BYTE, long)
    assert third.endswith(mail(1)), "below the headers of the delivery"
    assert third.startswith(b"Return-Path:")


def test_the_day_of_arrival_is_the_servers(server: Dovecot, address: str) -> None:
    moment = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Paris, for the first time that night
    with colleague(server, address) as client:
        client.append("INBOX", "", imaplib.Time2Internaldate(moment), mail(1))
    with opened(server, address) as inbox:
        assert [arrived.arrived_at for arrived in inbox.unmarked()] == [moment]


def test_reading_changes_nothing_and_marking_lasts(server: Dovecot, address: str) -> None:
    for number in (1, 2):
        deliver(server, mail(number), address)
    with opened(server, address) as inbox:
        assert texts(inbox) == texts(inbox) == [".1", ".2"]
        with colleague(server, address) as client:
            assert client.search(None, "UNSEEN")[1] == [b"1 2"]
        first = next(inbox.unmarked())
        inbox.mark(first.uid)
        inbox.mark(first.uid)
        assert texts(inbox) == [".2"]
    with opened(server, address) as again:
        assert texts(again) == [".2"]


def test_a_colleague_who_reads_the_mailbox_hides_nothing(server: Dovecot, address: str) -> None:
    deliver(server, mail(1), address)
    with colleague(server, address) as client:
        client.fetch("1", "(BODY[])")
        assert client.search(None, "SEEN")[1] == [b"1"]
    with opened(server, address) as inbox:
        assert texts(inbox) == [".1"]


def test_marking_expunges_nothing_that_a_colleague_marked_as_deleted(server: Dovecot, address: str) -> None:
    for number in (1, 2):
        deliver(server, mail(number), address)
    with colleague(server, address) as client:
        client.store("2", "+FLAGS", r"(\Deleted)")
    with opened(server, address, imap_done_folder=DONE_FOLDER) as inbox:
        inbox.mark(next(inbox.unmarked()).uid)
        assert texts(inbox) == [".2"]


def test_kept_mail_moves_to_the_folder_for_it(server: Dovecot, address: str) -> None:
    deliver(server, mail(1), address)
    with opened(server, address, imap_done_folder=DONE_FOLDER) as inbox:
        (arrived,) = inbox.unmarked()
        inbox.mark(arrived.uid)
        inbox.mark(arrived.uid)
        assert texts(inbox) == []
    with colleague(server, address) as client:
        assert client.select("INBOX")[1] == [b"0"]
        assert client.select(encode_folder(DONE_FOLDER).decode())[1] == [b"1"]
        assert b"DsrKept" in client.fetch("1", "(FLAGS)")[1][0]  # type: ignore[operator]


def test_a_folder_that_does_not_exist_is_told_and_holds_nothing_up(
    server: Dovecot, address: str, db: str
) -> None:
    for number in (1, 2):
        deliver(server, mail(number), address)
    with opened(server, address, imap_done_folder="Nowhere") as inbox:
        with pytest.raises(Unavailable, match="DSR_IMAP"):
            keep_new(inbox, "privacy@nexoris.com", datetime.now(UTC))
        assert texts(inbox) == [], "both are kept and marked"


def test_idle_wakes(server: Dovecot, address: str) -> None:
    with opened(server, address) as inbox:
        thread, answers = waiting(inbox)
        deliver(server, mail(1), address)
        thread.join(PATIENCE)
        assert answers == [True]
        assert texts(inbox) == [".1"]


def test_waiting_sees_what_came_before_it_began(server: Dovecot, address: str) -> None:
    """Dovecot tells of new mail after the answer to a search that leaves it out, and IDLE does not tell again."""
    with opened(server, address) as inbox:
        assert inbox.wait(0) is False
        deliver(server, mail(1), address)
        answers: list[bool] = []
        thread = threading.Thread(target=lambda: answers.append(inbox.wait(PATIENCE * 4)), daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert answers == [True]
        inbox.mark(next(inbox.unmarked()).uid)
        assert inbox.wait(0) is False


def test_what_colleagues_do_is_no_message(server: Dovecot, address: str) -> None:
    deliver(server, mail(1), address)
    with opened(server, address) as inbox:
        inbox.mark(next(inbox.unmarked()).uid)
        thread, answers = waiting(inbox)
        with colleague(server, address) as client:
            client.store("1", "+FLAGS", r"(\Flagged)")
        thread.join(PATIENCE)
        assert answers == [False]


def test_a_server_that_stops_is_noticed_and_found_again(server: Dovecot, address: str) -> None:
    with opened(server, address) as inbox:
        thread, answers = waiting(inbox)
        servers.stop(server)
        thread.join(PATIENCE)
        assert [type(answer) for answer in answers] == [Unavailable]
        for attempt in (lambda: inbox.wait(0), lambda: list(inbox.unmarked()), lambda: inbox.mark("1:1")):
            with pytest.raises(Unavailable):
                attempt()
        servers.start(server)
        deliver(server, mail(1), address)
        assert texts(inbox) == [".1"]


def test_a_server_that_falls_silent_is_given_up(
    server: Dovecot, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_imap_login, "TIMEOUT_SECONDS", 0.3)
    group = os.getpgid(server.running[0].pid)
    with opened(server, address) as inbox:
        assert texts(inbox) == []
        os.killpg(group, signal.SIGSTOP)
        try:
            for attempt in (lambda: inbox.wait(0), lambda: list(inbox.unmarked())):
                with pytest.raises(Unavailable):
                    attempt()
        finally:
            os.killpg(group, signal.SIGCONT)
        deliver(server, mail(1), address)
        monkeypatch.setattr(inbox_imap_login, "TIMEOUT_SECONDS", PATIENCE)
        assert texts(inbox) == [".1"]


def test_a_wrong_password_is_told_without_it(server: Dovecot, address: str) -> None:
    with opened(server, address) as inbox:
        inbox._config = inbox._config.model_copy(update={"imap_password": SecretStr("letmein")})
        with pytest.raises(Unavailable, match="DSR_IMAP") as caught:
            list(inbox.unmarked())
    assert "letmein" not in str(caught.value)
    assert address not in str(caught.value)


def test_a_renumbered_mailbox_brings_nothing_twice(server: Dovecot, address: str, db: str) -> None:
    for number in (1, 2):
        deliver(server, mail(number), address)
    with opened(server, address) as inbox:
        now = datetime.now(UTC)
        assert keep_new(inbox, "privacy@nexoris.com", now) == 2
        inbox.close()
        renumber(server, address)
        assert len(list(inbox.unmarked())) == 2
        assert keep_new(inbox, "privacy@nexoris.com", now) == 0
        assert texts(inbox) == []


def test_a_number_from_before_marks_nothing(server: Dovecot, address: str) -> None:
    """Number 1 may be another message now, one that nobody has kept."""
    deliver(server, mail(1), address)
    with opened(server, address) as inbox:
        (before,) = inbox.unmarked()
        inbox.close()
        renumber(server, address)
        inbox.mark(before.uid)
        (after,) = inbox.unmarked()
        assert isinstance(after, Arrived)
        assert after.uid != before.uid
        inbox.mark(after.uid)
        assert texts(inbox) == []
