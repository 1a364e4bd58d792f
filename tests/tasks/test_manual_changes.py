"""Changes by hand: what is asked, of whom, until when; every answer that counts (law.md R2-R4, R7, R8; D24)."""

import shutil
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import select

from models.data_map import CsvSystem, ManualSystem, System
from models.data_map_loading import load_data_map
from models.database import reading, unit_of_work
from models.errors import NeedsHuman
from models.letters import LetterKind
from models.manual_work import Brief, ChangeAction, TaskAnswer, working_days
from models.records import Document, Identifier
from models.settings import settings
from models.storage import fetch
from models.tables import AuditEvent, Case, Letter, ManualTask, Request, WaitsFor
from models.tokens import token_hash
from tasks.colleagues.manual_changes import ask_changes, change_answers, changes_done
from tasks.colleagues.manual_search import ask_colleagues, colleagues_done
from tasks.colleagues.manual_tasks import answer_task, look_task, manual_answer, open_task
from tasks.steps import Effect, Scene
from tasks.waits import is_over
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, ON_FILE, add_case, manual_system

LATER = NOW + timedelta(hours=2)
MONTH_LATER = NOW + timedelta(days=30)
SAID = "Deleted two cards and emptied the bin."
SCREENSHOT = Document(name="bin.png", media_type="image/png", content=b"camille gone")
BRIEF = Brief(
    identifiers=(Identifier(kind="email", value=ON_FILE), Identifier(kind="phone", value="+33612345678")),
    name="Camille Durand",
    lines=("Name: Camille Durand → Camille Martin",),
    note="Married in June.",
)


def everywhere(system: System) -> Brief:
    del system
    return BRIEF


def case() -> Request:
    with unit_of_work() as session:
        return add_case(session)[1][0]


def play(request: Request, effect: Effect) -> dict[str, object]:
    with unit_of_work() as session:
        of = session.get_one(Request, request.id)
        return effect(Scene(session, session.get_one(Case, of.case_id), of, NOW)) or {}


def opened(action: ChangeAction) -> tuple[Request, str]:
    request = case()
    with unit_of_work() as session:
        return request, open_task(session, request, manual_system(), 0, NOW, action=action, brief=BRIEF)


def tasks_in_order() -> list[ManualTask]:
    with reading() as session:
        return list(session.exec(select(ManualTask).order_by("id")))


def link_of(system: str, action: str, round_: int) -> str:
    """A known link in place of the one that only the letter knows."""
    token = f"{system}-{action}-{round_}"
    with unit_of_work() as session:
        task = session.exec(
            select(ManualTask).where(
                ManualTask.system == system, ManualTask.action == action, ManualTask.round == round_
            )
        ).one()
        task.token_hash = token_hash(token)
    return token


def test_every_system_that_people_change_is_asked_by_a_letter_without_personal_data(db: str) -> None:
    request = case()
    assert play(request, ask_changes("rectify", everywhere, 0)) == {"systems": ["billing", "elay"]}
    with reading() as session:
        letters = session.exec(select(Letter).where(Letter.kind == LetterKind.MANUAL_TASK)).all()
    systems = load_data_map(settings().data_map).systems
    people = [spec.responsible for name, spec in systems.items() if name in {"billing", "elay"}]  # type: ignore[union-attr]  # both have one
    assert [letter.recipient for letter in letters] == [person.email for person in people if person]
    for letter in letters:
        assert letter.secret
        body = message_from_bytes(fetch(letter.storage_key), policy=default).get_body(("plain",))
        assert body is not None
        assert "/task/" in body.get_content()
        assert "Camille" not in body.get_content()
    assert [task.due_on for task in tasks_in_order()] == [date(2026, 11, 30)] * 2


def test_asking_twice_opens_nothing_twice_and_keeps_the_link(db: str) -> None:
    request = case()
    play(request, ask_changes("stop", everywhere, 0))
    before = [task.token_hash for task in tasks_in_order()]
    play(request, ask_changes("stop", everywhere, 0))
    assert [task.token_hash for task in tasks_in_order()] == before
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == len(before)


def test_a_system_without_a_brief_is_left_in_peace(db: str) -> None:
    effect = ask_changes("erase", lambda spec: BRIEF if isinstance(spec, ManualSystem) else None, 0)
    assert play(case(), effect) == {"systems": ["elay"]}


