"""Retention: what goes when, and what stays (law.md A3-A5, I10, S4, S8)."""

import json

import pytest
from sqlmodel import select

from models import audit, storage
from models.database import reading, unit_of_work
from models.errors import NotFound
from models.letters import LetterKind
from models.tables import (
    AuditEvent,
    Case,
    Challenge,
    Decision,
    Download,
    FindingRow,
    Letter,
    LetterState,
    ManualTask,
    Message,
    MessageState,
    Request,
    Restriction,
    StoredPlan,
    Suppression,
    Todo,
)
from tasks.exports.downloads import links_left
from tasks.keeping.retain import due, note_forgotten_run
from tasks.keeping.retain_rows import GONE
from tests.support.case_rows import NOW
from tests.support.kept_case import DAY, NAME, SUBJECT, YEARS, files, loose, one_case, purge, rows_of, whats
from tests.tasks.test_cli import dsr

SOON = {
    *(
        "bundle",
        "challenge",
        "finding",
        "plan",
        "step_file",
        "task_evidence",
        "task_brief",
        "mail",
        "letter",
        "mandate",
        "todo",
        "run",
    ),
}


def test_nothing_is_due_before_its_day(db: str) -> None:
    one_case()
    assert whats(NOW + 29 * DAY) == set()
    assert whats(NOW + 30 * DAY) == SOON - {"challenge"}  # the bundle's codes go with the bundle


def test_after_thirty_days_only_the_reply_is_left_in_storage(db: str) -> None:
    one_case()
    done = purge(NOW + 30 * DAY)
    assert done == dict.fromkeys(SOON - {"run", "challenge"}, 1)
    assert purge(NOW + 30 * DAY) == {"challenge": 1}
    with reading() as session:
        reply = session.exec(select(Letter).where(Letter.kind == LetterKind.ERASURE_REPLY)).one()
        assert storage.fetch(reply.storage_key)
        assert {f"/{reply.storage_key}"} == files()
        assert session.exec(select(Challenge)).all() == []
        case = session.exec(select(Case)).one()
        assert case.requester_name == NAME, "the reply has an addressee"
        assert session.exec(select(Decision)).one().reason, "the reason is proof, too"
        message = session.exec(select(Message)).one()
        assert (message.sender, message.subject) == ("", "")
        assert message.classification == {"kind": "request", "rights": ["erasure"]}


def test_counts_dates_and_hashes_stay(db: str) -> None:
    one_case()
    purge(NOW + 30 * DAY)
    with reading() as session:
        assert session.exec(select(FindingRow)).one().records == 3
        assert session.exec(select(StoredPlan)).one().deletes == 2
        assert session.exec(select(Download)).one().sha256 == "abc"
        assert session.exec(select(Message)).one().content_hash
        assert session.exec(select(ManualTask)).one().outcome == "found"


def test_after_five_years_no_row_and_no_file_names_the_person(db: str) -> None:
    number = one_case()
    later = NOW + YEARS
    purge(later)
    purge(later)
    with reading() as session:
        held = repr(rows_of(session, [number]))
        for word in (NAME, "Durand", "mail.example", SUBJECT):
            assert word not in held
        case = session.get_one(Case, number)
        assert (case.ref, case.received_at, case.closed_at, case.language) != ("", None, None, "")
        request = session.exec(select(Request)).one()
        assert (request.right, request.closed_at) == ("erasure", NOW)
    assert files() == set()


def test_the_audit_chain_holds_and_tells_only_how_much(db: str) -> None:
    number = one_case()
    purge(NOW + 30 * DAY)
    purge(NOW + YEARS)
    with reading() as session:
        assert audit.verify(session) == []
        events = session.exec(select(AuditEvent).where(AuditEvent.kind == "purged")).all()
        assert events[0].detail == dict.fromkeys(SOON - {"run", "challenge"}, 1)
        assert events[-1].detail["person"] == 1
        assert "Durand" not in repr(
            session.exec(select(AuditEvent).where(AuditEvent.case_id == number)).all()
        )


def test_who_is_restricted_stays_known_until_they_were_told(db: str) -> None:
    number = one_case(restricted=True)
    later = NOW + YEARS
    assert {"challenge", "person"}.isdisjoint(whats(later) - {"reply"})
    purge(later)
    purge(later)
    with unit_of_work() as session:
        assert session.get_one(Case, number).requester_name == NAME
        assert len(session.exec(select(Challenge)).all()) == 1
        session.exec(select(Restriction)).one().lifted_at = later
    purge(later)
    with reading() as session:
        assert session.get_one(Case, number).requester_name == ""
        assert session.exec(select(Challenge)).all() == []


def test_what_is_still_to_be_done_about_a_closed_case_stays(db: str) -> None:
    one_case()
    with unit_of_work() as session:
        session.exec(select(Todo)).one().done_at = None
    assert "todo" not in whats(NOW + 300 * DAY)
    purge(NOW + YEARS)
    with reading() as session:
        assert session.exec(select(Todo)).all() == []


