"""Letters over real SMTP conversations with every fault: none is lost, and none goes out twice without need (peers.md test 2)."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes

import pytest
from sqlmodel import select

from models import audit, storage
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.settings import settings
from models.storage import fetch
from models.tables import AuditEvent, Letter, LetterState
from tasks import send_letters
from tasks.send_letters import MAX_ATTEMPTS, MAX_UNCERTAIN_ATTEMPTS, send_queued, settle_stale
from tasks.write_letter import write_letter
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, add_case
from tests.support.letter_samples import sample
from tests.support.smtp import Fault, Relay, smtp_relay

LATER = NOW + timedelta(days=1)
TRANSIENT = [
    Fault.BUSY_GREETING,
    Fault.CLOSED_GREETING,
    Fault.RECIPIENT_LATER,
    Fault.CONTENT_LATER,
    Fault.DROPS_BEFORE_CONTENT,
    Fault.HANGS_BEFORE_CONTENT,
]
UNCERTAIN = [Fault.DROPS_AFTER_CONTENT, Fault.TAKES_AND_DROPS, Fault.HANGS_AFTER_CONTENT]


@pytest.fixture
def relay(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """A relay that the settings name; it is given up after a fraction of a second."""
    with smtp_relay() as running:
        monkeypatch.setenv("DSR_SMTP_PORT", str(running.port))
        monkeypatch.setenv("DSR_SMTP_TLS", "none")
        monkeypatch.setenv("DSR_SMTP_TIMEOUT_SECONDS", "0.2")
        forget_settings()
        yield running


def write(key: str = "a", *, secret: bool = False) -> int:
    with unit_of_work() as session:
        case, _ = add_case(session)
        context = sample(LetterKind.ACKNOWLEDGE, "fr")
        address = case.requester_address
        return write_letter(
            session, case, None, LetterKind.ACKNOWLEDGE, context, address, key, NOW, secret=secret
        ).id


def send(now: datetime = NOW, key: str | None = None) -> int:
    return asyncio.run(send_queued(now, key))


def letter(number: int) -> Letter:
    with reading() as session:
        return session.get_one(Letter, number)


def events(number: int) -> list[str]:
    with reading() as session:
        query = select(AuditEvent.kind).where(AuditEvent.case_id == letter(number).case_id)
        assert audit.verify(session) == []
        return [kind for kind in session.exec(query) if kind not in {"case_opened", "letter_written"}]


def message_ids(relay: Relay) -> list[str]:
    return [message_from_bytes(taken.content)["Message-ID"] for taken in relay.taken]


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


def test_a_letter_that_may_have_left_is_sent_again_under_the_same_message_id(relay: Relay) -> None:
    numbers = [write(fault) for fault in UNCERTAIN]
    relay.script.extend(UNCERTAIN)
    assert send() == 0
    assert [letter(number).state for number in numbers] == [LetterState.QUEUED] * 3
    assert [events(number) for number in numbers] == [["letter_uncertain"]] * 3
    assert send(LATER) == 3
    twice = numbers[UNCERTAIN.index(Fault.TAKES_AND_DROPS)]
    expected = [letter(number).message_id for number in [*numbers, twice]]
    assert sorted(message_ids(relay)) == sorted(expected)
    assert len({taken.content for taken in relay.taken}) == 3, "both copies are the same bytes"
    assert [events(number) for number in numbers] == [["letter_uncertain", "letter_sent"]] * 3


def test_a_secret_that_may_have_left_is_not_sent_again(relay: Relay) -> None:
    numbers = [write(fault, secret=True) for fault in UNCERTAIN]
    relay.script.extend(UNCERTAIN)
    assert [send(), send(LATER)] == [0, 0]
    assert [letter(number).state for number in numbers] == [LetterState.UNCERTAIN] * 3
    assert len(relay.taken) == 1, "the one that was taken"


def test_uncertainty_does_not_repeat_without_end(relay: Relay) -> None:
    """A relay that always delivers and never says so must not flood a person."""
    number = write()
    relay.script.extend([Fault.TAKES_AND_DROPS] * 20)
    assert [send(NOW + timedelta(days=day)) for day in range(8)] == [0] * 8
    assert letter(number).state == LetterState.UNCERTAIN
    assert len(relay.taken) == MAX_UNCERTAIN_ATTEMPTS


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


def _send_in_a_process_of_its_own() -> None:
    asyncio.run(send_queued(NOW))


def test_a_sender_killed_before_the_relay_answered(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_SMTP_TIMEOUT_SECONDS", "60")
    number = write()
    relay.script.append(Fault.TAKES_AND_HANGS)
    victim = multiprocessing.get_context("spawn").Process(target=_send_in_a_process_of_its_own)
    victim.start()
    assert relay.reached.wait(60)
    victim.kill()
    victim.join()
    assert letter(number).state == LetterState.SENDING
    settle_stale(NOW)
    assert letter(number).state == LetterState.SENDING, "its sender may still be at it"
    settle_stale(LATER)
    settle_stale(LATER)
    assert events(number) == ["letter_uncertain"]
    assert send(LATER + timedelta(days=1)) == 1
    assert message_ids(relay) == [letter(number).message_id] * 2


def test_a_dead_sender_is_noticed_once(relay: Relay) -> None:
    number = write()
    assert send_letters._claim(number, NOW) is not None
    at_once(*[lambda: settle_stale(LATER)] * 6)
    assert events(number) == ["letter_uncertain"]


def test_a_secret_whose_sender_died_is_left_to_the_officer(relay: Relay) -> None:
    number = write(secret=True)
    assert send_letters._claim(number, NOW) is not None
    assert send(LATER) == 0
    assert letter(number).state == LetterState.UNCERTAIN
    assert relay.asked == []


def test_a_sender_that_was_too_slow_does_not_undo_what_another_did(relay: Relay) -> None:
    number = write()
    slow = send_letters._claim(number, NOW)
    assert slow is not None
    settle_stale(LATER)
    assert send(LATER + timedelta(days=1)) == 1
    send_letters._settle(slow, send_letters.Unavailable("too late"), "too late", LATER)
    assert letter(number).state == LetterState.SENT


def test_a_claim_outlasts_the_longest_conversation() -> None:
    assert send_letters.CLAIM > 2 * send_letters.CONVERSATION


def test_a_letter_without_a_case_is_sent_too(relay: Relay) -> None:
    number = write()
    with unit_of_work() as session:
        session.get_one(Letter, number).case_id = None
    assert send() == 1


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