def test_a_file_that_nobody_changes_stops_the_flow_with_what_to_add(
    db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(settings().data_map, tmp_path / "map"))
    lines = (folder / "billing.yaml").read_text().splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("responsible:"))
    del lines[start : start + 5]
    (folder / "billing.yaml").write_text("".join(lines))
    monkeypatch.setenv("DSR_DATA_MAP", str(folder))
    forget_settings()
    request = case()
    with pytest.raises(NeedsHuman, match=r"add responsible .* to data_map/billing\.yaml"):
        play(request, ask_changes("stop", everywhere, 0))
    assert tasks_in_order() == []
    only_elay = ask_changes("stop", lambda spec: None if isinstance(spec, CsvSystem) else BRIEF, 0)
    assert play(request, only_elay) == {"systems": ["elay"]}


@pytest.mark.parametrize(("action", "days"), [("stop", 3), ("erase", 5), ("search", 5)])
def test_a_stop_has_three_working_days_at_most(home: Path, action: ChangeAction, days: int) -> None:
    assert working_days(manual_system(), action) == days
    hurried = manual_system().model_copy(update={"due_working_days": 1})
    assert working_days(hurried, action) == 1


def test_the_colleague_sees_what_to_change_and_only_until_the_answer(db: str) -> None:
    _, token = opened("rectify")
    view = look_task(token)
    assert view is not None
    assert (view.action, view.brief) == ("rectify", BRIEF)
    assert view.instruction == ""  # Elay's own one tells how to search
    assert answer_task(token, "done", SAID, [SCREENSHOT], LATER) is TaskAnswer.RECORDED
    after = look_task(token)
    assert after is not None
    assert after.brief == Brief(identifiers=())


def test_the_instruction_of_a_file_tells_how_to_change_its_tool(db: str) -> None:
    play(case(), ask_changes("erase", everywhere, 0))
    view = look_task(link_of("billing", "erase", 0))
    assert view is not None
    assert view.instruction.startswith("Dans l’outil de facturation")


def test_the_brief_is_unreadable_where_it_is_stored(db: str) -> None:
    opened("rectify")
    (stored,) = (settings().home / "files" / "briefs").iterdir()
    assert b"Camille" not in stored.read_bytes()


@pytest.mark.parametrize(
    ("outcome", "note", "documents", "expected"),
    [
        ("done", SAID, [], TaskAnswer.RECORDED),
        ("done", SAID, [SCREENSHOT], TaskAnswer.RECORDED),
        ("none", "", [], TaskAnswer.RECORDED),
        ("not_done", "The tool is down until Monday.", [], TaskAnswer.RECORDED),
        ("done", "ok", [], TaskAnswer.NOTE_MISSING),
        ("done", "ok         ", [], TaskAnswer.NOTE_MISSING),
        ("not_done", "", [], TaskAnswer.NOTE_MISSING),
        ("done", "x" * 4001, [], TaskAnswer.NOTE_TOO_LONG),
        ("done", SAID, [SCREENSHOT] * 21, TaskAnswer.TOO_MANY_FILES),
        ("found", SAID, [SCREENSHOT], TaskAnswer.NO_OUTCOME),
        ("", SAID, [], TaskAnswer.NO_OUTCOME),
    ],
)
def test_which_answers_to_a_change_count(
    db: str, outcome: str, note: str, documents: list[Document], expected: TaskAnswer
) -> None:
    request, token = opened("erase")
    assert answer_task(token, outcome, note, documents, LATER) is expected
    with reading() as session:
        [told] = change_answers(session, request, "erase", 0)
    recorded = expected is TaskAnswer.RECORDED
    assert told.outcome == (outcome if recorded else "")
    assert told.note == (note if recorded else "")
    assert told.answered_at == (LATER if recorded else None)
    assert told.person == manual_system().responsible.name


def test_the_audit_log_says_which_change_was_answered_and_no_word_of_it(db: str) -> None:
    request, token = opened("erase")
    answer_task(token, "done", SAID, [SCREENSHOT], LATER)
    with reading() as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.case_id == request.case_id)).all()
    assert events[-1].detail["action"] == "erase"
    assert events[-1].detail["outcome"] == "done"
    assert "bin" not in str([event.detail for event in events])


