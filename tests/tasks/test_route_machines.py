"""Mail that machines and colleagues send: nobody answers it, nobody is woken by it, and no request behind it is lost."""

from email.message import EmailMessage
from email.policy import SMTP

from models.classification import Kind, Machine
from models.database import reading, unit_of_work
from models.rights import Right
from models.tables import Case, MessageState, TodoKind
from tasks.mail.route_mail import OURS
from tasks.waits import newest_message
from tests.support.mail_in import (
    ACCESS,
    MAILBOX,
    PERSON,
    audited,
    cases,
    letter_to,
    mail,
    opened,
    receive,
    receive_as,
    requests,
    todo_kinds,
)

NEWS = "Je quitte Paris.\n"


def in_thread(case: Case, text: str, subject: str = "Re: x", **headers: str) -> bytes:
    return mail(
        text, subject, message_id="<2@mail.example>", In_Reply_To=letter_to(case).message_id, **headers
    )


def test_an_absence_note_answers_nothing_and_wakes_nobody(db: str) -> None:
    case = opened()
    request = requests()[0]
    with reading() as session:
        last = newest_message(session, request)
    note = in_thread(
        case,
        "Je suis absent jusqu'au 3 décembre. 1234 5678\n",
        "Réponse automatique : votre demande",
        Auto_Submitted="auto-replied",
    )
    handled, message = receive(note)
    assert (handled.state, handled.wake, handled.case_ref) == (MessageState.MACHINE, (), "")
    assert (message.case_id, message.reason) == (case.id, "auto_reply")
    assert message.automatic
    assert "code_wrong" not in audited(case)
    assert todo_kinds() == []
    with reading() as session:
        assert newest_message(session, request) == last, "whoever waits for the person goes on waiting"


def test_a_ticket_system_that_answers_our_letter_wakes_nobody(db: str) -> None:
    case = opened()
    ticket = in_thread(case, "Ticket 17 was opened.\n", Auto_Submitted="auto-generated")
    handled, message = receive(ticket)
    assert (handled.state, handled.wake, message.case_id) == (MessageState.MACHINE, (), case.id)


def test_a_robot_that_passes_on_a_request_is_not_dropped(db: str) -> None:
    """peers.md 4.2: 'auto' means do not answer automatically, never drop."""
    robot = mail(ACCESS, "Request 4711", "no-reply@broker.example", Auto_Submitted="auto-generated")
    handled, message = receive(robot)
    assert handled.state == MessageState.CASE
    assert message.automatic
    other = mail(ACCESS, "x", "bot@broker.example", "<2@x>")
    handled, _ = receive_as(other, Kind.NEEDS_REVIEW, Right.ACCESS, machine=Machine.AUTO_REPLY)
    assert handled.state == MessageState.PEN
    again_by_robot = mail(
        ACCESS, "Request 4712", "no-reply@broker.example", "<3@x>", Auto_Submitted="auto-generated"
    )
    handled, _ = receive(again_by_robot)
    assert (handled.state, handled.wake) == (MessageState.PEN, ())


def test_our_own_mail_that_comes_back_is_machine_mail(db: str) -> None:
    for number, address in enumerate((MAILBOX, "Privacy+abc@nexoris.com")):
        handled, message = receive(mail(NEWS, "x", address, f"<{number}@x>"))
        assert (handled.state, message.reason) == (MessageState.MACHINE, "our own address wrote it")
        letter = mail(ACCESS, "x", address, f"<{number}-a@x>", Auto_Submitted="auto-replied")
        assert receive(letter)[0].state == MessageState.MACHINE
    assert cases() == []


def test_a_form_of_ours_that_sends_for_a_person_is_not_dropped(db: str) -> None:
    """law.md Q2: the person stands in Reply-To, or in the text alone; our own robots say that they are robots."""
    handled, message = receive(mail(ACCESS, "Formulaire", MAILBOX, "<1@x>", Reply_To=PERSON))
    assert (handled.state, message.case_id) == (MessageState.PEN, None)
    assert "say who asks" in message.reason
    robot = mail(ACCESS, "x", MAILBOX, "<2@x>", Reply_To=PERSON, Auto_Submitted="auto-generated")
    assert receive(robot)[0].state == MessageState.MACHINE
    for number, headers in enumerate(({}, {"Reply_To": "privacy+abc@nexoris.com"})):
        handled, message = receive(mail(ACCESS, "x", MAILBOX, f"<3-{number}@x>", **headers))
        assert (handled.state, message.reason) == (MessageState.PEN, OURS)
    assert cases() == []


def forwarded(sender: str = "claire.martin@nexoris.com") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Message-ID"] = sender, MAILBOX, "<f@nexoris.com>"
    message["Subject"] = "TR: Mes données"
    header = f"---------- Forwarded message ---------\nDe : Camille Durand <{PERSON}>\nObjet : Mes données\n"
    message.set_content(f"Pour vous.\n\n{header}\n{ACCESS}")
    return message


def test_a_colleagues_forward_waits_for_who_asks_and_since_when(db: str) -> None:
    """law.md D2, D3, Q2: the colleague is not the requester, and the clock began when it reached the company."""
    handled, message = receive(forwarded().as_bytes())
    assert handled.state == MessageState.PEN
    assert message.reason == ("a colleague forwarded it: say who asks and when it arrived at the company")
    assert cases() == []
    assert todo_kinds() == [TodoKind.QUALIFY]


def test_a_colleague_in_a_thread_is_not_the_requester(db: str) -> None:
    case = opened()
    forward = forwarded()
    forward["References"] = letter_to(case).message_id
    handled, message = receive(forward.as_bytes())
    assert (handled.state, handled.wake, message.case_id) == (MessageState.PEN, (), case.id)


def test_a_colleague_who_is_a_requester_is_treated_as_one(db: str) -> None:
    case = opened()
    with unit_of_work() as session:
        session.get_one(Case, case.id).requester_address = "claire.martin@nexoris.com"
    reply = mail(NEWS, "Re: x", "claire.martin@nexoris.com", "<2@x>", In_Reply_To=letter_to(case).message_id)
    assert receive(reply)[0].state == MessageState.CASE
