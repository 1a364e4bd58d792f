"""The case in one value: complete, JSON, and quick for a long list."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from models.database import database, reading, unit_of_work
from models.errors import NotFound
from models.rights import Right
from models.settings import settings
from models.tables import AuditEvent, ClockEvent, Decision, FindingRow, Mandate, Message
from tasks.case_view import case_list, case_view
from tests.support.case_rows import NOW, add_case
from tests.support.desk_rows import acknowledge, add_findings, fill_desk, offered_case, rich_case
from tests.support.effect_rows import MENTIONS, erased_case, restricted_case


def test_a_case_is_shown_whole_and_as_json(db: str) -> None:
    with unit_of_work() as session:
        ref = rich_case(session, NOW - timedelta(days=12)).ref
    with reading() as session:
        view = case_view(session, ref, NOW)
    assert (view.dates.commitment, view.dates.statutory, view.dates.binding) == (date(2026, 12, 11),) * 3
    assert view.dates.days_left == 18
    assert any("[D26]" in sentence for sentence in view.dates.explanation)
    access, objection = view.requests
    assert [finding.status for finding in access.findings] == ["found", "none", "waiting"]
    assert access.searched == 2
    assert access.tasks[0].system == "elay"
    assert objection.decisions[0].officer == "Dana Privacy"
    assert [event.number for event in view.audit] == list(range(1, len(view.audit) + 1))
    assert view.audit_broken == ""
    shown = json.loads(view.model_dump_json())
    assert shown["ref"] == ref
    assert "storage_key" not in str(shown)


def test_a_copy_on_offer_is_shown_without_its_link(db: str) -> None:
    with unit_of_work() as session:
        request, offered = offered_case(session, "Tom Baker", "tom@baker.example", "en")
        ref = request.ref.partition("/")[0]
    with reading() as session:
        view = case_view(session, ref, NOW)
    assert view.requests[0].download is not None
    assert view.requests[0].download.size == 842_000
    assert view.dates.days_left is None  # answered
    assert offered.token not in view.model_dump_json()
    assert "token" not in view.model_dump_json()


def test_only_the_newest_round_of_findings_counts(db: str) -> None:
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        add_findings(session, request, NOW)
        rows = case_view(session, case.ref, NOW).requests[0].findings
        assert len(rows) == 3
        session.add(
            FindingRow(request_id=request.id, round=2, system="site_db", status="failed", searched_at=NOW)
        )
        session.flush()
        assert [row.status for row in case_view(session, case.ref, NOW).requests[0].findings] == ["failed"]


def test_an_unknown_case_is_not_found(db: str) -> None:
    with reading() as session, pytest.raises(NotFound):
        case_view(session, "DSR-2026-9999", NOW)


def test_a_tampered_event_is_named(db: str) -> None:
    with unit_of_work() as session:
        case = rich_case(session, NOW)
        second = session.get_one(AuditEvent, 2)
        second.detail = {"message": "another"}
        session.flush()
        assert case_view(session, case.ref, NOW).audit_broken == "2: its content was changed"


def test_the_list_is_in_order_of_the_binding_date(db: str) -> None:
    with unit_of_work() as session:
        fill_desk(session)
    with reading() as session:
        lines = case_list(session, NOW)
    assert [line.binding for line in lines] == sorted(line.binding for line in lines)
    assert lines[0].days_left == -2
    assert lines[0].requests[0].right == Right.ERASURE
    assert json.loads(lines[0].model_dump_json())["requester_name"] == "Amélie Lefèvre"


def test_open_and_closed_cases_are_told_apart(db: str) -> None:
    with unit_of_work() as session:
        first, _ = add_case(session)
        second, _ = add_case(session)
        second.closed_at = NOW
    with reading() as session:
        refs = {
            which: [line.ref for line in case_list(session, NOW, which)]
            for which in ("open", "closed", "all")
        }
    assert refs == {"open": [first.ref], "closed": [second.ref], "all": [first.ref, second.ref]}


def test_an_extension_moves_the_law_s_date_and_not_the_promise(db: str) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
        session.add(
            ClockEvent(case_id=case.id, kind="extended", at=NOW, reason="complex", recorded_by="Dana Privacy")
        )
        dates = case_view(session, case.ref, NOW).dates
    assert dates.statutory == date(2027, 2, 23)
    assert dates.binding == date(2026, 12, 23)


def test_the_list_asks_five_questions_however_long_it_is(db: str) -> None:
    with unit_of_work() as session:
        for _ in range(25):
            add_case(session)
    asked: list[str] = []
    engine = database()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    with reading() as session:
        assert len(case_list(session, NOW)) == 25
    event.remove(engine, "before_cursor_execute", note)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 5


def test_explanations_speak_the_officers_language(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
        assert "promis" in str(case_view(session, case.ref, NOW).dates.explanation)
        monkeypatch.setattr(settings(), "officer_language", "en")
        assert "promise" in str(case_view(session, case.ref, NOW).dates.explanation)


def test_messages_of_other_cases_stay_out(db: str) -> None:
    with unit_of_work() as session:
        mine = rich_case(session, NOW)
        other = rich_case(session, NOW)
        view = case_view(session, mine.ref, NOW)
        ids = {message.id for message in view.messages}
        assert all(session.get_one(Message, number).case_id == mine.id for number in ids)
        assert other.ref not in view.model_dump_json()


def test_plans_receipts_and_what_was_left_are_in_the_view_and_in_json(db: str) -> None:
    with unit_of_work() as session:
        case, _ = erased_case(session, NOW - timedelta(days=2))
        [request] = case_view(session, case.ref, NOW).requests
    newest, first = request.plans
    assert (newest.round, newest.approved_by, newest.systems[0].refused) == (1, "Dana Privacy", "")
    assert newest.systems[0].lines is not None
    assert [(line.action, len(line.keys)) for line in newest.systems[0].lines] == [
        ("keep", 1),
        ("minimise", 1),
        ("delete", 30),
    ]
    assert first.systems[0].refused
    said = {(one.system, one.kind): (len(one.keys), one.until) for one in request.done}
    assert said[("site_db", "erased")] == (30, None)
    assert said[("site_db", "kept")] == (1, date(2035, 12, 31))
    assert [(one.problem, len(one.keys)) for one in request.left] == [
        ("not_masked", 1),
        ("mention", MENTIONS),
    ]
    assert request.tasks[0].evidence
    shown = json.loads(request.model_dump_json())
    assert len(shown["receipts"]) == 32 + 2
    assert "storage_key" not in str(shown)
    assert "evidence_key" not in str(shown)


def test_each_round_of_planning_has_its_own_approval(db: str) -> None:
    with unit_of_work() as session:
        case, request = erased_case(session, NOW - timedelta(days=2))
        plan = session.exec(select(Decision).order_by(col(Decision.id))).first()
        assert plan is not None
        session.add(
            Decision(
                request_id=request.id,
                question="second",
                round=0,
                officer="Nadia Second",
                choice="decline",
                reason="Le contentieux est encore ouvert.",
                accepted=True,
                content_hash="0" * 64,
                decided_at=plan.decided_at + timedelta(minutes=1),
            )
        )
        session.flush()
        newest, first = case_view(session, case.ref, NOW).requests[0].plans
    assert (first.declined_by, newest.declined_by) == ("Nadia Second", "")


def test_a_restriction_and_an_extension_are_in_the_view(db: str) -> None:
    with unit_of_work() as session:
        case, _ = restricted_case(session, NOW - timedelta(days=5))
        view = case_view(session, case.ref, NOW)
    assert view.extension is not None
    assert (view.extension.ground, view.extension.counts, view.extension.promise_broken) == (
        "volume",
        True,
        False,
    )
    assert view.extension.reason.startswith("Vos messages")
    [request] = view.requests
    assert request.restriction is not None
    assert (request.restriction.ground, request.restriction.lifted_at) == ("accuracy", None)
    assert [(one.kind, len(one.keys)) for one in request.done] == [("restricted", 3)]


def test_reminders_bounces_channel_and_mandate_are_in_list_and_case(db: str) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
        case.channel, case.recorded_by, case.reminders, case.reminded_at = "post", "Dana", 2, NOW
        letter = acknowledge(session, case, NOW)
        letter.bounced_at, letter.bounce = NOW, "5.1.1"
        session.add(
            Mandate(case_id=case.id, kind="lawyer", agent_name="Roux", recorded_by="Dana", recorded_at=NOW)
        )
    with reading() as session:
        [line] = case_list(session, NOW)
        view = case_view(session, case.ref, NOW)
    assert (line.channel, line.reminders, line.bounced, line.mandate) == ("post", 2, 1, True)
    assert (view.recorded_by, view.reminders, view.letters[0].bounce) == ("Dana", 2, "5.1.1")
    assert view.mandate is not None
    assert view.mandate.agent_name == "Roux"