def test_a_change_ends_with_the_last_answer_or_the_last_day(db: str) -> None:
    request = case()
    play(request, ask_changes("stop", everywhere, 0))
    with reading() as session:
        assert changes_done(session, request, "restrict", 0, NOW)  # nothing was asked
        assert not changes_done(session, request, "stop", 0, NOW)
        assert not changes_done(
            session, request, "stop", 0, NOW + timedelta(days=3)
        )  # Thursday, the last day
        assert changes_done(session, request, "stop", 0, NOW + timedelta(days=4))
    for system in ("billing", "elay"):
        answer_task(link_of(system, "stop", 0), "none", "", [], LATER)
    with reading() as session:
        assert changes_done(session, request, "stop", 0, LATER)


def test_who_is_missing_is_seen_after_the_last_day_and_may_still_answer(db: str) -> None:
    request = case()
    play(request, ask_changes("erase", everywhere, 0))
    with reading() as session:
        assert changes_done(session, request, "erase", 0, MONTH_LATER)
        assert [told.outcome for told in change_answers(session, request, "erase", 0)] == ["", ""]
    assert answer_task(link_of("elay", "erase", 0), "done", SAID, [], MONTH_LATER) is TaskAnswer.RECORDED
    with reading() as session:
        assert [told.outcome for told in change_answers(session, request, "erase", 0)] == ["", "done"]


def test_a_reminder_takes_the_place_of_what_nobody_answered(db: str) -> None:
    request = case()
    play(request, ask_changes("erase", everywhere, 0))
    first = {system: link_of(system, "erase", 0) for system in ("billing", "elay")}
    answer_task(first["billing"], "done", SAID, [], LATER)
    play(request, ask_changes("erase", lambda spec: BRIEF if isinstance(spec, ManualSystem) else None, 1))
    assert look_task(first["billing"]) is not None
    assert look_task(first["elay"]) is None
    with reading() as session:
        assert not colleagues_done(session, request, LATER)
    answer_task(link_of("elay", "erase", 1), "none", "", [], LATER)
    with reading() as session:
        assert colleagues_done(session, request, LATER)
        assert [told.outcome for told in change_answers(session, request, "erase", 1)] == ["none"]


def test_a_wait_is_over_when_no_task_of_any_action_is_open(db: str) -> None:
    request = case()
    play(request, ask_colleagues)
    play(request, ask_changes("restrict", everywhere, 0))
    with unit_of_work() as session:
        waiting = session.get_one(Request, request.id)
        waiting.waits_for, waiting.waits_on = WaitsFor.COLLEAGUE, "colleagues-0"
    answer_task(link_of("elay", "search", 0), "none", "", [], LATER)
    answer_task(link_of("elay", "restrict", 0), "done", "Marked the card as blocked.", [], LATER)
    with reading() as session:
        waiting = session.get_one(Request, request.id)
        assert not is_over(session, waiting, LATER)
        assert is_over(session, waiting, MONTH_LATER)
    answer_task(link_of("billing", "restrict", 0), "none", "", [], LATER)
    with reading() as session:
        assert is_over(session, session.get_one(Request, request.id), LATER)


def test_a_search_and_a_change_of_the_same_system_are_two_tasks(db: str) -> None:
    request = case()
    play(request, ask_colleagues)
    play(request, ask_changes("erase", everywhere, 0))
    answer_task(link_of("elay", "erase", 0), "done", SAID, [SCREENSHOT], LATER)
    with reading() as session:
        assert manual_answer(session, request, "elay", 0) is None
    answer_task(link_of("elay", "search", 0), "found", "", [SCREENSHOT], LATER)
    with reading() as session:
        found = manual_answer(session, request, "elay", 0)
        assert found is not None
        assert found.documents == (SCREENSHOT,)


def test_what_a_requester_wrote_cannot_break_a_line_of_the_brief() -> None:
    hostile = Brief(identifiers=(), name="Eve\u202e\nelbaliava", lines=("Name: a\r\n→ \u2028b",))
    assert (hostile.name, hostile.lines) == ("Eve elbaliava", ("Name: a → b",))
