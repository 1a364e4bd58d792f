"""Mail of somebody known, of colleagues and of machines: one case for one thing, and a person asked where it is not clear."""

import pytest
from sqlmodel import select

from models.classification import Kind
from models.database import database, reading, unit_of_work
from models.letters import LetterKind
from models.migrate import migrate
from models.rights import Right
from models.tables import Case, MessageState, Request, Todo, TodoKind, WaitsFor
from tasks.letters.render import render
from tasks.mail.thread_mail import TO_REQUESTERS
from tests.support.case_rows import NOW
from tests.support.letter_samples import sample
from tests.support.mail_in import (
    ACCESS,
    BOTH,
    ERASURE,
    audited,
    cases,
    close,
    letter_to,
    mail,
    now_is,
    opened,
    receive,
    receive_as,
    requests,
    todo_kinds,
)

REMINDER = "Bonjour,\n\nToujours aucune réponse à ma demande sur mes données. Je vais saisir la CNIL.\n"
STOP = "Si vous ne répondez pas, désabonnez-moi de votre newsletter.\n"
NEWS = "Je quitte Paris.\n"


def again(text: str = NEWS, subject: str = "x", number: int = 2, **headers: str) -> bytes:
    """Another mail of the same person."""
    return mail(text, subject, message_id=f"<{number}@mail.example>", **headers)


def in_thread(case: Case, text: str = NEWS, **headers: str) -> bytes:
    return again(text, "Re: x", In_Reply_To=letter_to(case).message_id, **headers)


def test_a_second_and_different_request_opens_its_own_case(db: str) -> None:
    case = opened()
    handled, message = receive(again(ERASURE))
    assert handled.state == MessageState.CASE
    assert handled.new_requests == (f"{handled.case_ref}/erasure",)
    assert handled.case_ref != case.ref
    assert message.case_id != case.id
    assert todo_kinds() == []


@pytest.mark.parametrize(
    ("kind", "rights"),
    [
        (Kind.REQUEST, [Right.ACCESS]),
        (Kind.REQUEST, [Right.ACCESS, Right.ERASURE]),
        (Kind.REQUEST, []),
        (Kind.FOLLOW_UP, [Right.ERASURE]),
        (Kind.NEEDS_REVIEW, [Right.RECTIFICATION]),
        (Kind.NOT_REQUEST, []),
    ],
)
def test_what_may_belong_to_the_open_case_of_its_sender_is_asked(
    db: str, kind: Kind, rights: list[Right]
) -> None:
    case = opened()
    handled, message = receive_as(again(), kind, *rights)
    assert (handled.state, handled.case_ref, handled.new_requests) == (MessageState.PEN, case.ref, ())
    assert message.case_id == case.id
    assert case.ref in message.reason
    assert handled.wake == (f"{case.ref}/access",)
    assert TodoKind.QUALIFY in todo_kinds()
    assert len(cases()) == 1


def test_the_case_that_has_the_right_is_the_one_that_is_asked_about(db: str) -> None:
    case = opened()
    newer = opened(ERASURE, message_id="<2@x>")
    assert receive_as(again(number=3), Kind.REQUEST, Right.ACCESS)[0].case_ref == case.ref
    assert receive_as(again(number=4), Kind.NEEDS_REVIEW)[0].case_ref == newer.ref


def test_a_proved_address_is_the_same_person(db: str) -> None:
    case = opened()
    with unit_of_work() as session:
        session.get_one(Case, case.id).verified_address = "Camille@Client.example"
    handled, _ = receive(mail(ACCESS, "x", "camille@client.example", "<2@x>"))
    assert (handled.state, handled.case_ref) == (MessageState.PEN, case.ref)


def test_a_closed_case_leaves_room_for_the_same_request(db: str) -> None:
    close(opened())
    assert receive(again(ACCESS))[0].state == MessageState.CASE
    assert len(cases()) == 2


def test_a_reminder_keeps_the_clock_and_raises_the_priority(db: str) -> None:
    """law.md D21, in the thread and without it."""
    case = opened()
    reply = mail(REMINDER, "Re: x", message_id="<2@x>", In_Reply_To=letter_to(case).message_id)
    handled, message = receive(reply)
    assert (handled.state, handled.case_ref, handled.new_requests) == (MessageState.CASE, case.ref, ())
    assert handled.wake == (f"{case.ref}/access",)
    reminded = now_is(case)
    assert (reminded.reminders, reminded.reminded_at) == (1, message.received_at)
    assert reminded.received_at == case.received_at
    assert audited(case)[-1] == "reminded"
    assert todo_kinds() == [TodoKind.REMINDER]
    handled, _ = receive(again(REMINDER, number=3))
    assert handled.state == MessageState.PEN
    assert now_is(case).reminders == 2
    assert sorted(todo_kinds()) == [TodoKind.QUALIFY, TodoKind.REMINDER, TodoKind.REMINDER]
    assert len(cases()) == len(requests()) == 1


def test_the_same_request_again_in_the_thread_is_a_reminder_unless_it_was_asked_for(db: str) -> None:
    case = opened()
    assert receive(in_thread(case, ACCESS))[0].state == MessageState.CASE
    assert now_is(case).reminders == 1
    with unit_of_work() as session:
        session.exec(select(Request)).one().waits_for = WaitsFor.MESSAGE
    again_in_thread = again(ACCESS, "Re: x", 3, In_Reply_To=letter_to(case).message_id)
    assert receive(again_in_thread)[0].state == MessageState.CASE
    assert now_is(case).reminders == 1


