"""A letter that comes back is flagged and becomes an officer's to do; a forged report does no harm (issue 4, machine mail)."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from models import audit
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.storage import fetch, sha256
from models.tables import AuditEvent, Case, Letter, LetterState, Message, MessageState, Todo, TodoKind
from tasks.letters.write_letter import write_letter
from tasks.mail.note_bounce import PROBABLY, note_bounce
from tasks.mail.read_mail import read_mail
from tasks.mail.read_report import read_report
from tasks.todos import settle
from tests.support.case_rows import NOW, add_case
from tests.support.delivery_reports import multipart_report, plain_report, postfix_words
from tests.support.letter_samples import sample
from tests.support.mail_in import PERSON

LATER = NOW + timedelta(hours=3)


def sent(key: str = "a", case: Case | None = None, to: str = PERSON, at: datetime = NOW) -> Letter:
    """One of our letters, which has left."""
    with unit_of_work() as session:
        about = case or add_case(session)[0]
        kind = LetterKind.ACKNOWLEDGE
        letter = write_letter(session, about, None, kind, sample(kind, "fr"), to, key, at)
        letter.state, letter.sent_at = LetterState.SENT, at
        return letter


def arrives(raw: bytes, now: datetime = LATER) -> tuple[Letter | None, Message]:
    """Note a report as the intake does, in one transaction."""
    with unit_of_work() as session:
        message = session.exec(select(Message).where(Message.content_hash == sha256(raw))).first()
        message = message or Message(
            mailbox="privacy@nexoris.com", content_hash=sha256(raw), storage_key="mail/none", received_at=now,
            kept_at=now, state=MessageState.MACHINE,
        )  # fmt: skip
        session.add(message)
        session.flush()
        return note_bounce(session, message, read_report(raw), read_mail(raw), now), message


def now_of(letter: Letter) -> Letter:
    with reading() as session:
        return session.get_one(Letter, letter.id)


def todos() -> list[Todo]:
    with reading() as session:
        return list(session.exec(select(Todo)))


def reports() -> list[dict[str, object]]:
    with reading() as session:
        assert audit.verify(session) == []
        found = session.exec(select(AuditEvent).where(AuditEvent.kind == "delivery_report"))
        return [event.detail for event in found]


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_letter_that_came_back(db: str, headers_only: bool) -> None:
    letter = sent()
    other = sent("b", to="somebody.else@mail.example")
    raw = multipart_report(
        fetch(letter.storage_key), "forwarded@elsewhere.example", headers_only=headers_only
    )
    found, message = arrives(raw)
    assert found is not None
    assert found.id == letter.id
    assert (now_of(letter).bounced_at, now_of(letter).bounce) == (LATER, "5.1.1")
    assert now_of(letter).state == LetterState.SENT
    assert message.case_id == letter.case_id
    (todo,) = todos()
    assert (todo.kind, todo.case_id, todo.letter_id) == (TodoKind.BOUNCED, letter.case_id, letter.id)
    (event,) = reports()
    assert event["outcome"] == "failed"
    assert "@" not in str(event)
    assert now_of(other).bounced_at is None


def test_noting_again_changes_nothing(db: str) -> None:
    letter = sent()
    raw = multipart_report(fetch(letter.storage_key), PERSON)
    arrives(raw)
    arrives(multipart_report(fetch(letter.storage_key), PERSON, status="5.7.1"), LATER + timedelta(days=1))
    arrives(raw, LATER + timedelta(days=2))
    assert (now_of(letter).bounced_at, now_of(letter).bounce) == (LATER, "5.1.1")
    assert len(todos()) == 1


def test_a_delay_is_noted_without_alarm_and_a_failure_after_it_counts(db: str) -> None:
    letter = sent()
    content = fetch(letter.storage_key)
    arrives(multipart_report(content, PERSON, action="delayed", status="4.4.1"))
    assert now_of(letter).bounced_at is None
    assert todos() == []
    assert [event["outcome"] for event in reports()] == ["delayed"]
    arrives(multipart_report(content, PERSON, action="failed", status="4.4.7"))
    assert now_of(letter).bounce == "4.4.7"
    assert [todo.kind for todo in todos()] == [TodoKind.BOUNCED]


def test_a_delivery_that_is_confirmed_is_no_failure(db: str) -> None:
    letter = sent()
    arrives(multipart_report(fetch(letter.storage_key), PERSON, action="delivered", status="2.0.0"))
    assert (now_of(letter).bounced_at, todos()) == (None, [])


def test_a_report_that_quotes_the_letter_in_its_text(db: str) -> None:
    letter, _ = sent(), sent("b")
    quoted = f"The following message failed:\n\nMessage-ID: {letter.message_id}\nTo: {PERSON}\n"
    found, _ = arrives(plain_report(quoted))
    assert found is not None
    assert (found.id, now_of(letter).bounce) == (letter.id, "no status code")


def test_an_address_alone_is_probably_the_one_letter_that_went_there(db: str) -> None:
    letter = sent()
    sent("b", to="somebody.else@mail.example")
    arrives(plain_report(postfix_words(PERSON)))
    assert now_of(letter).bounce == f"5.1.1 ({PROBABLY})"
    assert [event["sure"] for event in reports()] == [False]
    assert len(todos()) == 1


def test_a_sure_report_overwrites_a_probable_one_and_is_something_to_do_again(db: str) -> None:
    """Anybody can write the first kind about an address they know."""
    letter = sent()
    arrives(plain_report(postfix_words(PERSON)))
    with unit_of_work() as session:
        settle(session, session.exec(select(Todo)).one().id, "Claire Martin", LATER)
    sure, later = LATER + timedelta(hours=1), LATER + timedelta(hours=2)
    arrives(multipart_report(fetch(letter.storage_key), PERSON, status="5.7.1"), sure)
    assert (now_of(letter).bounced_at, now_of(letter).bounce) == (sure, "5.7.1")
    (todo,) = todos()
    assert (todo.done_at, todo.told_at) == (None, None)
    arrives(plain_report(postfix_words(PERSON) + "\n"), later)
    assert (now_of(letter).bounced_at, now_of(letter).bounce) == (sure, "5.7.1")


def test_an_address_alone_says_nothing_where_several_cases_wrote_there(db: str) -> None:
    letters = [sent("a"), sent("b")]
    found, message = arrives(plain_report(postfix_words(PERSON)))
    assert (found, message.case_id, todos()) == (None, None, [])
    assert [now_of(letter).bounced_at for letter in letters] == [None, None]


def test_of_one_case_the_newest_letter_is_meant(db: str) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
    sent("a", case)
    newest = sent("b", case)
    found, _ = arrives(plain_report(postfix_words(PERSON)))
    assert found is not None
    assert found.id == newest.id


def test_an_address_alone_says_nothing_of_letters_long_gone(db: str) -> None:
    letter = sent(at=NOW - timedelta(days=6))
    arrives(plain_report(postfix_words(PERSON)))
    assert now_of(letter).bounced_at is None


def test_a_forged_report_only_flags(db: str) -> None:
    """Whoever has our letter knows its Message-ID; nothing else about the case changes."""
    letter = sent()
    with reading() as session:
        before = session.get_one(Case, letter.case_id).model_dump(exclude={"audit_count", "audit_head"})
    for guessed in ("<dsr-2026-0001.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@nexoris.com>", "<x@nexoris.com>", ""):
        text = f"user unknown\n\nMessage-ID: {guessed}\nFinal-Recipient: rfc822; nobody@mail.example\n"
        assert arrives(plain_report(text, message_id=f"<{len(guessed)}@mx.example>"))[0] is None
    arrives(plain_report(f"user unknown\n\nMessage-ID: {letter.message_id}\n"))
    with reading() as session:
        after = session.get_one(Case, letter.case_id).model_dump(exclude={"audit_count", "audit_head"})
    assert before == after
    assert now_of(letter).state == LetterState.SENT


def test_an_officers_letter_that_came_back_makes_no_letter(db: str) -> None:
    """Otherwise a dead address of an officer would be written to every hour."""
    with unit_of_work() as session:
        kind = LetterKind.TODO_NOTICE
        letter = write_letter(session, None, None, kind, sample(kind, "fr"), "gone@nexoris.com", "n", NOW)
        letter.state, letter.sent_at = LetterState.SENT, NOW
    arrives(multipart_report(fetch(letter.storage_key), "gone@nexoris.com"))
    assert now_of(letter).bounce == "5.1.1"
    assert todos() == []


@pytest.mark.parametrize(
    ("raw", "outcome", "status"),
    [
        (multipart_report(b"", PERSON), "failed", "5.1.1"),
        (multipart_report(b"", PERSON, action="delayed", status="4.0.0"), "delayed", "4.0.0"),
        (multipart_report(b"", PERSON, action="", status="4.2.2"), "delayed", "4.2.2"),
        (multipart_report(b"", PERSON, action="relayed", status="2.1.9"), "delivered", "2.1.9"),
        (multipart_report(b"", PERSON, action="=?x?=", status="none"), "failed", ""),
        (plain_report(postfix_words(PERSON, "552 5.2.2 mailbox full")), "failed", "5.2.2"),
        (plain_report("Host 5.10.20.30 said no.\n"), "failed", ""),
        (plain_report("not yet delivered\n", subject="Warning: message delayed 4 hours"), "delayed", ""),
        (b"X-Failed-Recipients: a@b.example\r\n\r\nno", "failed", ""),
        (b"", "failed", ""),
        (b"From: \xff\xfe <\r\nContent-Type: multipart/report; boundary=\r\n\r\n--\r\n\x00", "failed", ""),
    ],
)
def test_what_reports_say(raw: bytes, outcome: str, status: str) -> None:
    report = read_report(raw)
    assert (report.outcome, report.status) == (outcome, status)


def test_who_a_report_speaks_of() -> None:
    assert read_report(multipart_report(b"", "A.B@mail.example")).addresses == ("a.b@mail.example",)
    assert read_report(b"X-Failed-Recipients: A@b.example, c@d.example\r\n\r\n").addresses == (
        "a@b.example",
        "c@d.example",
    )
    assert read_report(plain_report(postfix_words(PERSON))).addresses == (PERSON,)
