"""Who proves nothing changes nothing: no code is tried, no wait ends, no address is believed (law.md I20, S5)."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models.classification import Kind
from models.database import reading, unit_of_work
from models.errors import Rejected
from models.letters import LetterKind
from models.rights import Right
from models.tables import Case, Challenge, MessageState, Request, TodoKind, WaitsFor
from tasks.challenges import Issued, issue
from tasks.mail.pen import Qualified, qualify, release
from tasks.mail.route_mail import ROBOT
from tasks.waits import for_message, has_written, newest_message
from tests.support.case_rows import NOW, ON_FILE
from tests.support.mail_in import (
    ACCESS,
    MAILBOX,
    PERSON,
    audited,
    cases,
    letter_to,
    mail,
    now_is,
    opened,
    receive,
    receive_as,
    requests,
    stored,
    todo_kinds,
)

NEWS = "Voilà la réponse que vous attendiez.\n"
AWAY = "Bonjour,\n\nvoici le code : {code}. Je suis en déplacement jusqu'au 15 décembre.\n"


def asked_for_a_code() -> tuple[Case, Issued]:
    case = opened()
    with unit_of_work() as session:
        request = session.exec(select(Request)).one()
        request.waits_for = WaitsFor.REQUESTER
        return case, issue(session, request, "identity", ON_FILE, "k", NOW)


def attempts() -> int:
    with reading() as session:
        return session.exec(select(Challenge)).one().attempts


def test_a_stranger_who_counts_up_references_cannot_void_the_code(db: str) -> None:
    case, issued = asked_for_a_code()
    for number in range(5):
        forged = mail("Le code : 8765 4321\n", f"Re: {case.ref}", PERSON, f"<{number}@evil.example>")
        assert receive(forged)[1].case_id == case.id
    again = mail("Le code : 8765 4321\n", "x", PERSON, "<9@evil.example>", In_Reply_To="<0@evil.example>")
    assert receive(again)[1].case_id == case.id, "answering a forged message makes none of ours of it"
    assert attempts() == 0
    assert "code_wrong" not in audited(case)
    letter = letter_to(case, LetterKind.ASK_IDENTITY, ON_FILE)
    receive(mail(f"Voici : {issued.code}\n", "Re: x", ON_FILE, "<8@x>", In_Reply_To=letter.message_id))
    assert now_is(case).verified_address == ON_FILE


def test_a_code_from_somebody_on_a_journey_is_tried_before_any_word_makes_a_machine_of_them(db: str) -> None:
    case, issued = asked_for_a_code()
    letter = letter_to(case, LetterKind.ASK_IDENTITY, ON_FILE)
    text = AWAY.format(code=f"{issued.code[:4]} {issued.code[4:]}")
    headers = {"In_Reply_To": letter.message_id}
    automatic = mail(text, "Re: x", ON_FILE, "<2@x>", **headers, Auto_Submitted="auto-replied")
    assert receive(automatic)[0].state == MessageState.MACHINE
    assert not now_is(case).verified_address
    handled, message = receive(mail(text, "Re: x", ON_FILE, "<3@x>", **headers))
    assert (handled.state, handled.wake) == (MessageState.CASE, (f"{case.ref}/access",))
    assert message.joined == "reply"
    assert now_is(case).verified_address == ON_FILE


def test_what_anybody_could_have_written_ends_no_wait_until_an_officer_files_it(db: str) -> None:
    """law.md D16: the pause ends with the person's answer."""
    case = opened()
    with unit_of_work() as session:
        request = session.exec(select(Request)).one()
        request.waits_for = WaitsFor.MESSAGE
        on = for_message(newest_message(session, request), NOW + timedelta(days=30))

    def answered() -> bool:
        with reading() as session:
            return has_written(session, session.exec(select(Request)).one(), on, NOW)

    for number, subject in enumerate((f"Re: {case.ref}", "Re: x")):
        handled, message = receive_as(mail(NEWS, subject, PERSON, f"<2{number}@x>"), Kind.NOT_REQUEST)
        assert (handled.state, message.case_id) == (MessageState.PEN, case.id)
        assert not answered()
        assert todo_kinds() == [TodoKind.QUALIFY] * (number + 1)
    qualify(message.id, Qualified(case_ref=case.ref), "Ana", NOW)
    assert answered()


def test_an_answer_to_our_letter_ends_the_wait(db: str) -> None:
    case = opened()
    with unit_of_work() as session:
        request = session.exec(select(Request)).one()
        request.waits_for = WaitsFor.MESSAGE
        on = for_message(newest_message(session, request), NOW + timedelta(days=30))
    reply = mail(NEWS, "Re: x", "other@mail.example", "<2@x>", In_Reply_To=letter_to(case).message_id)
    assert receive(reply)[0].state == MessageState.CASE
    with reading() as session:
        assert has_written(session, session.exec(select(Request)).one(), on, NOW)


