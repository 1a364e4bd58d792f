"""Every message ends in exactly one place: a case, the holding pen with its reason, or machine mail (DESIGN.md 4.6)."""

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.rights import Right
from models.settings import settings
from models.tables import Case, Challenge, ClockEvent, Message, MessageState, Request
from tasks.challenges import issue
from tasks.mail import handle_mail
from tasks.mail.handle_mail import handle, handle_kept
from tasks.mail.pen import release
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, ON_FILE
from tests.support.mail_in import (
    ACCESS,
    BOTH,
    ERASURE,
    PERSON,
    VAGUE,
    audited,
    cases,
    keep,
    letter_to,
    mail,
    opened,
    receive,
    requests,
    stored,
)


def test_a_request_opens_a_case_with_one_request_per_right(db: str) -> None:
    number = keep(mail(BOTH, "My data"), NOW - timedelta(days=2))
    (handled,) = handle_kept(NOW)
    (case,) = cases()
    assert handled.state == MessageState.CASE
    assert handled.case_ref == case.ref == "DSR-2026-0001"
    assert handled.new_requests == ("DSR-2026-0001/access", "DSR-2026-0001/erasure")
    assert (case.requester_address, case.language, case.mailbox) == (PERSON, "en", settings().mailbox)
    assert case.received_at == NOW - timedelta(days=2), "the clock starts at arrival (D2)"
    assert case.opened_at == NOW
    with reading() as session:
        assert [event.at for event in session.exec(select(ClockEvent))] == [case.received_at]
    message = stored(number)
    assert (message.case_id, message.state, message.handled_at) == (case.id, MessageState.CASE, NOW)
    assert message.classification["kind"] == "request"
    assert message.classification["because"]
    assert handle_kept(NOW) == []


def test_references_count_up(db: str) -> None:
    for number in range(3):
        receive(mail(sender=f"person{number}@mail.example", message_id=f"<{number}@x.example>"))
    assert [case.ref for case in cases()] == ["DSR-2026-0001", "DSR-2026-0002", "DSR-2026-0003"]


def test_machine_mail_opens_nothing(db: str) -> None:
    letters = {
        "newsletter": mail(
            "Our new products.\n", "News", "news@shop.example", "<2@x>", List_Unsubscribe="<mailto:u@x.example>"
        ),
        "own address": mail("Bonjour.\n", "x", settings().mailbox.upper(), "<3@x>"),
        "away": mail("Je suis absent.\n", "Réponse automatique", message_id="<4@x>", Auto_Submitted="auto-replied"),
        "bounce": bounce("<nothing@of.ours>"),
    }  # fmt: skip
    for name, raw in letters.items():
        handled, message = receive(raw)
        assert handled.state == message.state == MessageState.MACHINE, name
        assert message.reason, name
    assert cases() == []


def test_our_own_letter_that_a_list_sends_back_is_machine_mail(db: str) -> None:
    """A list that writes itself into From must not make our acknowledgement a request."""
    letter = letter_to(opened())
    handled, _ = receive(mail(sender="list@partner.example", message_id=letter.message_id))
    assert handled.state == MessageState.MACHINE
    assert len(cases()) == 1


def bounce(message_id: str) -> bytes:
    report = EmailMessage(policy=SMTP)
    report["From"] = "MAILER-DAEMON@mx.example"
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Message-ID"] = "<dsn@mx.example>"
    report["Auto-Submitted"] = "auto-replied"
    report["Return-Path"] = "<>"
    report.set_content("550 5.1.1 user unknown\n")
    original = EmailMessage(policy=SMTP)
    original["Message-ID"] = message_id
    original.set_content("…")
    report.add_attachment(original)
    return report.as_bytes()


def test_a_bounce_is_noted_at_the_case_of_the_letter_it_speaks_of(db: str) -> None:
    case = opened()
    handled, message = receive(bounce(letter_to(case).message_id))
    assert handled.state == MessageState.MACHINE
    assert message.case_id == case.id
    assert audited(case)[-1] == "delivery_report"


@pytest.mark.parametrize("name", ["In_Reply_To", "References"])
def test_a_reply_in_the_thread_joins_its_case(db: str, name: str) -> None:
    case = opened()
    letter = letter_to(case)
    headers = {name: f"<unknown@mail.example> {letter.message_id}"}
    reply = mail("Merci !\n", "Re: x", "Camille <other@mail.example>", "<2@mail.example>", **headers)
    handled, message = receive(reply)
    assert (handled.state, handled.case_ref, handled.new_requests) == (MessageState.CASE, case.ref, ())
    assert handled.wake == (f"{case.ref}/access",)
    assert message.case_id == case.id
    assert audited(case)[-1] == "message_received"
    assert len(cases()) == 1


def test_a_reply_by_reference_joins_only_from_an_address_of_the_case(db: str) -> None:
    case = opened()
    subject = f"RE: votre demande {case.ref.lower()}"
    handled, _ = receive(mail("Merci !\n", subject, message_id="<2@x>"))
    assert (handled.state, handled.case_ref) == (MessageState.CASE, case.ref)
    stranger, message = receive(mail("Merci !\n", subject, "eve@other.example", "<3@x>"))
    assert (stranger.state, stranger.case_ref, stranger.wake) == (MessageState.PEN, "", ())
    assert message.case_id is None
    nobody, _ = receive(mail("Merci !\n", subject, "undisclosed:;", "<4@x>"))
    assert nobody.case_ref == "", "no address is not an address of the case"
    with unit_of_work() as session:
        session.get_one(Case, case.id).verified_address = ON_FILE.upper()
    proved, _ = receive(mail("Merci !\n", subject, ON_FILE, "<5@x>"))
    assert proved.case_ref == case.ref


