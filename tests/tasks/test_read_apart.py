"""A message that takes too long, or kills whoever reads it, waits for a person and stops nobody (peers.md test 10)."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.classification import Kind
from models.database import unit_of_work
from models.errors import Rejected, Unavailable
from models.settings import REPOSITORY
from models.tables import Message, MessageState, TodoKind
from tasks.mail import read_apart
from tasks.mail.handle_mail import MAX_ATTEMPTS, handle, handle_kept
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import NOW
from tests.support.dying_reader import DIES, NEVER_ENDS
from tests.support.mail_in import cases, keep, mail, stored, todo_kinds

SECONDS = 20.0
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read with a process that dies of some messages."""
    read_apart._stop()
    monkeypatch.setattr(read_apart, "CHILD", "from tests.support.dying_reader import serve")
    yield
    read_apart._stop()


def deadly(number: int = 1, header: bytes = DIES) -> bytes:
    return header + b"\r\n" + mail(message_id=f"<{number}@deadly.example>")


def slow() -> bytes:
    """A real message that takes its reader a second or so: every line is tried as the beginning of a quoted thread."""
    return mail(
        "\n".join(f"On {day} a@b.example wrote:\n<div>" * 20 for day in range(4_000)), message_id="<s@x>"
    )


def reader() -> int:
    return read_apart._readers[0].process.pid


def test_a_message_is_read_as_in_this_process() -> None:
    raw = b"Delivered-To: <Privacy+abc@nexoris.com>\r\n" + mail()
    found = read_apart.read_apart(raw, SECONDS)
    assert found == read_apart.read(raw)
    assert found.verdict.kind is Kind.REQUEST
    assert found.sent_to[-1] == found.sent_to[0].replace("privacy", "privacy+abc")


def test_one_reader_serves_many_and_callers_at_once() -> None:
    read_apart.read_apart(mail(), SECONDS)
    first = reader()
    senders = [f"p{number}@mail.example" for number in range(8)]
    found = at_once(
        *(lambda s=s: read_apart.read_apart(mail(sender=s), SECONDS).mail.sender_address for s in senders)
    )
    assert sorted(map(str, found)) == senders
    assert reader() == first


def test_the_reader_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_SESSION_SECRET", "s" * 40)
    read_apart._stop()
    read_apart.read_apart(mail(), SECONDS)
    assert b"DSR_" not in Path(f"/proc/{reader()}/environ").read_bytes()


def test_reading_takes_no_longer_than_it_may() -> None:
    read_apart.read_apart(mail(), SECONDS)
    busy = reader()
    began = time.monotonic()
    with pytest.raises(Rejected, match="DSR_MESSAGE_SECONDS"):
        read_apart.read_apart(slow(), 0.05)
    assert time.monotonic() - began < 5
    assert not read_apart._readers
    with pytest.raises(ProcessLookupError):
        os.kill(busy, 0)
    assert read_apart.read_apart(mail(), SECONDS).mail.subject == "Mes données"


@pytest.mark.usefixtures("dying")
def test_a_dead_reader_is_told_and_replaced() -> None:
    with pytest.raises(Unavailable):
        read_apart.read_apart(deadly(), SECONDS)
    assert read_apart.read_apart(mail(), SECONDS).mail.subject == "Mes données"


def test_a_reader_that_is_killed_from_outside_is_told_and_replaced() -> None:
    """As the kernel does where memory is short."""
    read_apart.read_apart(mail(), SECONDS)
    raw = slow()
    timer = threading.Timer(0.1, os.kill, (reader(), signal.SIGKILL))
    timer.start()
    with pytest.raises(Unavailable):
        read_apart.read_apart(raw, SECONDS)
    timer.join()
    assert read_apart.read_apart(mail(), SECONDS).mail.subject == "Mes données"


def test_a_reader_ends_with_the_process_it_works_for() -> None:
    """Idle, it sees its socket close; busy, its own alarm ends it."""
    program = (
        "import os, signal; from tasks.mail import read_apart as r; r.read_apart(b'From: a@b.example', 20.0);"
        "print(r._readers[0].process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    orphan, until = Path(f"/proc/{int(ended.stdout)}/cmdline"), time.monotonic() + 20
    while orphan.exists() and orphan.read_bytes():  # a zombie has none
        assert time.monotonic() < until, "the reader outlives its master"


def test_a_fork_leaves_its_parents_reader_alone() -> None:
    """Flow runs are forks: one that ended the reader, or talked to it, would take another one's answer."""
    read_apart.read_apart(mail(), SECONDS)
    first = reader()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # other threads: the fork has none of their work to do
        number = os.fork()
    if not number:
        own = read_apart.read_apart(mail(), SECONDS).mail.subject == "Mes données" and reader() != first
        read_apart._stop()
        os._exit(0 if own else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0
    assert read_apart.read_apart(mail(), SECONDS).mail.subject == "Mes données"
    assert reader() == first


@pytest.mark.usefixtures("dying")
def test_a_busy_reader_whose_master_was_killed_ends_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = read_apart._reader().channel
    channel.send((deadly(header=NEVER_ENDS), 0.1 - read_apart.OWN_END_SECONDS, frozenset()))
    assert read_apart._readers[0].process.wait(10) == -signal.SIGALRM


def test_a_slow_message_waits_for_a_person(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_MESSAGE_SECONDS", "0.05")
    forget_settings()
    read_apart._reader()
    number = keep(slow())
    assert handle(number, NOW).state == MessageState.PEN
    assert "DSR_MESSAGE_SECONDS" in stored(number).reason
    assert todo_kinds() == [TodoKind.QUALIFY]


@pytest.mark.usefixtures("dying")
def test_what_kills_its_reader_three_times_waits_for_a_person_and_stops_nobody(db: str) -> None:
    poison, good = keep(deadly()), keep(mail())
    for attempt in range(1, MAX_ATTEMPTS + 1):
        handle_kept(NOW)
        assert (stored(poison).state, stored(poison).attempts) == (MessageState.KEPT, attempt)
        assert stored(good).state == MessageState.CASE, "the message behind it does not wait"
    handle_kept(NOW)
    assert stored(poison).state == MessageState.PEN
    assert "three times" in stored(poison).reason
    assert len(cases()) == 1


def test_a_message_that_killed_the_intake_itself_is_counted_too(db: str) -> None:
    """The count was committed before the message was read, so it outlives whoever read it."""
    number = keep(mail())
    with unit_of_work() as session:
        session.get_one(Message, number).attempts = MAX_ATTEMPTS
    assert handle(number, NOW).state == MessageState.PEN


def test_handlers_at_once_are_no_failed_attempts(db: str) -> None:
    number = keep(mail())
    at_once(*[lambda: handle(number, NOW)] * 6)
    assert (stored(number).state, stored(number).attempts) == (MessageState.CASE, 1)
