"""Searches by hand: one task, one answer, kept encrypted (law.md F3)."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.manual_work import Brief, TaskAnswer
from models.records import Document, ManualAnswer
from models.settings import settings
from models.tables import AuditEvent, Case, ManualTask, Request
from models.tokens import new_token
from tasks.colleagues.manual_tasks import answer_task, look_task, manual_answer, open_task
from tests.support.case_rows import NOW, ON_FILE, add_case, manual_system

LATER = NOW + timedelta(hours=2)
SCREENSHOT = Document(name="fiche.pdf", media_type="application/pdf", content=b"%PDF camille")


def opened() -> tuple[Request, str]:
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        case.verified_address = ON_FILE
        return request, open_task(session, request, manual_system(), 1, NOW)


def answered(request: Request) -> ManualAnswer | None:
    with reading() as session:
        return manual_answer(session, request, "elay", 1)


def test_the_colleague_sees_whom_to_look_for_and_until_when(db: str) -> None:
    _, token = opened()
    view = look_task(token)
    assert view is not None
    assert view.action == "search"
    assert view.brief.name == "Camille Durand"
    assert [identifier.value for identifier in view.brief.identifiers] == [
        ON_FILE,
        "camille.perso@mail.example",
    ]
    assert view.due_on == date(2026, 11, 30)  # five working days after Monday 23 November
    assert "Elay" in view.title
    assert view.instruction.startswith("Cherchez la personne")


def test_what_was_found_comes_back(db: str) -> None:
    request, token = opened()
    assert answered(request) is None
    assert answer_task(token, "found", " une fiche ", [SCREENSHOT], LATER) is TaskAnswer.RECORDED
    answer = answered(request)
    assert answer is not None
    assert (answer.outcome, answer.note, answer.documents, answer.answered_at) == (
        "found",
        "une fiche",
        (SCREENSHOT,),
        LATER,
    )
    assert answer.answered_by == manual_system().responsible.name


def test_nothing_found_is_an_answer(db: str) -> None:
    request, token = opened()
    assert answer_task(token, "none", "", [], LATER) is TaskAnswer.RECORDED
    answer = answered(request)
    assert answer is not None
    assert (answer.outcome, answer.documents) == ("none", ())


def test_the_first_answer_stands(db: str) -> None:
    request, token = opened()
    answer_task(token, "none", "", [], LATER)
    assert answer_task(token, "found", "", [SCREENSHOT], LATER) is TaskAnswer.ALREADY
    answer = answered(request)
    assert answer is not None
    assert answer.outcome == "none"
    with reading() as session:
        kinds = session.exec(select(AuditEvent.kind).where(AuditEvent.case_id == request.case_id)).all()
    assert kinds.count("task_answered") == 1


def test_after_the_answer_the_link_names_nobody(db: str) -> None:
    _, token = opened()
    answer_task(token, "none", "", [], LATER)
    view = look_task(token)
    assert view is not None
    assert view.answered
    assert view.brief == Brief(identifiers=())


@pytest.mark.parametrize(
    ("outcome", "note", "documents", "expected"),
    [
        ("", "", [], TaskAnswer.NO_OUTCOME),
        ("maybe", "", [], TaskAnswer.NO_OUTCOME),
        ("done", "It is all done.", [], TaskAnswer.NO_OUTCOME),
        ("found", "a note only", [], TaskAnswer.FILES_MISSING),
        ("none", "", [SCREENSHOT], TaskAnswer.FILES_UNEXPECTED),
        ("none", "x" * 4001, [], TaskAnswer.NOTE_TOO_LONG),
        ("found", "", [SCREENSHOT] * 21, TaskAnswer.TOO_MANY_FILES),
        (
            "found",
            "",
            [Document(name="a", media_type="text/plain", content=bytes(12_500_001))] * 2,
            TaskAnswer.TOO_LARGE,
        ),
    ],
)
def test_what_cannot_be_an_answer_changes_nothing(
    db: str, outcome: str, note: str, documents: list[Document], expected: TaskAnswer
) -> None:
    request, token = opened()
    assert answer_task(token, outcome, note, documents, LATER) is expected
    assert answered(request) is None
    assert not (settings().home / "files" / "manual").exists()


def test_documents_are_unreadable_where_they_are_stored(db: str) -> None:
    _, token = opened()
    answer_task(token, "found", "", [SCREENSHOT], LATER)
    (stored,) = (settings().home / "files" / "manual").iterdir()
    assert b"camille" not in stored.read_bytes()
    assert b"fiche" not in stored.read_bytes()


def test_opening_again_makes_a_new_link_for_the_same_task(db: str) -> None:
    request, first = opened()
    with unit_of_work() as session:
        second = open_task(session, request, manual_system(), 1, LATER)
    assert look_task(first) is None
    assert answer_task(first, "none", "", [], LATER) is TaskAnswer.UNKNOWN
    assert answer_task(second, "none", "", [], LATER) is TaskAnswer.RECORDED
    with reading() as session:
        assert len(session.exec(select(ManualTask)).all()) == 1


def test_a_link_ends_with_its_request(db: str) -> None:
    request, token = opened()
    with unit_of_work() as session:
        session.get_one(Request, request.id).closed_at = LATER
    assert look_task(token) is None
    assert answer_task(token, "none", "", [], LATER) is TaskAnswer.UNKNOWN


def test_unknown_links_show_nothing_and_store_nothing(db: str) -> None:
    opened()
    assert look_task(new_token()) is None
    assert answer_task(new_token(), "found", "", [SCREENSHOT], LATER) is TaskAnswer.UNKNOWN
    assert not (settings().home / "files" / "manual").exists()


def test_the_audit_log_names_the_colleague_and_no_requester(db: str) -> None:
    request, token = opened()
    answer_task(token, "found", "Camille Durand is in it", [SCREENSHOT], LATER)
    with reading() as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.case_id == request.case_id)).all()
        name = session.get_one(Case, request.case_id).requester_name
    assert events[-1].actor == manual_system().responsible.name
    assert name not in str([event.detail for event in events])