def test_what_was_done_about_a_message_without_a_case_goes_with_it(db: str) -> None:
    with unit_of_work() as session:
        message = loose(MessageState.DISMISSED, 1)
        session.add(message)
        session.flush()
        session.add(
            Todo(key="qualify:message-1", kind="qualify", message_id=message.id, noted_at=NOW, done_at=NOW)
        )
    assert purge(NOW + 30 * DAY) == {"loose_mail": 1, "loose_todo": 1}


def test_a_bundle_under_a_newer_link_stays_until_that_is_old(db: str) -> None:
    one_case()
    with unit_of_work() as session:
        session.exec(select(Download)).one().expires_at = NOW + 36 * DAY  # renewed after 29 days
    assert "bundle" not in whats(NOW + 58 * DAY)
    assert "bundle" in whats(NOW + 59 * DAY)


def test_no_new_link_can_be_sent_for_a_purged_bundle(db: str) -> None:
    one_case()
    with reading() as session:
        assert links_left(session, session.exec(select(Request)).one()) > 0
    purge(NOW + 30 * DAY)
    with reading() as session:
        assert links_left(session, session.exec(select(Request)).one()) == 0
    with pytest.raises(NotFound):
        storage.fetch(GONE)


def test_a_letter_that_never_left_is_not_purged(db: str) -> None:
    one_case()
    with unit_of_work() as session:
        for letter in session.exec(select(Letter)):
            letter.state = LetterState.QUEUED
    assert {"letter", "reply"}.isdisjoint(whats(NOW + YEARS))


def test_a_letter_written_after_closing_has_its_own_thirty_days(db: str) -> None:
    number = one_case()
    with unit_of_work() as session:
        letter = session.exec(select(Letter).where(Letter.kind == LetterKind.ACKNOWLEDGE)).one()
        letter.written_at = NOW + 100 * DAY
        assert letter.case_id == number
    assert "letter" not in whats(NOW + 129 * DAY)
    assert "letter" in whats(NOW + 130 * DAY)


def test_mail_that_was_set_aside_goes_and_what_waits_in_the_pen_stays(db: str) -> None:
    with unit_of_work() as session:
        states = (MessageState.MACHINE, MessageState.DISMISSED, MessageState.PEN, MessageState.KEPT)
        session.add_all(loose(state, number) for number, state in enumerate(states))
    assert whats(NOW + 29 * DAY) == set()
    assert purge(NOW + 30 * DAY) == {"loose_mail": 2}
    assert purge(NOW + 30 * DAY) == {}
    with reading() as session:
        by_state = {message.state: message for message in session.exec(select(Message))}
    assert by_state[MessageState.MACHINE].sender == ""
    assert by_state[MessageState.DISMISSED].sender, "shows for five years what was dismissed"
    for state in (MessageState.PEN, MessageState.KEPT):
        assert storage.fetch(by_state[state].storage_key)
        assert by_state[state].subject == SUBJECT
    assert purge(NOW + YEARS) == {"loose_sender": 1}
    with reading() as session:
        dismissed = session.exec(select(Message).where(Message.state == MessageState.DISMISSED)).one()
    assert NAME not in repr(dismissed)
    assert "camille" not in repr(dismissed)


def test_erased_entries_of_the_suppression_list_go_and_objections_stay(db: str) -> None:
    with unit_of_work() as session:
        for scope in ("erased", "marketing"):
            session.add(
                Suppression(
                    kind="email",
                    key_id="k",
                    digest=scope,
                    scope=scope,
                    reason="x",
                    since=NOW,
                    review_on=NOW.date(),
                    request_ref="none",
                )
            )
    assert purge(NOW) == {}
    assert purge(NOW + 2 * DAY) == {"suppression": 1}
    assert purge(NOW + 2 * DAY) == {}
    with reading() as session:
        assert [row.scope for row in session.exec(select(Suppression))] == ["marketing"]


def test_a_forgotten_run_is_noted_once(db: str) -> None:
    one_case()
    now = NOW + 30 * DAY
    with reading() as session:
        [run] = [one for one in due(session, now) if one.what == "run"]
    assert run.delete_from == "prefect"
    note_forgotten_run(run.row, now)
    note_forgotten_run(run.row, now)
    assert "run" not in whats(now)
    with reading() as session:
        assert len(session.exec(select(AuditEvent).where(AuditEvent.kind == "purged")).all()) == 1


def test_the_command_lists_by_default_and_purges_when_told(
    db: str, capsys: pytest.CaptureFixture[str]
) -> None:
    long_ago = NOW - YEARS
    with unit_of_work() as session:
        message = loose(MessageState.MACHINE, 1)
        message.handled_at = long_ago
        session.add(message)
    for arguments in ((), ("--dry-run",)):
        assert dsr("retention", "--json", *arguments) == 0
        [one] = json.loads(capsys.readouterr().out)
        assert (one["what"], one["delete_from"], one["ref"]) == ("loose_mail", "storage", "")
    assert dsr("retention") == 0
    assert "set aside 30 days ago" in " ".join(capsys.readouterr().out.split())
    assert files()
    assert dsr("retention", "--carry-out", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"loose_mail": 1}
    assert files() == set()
    assert dsr("retention", "--carry-out", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {}
