"""A mailbox that was in use before: what is older than DSR_MAIL_SINCE is left alone, and the doctor counts it first."""

import imaplib
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from models.settings import settings
from tasks.doctor import examine
from tasks.mail.inbox import MaildirInbox
from tasks.mail.inbox_imap import ImapInbox
from tasks.mail.keep_mail import keep_new, open_inbox
from tests.conftest import forget_settings
from tests.support.case_rows import NOW
from tests.support.dovecot import Dovecot, dovecot
from tests.support.imap import colleague, mail, opened, texts

SINCE = date(2026, 11, 1)
LAST_YEAR, THIS_MONTH = NOW - timedelta(days=300), NOW - timedelta(days=2)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


def used_maildir(folder: Path) -> MaildirInbox:
    inbox = MaildirInbox(folder)
    for number, moment in enumerate((LAST_YEAR, LAST_YEAR, THIS_MONTH), start=1):
        before = set((folder / "new").iterdir())
        inbox.deliver(mail(number))
        (path,) = set((folder / "new").iterdir()) - before
        os.utime(path, (moment.timestamp(), moment.timestamp()))
    return inbox


def mailbox_check() -> tuple[bool, str]:
    (check,) = [one for one in examine(NOW) if one.part == "mailbox"]
    return check.ok, check.say


def test_old_mail_stays_on_the_server(server: Dovecot) -> None:
    address = f"{uuid.uuid4().hex}@example.org"
    with colleague(server, address) as client:
        for number, moment in enumerate((LAST_YEAR, THIS_MONTH), start=1):
            client.append("INBOX", "", imaplib.Time2Internaldate(moment), mail(number))
    with opened(server, address) as every:
        assert every.older(than=SINCE) == 1
        inbox = ImapInbox(every._config, since=SINCE)
        assert texts(inbox) == [".2"]
        assert inbox.count() == 1
        (arrived,) = inbox.unmarked()
        inbox.mark(arrived.uid)
        assert inbox.wait(0) is False, "old mail does not ring for ever"
        inbox.close()
    with colleague(server, address) as client:
        assert client.search(None, "UNSEEN", "UNKEYWORD", "DsrKept")[1] == [b"1"]


def test_old_mail_stays_in_a_maildir(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = settings().maildir_path
    used_maildir(folder)
    monkeypatch.setenv("DSR_MAIL_SINCE", SINCE.isoformat())
    forget_settings()
    inbox = open_inbox(settings().mailboxes[0])
    assert keep_new(inbox, settings().mailbox, NOW) == 1
    assert inbox.count() == 0
    assert inbox.wait(0) is False
    assert len(list((folder / "new").iterdir())) == 2


def test_the_doctor_counts_old_mail_before_the_first_start(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = used_maildir(settings().maildir_path)
    ok, say = mailbox_check()
    assert not ok
    assert say.startswith("2 of 3 messages in privacy@nexoris.com are older than 60 days")
    assert "set DSR_MAIL_SINCE" in say
    monkeypatch.setenv("DSR_MAIL_SINCE", SINCE.isoformat())
    forget_settings()
    assert mailbox_check() == (True, "privacy@nexoris.com answers, 1 to take in")
    monkeypatch.setenv("DSR_MAIL_SINCE", "")
    forget_settings()
    (*_, newest) = inbox.unmarked()
    inbox.mark(newest.uid)
    assert not mailbox_check()[0], "nothing was taken in yet"
    inbox.deliver(mail(9))
    keep_new(MaildirInbox(settings().maildir_path, since=datetime.now(UTC).date()), settings().mailbox, NOW)
    assert mailbox_check()[0], "the engine knows this mailbox: whoever started it so wanted everything"
