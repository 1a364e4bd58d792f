"""Letters that may have left: sent again under the same Message-ID, or left to an officer (peers.md 4.3, test 2)."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from datetime import timedelta

import pytest

from models import storage
from models.database import unit_of_work
from models.errors import Unavailable
from models.storage import fetch
from models.tables import Letter, LetterState, TodoKind
from tasks.letters import send_letters
from tasks.letters.send_letters import MAX_UNCERTAIN_ATTEMPTS, send_queued, settle_stale
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import NOW
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
from tests.support.smtp import Fault, Relay, half_deaf_relay

UNCERTAIN = [Fault.DROPS_AFTER_CONTENT, Fault.TAKES_AND_DROPS, Fault.HANGS_AFTER_CONTENT]


@pytest.fixture
def relay(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with relay_in_settings(monkeypatch) as running:
        yield running


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
    assert open_todos() == [TodoKind.LETTER_UNCERTAIN] * 3


def test_uncertainty_does_not_repeat_without_end(relay: Relay) -> None:
    """A relay that always delivers and never says so must not flood a person."""
    number = write()
    relay.script.extend([Fault.TAKES_AND_DROPS] * 20)
    assert [send(NOW + timedelta(days=day)) for day in range(8)] == [0] * 8
    assert letter(number).state == LetterState.UNCERTAIN
    assert len(relay.taken) == MAX_UNCERTAIN_ATTEMPTS
    assert open_todos() == [TodoKind.LETTER_UNCERTAIN]


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


def test_a_sender_killed_in_the_middle_of_the_content(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay has a part of it. What is no secret goes again; a secret is left to the officer (peers.md 4.3)."""
    for secret, sent in ((False, 1), (True, 0)):
        number = write(f"killed-{secret}", secret=secret)
        content = (
            fetch(letter(number).storage_key) + (b"\r\n" + b"m" * 900) * 14_000
        )  # more than the buffers on the way hold
        with unit_of_work() as session:
            row = session.get_one(Letter, number)
            row.storage_key, row.sha256 = storage.keep("letters", content), storage.sha256(content)
        with half_deaf_relay(100_000) as (port, stopped), monkeypatch.context() as patch:
            patch.setenv("DSR_SMTP_PORT", str(port))
            patch.setenv("DSR_SMTP_TIMEOUT_SECONDS", "60")
            victim = multiprocessing.get_context("spawn").Process(target=_send_in_a_process_of_its_own)
            victim.start()
            assert stopped.wait(60)
            victim.kill()
            victim.join()
        assert letter(number).state == LetterState.SENDING
        monkeypatch.setenv("DSR_SMTP_TIMEOUT_SECONDS", "20")
        forget_settings()
        settle_stale(LATER)
        assert events(number) == ["letter_uncertain"]
        assert send(LATER + timedelta(days=1)) == sent
    assert [taken.content.rstrip() for taken in relay.taken] == [fetch(letter(1).storage_key)], (
        "whole, and once"
    )
    assert message_ids(relay) == [letter(1).message_id]
    assert open_todos() == [TodoKind.LETTER_UNCERTAIN]


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
    send_letters._settle(slow, Unavailable("too late"), "too late", LATER)
    assert letter(number).state == LetterState.SENT


def test_a_letter_that_left_after_all_is_nobody_s_to_do(relay: Relay) -> None:
    number = write(secret=True)
    slow = send_letters._claim(number, NOW)
    assert slow is not None
    settle_stale(LATER)
    assert open_todos() == [TodoKind.LETTER_UNCERTAIN]
    send_letters._settle(slow, None, "250", LATER)
    assert letter(number).state == LetterState.SENT
    assert open_todos() == []


def test_a_claim_outlasts_the_longest_conversation() -> None:
    assert send_letters.CLAIM > 2 * send_letters.CONVERSATION