def test_a_reference_joins_where_nobody_waits(db: str) -> None:
    case = opened()
    handled, message = receive_as(mail(NEWS, f"Re: {case.ref}", PERSON, "<2@x>"), Kind.NOT_REQUEST)
    assert (handled.state, message.case_id, message.joined) == (MessageState.CASE, case.id, "reference")


ROBOTS = ("no-reply@forms.example", "Formulaire <noreply-web@forms.example>", MAILBOX)


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_reply_to_of_a_robot_is_proposed_and_never_taken(db: str, robot: str) -> None:
    raw = mail(ACCESS, "Formulaire", robot, "<1@x>", Reply_To="Camille <camille@client.example>")
    handled, message = receive(raw)
    assert (handled.state, cases()) == (MessageState.PEN, [])
    assert message.classification["reply_to"] == "camille@client.example"
    assert todo_kinds() == [TodoKind.QUALIFY]
    with pytest.raises(Rejected, match="give the address"):
        release(message.id, [Right.ACCESS], NOW, "Ana")
    answer = Qualified(rights=(Right.ACCESS,), address="camille@client.example")
    qualify(message.id, answer, "Ana", NOW)
    assert [case.requester_address for case in cases()] == ["camille@client.example"]


def test_the_robot_is_named_to_the_officer(db: str) -> None:
    raw = mail(ACCESS, "Formulaire", ROBOTS[0], "<1@x>", Reply_To=PERSON)
    assert receive(raw)[1].reason == ROBOT
    signed = mail(ACCESS, "x", "Ana <ana@work.example>", "<2@x>", Reply_To="ana@home.example")
    assert receive(signed)[0].state == MessageState.CASE, "who signs is the requester"
    assert cases()[0].requester_address == "ana@work.example"
    nobody = mail(ACCESS, "x", "no-reply@forms.example", "<3@x>", Reply_To="no-reply@forms.example")
    assert receive(nobody)[0].state == MessageState.CASE


GROUP = {
    "List_Id": "Privacy <privacy.nexoris.com>",
    "List_Post": "<mailto:privacy@nexoris.com>",
    "List_Unsubscribe": "<mailto:googlegroups-manage+1+unsubscribe@googlegroups.com>",
    "Precedence": "list",
}


def test_mail_over_a_list_of_our_own_is_as_personal_as_any(db: str) -> None:
    """privacy@ as a group of addresses: its headers say only how the mail was handed round."""
    handled, message = receive(mail(ACCESS, **GROUP))
    assert (handled.state, message.automatic) == (MessageState.CASE, "")
    vague = mail("Une question sur mes données personnelles.\n", "x", "a@mail.example", "<2@x>", **GROUP)
    assert receive(vague)[0].state == MessageState.PEN
    terse = mail("Vous m'entendez ?\n", "x", "b@mail.example", "<3@x>", **GROUP)
    handled, message = receive(terse)
    assert (handled.state, message.quiet) == (MessageState.PEN, True)
    assert todo_kinds() == [TodoKind.QUALIFY]


def test_the_list_of_somebody_else_is_bulk_and_whoever_writes_over_it_is_read(db: str) -> None:
    theirs = GROUP | {"List_Id": "<clients.notnexoris.com>", "List_Post": "<mailto:clients@notnexoris.com>"}
    handled, message = receive(mail(ACCESS, **theirs))
    assert (handled.state, message.automatic) == (MessageState.PEN, "it is bulk mail")
    touches = mail(
        f"Une question sur mes données personnelles. {'Nous avons eu de la pluie dans la ville. ' * 30}\n", "x", "a@mail.example", "<2@x>",
        **theirs,
    )  # fmt: skip
    assert receive(touches)[0].state == MessageState.PEN
    assert todo_kinds() == [TodoKind.QUALIFY] * 2
    chat = mail("Nous avons eu de la pluie dans la ville. " * 30, "x", "b@mail.example", "<3@x>", **theirs)
    handled, message = receive(chat)
    assert (handled.state, message.quiet) == (MessageState.PEN, True)
    news = {"List_Unsubscribe": "<mailto:u@shop.example>", "Precedence": "bulk"}
    offers = mail("Nous avons eu de la pluie dans la ville. " * 30, "x", "news@shop.example", "<4@x>", **news)
    assert receive(offers)[0].state == MessageState.MACHINE
    footer = mail(f"{'Nous avons eu de la pluie dans la ville. ' * 30}\n\nProtection des données : RGPD.\n", "x", "news@shop.example", "<5@x>", **news)  # fmt: skip
    handled, message = receive(footer)
    assert (handled.state, message.quiet) == (MessageState.PEN, True)
    assert stored(message.id).reason
    assert len(requests()) == 0