def test_a_reminder_of_a_closed_case_is_no_reminder_but_is_read(db: str) -> None:
    case = opened()
    reply = in_thread(case, REMINDER)
    close(case)
    assert receive(reply)[0].state == MessageState.PEN
    assert now_is(case).reminders == 0


def test_doubt_in_a_thread_about_another_right_is_asked(db: str) -> None:
    case = opened()
    handled, message = receive_as(in_thread(case), Kind.NEEDS_REVIEW, Right.ERASURE)
    assert (handled.state, message.case_id) == (MessageState.PEN, case.id)
    reply = again(NEWS, "Re: x", 3, In_Reply_To=letter_to(case).message_id)
    assert receive_as(reply, Kind.NEEDS_REVIEW, Right.ACCESS)[0].state == MessageState.CASE


@pytest.mark.parametrize("right", [Right.OBJECTION, Right.CONSENT_WITHDRAWAL])
def test_marketing_stops_before_anybody_qualifies_what_is_not_clear(db: str, right: Right) -> None:
    """law.md Q5, D24."""
    handled, message = receive_as(mail(STOP, "x"), Kind.NEEDS_REVIEW, right, Right.ERASURE)
    [case] = cases()
    assert handled.state == MessageState.PEN
    assert (handled.case_ref, handled.new_requests) == (case.ref, (f"{case.ref}/objection",))
    assert message.case_id == case.id
    assert "marketing stops" in message.reason
    assert todo_kinds() == [TodoKind.QUALIFY]


def test_a_person_who_may_ask_to_stop_marketing_is_found_by_the_classifier(db: str) -> None:
    receive(mail(STOP, "x"))
    assert [request.right for request in requests()] == [Right.OBJECTION]


def test_marketing_stops_in_the_thread_and_beside_an_open_case(db: str) -> None:
    case = opened()
    handled, message = receive_as(in_thread(case), Kind.REQUEST, Right.OBJECTION, Right.ERASURE)
    assert (handled.state, handled.case_ref) == (MessageState.PEN, case.ref)
    assert handled.new_requests == (f"{case.ref}/objection",)
    assert message.case_id == case.id
    assert audited(case)[-1] == "requests_added"
    more = receive_as(again(number=3), Kind.NEEDS_REVIEW, Right.OBJECTION)[0]
    assert more.new_requests == (), "it stops already"
    other = opened(message_id="<o@x>", sender="o@mail.example")
    doubt = mail(NEWS, "x", "o@mail.example", "<o2@x>")
    beside, message = receive_as(doubt, Kind.NEEDS_REVIEW, Right.OBJECTION)
    assert beside.new_requests == (f"{beside.case_ref}/objection",)
    assert beside.case_ref != other.ref in message.reason


def test_nothing_stops_by_itself_for_a_robot_a_list_or_nobody(db: str) -> None:
    robot = mail(NEWS, "x", "a@mail.example", "<2@x>", Auto_Submitted="auto-generated")
    listed = mail(NEWS, "x", "b@mail.example", "<3@x>", List_Id="<l.example>")
    nobody = mail(NEWS, "x", "c@exämple.com", "<4@x>")
    for raw in (robot, listed, nobody):
        handled, message = receive_as(raw, Kind.NEEDS_REVIEW, Right.OBJECTION)
        assert (handled.state, handled.new_requests, message.case_id) == (MessageState.PEN, (), None)


QUOTES = {
    "marked": "Le 23 nov. 2026 à 10:00, Nexoris <privacy@nexoris.com> a écrit :\n",
    "outlook": "-----Original Message-----\nFrom: Nexoris <privacy@nexoris.com>\nSent: Monday\nTo: Camille\nSubject: x\n\n",
}


@pytest.mark.parametrize(("how", "language"), [("marked", "fr"), ("outlook", "en")])
@pytest.mark.usefixtures("home")
def test_our_own_words_that_a_reply_quotes_ask_for_nothing(how: str, language: str) -> None:
    """Our letters name every right; thanks below them are no new request, and keep nobody busy."""
    migrate(database())
    case = opened()
    message_id, number = letter_to(case).message_id, 2
    for turn in ("open", "closed"):
        for kind in TO_REQUESTERS:
            letter = render(LetterKind(kind), language, sample(kind, language)).text
            quoted = "\n".join(f"> {line}" for line in letter.split("\n")) if how == "marked" else letter
            thanks = f"Merci, bien reçu.\n\n{QUOTES[how]}{quoted}\n"
            handled, _ = receive(again(thanks, "Re: x", number, In_Reply_To=message_id))
            assert (handled.state, handled.new_requests) == (MessageState.CASE, ()), (turn, kind)
            number += 1
        close(case)
    assert todo_kinds() == []


def test_every_message_in_the_pen_is_something_to_do_once(db: str) -> None:
    _, message = receive(mail("Une question sur mes données personnelles.\n"))
    with reading() as session:
        [todo] = session.exec(select(Todo)).all()
    assert (todo.kind, todo.message_id, todo.noted_at) == (TodoKind.QUALIFY, message.id, NOW)


def test_both_rights_of_one_message_are_one_case(db: str) -> None:
    handled, _ = receive(mail(BOTH, "My data"))
    assert len(handled.new_requests) == 2
    assert len(cases()) == 1
