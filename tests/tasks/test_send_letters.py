"""Letters over real SMTP conversations with every fault: none is lost, and none goes out twice without need (peers.md test 2)."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from sqlmodel import col, select

from models import storage
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.settings import settings
from models.storage import fetch
from models.tables import ClockEvent, Letter, LetterState, Request, TodoKind
from tasks.letters.render import LANGUAGES
from tasks.letters.send_letters import MAX_ATTEMPTS
from tasks.letters.write_letter import write_letter
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, add_case
from tests.support.letter_samples import sample
from tests.support.outbox import (
    LATER,
    events,
    letter,
    message_ids,
    open_todos,
    relay_in_settings,
    send,
    write,
)
from tests.support.smtp import Fault, Relay, smtp_relay

TRANSIENT = [
    Fault.BUSY_GREETING,
    Fault.CLOSED_GREETING,
    Fault.RECIPIENT_LATER,
    Fault.CONTENT_LATER,
    Fault.DROPS_BEFORE_CONTENT,
    Fault.HANGS_BEFORE_CONTENT,
]


@pytest.fixture
def relay(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with relay_in_settings(monkeypatch) as running:
        yield running


def test_what_leaves_is_what_was_stored(relay: Relay) -> None:
    number = write()
    assert send() == 1
    (taken,) = relay.taken
    assert taken.content == fetch(letter(number).storage_key)
    assert (taken.sender, taken.recipients) == (settings().mailbox, ("camille.perso@mail.example",))
    assert (letter(number).state, letter(number).smtp_reply) == (LetterState.SENT, "250")
    assert events(number) == ["letter_sent"]
    sent_at = letter(number).sent_at
    assert sent_at is not None
    assert sent_at >= NOW


def test_a_sent_letter_is_not_sent_again(relay: Relay) -> None:
    write()
    assert [send(), send(), send(LATER)] == [1, 0, 0]
    assert len(relay.taken) == 1


def test_one_letter_can_be_sent_alone(relay: Relay) -> None:
    first, second = write("a"), write("b")
    assert send(key="b") == 1
    assert (letter(first).state, letter(second).state) == (LetterState.QUEUED, LetterState.SENT)


def test_trouble_before_the_content_left_is_tried_again(relay: Relay) -> None:
    numbers = [write(fault, secret=True) for fault in TRANSIENT]
    relay.script.extend(TRANSIENT)
    assert send() == 0
    for waiting in map(letter, numbers):
        assert waiting.state == LetterState.QUEUED, waiting.key
        assert waiting.next_try_at is not None
        assert waiting.next_try_at >= NOW + timedelta(minutes=1)
        assert "@" not in waiting.smtp_reply
    assert send(NOW + timedelta(seconds=50)) == 0, "not before its time"
    assert send(NOW + timedelta(minutes=2)) == len(TRANSIENT)
    assert message_ids(relay) == [letter(number).message_id for number in numbers]


def test_a_refused_letter_waits_for_a_person(relay: Relay) -> None:
    faults = [Fault.RECIPIENT_NEVER, Fault.CONTENT_NEVER]
    numbers = [write(fault) for fault in faults]
    relay.script.extend(faults)
    assert [send(), send(LATER)] == [0, 0]
    for number in numbers:
        assert letter(number).state == LetterState.FAILED
        assert "@" not in letter(number).smtp_reply
        assert events(number) == ["letter_failed"]
    assert relay.taken == []
    assert open_todos() == [TodoKind.LETTER_FAILED] * 2


def test_tries_come_at_growing_intervals_and_end(relay: Relay) -> None:
    number = write()
    relay.script.extend([Fault.RECIPIENT_LATER] * MAX_ATTEMPTS)
    waits, now = [], NOW
    while letter(number).state == LetterState.QUEUED:
        send(now)
        due = letter(number).next_try_at
        if due is not None:
            waits.append(round((due - now) / timedelta(minutes=1)))
            now = due
    assert waits[:9] == [1, 2, 4, 8, 16, 32, 64, 120, 120]
    assert timedelta(days=1) < now - NOW < timedelta(days=5)
    assert letter(number).state == LetterState.FAILED
    assert events(number) == ["letter_failed"]


def test_one_bad_letter_does_not_hold_up_the_others(relay: Relay) -> None:
    numbers = [write(key) for key in "abc"]
    relay.script.extend([Fault.RECIPIENT_NEVER, Fault.DROPS_BEFORE_CONTENT])
    assert send() == 1
    states = [letter(number).state for number in numbers]
    assert states == [LetterState.FAILED, LetterState.QUEUED, LetterState.SENT]


def test_a_relay_that_is_down_loses_nothing(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with smtp_relay() as gone:
        monkeypatch.setenv("DSR_SMTP_PORT", str(gone.port))
        monkeypatch.setenv("DSR_SMTP_TLS", "none")
    forget_settings()
    number = write(secret=True)
    assert send() == 0
    assert letter(number).state == LetterState.QUEUED


def test_a_relay_without_tls_gets_nothing_where_tls_is_asked_for(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSR_SMTP_TLS", "starttls")
    forget_settings()
    number = write()
    assert send() == 0
    assert letter(number).state == LetterState.QUEUED
    assert relay.asked == []


def test_a_letter_that_was_exchanged_in_the_storage_does_not_leave(relay: Relay) -> None:
    """Ciphertext of another letter under this one's name: both decrypt."""
    first, second = write("a"), write("b")
    files = settings().home / "files"
    (files / letter(first).storage_key).write_bytes((files / letter(second).storage_key).read_bytes())
    assert send(key="a") == 0
    assert letter(first).state == LetterState.FAILED
    assert relay.asked == []