def test_a_request_of_a_stranger_that_names_a_case_is_a_case_of_its_own(db: str) -> None:
    case = opened()
    handled, _ = receive(mail(ERASURE, f"Re: {case.ref}", "eve@other.example", "<2@x>"))
    assert handled.state == MessageState.CASE
    assert handled.case_ref != case.ref
    assert [request.ref for request in requests()] == [f"{case.ref}/access", f"{handled.case_ref}/erasure"]


def test_a_code_in_a_reply_proves_the_address_on_file(db: str) -> None:
    case = opened()
    with unit_of_work() as session:
        request = session.exec(select(Request)).one()
        issued = issue(session, request, "identity", ON_FILE, "k", NOW)
    letter = letter_to(case, LetterKind.ASK_IDENTITY, ON_FILE)
    text = f"Voici : {issued.code[:4]} {issued.code[4:]}\n"
    handled, _ = receive(mail(text, "Re: x", ON_FILE, "<2@x>", In_Reply_To=letter.message_id))
    assert (handled.state, handled.wake) == (MessageState.CASE, (f"{case.ref}/access",))
    with reading() as session:
        assert session.exec(select(Challenge)).one().solved_by == "reply"
        assert session.get_one(Case, case.id).verified_address == ON_FILE


@pytest.mark.parametrize("who", [PERSON, "friend@other.example"])
def test_a_new_request_in_a_thread_is_seen_by_a_person(db: str, who: str) -> None:
    """Neither swallowed by the case nor lost: released, it has a clock of its own."""
    case = opened()
    letter = letter_to(case)
    text = ERASURE if who == PERSON else ACCESS
    handled, message = receive(mail(text, "Re: x", who, "<2@x>", In_Reply_To=letter.message_id))
    assert handled.state == MessageState.PEN
    assert case.ref in message.reason
    released = release(message.id, [Right.ERASURE], NOW, "Ana")
    assert released.case_ref != case.ref
    assert len(cases()) == 2


def test_the_same_request_again_in_the_thread_joins_the_case(db: str) -> None:
    letter = letter_to(opened())
    handled, _ = receive(mail(ACCESS, "Re: x", message_id="<2@x>", In_Reply_To=letter.message_id))
    assert handled.state == MessageState.CASE
    assert len(cases()) == 1


def test_a_complaint_about_a_closed_case_is_seen_by_a_person(db: str) -> None:
    case = opened()
    letter = letter_to(case)
    with unit_of_work() as session:
        session.exec(select(Request)).one().closed_at = NOW
    reply = mail(VAGUE, "Re: x", message_id="<2@x>", In_Reply_To=letter.message_id)
    assert receive(reply)[0].state == MessageState.PEN
    thanks = mail("Merci !\n", "Re: x", message_id="<3@x>", In_Reply_To=letter.message_id)
    assert receive(thanks)[0].state == MessageState.CASE


def test_an_answer_to_an_internal_notice_is_no_message_of_the_requester(db: str) -> None:
    case = opened()
    notice = letter_to(case, LetterKind.DECISION_WAITING, "officer@nexoris.com")
    handled, _ = receive(mail("OK\n", "Re: x", "officer@nexoris.com", "<2@x>", In_Reply_To=notice.message_id))
    assert handled.case_ref == ""


def test_the_same_message_by_another_way_is_dismissed(db: str) -> None:
    receive(mail())
    handled, message = receive(b"Received: from list.example; Mon, 23 Nov 2026 09:00:00 +0000\r\n" + mail())
    assert handled.state == message.state == MessageState.DISMISSED
    assert "before" in message.reason
    assert len(cases()) == 1


def test_copies_without_a_message_id_are_recognised_for_an_hour(db: str) -> None:
    receive(mail(message_id=""))
    copy = b"X-Way: 2\r\n" + mail(message_id="")
    assert receive(copy)[0].state == MessageState.DISMISSED
    next_day = keep(b"X-Way: 3\r\n" + mail(message_id=""), NOW + timedelta(days=1))
    assert handle(next_day, NOW).state == MessageState.PEN, "the same right again: a message of its own"


def test_a_message_id_used_again_is_another_message_and_a_warning(db: str) -> None:
    receive(mail())
    for raw in (
        mail(ERASURE),
        mail(sender="other@mail.example"),
        mail("", "Erasure of my personal data please"),
    ):
        handled, message = receive(raw)
        assert handled.state in {MessageState.CASE, MessageState.PEN}
        assert message.message_id == "<1@mail.example>"
    handled, message = receive(mail(ERASURE, sender="third@mail.example"))
    assert handled.state == MessageState.CASE
    assert "same Message-ID" in message.reason
    assert len(cases()) >= 4


def test_handlers_at_once_open_one_case(db: str) -> None:
    number = keep(mail())
    at_once(*[lambda: handle(number, NOW)] * 5)
    assert len(cases()) == len(requests()) == 1


def test_copies_handled_at_once_open_one_case(db: str) -> None:
    numbers = [keep(b"X-Way: %d\r\n" % way + mail()) for way in range(5)]
    at_once(*(partial(handle_mail._handle, number, NOW) for number in numbers))  # as on several machines
    assert len(cases()) == 1
    with reading() as session:
        states = sorted(session.exec(select(Message.state)))
    assert states == [MessageState.CASE] + [MessageState.DISMISSED] * 4
