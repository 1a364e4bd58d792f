"""Several mailboxes: all are emptied, none waits for another, and one that is down is told at the end and by the doctor."""

import json
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from models.database import reading
from models.errors import Unavailable
from models.settings import settings
from models.tables import Message, MessageState
from tasks.doctor import examine
from tasks.mail.inbox import MaildirInbox
from tasks.mail.take_in import take_in_all
from tests.conftest import forget_settings
from tests.support.case_rows import NOW
from tests.support.dovecot import PASSWORD, Dovecot, deliver, dovecot
from tests.support.mail_in import mail


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def first(db: str) -> MaildirInbox:
    """The published mailbox."""
    return MaildirInbox(settings().maildir_path)


def imap_box(port: int, account: str, address: str) -> dict[str, object]:
    return {
        "address": address,
        "imap_host": "127.0.0.1",
        "imap_port": port,
        "imap_tls": False,
        "imap_user": account,
        "imap_password": PASSWORD,
    }


def add(monkeypatch: pytest.MonkeyPatch, *boxes: dict[str, object]) -> None:
    monkeypatch.setenv("DSR_MORE_MAILBOXES", json.dumps(boxes))
    forget_settings()


def places() -> dict[str, list[str]]:
    """The states of the messages of each mailbox."""
    found: dict[str, list[str]] = {}
    with reading() as session:
        for message in session.exec(select(Message)):
            found.setdefault(message.mailbox, []).append(message.state)
    return found


def mailbox_checks() -> dict[str, tuple[bool, str]]:
    return {check.part: (check.ok, check.say) for check in examine(NOW) if check.part.startswith("mailbox")}


def test_every_mailbox_is_emptied_and_names_its_messages(
    server: Dovecot, first: MaildirInbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = f"{uuid.uuid4().hex}@example.org"
    add(
        monkeypatch,
        imap_box(server.imap_port, account, "contact@nexoris.com"),
        {"address": "dpo@nexoris.com", "source": "maildir", "maildir": str(tmp_path / "dpo")},
    )
    first.deliver(mail(message_id="<1@mail.example>"))
    deliver(server, mail(message_id="<2@mail.example>", sender="b@mail.example"), account)
    MaildirInbox(tmp_path / "dpo").deliver(mail(message_id="<3@mail.example>", sender="c@mail.example"))
    assert [handled.state for handled in take_in_all(NOW)] == [MessageState.CASE] * 3
    assert places() == {
        address: ["case"] for address in ("privacy@nexoris.com", "contact@nexoris.com", "dpo@nexoris.com")
    }
    assert list(take_in_all(NOW)) == []
    assert [ok for ok, _ in mailbox_checks().values()] == [True] * 3


def test_a_mailbox_that_is_down_is_told_when_the_others_are_empty(
    server: Dovecot, first: MaildirInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = f"{uuid.uuid4().hex}@example.org"
    wrong = imap_box(server.imap_port, account, "sales@nexoris.com") | {"imap_password": "letmein"}
    add(monkeypatch, wrong, imap_box(server.imap_port, account, "contact@nexoris.com"))
    first.deliver(mail(message_id="<1@mail.example>"))
    deliver(server, mail(message_id="<2@mail.example>", sender="b@mail.example"), account)
    done = take_in_all(NOW)
    assert [next(done).state, next(done).state] == [MessageState.CASE] * 2
    with pytest.raises(Unavailable, match=r"the mailbox sales@nexoris\.com: its server refuses the login"):
        next(done)
    checks = mailbox_checks()
    assert {part: ok for part, (ok, _) in checks.items()} == {
        "mailbox": True,
        "mailbox sales@nexoris.com": False,
        "mailbox contact@nexoris.com": True,
    }
    assert "check its imap_user and imap_password" in checks["mailbox sales@nexoris.com"][1]
    assert checks["mailbox contact@nexoris.com"][1] == "contact@nexoris.com answers, 0 to take in"


def test_a_mailbox_that_says_nothing_keeps_no_other_waiting(
    first: MaildirInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        add(monkeypatch, imap_box(silent.getsockname()[1], "x", "contact@nexoris.com"))
        first.deliver(mail())
        done = take_in_all(NOW)
        assert next(done).state == MessageState.CASE
        connection, _ = silent.accept()
        connection.close()
        with pytest.raises(Unavailable, match="contact@"):
            next(done)


def test_every_mailbox_that_is_down_is_told(first: MaildirInbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    add(monkeypatch, imap_box(port, "a", "contact@nexoris.com"), imap_box(port, "b", "dpo@nexoris.com"))
    first.deliver(mail())
    with pytest.raises(ExceptionGroup) as caught:
        list(take_in_all(NOW))
    told = sorted(str(error) for error in caught.value.exceptions)
    assert [sentence.partition(":")[0] for sentence in told] == [
        "the mailbox contact@nexoris.com",
        "the mailbox dpo@nexoris.com",
    ]
    assert places() == {"privacy@nexoris.com": ["case"]}


def test_doctor_counts_what_waits_without_reading_it(first: MaildirInbox) -> None:
    first.deliver(mail())
    assert mailbox_checks() == {"mailbox": (True, "privacy@nexoris.com answers, 1 to take in")}