def test_senders_at_the_same_time_send_each_letter_once(relay: Relay) -> None:
    numbers = [write(key) for key in "abcdef"]
    assert sum(int(str(sent)) for sent in at_once(send, send, send)) == len(numbers)
    assert sorted(message_ids(relay)) == sorted(letter(number).message_id for number in numbers)


def test_a_letter_without_a_case_is_sent_too(relay: Relay) -> None:
    number = write()
    with unit_of_work() as session:
        session.get_one(Letter, number).case_id = None
    assert send() == 1


def test_an_officers_letter_that_fails_makes_no_further_letter(
    relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a wrong address of an officer would be written to every hour."""
    with unit_of_work() as session:
        kind = LetterKind.TODO_NOTICE
        context = sample(kind, "fr")
        number = write_letter(session, None, None, kind, context, "claire@nexoris.com", "n", NOW).id
    relay.script.append(Fault.RECIPIENT_NEVER)
    assert send() == 0
    assert letter(number).state == LetterState.FAILED
    assert open_todos() == []
    assert "is about no case" in caplog.text
    assert "@" not in caplog.text


def test_a_letter_for_the_post_is_not_mailed(relay: Relay) -> None:
    number = write()
    with unit_of_work() as session:
        session.get_one(Letter, number).state = LetterState.TO_POST
    assert [send(), send(LATER)] == [0, 0]
    assert relay.asked == []


def test_every_letter_in_every_language_arrives_byte_by_byte(relay: Relay) -> None:
    """Dots at the beginning of a line, long words and accents included (RFC 5321 4.5.2)."""
    keys = []
    for language, kind in product(LANGUAGES, LetterKind):
        with unit_of_work() as session:
            case, _ = add_case(session, language=language)
            context = sample(kind, language)
            if "name" in type(context).model_fields:
                context = context.model_copy(update={"name": ". . .é" * 10})
            keys.append(f"{language}-{kind}")
            write_letter(session, case, None, kind, context, case.requester_address, keys[-1], NOW)
    assert send() == len(keys)
    with reading() as session:
        letters = session.exec(select(Letter).order_by(col(Letter.id))).all()
    assert [taken.content for taken in relay.taken] == [fetch(one.storage_key) for one in letters]
    assert len(set(message_ids(relay))) == len(keys)


def test_bytes_that_cannot_be_read_now_are_read_later(relay: Relay) -> None:
    number = write()
    path = settings().home / "files" / letter(number).storage_key
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    assert send() == 0
    assert letter(number).state == LetterState.QUEUED
    path.rmdir()
    path.write_bytes(content)
    assert send(LATER) == 1
    assert storage.sha256(relay.taken[0].content) == letter(number).sha256


def test_that_a_letter_left_is_kept_where_the_dates_of_its_case_cannot_be_computed(relay: Relay) -> None:
    """Forgotten, it would go out once more."""
    number = write("DSR-2026-0001/access:reply")
    with unit_of_work() as session:
        session.get_one(Letter, number).request_id = session.exec(select(Request.id)).one()
        session.delete(session.exec(select(ClockEvent)).one())
    assert send() == 1
    assert letter(number).state == LetterState.SENT
    with reading() as session:
        assert session.exec(select(Request.replied_at)).one() is not None
