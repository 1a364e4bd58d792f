"""Whatever comes in whatever order: each message ends in one place, and nobody has the same right open in two cases."""

from collections import Counter
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from models import audit
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.rights import Right
from models.tables import Case, Letter, Message, MessageState, Request, Todo, TodoKind
from tasks.letters.write_letter import write_letter
from tasks.mail.handle_mail import handle
from tasks.mail.keep_mail import keep_message
from tasks.mail.pen import Qualified, dismiss, qualify
from tests.support.case_rows import NOW
from tests.support.letter_samples import sample
from tests.support.mail_in import ACCESS, BOTH, ERASURE, MAILBOX, VAGUE, mail

BODIES = {
    "access": ACCESS,
    "erasure": ERASURE,
    "both": BOTH,
    "stop": "Désabonnez-moi de votre newsletter.\n",
    "vague": VAGUE,
    "reminder": "Toujours aucune réponse à ma demande sur mes données. Je vais saisir la CNIL.\n",
    "thanks": "Merci !\n",
    "away": "Je suis absent jusqu'au 3 décembre.\n",
}
WHERE = ["new", "new", "thread", "subject", "copy", "other mailbox", "bounce"]
PEOPLE = ["a", "a", "a", "b"]
STEPS = st.tuples(st.sampled_from(list(BODIES)), st.sampled_from(WHERE), st.sampled_from(PEOPLE))
FINAL = {MessageState.CASE, MessageState.PEN, MessageState.MACHINE, MessageState.DISMISSED}
counter = iter(range(10**9))


def letter(case: Case) -> str:
    """The Message-ID of our acknowledgement."""
    with unit_of_work() as session:
        kind = LetterKind.ACKNOWLEDGE
        context, to = sample(kind, "fr"), case.requester_address
        return write_letter(session, case, None, kind, context, to, f"{case.ref}:ack", NOW).message_id


def bounce(message_id: str) -> bytes:
    report = EmailMessage(policy=SMTP)
    report["From"], report["Subject"] = "MAILER-DAEMON@mx.example", "Undelivered Mail Returned to Sender"
    report["Message-ID"], report["Return-Path"] = f"<{next(counter)}@mx.example>", "<>"
    report.set_content(f"550 5.1.1 user unknown\n\nMessage-ID: {message_id}\n")
    return report.as_bytes()


def case_of(sender: str) -> Case | None:
    with reading() as session:
        found = select(Case).where(Case.requester_address == sender).order_by(col(Case.id).desc())
        return session.exec(found).first()


def arrive(body: str, where: str, sender: str, last: bytes) -> tuple[bytes, str]:
    """The bytes of a message and the mailbox it comes to."""
    case = case_of(sender)
    message_id = f"<{next(counter)}@mail.example>"
    headers = {"Auto_Submitted": "auto-replied"} if body == "away" else {}
    subject = "Réponse automatique" if body == "away" else "Mes données"
    if where == "copy" and last:
        return b"X-Way: %d\r\n" % next(counter) + last, MAILBOX
    if where == "other mailbox" and last:
        return last, "contact@nexoris.com"
    if where == "bounce" and case:
        return bounce(letter(case)), MAILBOX
    if where == "thread" and case:
        headers["In_Reply_To"] = letter(case)
    if where == "subject" and case:
        subject = f"{subject} {case.ref}"
    return mail(BODIES[body], subject, sender, message_id, **headers), MAILBOX


def check(numbers: list[int], senders: list[str]) -> None:
    with reading() as session:
        messages = session.exec(select(Message).where(col(Message.id).in_(numbers))).all()
        waiting = set(session.exec(select(Todo.message_id).where(Todo.kind == TodoKind.QUALIFY)).all())
        for message in messages:
            assert message.state in FINAL
            assert message.state != MessageState.CASE or message.case_id
            assert message.state == MessageState.CASE or message.reason
            assert (message.state == MessageState.PEN) <= (message.id in waiting)
        held = session.exec(
            select(Case.requester_address, Request.right)
            .join(Request, col(Request.case_id) == col(Case.id))
            .where(col(Request.closed_at).is_(None), col(Case.requester_address).in_(senders))
        ).all()
        assert [pair for pair, times in Counter(held).items() if times > 1] == []
        assert audit.verify(session) == []


@pytest.mark.usefixtures("db")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=5, max_size=8))
def test_any_sequence_ends_in_one_place_each_and_holds_each_right_once(
    steps: list[tuple[str, str, str]],
) -> None:
    example = next(counter)
    senders = {person: f"{person}{example}@mail.example" for person in PEOPLE}
    last: dict[str, bytes] = {}
    numbers = []
    for body, where, person in steps:
        raw, mailbox = arrive(body, where, senders[person], last.get(person, b""))
        last[person] = raw
        number, new = keep_message(raw, mailbox, NOW, NOW)
        handled = handle(number, NOW)
        assert new or handled.state == MessageState.KEPT, "handled once"
        numbers.append(number)
    check(numbers, list(senders.values()))


@pytest.mark.usefixtures("db")
def test_an_officer_may_say_that_the_same_right_is_asked_again() -> None:
    number, _ = keep_message(mail(), MAILBOX, NOW, NOW)
    handle(number, NOW)
    again, _ = keep_message(mail(message_id="<2@mail.example>"), MAILBOX, NOW, NOW)
    handle(again, NOW)
    handled = qualify(again, Qualified((Right.ACCESS,)), "Ana", NOW)
    assert len(handled.new_requests) == 1
    third, _ = keep_message(mail(message_id="<3@mail.example>"), MAILBOX, NOW, NOW)
    assert handle(third, NOW).case_ref == handled.case_ref, "the newest of them is asked about"
    dismiss(third, "sent twice", NOW, "Ana")
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 0
        assert len(session.exec(select(Case)).all()) == 2
