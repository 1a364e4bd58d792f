"""One letter per officer about what is new to do: hourly at most, without personal data, once more on the next working day."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlmodel import col, select

from models.database import reading, unit_of_work
from models.settings import settings
from models.storage import fetch
from models.tables import Case, Letter, Message, MessageState, Officer, Todo, TodoKind
from tasks.letters.tell_officers import tell_officers
from tasks.officers import add_officer
from tasks.todos import note, settle
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import add_case

MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def officers(db: str) -> None:
    """Two officers, and one who has left."""
    with unit_of_work() as session:
        for name in ("Claire Martin", "Paul Roux", "Anne Petit"):
            address = f"{name.split()[0].lower()}@nexoris.com"
            add_officer(session, name, address, "a long password", MONDAY, totp=False)
        session.exec(select(Officer).where(Officer.name == "Anne Petit")).one().left_at = MONDAY


def penned(at: datetime) -> int:
    """A message that an officer must qualify; the number of what there is to do."""
    with unit_of_work() as session:
        message = Message(
            mailbox="privacy@nexoris.com", content_hash=f"{at}", storage_key="mail/none", received_at=at, kept_at=at,
            state=MessageState.PEN, sender="camille.perso@mail.example", subject="Camille Durand",
        )  # fmt: skip
        session.add(message)
        session.flush()
        return note(session, TodoKind.QUALIFY, at, message=message).id


def about_case(at: datetime, kind: TodoKind = TodoKind.REMINDER) -> Case:
    with unit_of_work() as session:
        case, _ = add_case(session, received_at=at)
        note(session, kind, at, case=case)
        return case


def letters() -> list[Letter]:
    with reading() as session:
        return list(session.exec(select(Letter).order_by(col(Letter.id))))


def words(letter: Letter) -> str:
    mail = message_from_bytes(fetch(letter.storage_key), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def test_each_officer_is_told_once(officers: None) -> None:
    penned(MONDAY)
    case = about_case(MONDAY)
    assert [tell_officers(MONDAY), tell_officers(MONDAY), tell_officers(MONDAY + 3 * HOUR)] == [2, 0, 0]
    assert [letter.recipient for letter in letters()] == ["claire@nexoris.com", "paul@nexoris.com"]
    for letter in letters():
        assert (letter.case_id, letter.language, letter.secret) == (None, "fr", False)
        assert letter.message_id.startswith("<desk.")
        assert case.ref in words(letter)
        assert "message 1" in words(letter)
        assert f"{settings().public_url}/desk/todo" in words(letter)
        raw = fetch(letter.storage_key)
        assert b"Auto-Submitted: auto-generated" in raw
        assert b"camille" not in raw.lower()
        assert b"durand" not in raw.lower()


def test_nothing_to_do_is_no_letter(officers: None) -> None:
    assert tell_officers(MONDAY) == 0
    with unit_of_work() as session:
        settle(session, session.get_one(Todo, penned(MONDAY)).id, "Claire Martin", MONDAY)
    assert tell_officers(MONDAY) == 0
    assert letters() == []


def test_what_comes_within_the_hour_waits_for_the_next_letter(officers: None) -> None:
    penned(MONDAY)
    tell_officers(MONDAY)
    for minutes in range(2, 30, 2):
        penned(MONDAY + minutes * MINUTE)
        assert tell_officers(MONDAY + minutes * MINUTE) == 0
    assert tell_officers(MONDAY + HOUR) == 14
    assert len(letters()) == 4
    assert ": 14 (message 2, message 3, message 4, message 5, message 6 et 9 autres)" in words(letters()[-1])
    assert "15 choses attendent en tout" in words(letters()[-1])


def test_what_waits_over_night_is_said_once_more(officers: None) -> None:
    penned(MONDAY)
    about_case(MONDAY)
    told = [tell_officers(MONDAY + hours * HOUR) for hours in range(0, 24 * 5, 6)]
    assert [count for count in told if count] == [2, 1]
    assert told[3] == 1, "eighteen hours later it is Tuesday in Paris"
    assert "DEPUIS HIER OU PLUS" in words(letters()[-1])


def test_what_comes_on_friday_is_said_again_on_monday(officers: None) -> None:
    penned(FRIDAY)
    told = [tell_officers(FRIDAY + day * DAY) for day in range(6)]
    assert told == [1, 0, 0, 1, 0, 0]


def test_a_holiday_is_no_working_day(officers: None) -> None:
    christmas_eve = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)
    penned(christmas_eve)
    told = [tell_officers(christmas_eve + day * DAY) for day in range(6)]
    assert told == [1, 0, 0, 0, 1, 0], "Friday is Christmas, then a weekend"


def test_what_was_first_said_late_is_not_said_twice(officers: None) -> None:
    penned(FRIDAY)
    assert [tell_officers(FRIDAY + day * DAY) for day in range(3, 7)] == [1, 0, 0, 0]


def test_what_was_qualified_in_time_is_not_said_again(officers: None) -> None:
    number = penned(MONDAY)
    tell_officers(MONDAY)
    with unit_of_work() as session:
        settle(session, number, "Claire Martin", MONDAY + HOUR)
    assert tell_officers(MONDAY + DAY) == 0


def test_without_an_officer_it_is_told_to_the_first_who_joins(db: str) -> None:
    penned(MONDAY)
    assert tell_officers(MONDAY) == 0
    with unit_of_work() as session:
        add_officer(session, "Claire Martin", "claire@nexoris.com", "a long password", MONDAY, totp=False)
    assert tell_officers(MONDAY) == 1


def test_an_officer_whose_address_cannot_be_used_does_not_stop_the_others(officers: None) -> None:
    with unit_of_work() as session:
        session.exec(select(Officer).where(Officer.name == "Paul Roux")).one().address = "jürgen@nexoris.com"
    penned(MONDAY)
    assert tell_officers(MONDAY) == 1
    assert [letter.recipient for letter in letters()] == ["claire@nexoris.com"]


def test_many_at_once_tell_once(officers: None) -> None:
    penned(MONDAY)
    results = at_once(*[lambda: tell_officers(MONDAY)] * 4)
    assert sorted(str(result) for result in results) == ["0", "0", "0", "1"]
    assert len(letters()) == 2


def test_an_officer_reads_it_in_the_language_of_the_desk(
    officers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSR_OFFICER_LANGUAGE", "en")
    forget_settings()
    for kind in TodoKind:
        about_case(MONDAY, kind)
    assert tell_officers(MONDAY) == len(TodoKind)
    assert "SOMETHING IS WAITING FOR YOU" in words(letters()[0])


def unread(at: datetime) -> None:
    with unit_of_work() as session:
        session.add(
            Message(
                mailbox="privacy@nexoris.com", content_hash=f"{at}", storage_key="mail/none", received_at=at, kept_at=at,
                state=MessageState.PEN, quiet=True, sender="paul@mail.example", subject="Devis",
            )
        )  # fmt: skip


@pytest.mark.usefixtures("officers")
def test_what_was_read_as_no_request_is_told_once_a_week() -> None:
    """No to-do, no alert, no daily notice: one line, from Monday morning on, about what came before."""
    unread(MONDAY)
    for day in range(7):
        tell_officers(MONDAY + day * DAY)
    assert letters() == []
    unread(MONDAY + 6 * DAY)
    unread(MONDAY + 7 * DAY)
    tell_officers(MONDAY + 7 * DAY - 4 * HOUR)
    assert letters() == [], "nobody is told before the morning"
    at_once(*[lambda: tell_officers(MONDAY + 7 * DAY)] * 2)
    tell_officers(MONDAY + 9 * DAY)
    assert [letter.recipient for letter in letters()] == ["claire@nexoris.com", "paul@nexoris.com"]
    said = words(letters()[0])
    assert "2 messages arrivés avant cette semaine" in " ".join(said.split())
    assert "/desk/pen" in said
    assert "mail.example" not in said
    assert "Devis" not in said
    tell_officers(MONDAY + 14 * DAY)
    assert len(letters()) == 4
    assert "3 messages" in words(letters()[2])
