"""What the storage does not give, or nobody can open, stops no other message (DESIGN.md 4.4, 4.6)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from models.database import reading
from models.errors import Unavailable
from models.settings import settings
from models.storage import fetch
from models.tables import MessageState, TodoKind
from tasks.doctor import examine
from tasks.figures.measure import exposition
from tasks.mail import read_apart
from tasks.mail.handle_mail import MAX_ATTEMPTS, handle, handle_kept
from tasks.mail.ingest import ingest_file
from tasks.mail.pen_view import penned_message
from tasks.mail.read_kept import read_kept, shown_kept
from tests.conftest import forget_settings
from tests.support.case_rows import NOW
from tests.support.dying_reader import DIES
from tests.support.mail_in import cases, keep, mail, stored, todo_kinds


def file_of(number: int) -> Path:
    return settings().home / "files" / stored(number).storage_key


def unreadable(number: int) -> None:
    """A folder in its place: reading it fails with an OSError, whoever tries."""
    file_of(number).rename(file_of(number).with_suffix(".aside"))
    file_of(number).mkdir()


def readable(number: int) -> None:
    file_of(number).rmdir()
    file_of(number).with_suffix(".aside").rename(file_of(number))


@pytest.fixture
def broken_reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A reader that does not start."""
    read_apart._stop()
    monkeypatch.setattr(read_apart, "CHILD", "raise SystemExit")
    yield monkeypatch
    read_apart._stop()


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A reader that dies of some messages."""
    read_apart._stop()
    monkeypatch.setattr(read_apart, "CHILD", "from tests.support.dying_reader import serve")
    yield
    read_apart._stop()


def test_a_file_that_the_storage_does_not_give_waits_and_stops_nobody(db: str) -> None:
    first, second = keep(mail()), keep(mail(sender="b@mail.example", message_id="<2@mail.example>"))
    unreadable(first)
    with pytest.raises(Unavailable, match="storage"):
        fetch(stored(first).storage_key)
    for _ in range(MAX_ATTEMPTS + 1):
        handle_kept(NOW)
    assert (stored(first).state, stored(first).attempts) == (MessageState.KEPT, 0), "not the message's fault"
    assert stored(second).state == MessageState.CASE
    readable(first)
    handle_kept(NOW)
    assert stored(first).state == MessageState.CASE


def test_a_file_that_no_key_opens_waits_for_a_person_after_three_reads(db: str) -> None:
    first, second = keep(mail()), keep(mail(sender="b@mail.example", message_id="<2@mail.example>"))
    file_of(first).write_bytes(b"not what was encrypted")
    for _ in range(MAX_ATTEMPTS - 1):
        handle_kept(NOW)
        assert stored(first).state == MessageState.KEPT
        assert stored(second).state == MessageState.CASE
    handle_kept(NOW)
    assert stored(first).state == MessageState.PEN
    assert "DSR_ENCRYPTION_KEYS" in stored(first).reason
    assert todo_kinds() == [TodoKind.QUALIFY]
    assert penned_message(first).text is None, "it is shown all the same"


@pytest.mark.usefixtures("broken_reader")
def test_a_reader_that_does_not_start_is_no_fault_of_the_message(
    db: str, broken_reader: pytest.MonkeyPatch
) -> None:
    number = keep(mail())
    for _ in range(MAX_ATTEMPTS + 1):
        assert handle(number, NOW).state == MessageState.KEPT
    assert stored(number).attempts == 0
    with pytest.raises(Unavailable, match="does not start"):
        read_kept(stored(number).storage_key)
    broken_reader.undo()
    read_apart._stop()


def test_how_long_a_message_waits_to_be_understood_is_told(db: str) -> None:
    def said() -> tuple[bool, str]:
        (check,) = [one for one in examine(NOW + timedelta(hours=2)) if one.part == "intake"]
        return check.ok, check.say

    def measured() -> list[str]:
        with reading() as session:
            lines = exposition(session, NOW + timedelta(hours=2)).decode().splitlines()
        return [line for line in lines if line.startswith("dsr_kept")]

    assert said() == (True, "every kept message is understood")
    number = keep(mail())
    ok, sentence = said()
    assert not ok
    assert sentence.startswith(f"1 kept and not understood, the oldest since {NOW:%Y-%m-%d %H:%M} UTC: see")
    assert measured() == ["dsr_kept_messages 1.0", "dsr_kept_oldest_age_seconds 7200.0"]
    handle(number, NOW)
    assert said()[0]
    assert measured() == ["dsr_kept_messages 0.0", "dsr_kept_oldest_age_seconds 0.0"]


@pytest.mark.usefixtures("dying")
def test_what_killed_its_reader_is_read_apart_by_pages_and_flows_too(db: str, tmp_path: Path) -> None:
    """This process would not have lived to see the assertions."""
    deadly = DIES + b"\r\n" + mail()
    number = keep(deadly)
    for _ in range(MAX_ATTEMPTS + 1):
        handle(number, NOW)
    assert penned_message(number).text is None
    assert read_kept(stored(number).storage_key) is shown_kept(stored(number).storage_key) is None
    file = tmp_path / "deadly.eml"
    file.write_bytes(deadly + b"once more\r\n")
    ingest_file(file, "privacy@nexoris.com", NOW)
    assert cases() == []


WIDE = (
    "<table><tr><td>"
    + "x" * 100_000
    + "</td></tr>"
    + "<tr><td>Bonjour</td><td>b</td></tr>" * 2_000
    + "</table>"
)
NESTED = "<table><tr><td>" * 40 + "x" * 50_000 + "<br>Bonjour" * 2_000 + "</td></tr></table>" * 40


@pytest.mark.parametrize("html", [WIDE, NESTED], ids=["wide", "nested"])
def test_a_table_that_would_fill_the_memory_is_read_cell_by_cell(
    home: Path, monkeypatch: pytest.MonkeyPatch, html: str
) -> None:
    """158 kB took 790 MB; less than half of that is all there is here."""
    monkeypatch.setenv("DSR_MESSAGE_MEMORY_BYTES", "300000000")
    forget_settings()
    read_apart._stop()
    raw = b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + html.encode()
    text = read_apart.read_apart(raw, 60).mail.text
    assert text.startswith("x" * 1_000)
    assert "Bonjour" in text
    read_apart._stop()


def test_a_message_that_needs_more_memory_than_there_is_waits_for_a_person(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSR_MESSAGE_MEMORY_BYTES", "300000000")
    forget_settings()
    read_apart._stop()
    large, good = (
        keep(mail() + b"0123456789abcdef\r\n" * 2_500_000),
        keep(mail(message_id="<2@mail.example>")),
    )
    for _ in range(MAX_ATTEMPTS + 1):
        handle_kept(NOW)
    assert (stored(large).state, stored(good).state) == (MessageState.PEN, MessageState.CASE)
    assert stored(large).reason
    read_apart._stop()


def test_a_kept_message_is_read_again(db: str) -> None:
    number = keep(mail())
    read = read_kept(stored(number).storage_key)
    assert read == shown_kept(stored(number).storage_key)
    assert read is not None
    assert read.subject == "Mes données"
    assert read_kept("mail/gone") is None
    unreadable(number)
    with pytest.raises(Unavailable, match="storage"):
        read_kept(stored(number).storage_key)  # a flow tries again, instead of going on without the words
    assert shown_kept(stored(number).storage_key) is None
