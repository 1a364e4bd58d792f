"""The outbox for tests: letters to send, the relay that the settings name, and what became of them."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes

import pytest
from sqlmodel import col, select

from models import audit
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.tables import AuditEvent, Letter, Todo
from tasks.letters.attach import Attached
from tasks.letters.send_letters import send_queued
from tasks.letters.write_letter import write_letter
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, add_case
from tests.support.certificate import Certificate
from tests.support.letter_samples import sample
from tests.support.smtp import Relay, smtp_relay

LATER = NOW + timedelta(days=1)


@contextmanager
def relay_in_settings(monkeypatch: pytest.MonkeyPatch, tls: Certificate | None = None) -> Iterator[Relay]:
    """A relay that the settings name; it is given up after a fraction of a second. With a certificate it wants STARTTLS."""
    with smtp_relay(tls=tls) as running:
        monkeypatch.setenv("DSR_SMTP_PORT", str(running.port))
        monkeypatch.setenv("DSR_SMTP_TLS", "starttls" if tls else "none")
        monkeypatch.setenv("DSR_SMTP_TIMEOUT_SECONDS", "5" if tls else "0.2")
        forget_settings()
        yield running


def write(key: str = "a", *, secret: bool = False, attachments: Sequence[Attached] = ()) -> int:
    """Queue an acknowledgement of a case of its own; its number."""
    with unit_of_work() as session:
        case, _ = add_case(session)
        context = sample(LetterKind.ACKNOWLEDGE, "fr")
        address = case.requester_address
        return write_letter(
            session, case, None, LetterKind.ACKNOWLEDGE, context, address, key, NOW, secret=secret,
            attachments=attachments,
        ).id  # fmt: skip


def send(now: datetime = NOW, key: str | None = None) -> int:
    """Send what is due; how many the relay accepted."""
    return asyncio.run(send_queued(now, key))


def letter(number: int) -> Letter:
    """The letter as it is now."""
    with reading() as session:
        return session.get_one(Letter, number)


def events(number: int) -> list[str]:
    """What was audited about the letter's case; the chain holds."""
    with reading() as session:
        query = select(AuditEvent.kind).where(AuditEvent.case_id == letter(number).case_id)
        assert audit.verify(session) == []
        return [kind for kind in session.exec(query) if kind not in {"case_opened", "letter_written"}]


def open_todos() -> list[str]:
    """What officers have to do, by kind."""
    with reading() as session:
        return list(session.exec(select(Todo.kind).where(col(Todo.done_at).is_(None))))


def message_ids(relay: Relay) -> list[str]:
    """The Message-IDs of what the relay took, in order."""
    return [message_from_bytes(taken.content)["Message-ID"] for taken in relay.taken]
