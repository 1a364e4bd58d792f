"""The embedded Maildir: what is not marked comes again, what is marked does not, and nothing is lost on the way."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.settings import settings
from tasks.mail.inbox import MaildirInbox
from tasks.mail.inbox_imap import ImapInbox
from tasks.mail.keep_mail import open_inbox
from tests.conftest import forget_settings

FIRST, SECOND = b"Subject: 1\r\n\r\none\r\n", b"Subject: 2\n\n\xff\x00two"


@pytest.fixture
def inbox(tmp_path: Path) -> MaildirInbox:
    return MaildirInbox(tmp_path / "deep" / "mail")


def waiting(inbox: MaildirInbox) -> list[bytes]:
    return [arrived.raw for arrived in inbox.unmarked()]


def test_bytes_come_out_as_they_went_in(inbox: MaildirInbox) -> None:
    inbox.deliver(FIRST)
    inbox.deliver(SECOND)
    assert sorted(waiting(inbox)) == sorted([FIRST, SECOND])


def test_what_is_not_marked_comes_again(inbox: MaildirInbox) -> None:
    inbox.deliver(FIRST)
    assert waiting(inbox) == waiting(inbox) == [FIRST]


def test_what_is_marked_stays_in_the_mailbox_as_read(inbox: MaildirInbox, tmp_path: Path) -> None:
    inbox.deliver(FIRST)
    (arrived,) = inbox.unmarked()
    inbox.mark(arrived.uid)
    inbox.mark(arrived.uid)
    assert waiting(inbox) == []
    (kept,) = (tmp_path / "deep" / "mail" / "cur").iterdir()
    assert kept.name.endswith(":2,S")
    assert kept.read_bytes() == FIRST


def test_the_oldest_comes_first_and_says_when_it_arrived(inbox: MaildirInbox, tmp_path: Path) -> None:
    inbox.deliver(FIRST)
    (arrived,) = inbox.unmarked()
    inbox.deliver(SECOND)
    long_ago = datetime(2026, 11, 1, 8, tzinfo=UTC)
    for path in (tmp_path / "deep" / "mail" / "new").iterdir():
        if path.name != arrived.uid:
            os.utime(path, (long_ago.timestamp(), long_ago.timestamp()))
    assert waiting(inbox) == [SECOND, FIRST]
    assert next(inbox.unmarked()).arrived_at == long_ago


def test_what_another_process_took_meanwhile_is_passed_over(inbox: MaildirInbox) -> None:
    for raw in (FIRST, SECOND):
        inbox.deliver(raw)
    going = inbox.unmarked()
    first = next(going)
    for arrived in inbox.unmarked():
        inbox.mark(arrived.uid)
    assert list(going) == []
    inbox.mark(first.uid)


def test_what_is_no_message_is_left_alone(inbox: MaildirInbox, tmp_path: Path) -> None:
    new = tmp_path / "deep" / "mail" / "new"
    (new / ".hidden").write_bytes(b"x")
    (new / "folder").mkdir()
    assert waiting(inbox) == []
    assert not inbox.wait(0)


def test_waiting_ends_with_the_time_or_with_a_message(inbox: MaildirInbox) -> None:
    assert not inbox.wait(0)
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(inbox.wait(60)))
    waiter.start()
    inbox.deliver(FIRST)
    waiter.join(30)
    assert answers == [True]
    assert inbox.wait(0)


def test_the_settings_choose_the_mailbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_inbox(settings().mailboxes[0]), MaildirInbox)
    assert (home / "maildir" / "new").is_dir()
    monkeypatch.setenv("DSR_MAIL_SOURCE", "imap")
    forget_settings()
    assert isinstance(open_inbox(settings().mailboxes[0]), ImapInbox)
