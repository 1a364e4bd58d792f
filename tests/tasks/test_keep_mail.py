"""Mail is kept before it is understood: committed, then marked; and never twice (DESIGN.md 4.6, peers.md test 3)."""

import os
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from models.database import reading
from models.errors import Unavailable
from models.settings import settings
from models.storage import fetch, sha256
from models.tables import Bringing, Message, MessageState
from tasks.mail.handle_mail import handle
from tasks.mail.inbox import HEAVY, Arrived, MaildirInbox, MayBring, always
from tasks.mail.keep_mail import MAX_ATTEMPTS, keep_message, keep_new
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import NOW
from tests.support.mail_in import mail

MAILBOX = "privacy@nexoris.com"
RAW = b"From: a@client.example\r\nSubject: Acc\xe8s\r\n\r\n" + bytes(range(256)) * 10


class WatchfulInbox(MaildirInbox):
    """Fails where a message is marked that is not kept yet."""

    def mark(self, uid: str, *, whole: bool = True) -> None:
        raws = {arrived.uid: arrived.raw for arrived in self.unmarked()}
        assert fetch(the_only(raws[uid]).storage_key) == raws[uid]
        super().mark(uid, whole=whole)


class CrashingInbox(MaildirInbox):
    """The process dies between the commit and the mark."""

    def mark(self, uid: str, *, whole: bool = True) -> None:
        raise KeyboardInterrupt


class UnmarkableInbox(MaildirInbox):
    """A server that cannot mark the first message."""

    def mark(self, uid: str, *, whole: bool = True) -> None:
        if uid == min(arrived.uid for arrived in self.unmarked()):
            raise Unavailable("the server is read-only")
        super().mark(uid, whole=whole)


def messages() -> list[Message]:
    with reading() as session:
        return list(session.exec(select(Message)))


def the_only(raw: bytes) -> Message:
    (message,) = [message for message in messages() if message.content_hash == sha256(raw)]
    return message


def test_bytes_are_the_same_after_decryption_and_unreadable_before(db: str) -> None:
    number, new = keep_message(RAW, MAILBOX, NOW - timedelta(hours=1), NOW)
    message = the_only(RAW)
    assert new
    assert number == message.id
    assert fetch(message.storage_key) == RAW
    assert (message.received_at, message.kept_at) == (NOW - timedelta(hours=1), NOW)
    assert message.state == MessageState.KEPT
    on_disk = (settings().home / "files" / message.storage_key).read_bytes()
    assert b"client.example" not in on_disk


def test_a_message_is_kept_before_it_is_marked(db: str, tmp_path: Path) -> None:
    inbox = WatchfulInbox(tmp_path / "mail")
    for number in range(3):
        inbox.deliver(RAW + bytes([number]))
    assert keep_new(inbox, MAILBOX, NOW) == 3
    assert list(inbox.unmarked()) == []
    assert keep_new(inbox, MAILBOX, NOW) == 0


def test_a_crash_before_marking_neither_loses_nor_doubles(db: str, tmp_path: Path) -> None:
    inbox = CrashingInbox(tmp_path / "mail")
    inbox.deliver(RAW)
    with pytest.raises(KeyboardInterrupt):
        keep_new(inbox, MAILBOX, NOW)
    after = MaildirInbox(tmp_path / "mail")
    assert keep_new(after, MAILBOX, NOW) == 0
    assert list(after.unmarked()) == []
    assert fetch(the_only(RAW).storage_key) == RAW


