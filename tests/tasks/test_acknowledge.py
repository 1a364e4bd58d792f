"""An acknowledgement is an automatic answer: held back from machines and floods, and then an officer's to do (peers.md 4.2)."""

from datetime import timedelta
from email import message_from_bytes

import pytest
from sqlmodel import select

from models import audit
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.letters import LetterKind
from models.rights import Right
from models.settings import settings
from models.storage import fetch
from models.tables import (
    AuditEvent,
    Case,
    Channel,
    Letter,
    LetterState,
    Mandate,
    Message,
    MessageState,
    Todo,
    TodoKind,
)
from tasks.letters.acknowledge import acknowledge, acknowledge_now
from tasks.steps import claim, do_once
from tasks.todos import settle
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, add_case

OFFICER = "Claire Martin"


def new_case(
    automatic: str = "", *, rights: tuple[Right, ...] = (Right.ACCESS,), mails: int = 1, **of_case: str
) -> Case:
    """A case opened by a message that may be `automatic`."""
    with unit_of_work() as session:
        case, _ = add_case(session, *rights)
        for name, value in of_case.items():
            setattr(case, name, value)
        for number in range(mails):
            session.add(
                Message(
                    mailbox=case.mailbox, message_id=f"<{number}@mail.example>", content_hash=f"{case.ref}-{number}",
                    storage_key="mail/none", received_at=NOW, kept_at=NOW, state=MessageState.CASE, case_id=case.id,
                    automatic=automatic if number == 0 else "a later one was automatic",
                )
            )  # fmt: skip
        return case


def run(case: Case, right: Right = Right.ACCESS) -> str:
    """The flow's first step, as the flow does it."""
    lease = claim(f"{case.ref}/{right}", "run", NOW)
    return str(do_once(lease, "acknowledge", acknowledge, NOW)["letter"])


def letters() -> list[Letter]:
    with reading() as session:
        return list(session.exec(select(Letter).where(Letter.kind == LetterKind.ACKNOWLEDGE)))


def todos() -> list[Todo]:
    with reading() as session:
        return list(session.exec(select(Todo)))


def events(case: Case) -> list[str]:
    with reading() as session:
        assert audit.verify(session) == []
        return list(session.exec(select(AuditEvent.kind).where(AuditEvent.case_id == case.id)))


def test_a_person_is_acknowledged(db: str) -> None:
    case = new_case(mails=2)
    assert run(case) == f"{case.ref}:acknowledge"
    (letter,) = letters()
    assert letter.recipient == case.requester_address
    assert todos() == []


def test_two_requests_of_a_case_have_one_acknowledgement(db: str) -> None:
    case = new_case(rights=(Right.ACCESS, Right.ERASURE))
    assert run(case) == run(case, Right.ERASURE)
    assert len(letters()) == 1


def test_a_machine_is_not_acknowledged_and_an_officer_knows(db: str) -> None:
    case = new_case("it came over a mailing list", rights=(Right.ACCESS, Right.ERASURE))
    assert [run(case), run(case, Right.ERASURE)] == ["", ""]
    assert letters() == []
    (todo,) = todos()
    assert (todo.kind, todo.case_id, todo.done_at) == (TodoKind.NOT_ACKNOWLEDGED, case.id, None)
    assert events(case).count("acknowledgement_held_back") == 1


def test_the_officer_sends_it_after_all(db: str) -> None:
    case = new_case("it came over a mailing list", rights=(Right.ACCESS, Right.ERASURE))
    run(case)
    first = acknowledge_now(case.ref, OFFICER, NOW + timedelta(hours=1))
    again = acknowledge_now(case.ref, "Somebody Else", NOW + timedelta(hours=2))
    assert first.id == again.id
    assert (first.state, first.recipient) == (LetterState.QUEUED, case.requester_address)
    (todo,) = todos()
    assert (todo.done_by, todo.done_at) == (OFFICER, NOW + timedelta(hours=1))
    assert events(case).count("acknowledgement_ordered") == 1
    assert run(case, Right.ERASURE) == first.key, "the other request finds the letter"


def test_the_button_pressed_by_many_at_once_sends_one(db: str) -> None:
    case = new_case("it has no return path")
    run(case)
    results = at_once(*[lambda: acknowledge_now(case.ref, OFFICER, NOW)] * 4)
    assert {type(result) for result in results} == {Letter}
    assert len(letters()) == 1


def test_what_an_officer_settled_without_a_letter_is_not_asked_again(db: str) -> None:
    case = new_case("it is bulk mail", rights=(Right.ACCESS, Right.ERASURE))
    run(case)
    with unit_of_work() as session:
        settle(session, todos()[0].id, OFFICER, NOW)
    assert run(case, Right.ERASURE) == ""
    assert [todo.done_by for todo in todos()] == [OFFICER]


def test_a_flood_is_acknowledged_only_so_often(db: str) -> None:
    """Filed in one go, before any was answered: none of the messages was known to be one of many."""
    most = settings().answers_per_day
    flood = [new_case() for _ in range(most + 2)]
    assert [bool(run(case)) for case in flood] == [True] * most + [False, False]
    assert len(todos()) == 2
    other = new_case(requester_address="somebody.else@mail.example")
    assert run(other)


def test_whoever_acts_for_the_person_is_acknowledged(db: str) -> None:
    case = new_case()
    with unit_of_work() as session:
        session.add(
            Mandate(
                case_id=case.id, kind="lawyer", agent_name="Maître Roux", agent_address="roux@cabinet.example",
                recorded_by=OFFICER, recorded_at=NOW,
            )
        )  # fmt: skip
    run(case)
    (letter,) = letters()
    assert letter.recipient == "roux@cabinet.example"
    mail = message_from_bytes(fetch(letter.storage_key))
    assert (mail["Auto-Submitted"], mail["In-Reply-To"]) == ("auto-replied", "<0@mail.example>")


def test_a_case_without_an_address_is_acknowledged_on_paper(db: str) -> None:
    case = new_case(mails=0, requester_address="", channel=Channel.POST)
    assert run(case)
    (letter,) = letters()
    assert (letter.state, letter.recipient) == (LetterState.TO_POST, "")
    assert [todo.kind for todo in todos()] == [TodoKind.LETTER_TO_POST]


def test_the_button_has_its_limits(db: str) -> None:
    own = new_case("our own address sent it", requester_address=settings().mailbox)
    closed = new_case("it is bulk mail")
    with unit_of_work() as session:
        session.get_one(Case, closed.id).closed_at = NOW
    for ref in (own.ref, closed.ref):
        with pytest.raises(Rejected):
            acknowledge_now(ref, OFFICER, NOW)
    with pytest.raises(NotFound):
        acknowledge_now("DSR-2020-0001", OFFICER, NOW)
    assert letters() == []
