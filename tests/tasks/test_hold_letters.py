"""A whole objection by a machine: marketing stops at once, and no robot gets an automatic answer (RFC 3834, law.md R7a, D24)."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.letters import LetterKind
from models.settings import settings
from models.tables import Case, Letter, LetterState, Request, Todo, TodoKind
from tasks.letters.acknowledge import acknowledge
from tasks.letters.deliver import close_request
from tasks.letters.hold_letters import drop_held, send_held
from tasks.letters.reply_changes import reply_objection
from tasks.steps import claim, do_once
from tasks.todo_view import do
from tasks.waits import letter_settled
from tests.support.case_rows import NOW
from tests.support.mail_in import PERSON, audited, mail, receive, todo_kinds

OFFICER = "Claire Martin"
STOP = "Bonjour,\n\nje m'oppose à la prospection : ne m'envoyez plus de publicité.\n"


def objection(number: int = 1, sender: str = PERSON, **headers: str) -> str:
    """What the flow writes by itself about an objection to marketing: acknowledgement and reply. Its reference."""
    raw = mail(f"{STOP}\nNuméro {number}\n", "Opposition", sender, f"<{number}@x>", **headers)
    ref = receive(raw)[0].new_requests[0]
    answer(ref)
    return ref


def answer(ref: str) -> None:
    lease, day = claim(ref, "run", NOW), NOW.date()
    do_once(lease, "acknowledge", acknowledge, NOW)
    do_once(lease, "reply", reply_objection(day, {}, day, marketing=True, automatic=True), NOW)


def replies() -> list[Letter]:
    with reading() as session:
        query = select(Letter).where(Letter.kind == LetterKind.OBJECTION_REPLY).order_by(Letter.id)
        return list(session.exec(query))


def leaving() -> list[Letter]:
    with reading() as session:
        return list(session.exec(select(Letter).where(Letter.state == LetterState.QUEUED)))


def request_of(ref: str) -> Request:
    with reading() as session:
        return session.exec(select(Request).where(Request.ref == ref)).one()


def case_of(ref: str) -> Case:
    with reading() as session:
        return session.get_one(Case, request_of(ref).case_id)


def test_a_person_is_answered(db: str) -> None:
    objection()
    assert [letter.state for letter in replies()] == [LetterState.QUEUED]
    assert len(leaving()) == 2
    assert todo_kinds() == []


@pytest.mark.parametrize(
    "headers", [{"Auto_Submitted": "auto-generated"}, {"Return_Path": "<>"}, {"sender": "no-reply@b.example"}]
)
def test_a_robot_gets_no_automatic_answer_and_an_officer_has_them_to_do(
    db: str, headers: dict[str, str]
) -> None:
    ref = objection(**headers)
    assert leaving() == []
    (letter,) = replies()
    assert letter.state == LetterState.HELD
    assert todo_kinds() == [TodoKind.NOT_ACKNOWLEDGED, TodoKind.REPLY_HELD]
    assert audited(case_of(ref)).count("reply_held_back") == 1
    with reading() as session:
        assert not letter_settled(session, letter.key), "the request waits for the officer"
    answer(ref)
    assert len(replies()) == len(todo_kinds()) - 1 == 1, "again changes nothing"


def test_a_flood_in_one_persons_name_ends(db: str) -> None:
    most = settings().answers_per_day
    for number in range(most + 2):
        objection(number)
        with unit_of_work() as session:  # so that the next one opens a case of its own
            for request in session.exec(select(Request)):
                request.closed_at = NOW
    states = [letter.state for letter in replies()]
    assert states == [LetterState.QUEUED] * most + [LetterState.HELD] * 2


def test_the_officer_sends_it(db: str) -> None:
    ref = objection(Auto_Submitted="auto-generated")
    (letter,) = replies()
    with reading() as session:
        todo = session.exec(select(Todo).where(Todo.kind == TodoKind.REPLY_HELD)).one()
    with pytest.raises(Rejected):
        do(todo.id, OFFICER, NOW)
    for _ in range(2):
        assert send_held(letter.id, OFFICER, NOW + timedelta(hours=1)) == letter.key
    assert [one.key for one in leaving()] == [letter.key]
    assert todo_kinds() == [TodoKind.NOT_ACKNOWLEDGED]
    assert audited(case_of(ref)).count("reply_ordered") == 1
    with pytest.raises(Rejected):
        drop_held(letter.id, OFFICER, NOW)
    with pytest.raises(NotFound):
        send_held(999, OFFICER, NOW)


def test_the_officer_sees_that_nobody_is_to_be_answered(db: str) -> None:
    ref = objection(Auto_Submitted="auto-generated")
    (letter,) = replies()
    for _ in range(2):
        assert drop_held(letter.id, OFFICER, NOW) == ref
    send_held(letter.id, OFFICER, NOW)
    assert leaving() == []
    with reading() as session:
        assert letter_settled(session, letter.key)
    do_once(claim(ref, "run", NOW), "close", close_request(letter.key), NOW + timedelta(hours=1))
    closed = request_of(ref)
    assert (closed.outcome, closed.replied_at) == ("not_a_request", NOW + timedelta(hours=1))
    assert audited(case_of(ref)).count("reply_dropped") == 1
