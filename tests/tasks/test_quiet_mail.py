"""Mail read as no request keeps nobody busy and is lost by nobody: listed, counted once a week, kept until a person looked."""

from datetime import timedelta

import pytest

from models.database import reading
from models.rights import Right
from models.tables import MessageState, TodoKind
from tasks.doctor import _pen
from tasks.keeping.retain import due
from tasks.mail.handle_mail import handle
from tasks.mail.pen import dismiss, dismiss_quiet, look_at, release, waiting
from tasks.todo_view import count_quiet, count_todos, todo_lines
from tests.support.case_rows import NOW
from tests.support.mail_in import (
    PERSON,
    cases,
    close,
    keep,
    mail,
    opened,
    receive,
    stored,
    todo_kinds,
)

ORDINARY = "Bonjour,\n\nla réunion de mardi est repoussée d'une heure, rendez-vous dans la grande salle du second étage comme la dernière fois. Apportez les plans et les devis, nous déciderons ensemble de la suite du chantier.\n\nPaul\n"
OFFICER = "Claire Martin"


def ordinary(number: int = 1, sender: str = "paul@mail.example", **headers: str) -> bytes:
    return mail(f"{ORDINARY}\n{number}\n", "Réunion", sender, f"<{number}@quiet.example>", **headers)


def quiet(number: int = 1) -> int:
    handled, message = receive(ordinary(number))
    assert (handled.state, message.quiet) == (MessageState.PEN, True)
    return message.id


def test_what_clearly_asks_for_nothing_is_listed_without_a_to_do(db: str) -> None:
    first = quiet()
    loud = receive(mail("Une question sur mes données personnelles.\n", "x", message_id="<q@x>"))[1]
    assert todo_kinds() == [TodoKind.QUALIFY]
    assert [(one.number, one.quiet) for one in waiting()] == [(loud.id, False), (first, True)]
    with reading() as session:
        assert [line.message for line in todo_lines(session, NOW)] == [loud.id]
    assert (count_todos(), count_quiet()) == (1, 1)
    dismiss(loud.id, "answered by telephone", NOW, OFFICER)
    assert (count_todos(), _pen()) == (0, "nothing waits for a decision today")


def test_it_is_released_with_one_click_and_its_clock_began_when_it_came(db: str) -> None:
    number = keep(ordinary(), NOW - timedelta(days=3))
    handle(number, NOW)
    assert stored(number).quiet
    release(number, [Right.ACCESS], NOW, OFFICER)
    [case] = cases()
    assert case.received_at == NOW - timedelta(days=3)
    assert (stored(number).state, stored(number).quiet) == (MessageState.CASE, False)


def test_an_officer_makes_it_something_to_do_today(db: str) -> None:
    number = quiet()
    look_at(number, NOW)
    look_at(number, NOW)
    assert todo_kinds() == [TodoKind.QUALIFY]
    assert not stored(number).quiet
    assert dismiss_quiet([number], OFFICER, NOW) == 0, "it is no longer among those"


def test_only_what_the_officer_saw_is_put_aside(db: str) -> None:
    seen, later = quiet(1), quiet(2)
    loud = receive(mail("Une question sur mes données personnelles.\n", "x", message_id="<q@x>"))[1].id
    assert dismiss_quiet([seen, loud, 999], OFFICER, NOW) == 1
    assert [stored(number).state for number in (seen, later, loud)] == [
        MessageState.DISMISSED,
        MessageState.PEN,
        MessageState.PEN,
    ]
    assert OFFICER in stored(seen).reason
    assert dismiss_quiet([seen], OFFICER, NOW) == 0


def test_nothing_is_deleted_before_somebody_looked(db: str) -> None:
    number, far = quiet(), NOW + timedelta(days=4000)
    with reading() as session:
        assert due(session, far) == []
    dismiss_quiet([number], OFFICER, NOW)
    with reading() as session:
        assert due(session, NOW + timedelta(days=29)) == []
        assert [one.what for one in due(session, NOW + timedelta(days=31))] == ["loose_mail"]


def attached(media_type: str, name: str) -> bytes:
    raw = ordinary().decode()
    head, _, body = raw.partition("\r\n\r\n")
    kept = [line for line in head.split("\r\n") if not line.lower().startswith("content-")]
    parts = (
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{ORDINARY}",
        f"Content-Type: {media_type}\r\nContent-Disposition: attachment; filename={name}\r\n\r\nAAAA",
    )
    assert body
    inside = "".join(f"\r\n--b\r\n{part}" for part in parts)
    return (
        "\r\n".join([*kept, 'Content-Type: multipart/mixed; boundary="b"']) + f"\r\n{inside}\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("media_type", "name", "rests"),
    [
        ("application/pdf", "lettre.pdf", False),
        ("image/jpeg", "scan.jpg", False),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.docx", False),
        ("text/calendar", "invite.ics", True),
    ],
)
def test_a_letter_may_stand_in_a_file(db: str, media_type: str, name: str, rests: bool) -> None:
    _, message = receive(attached(media_type, name))
    assert (message.state, message.quiet) == (MessageState.PEN, rests)


def test_whom_we_know_is_read_today(db: str) -> None:
    close(opened())
    _, message = receive(ordinary(sender=PERSON))
    assert (message.state, message.quiet) == (MessageState.PEN, False)
    _, colleague = receive(ordinary(2, sender="paul@nexoris.com"))
    assert (colleague.state, colleague.quiet) == (MessageState.PEN, False)


def test_a_language_that_is_hardly_read_is_for_a_person(db: str) -> None:
    text = "Dzień dobry, spotkanie we wtorek zostało przesunięte o godzinę, spotkamy się w dużej sali na drugim piętrze tak jak ostatnim razem. Proszę przynieść plany i kosztorysy, wspólnie zdecydujemy o dalszych losach budowy.\n"
    _, message = receive(mail(text, "Spotkanie", "jan@mail.example", "<pl@x>"))
    assert (message.state, message.quiet) == (MessageState.PEN, False)


def test_a_reused_message_id_is_said_and_changes_nothing(db: str) -> None:
    receive(ordinary())
    _, message = receive(ordinary().replace(b"mardi", b"jeudi"))
    assert (message.state, message.quiet) == (MessageState.PEN, True)
    assert "same Message-ID" in message.reason
