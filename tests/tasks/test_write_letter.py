"""What a letter's headers say, and what cannot get into them (RFC 3834, RFC 5322; peers.md test 11)."""

from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from models.database import reading, unit_of_work
from models.errors import NeedsHuman
from models.letters import LetterKind
from models.settings import settings
from models.storage import fetch, sha256
from models.tables import (
    Case,
    Channel,
    Letter,
    LetterState,
    Message,
    MessageState,
    Todo,
    TodoKind,
)
from tasks.letters.write_letter import NEEDS_EMAIL, is_address, write_letter
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.support.letter_samples import sample

OUTLOOK = "<AM0PR05MB1234567890ABCDEF0123456789ABCDEFABCDEF0A@AM0PR05MB1234.eurprd05.prod.outlook.com>"


def write(case_id: int, recipient: str, key: str = "a", now: datetime = NOW, **options: object) -> Letter:
    with unit_of_work() as session:
        case = session.get_one(Case, case_id)
        context = sample(LetterKind.ACKNOWLEDGE, "fr")
        return write_letter(
            session, case, None, LetterKind.ACKNOWLEDGE, context, recipient, key, now, **options  # type: ignore[arg-type]
        )  # fmt: skip


def new_case(*message_ids: str, address: str = "camille.perso@mail.example", language: str = "fr") -> int:
    with unit_of_work() as session:
        case, _ = add_case(session, address=address, language=language)
        for message_id in message_ids:
            session.add(
                Message(
                    mailbox=case.mailbox,
                    message_id=message_id,
                    content_hash=sha256(message_id.encode()),
                    storage_key="mail/none",
                    received_at=NOW,
                    kept_at=NOW,
                    state=MessageState.CASE,
                    case_id=case.id,
                )
            )
        return case.id


