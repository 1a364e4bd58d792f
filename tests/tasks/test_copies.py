"""A copy is what is equal in everything that was sent; another attachment is another letter (peers.md test 3)."""

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.tables import Letter, Message, MessageState, TodoKind
from tasks.keeping.retain_rows import forget_mail, forget_person
from tasks.letters.acknowledge import acknowledge
from tasks.mail.handle_mail import handle
from tasks.mail.read_mail import read_mail
from tasks.steps import claim, do_once
from tests.conftest import forget_settings
from tests.support.case_rows import NOW
from tests.support.mail_in import (
    ACCESS,
    PERSON,
    cases,
    close,
    keep,
    mail,
    opened,
    receive,
    requests,
    stored,
    todo_kinds,
)

SCAN, OTHER_SCAN = b"%PDF-1.4 access", b"%PDF-1.4 erased"


def scan(content: bytes = SCAN, name: str = "scan.pdf", message_id: str = "", text: str = "") -> bytes:
    """What a copying machine sends: a subject, no word, a file."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = PERSON, "privacy@nexoris.com", "Scan"
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(text)
    message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    message.set_boundary("page")
    return message.as_bytes()


@pytest.mark.parametrize("message_id", ["", "<scan@mail.example>"])
@pytest.mark.parametrize("other", [{"content": OTHER_SCAN}, {"name": "erasure.pdf"}, {"text": "second page"}])
def test_a_second_letter_with_another_file_waits_for_a_person(
    db: str, message_id: str, other: dict[str, bytes]
) -> None:
    first, _ = receive(scan(message_id=message_id))
    second, message = receive(scan(message_id=message_id, **other))  # type: ignore[arg-type]
    assert first.state == second.state == MessageState.PEN
    assert todo_kinds() == [TodoKind.QUALIFY] * 2
    assert ("same Message-ID" in message.reason) == bool(message_id)


@pytest.mark.parametrize("message_id", ["", "<scan@mail.example>"])
def test_the_same_letter_by_another_way_is_a_copy(db: str, message_id: str) -> None:
    receive(scan(message_id=message_id))
    on_the_way = b"Received: from list.example; Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    assert receive(on_the_way + scan(message_id=message_id))[0].state == MessageState.DISMISSED


def test_who_wrote_a_forwarded_message_counts() -> None:
    digests = set()
    for writer in ("ana@a.example", "bob@a.example", "ana@a.example"):
        outer = EmailMessage(policy=SMTP)
        outer["Subject"] = "Fwd"
        outer.set_content("")
        outer.add_attachment(message_from_bytes(mail(sender=writer), policy=SMTP))
        outer.set_boundary("b")
        digests.add(read_mail(outer.as_bytes()).digest)
    assert len(digests) == 2


def test_line_ends_and_headers_of_the_way_do_not_count() -> None:
    raw = scan()
    other_way = b"Delivered-To: a@b.example\nX-Spam: no\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    assert read_mail(raw).digest == read_mail(other_way).digest


@pytest.mark.parametrize("header", ["From", "Reply-To", "Cc", "Subject", "Date", "Content-Language", "X-Way"])
def test_what_the_writer_says_in_a_header_counts(header: str) -> None:
    message = message_from_bytes(scan(), policy=SMTP)
    del message[header]
    message[header] = "Mon, 25 Jan 2027 09:00:00 +0000"
    of_the_way = header in {"Content-Language", "X-Way"}
    assert (read_mail(message.as_bytes()).digest == read_mail(scan()).digest) is of_the_way


def purge_mail() -> None:
    with unit_of_work() as session:
        for number in session.exec(select(Message.id)).all():
            forget_mail(session, number)


def moved(raw: bytes) -> bytes:
    """As a provider's migration delivers it once more."""
    return b"Received: by migration.example; Mon, 25 Jan 2027 09:00:00 +0000\r\n" + raw


def test_mail_that_comes_once_more_after_retention_opens_nothing(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(opened())
    purge_mail()
    assert stored(1).sender == ""
    monkeypatch.setenv(
        "DSR_FINGERPRINT_KEYS", f'["{"n" * 40}", "demo fingerprints, refused outside the demo"]'
    )
    forget_settings()
    again = keep(moved(mail()), NOW + timedelta(days=63))
    assert handle(again, NOW).state == MessageState.DISMISSED
    other = receive(mail(ACCESS, sender="other@mail.example"))[0]
    assert other.state == MessageState.CASE, "somebody else's message with the same words"
    assert len(cases()) == 2


def test_messages_from_before_the_digest_are_compared_by_their_address(db: str) -> None:
    opened()
    with unit_of_work() as session:
        session.get_one(Message, 1).sender_digest = ""
    assert receive(moved(mail()))[0].state == MessageState.DISMISSED
    purge_mail()
    assert stored(1).sender_digest, "retention makes it up"
    assert receive(b"X-Way: 2\r\n" + mail())[0].state == MessageState.DISMISSED


def test_nothing_of_the_sender_is_left_once_the_proof_is_gone(db: str) -> None:
    case = opened()
    purge_mail()
    with unit_of_work() as session:
        forget_person(session, case.id)
    with reading() as session:
        assert session.exec(select(Message.sender_digest)).all() == [""]


def test_one_message_by_many_ways_is_one_case_with_one_acknowledgement(db: str) -> None:
    """To and Cc both ours, a redelivery, a migration, the same bytes again: peers.md test 3."""
    first, copy = mail(), moved(mail())
    for raw, mailbox in (
        (first, "privacy@nexoris.com"),
        (first, "dpo@nexoris.com"),
        (copy, "privacy@nexoris.com"),
    ):
        for _ in range(2):
            handle(keep(raw, mailbox=mailbox), NOW)
            for request in requests():
                do_once(claim(request.ref, "run", NOW), "acknowledge", acknowledge, NOW)
    assert len(cases()) == len(requests()) == 1
    with reading() as session:
        assert session.exec(select(Letter.kind)).all() == [LetterKind.ACKNOWLEDGE]
        states = sorted(session.exec(select(Message.state)))
    assert states == [MessageState.CASE, MessageState.DISMISSED, MessageState.DISMISSED]
