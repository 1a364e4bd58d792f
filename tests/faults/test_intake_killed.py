"""Killed at random moments while mail goes on arriving, the intake loses nothing and takes nothing in twice.

Real Dovecot, LMTP, a real process, SIGKILL. Each message ends in exactly one place, its bytes as the server gives them.
"""

import random
import smtplib
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from models.database import reading
from models.settings import REPOSITORY, settings
from models.storage import fetch, sha256
from models.tables import Case, Message, MessageState
from tests.support.dovecot import PASSWORD, READY_SECONDS, Dovecot, dovecot
from tests.support.imap import colleague
from tests.support.mail_mix import Delivery, mixture

PATIENCE = 280.0  # seconds until the test gives up
FETCHED_AT_ONCE = 50
PLACES = {
    "request": {MessageState.CASE},
    "reply": {MessageState.PEN, MessageState.CASE},
    "bounce": {MessageState.MACHINE},
    "machine": {MessageState.MACHINE},
}
GAVE_UP = "reading it ended its reader"  # three of the kills may meet the same message


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def account(server: Dovecot, db: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh account, which the intake's environment names."""
    name = f"{uuid.uuid4().hex}@example.org"
    given = {
        "MAIL_SOURCE": "imap",
        "IMAP_HOST": "127.0.0.1",
        "IMAP_PORT": str(server.imap_port),
        "IMAP_TLS": "false",
        "IMAP_USER": name,
        "IMAP_PASSWORD": PASSWORD,
    }
    for key, value in given.items():
        monkeypatch.setenv(f"DSR_{key}", value)
    return name


@contextmanager
def delivering(server: Dovecot, account: str, mails: list[Delivery]) -> Iterator[threading.Thread]:
    """Deliver by LMTP in a thread, one after the other; Dovecot is asked again where it is too busy."""

    def deliver() -> None:
        with smtplib.LMTP("127.0.0.1", server.lmtp_port, timeout=READY_SECONDS) as client:
            for mail in mails:
                client.sendmail("somebody@client.example", [account], mail.raw)

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE)


@contextmanager
def intake(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The running intake, once it has begun; killed on leaving."""
    with log.open("ab") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.intake_process"],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=err,
            start_new_session=True,
        )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"begins\n", log.read_text()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def count(*states: MessageState) -> int:
    """How many messages are in one of these states."""
    with reading() as session:
        return session.exec(
            select(func.count()).select_from(Message).where(col(Message.state).in_(states))
        ).one()


def kill_again_and_again(log: Path, kills: int, total: int, seed: int) -> None:
    """Start it and kill it, each time at a moment drawn between two numbers of handled messages, and a bit later."""
    draw = random.Random(seed)
    moments = sorted(draw.sample(range(total * 9 // 10), kills))
    for moment in moments:
        with intake(log) as process:
            wait_until(lambda moment=moment: total_kept() >= moment, process, log)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(draw.uniform(0, 0.4))


def total_kept() -> int:
    return count(*MessageState)


def wait_until(reached: object, process: subprocess.Popen[bytes], log: Path) -> None:
    assert callable(reached)
    end = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, f"{total_kept()} kept; {log.read_text()[-2000:]}"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)


def on_server(server: Dovecot, account: str) -> list[bytes]:
    """Every message as IMAP gives it, marked by us; none that is not."""
    raws: list[bytes] = []
    with colleague(server, account) as client:
        assert client.search(None, "UNKEYWORD", "DsrKept")[1] == [b""]
        (numbers,) = client.search(None, "ALL")[1]
        every = numbers.split()
        for start in range(0, len(every), FETCHED_AT_ONCE):
            some = b",".join(every[start : start + FETCHED_AT_ONCE]).decode()
            raws += [part[1] for part in client.fetch(some, "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
    return raws


@pytest.mark.parametrize(
    ("total", "kills"),
    [(60, 2), pytest.param(1000, 10, marks=[pytest.mark.long, pytest.mark.timeout(900)])],
)
def test_each_message_is_in_exactly_one_place(
    server: Dovecot, account: str, tmp_path: Path, total: int, kills: int
) -> None:
    seed = total
    mails = mixture(total, seed)
    log = tmp_path / "intake.log"
    with delivering(server, account, mails) as thread:
        kill_again_and_again(log, kills, total, seed)
        with intake(log) as process:
            wait_until(lambda: not thread.is_alive() and total_kept() >= total, process, log)
            wait_until(lambda: count(MessageState.KEPT) == 0, process, log)
            wait_until(lambda: not waiting(server, account), process, log)
    raws = on_server(server, account)
    assert len(raws) == total
    assert_kept_as_they_were(raws)
    assert_in_one_place(mails)


def waiting(server: Dovecot, account: str) -> bool:
    with colleague(server, account) as client:
        return bool(client.search(None, "UNKEYWORD", "DsrKept")[1][0])


def assert_kept_as_they_were(raws: list[bytes]) -> None:
    with reading() as session:
        rows = session.exec(select(Message)).all()
    assert Counter(row.content_hash for row in rows) == Counter({sha256(raw): 1 for raw in raws})
    by_hash = {sha256(raw): raw for raw in raws}
    assert all(fetch(row.storage_key) == by_hash[row.content_hash] for row in rows)
    files = [path for path in (settings().home / "files" / "mail").iterdir() if path.suffix == ""]
    assert len(files) == len(rows)


def assert_in_one_place(mails: list[Delivery]) -> None:
    """Each message has its place once. A case to which no message leads would come from one that was handled twice."""
    with reading() as session:
        rows = session.exec(select(Message)).all()
        cases = set(session.exec(select(Case.id)).all())
    assert {row.state for row in rows} <= set(MessageState) - {MessageState.KEPT}
    assert cases == {row.case_id for row in rows if row.case_id is not None}
    gave_up = {row.message_id for row in rows if row.reason.startswith(GAVE_UP)}
    places = {row.message_id: row.state for row in rows if row.state != MessageState.DISMISSED}
    written = {
        f"<{number}@mix.example>": PLACES[mail.kind]
        for number, mail in enumerate(mails)
        if mail.kind in PLACES
    }
    assert not [name for name in written.keys() - gave_up if places[name] not in written[name]]
    again = [row for row in rows if row.state == MessageState.DISMISSED and row.message_id in written]
    assert len(again) == sum(mail.kind == "copy" for mail in mails)