def read(letter: Letter) -> EmailMessage:
    message = message_from_bytes(fetch(letter.storage_key), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def test_the_headers_of_a_letter_to_a_requester(db: str) -> None:
    letter = write(new_case("<first@mail.example>", "<second@mail.example>"), "camille.perso@mail.example")
    mail = read(letter)
    assert mail["From"].addresses[0].addr_spec == settings().mailbox
    assert mail["From"].addresses[0].display_name == settings().sender_name
    assert [address.addr_spec for address in mail["To"].addresses] == ["camille.perso@mail.example"]
    assert mail["Message-ID"] == letter.message_id
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply", "all but non-delivery reports"
    assert mail["Reply-To"] is None
    assert mail["In-Reply-To"] == "<second@mail.example>"
    assert mail["References"] == "<first@mail.example> <second@mail.example>"
    assert mail["Content-Language"] == "fr"
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert mail["Subject"] == letter.subject
    assert "\r" not in letter.subject
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_to_a_colleague_is_no_part_of_the_conversation(db: str) -> None:
    mail = read(write(new_case("<first@mail.example>"), "officer@nexoris.com"))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (mail["In-Reply-To"], mail["References"]) == (None, None)


def test_the_proved_address_sees_the_same_conversation(db: str) -> None:
    case_id = new_case("<first@mail.example>")
    with unit_of_work() as session:
        session.get_one(Case, case_id).verified_address = ON_FILE
    assert read(write(case_id, ON_FILE))["In-Reply-To"] == "<first@mail.example>"


def test_a_long_message_id_stays_whole(db: str) -> None:
    """The stdlib turns one that does not fit a line into an encoded word, which no mail program threads by."""
    other = OUTLOOK.replace("AM0", "AM1")
    letter = write(new_case(other, "<x@mail.example>", OUTLOOK), "camille.perso@mail.example")
    raw = fetch(letter.storage_key)
    assert f"In-Reply-To: {OUTLOOK}\r\n".encode() in raw
    assert read(letter)["References"].split() == [other, "<x@mail.example>", OUTLOOK]


def test_what_is_no_message_id_does_not_get_into_the_headers(db: str) -> None:
    hostile = [
        "<a@b>\r\nBcc: victim@other.example",
        "<a@b>\nBcc: victim@other.example",
        "no brackets",
        "<a b@c>",
        "<é@mail.example>",
        "<" + "a" * 2000 + "@b>",
        "<a@b> <c@d>",
        "<>",
        "<a@b\x7f>",
    ]
    letter = write(new_case("<good@mail.example>", *hostile), "camille.perso@mail.example")
    mail = read(letter)
    assert mail["References"] == mail["In-Reply-To"] == "<good@mail.example>"
    assert mail["Bcc"] is None
    assert b"victim" not in fetch(letter.storage_key)


def test_a_flood_of_messages_does_not_make_a_flood_of_references(db: str) -> None:
    identifiers = [f"<{number}@mail.example>" for number in range(100)]
    mail = read(write(new_case(*identifiers), "camille.perso@mail.example"))
    assert mail["References"].split() == identifiers[-20:]


def test_every_byte_survives_an_old_relay(db: str) -> None:
    """Seven bits, and lines of at most 998 characters (RFC 5322, 2.1.1)."""
    raw = fetch(write(new_case(OUTLOOK), "camille.perso@mail.example").storage_key)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.count(b"\n") == raw.count(b"\r\n")


NO_ADDRESSES = [
    "",
    "nobody",
    "a@b.example, victim@other.example",
    "a@b.example\r\nBcc: victim@other.example",
    "a@b.example\nRCPT TO:<victim@other.example>",
    "Camille <a@b.example>",
    "<a@b.example>",
    "a@b.example\x00",
    "jürgen@mail.example",
    "a@bücher.example",
    "@b.example",
    "a b@c.example",
]


def test_what_is_no_single_plain_address_gets_no_letter(db: str) -> None:
    case_id = new_case()
    for recipient in NO_ADDRESSES:
        assert not is_address(recipient)
        with pytest.raises(NeedsHuman):
            write(case_id, recipient)
    with reading() as session:
        assert session.exec(select(Letter)).all() == []


def test_a_sender_name_of_any_kind_is_one_header(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_SENDER_NAME", 'Données, "personnelles" <x@y.example>')
    forget_settings()
    mail = read(write(new_case(), "camille.perso@mail.example"))
    assert [address.addr_spec for address in mail["From"].addresses] == [settings().mailbox]


def test_writing_again_returns_the_first_letter(db: str) -> None:
    case_id = new_case()
    first = write(case_id, "camille.perso@mail.example")
    again = write(case_id, "somebody.else@mail.example", now=NOW + timedelta(days=1))
    assert (again.id, again.recipient, again.sha256) == (first.id, first.recipient, first.sha256)
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 1
    assert first.state == LetterState.QUEUED
    assert sha256(fetch(first.storage_key)) == first.sha256


def test_two_writers_at_once_make_one_letter(db: str) -> None:
    case_id = new_case()
    results = at_once(*[lambda: write(case_id, "camille.perso@mail.example")] * 4)
    assert {type(result) for result in results} <= {Letter, IntegrityError}
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 1


def test_the_language_told_is_the_language_written(db: str) -> None:
    for asked, told in [("fr", "fr"), ("en", "en"), ("de", "en"), ("x\r\nBcc: a@b", "en")]:
        mail = read(write(new_case(language=asked), "camille.perso@mail.example", repr(asked)))
        assert mail["Content-Language"] == told
        assert mail["Bcc"] is None


def test_an_officer_may_be_written_to_in_another_language(db: str) -> None:
    letter = write(new_case(), "officer@nexoris.com", language="en")
    assert (letter.language, read(letter)["Content-Language"]) == ("en", "en")


def test_nobody_can_guess_the_next_message_id(db: str) -> None:
    case_id = new_case()
    letters = [write(case_id, "camille.perso@mail.example", key) for key in "abc"]
    assert len({letter.message_id for letter in letters}) == 3
    assert all(len(letter.message_id.partition(".")[2]) > 32 for letter in letters)


def on_paper(case_id: int, kind: LetterKind, *, secret: bool = False) -> Letter:
    with unit_of_work() as session:
        case = session.get_one(Case, case_id)
        return write_letter(session, case, None, kind, sample(kind, "fr"), "", f"{kind}", NOW, secret=secret)


def test_a_person_without_an_address_gets_a_letter_to_print(db: str) -> None:
    case_id = new_case(address="")
    with unit_of_work() as session:
        session.get_one(Case, case_id).channel = Channel.POST
    letter, again = (on_paper(case_id, LetterKind.NOTHING_HELD) for _ in range(2))
    assert (letter.state, letter.recipient, letter.id) == (LetterState.TO_POST, "", again.id)
    mail = read(letter)
    assert (mail["To"], mail["Subject"]) == (None, letter.subject)
    with reading() as session:
        (todo,) = session.exec(select(Todo))
        assert (todo.kind, todo.letter_id, todo.case_id) == (TodoKind.LETTER_TO_POST, letter.id, case_id)


def test_what_only_e_mail_can_bring_is_not_printed(db: str) -> None:
    case_id = new_case(address="")
    for kind in NEEDS_EMAIL:
        with pytest.raises(NeedsHuman):
            on_paper(case_id, kind)
    with pytest.raises(NeedsHuman):
        on_paper(case_id, LetterKind.NOTHING_HELD, secret=True)
    with reading() as session:
        assert session.exec(select(Letter)).all() == []
        assert session.exec(select(Todo)).all() == []


def test_an_officers_letter_may_be_about_no_case(db: str) -> None:
    with unit_of_work() as session:
        kind = LetterKind.TODO_NOTICE
        letter = write_letter(session, None, None, kind, sample(kind, "fr"), "claire@nexoris.com", "n", NOW)
    mail = read(letter)
    assert (letter.case_id, letter.language) == (None, settings().officer_language)
    assert letter.message_id.startswith("<desk.")
    assert (mail["Auto-Submitted"], mail["Reply-To"]) == ("auto-generated", None)
    assert [address.addr_spec for address in mail["To"].addresses] == ["claire@nexoris.com"]