def test_a_crash_before_the_commit_leaves_the_servers_copy(
    db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = MaildirInbox(tmp_path / "mail")
    inbox.deliver(RAW)
    (tmp_path / "no folder").write_bytes(b"")
    monkeypatch.setenv("DSR_STORAGE_URL", f"file://{tmp_path / 'no folder'}")
    forget_settings()
    with pytest.raises(OSError, match="no folder"):
        keep_new(inbox, MAILBOX, NOW)
    assert messages() == []
    monkeypatch.delenv("DSR_STORAGE_URL")
    forget_settings()
    assert keep_new(inbox, MAILBOX, NOW) == 1


def test_a_message_that_cannot_be_marked_does_not_keep_the_others_waiting(db: str, tmp_path: Path) -> None:
    inbox = UnmarkableInbox(tmp_path / "mail")
    for number in range(3):
        inbox.deliver(RAW + bytes([number]))
    with pytest.raises(Unavailable):
        keep_new(inbox, MAILBOX, NOW)
    assert len(messages()) == 3


def test_processes_that_keep_the_same_mail_at_once_keep_it_once(db: str) -> None:
    results = at_once(*[lambda: keep_message(RAW, MAILBOX, NOW, NOW)] * 6)
    (message,) = messages()
    assert sorted(map(str, results)) == [f"({message.id}, False)"] * 5 + [f"({message.id}, True)"]


def test_two_mailboxes_each_keep_their_copy(db: str) -> None:
    first, second = (keep_message(RAW, mailbox, NOW, NOW) for mailbox in (MAILBOX, "dpo@nexoris.com"))
    assert first[1]
    assert second[1]
    assert first[0] != second[0]


def test_nothing_arrives_in_the_future(db: str, tmp_path: Path) -> None:
    """A server whose clock is ahead must not move a deadline back."""
    inbox = MaildirInbox(tmp_path / "mail")
    inbox.deliver(RAW)
    long_ago = NOW.replace(year=2020)
    keep_new(inbox, MAILBOX, long_ago)
    assert the_only(RAW).received_at == long_ago


def test_a_message_above_the_limit_is_kept_whole_and_waits_for_a_person(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSR_MESSAGE_MAX_BYTES", "1000")
    forget_settings()
    number, _ = keep_message(RAW, MAILBOX, NOW, NOW)
    assert handle(number, NOW).state == MessageState.PEN
    message = the_only(RAW)
    assert "DSR_MESSAGE_MAX_BYTES" in message.reason
    assert fetch(message.storage_key) == RAW


class DeadlyInbox(MaildirInbox):
    """The process is killed while it brings a heavy message, as the kernel does where memory is short."""

    def unmarked(self, may_bring: MayBring = always) -> Iterator[Arrived]:
        for arrived in super().unmarked(may_bring):
            if len(arrived.raw) > HEAVY:
                os._exit(9)
            yield arrived


class FullStorageInbox(MaildirInbox):
    """The storage says no to whatever is heavy."""

    def unmarked(self, may_bring: MayBring = always) -> Iterator[Arrived]:
        for arrived in super().unmarked(may_bring):
            if len(arrived.raw) > HEAVY:
                raise OSError
            yield arrived


def in_a_process(work: Callable[[], object]) -> int:
    """How a fork that does `work` ends; no database connection is shared with it."""
    forget_settings()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # other threads: the fork has none of their work to do
        number = os.fork()
    if not number:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def heavy_and_light(folder: Path) -> None:
    inbox = MaildirInbox(folder)
    inbox.deliver(RAW + b"x" * HEAVY)
    (heavy,) = (folder / "new").iterdir()
    os.utime(heavy, (1, 1))  # the oldest
    inbox.deliver(RAW)


def test_what_kills_whoever_brings_it_stays_on_the_server_after_three_times(db: str, tmp_path: Path) -> None:
    heavy_and_light(tmp_path / "mail")
    for _ in range(MAX_ATTEMPTS):
        assert in_a_process(lambda: keep_new(DeadlyInbox(tmp_path / "mail"), MAILBOX, NOW)) == 9
        assert messages() == []
    assert in_a_process(lambda: keep_new(DeadlyInbox(tmp_path / "mail"), MAILBOX, NOW)) == 0
    (penned,) = [message for message in messages() if message.state == MessageState.PEN]
    assert "three times" in penned.reason
    assert "unread in the mailbox" in penned.reason
    assert penned.sender == "a@client.example"
    assert the_only(RAW).state == MessageState.KEPT
    (left,) = (path for path in (tmp_path / "mail" / "cur").iterdir() if path.stat().st_size > HEAVY)
    assert left.name.endswith(":2,"), "not seen"


def test_a_full_storage_is_no_fault_of_the_message(db: str, tmp_path: Path) -> None:
    heavy_and_light(tmp_path / "mail")
    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(OSError):  # noqa: PT011  # as it is
            keep_new(FullStorageInbox(tmp_path / "mail"), MAILBOX, NOW)
    assert keep_new(MaildirInbox(tmp_path / "mail"), MAILBOX, NOW) == 2
    assert {message.state for message in messages()} == {MessageState.KEPT}
    with reading() as session:
        assert session.exec(select(Bringing)).all() == []


@pytest.mark.long
def test_a_message_at_the_limit_is_kept_encrypted_and_understood(db: str) -> None:
    """DSR_MESSAGE_MAX_BYTES is what can be stored and read with the memory that is given by default."""
    file = b"JVBERi0xLjQK" * 6 + b"\r\n"
    head = mail().replace(b"Content-Type", b"X-Was")
    head += b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    head = head.replace(
        b"MIME-Version: 1.0", b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b", 1
    )
    head = head.replace(b"\r\n\r\n", b"\r\n\r\n--b\r\n\r\n", 1)
    raw = head + file * ((settings().message_max_bytes - len(head)) // len(file))
    number, _ = keep_message(raw, MAILBOX, NOW, NOW)
    assert handle(number, NOW).state == MessageState.CASE
    assert fetch(the_only(raw).storage_key) == raw
