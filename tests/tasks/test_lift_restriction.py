"""A restriction outlives its request and ends only after the person was told, everywhere and once (law.md R4)."""

import os
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from models.audit import verify
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected, Unavailable
from models.grounds import RestrictionCase
from models.letters import LetterKind
from models.records import Identifier
from models.rights import Right
from models.storage import fetch
from models.tables import (
    AuditEvent,
    Case,
    Letter,
    LetterState,
    Officer,
    Receipt,
    Request,
    RequestState,
    Restriction,
)
from tasks.changes.lift_restriction import announce, keep_until, lift_restriction, standing, tell_reviews
from tasks.keeping.disclosures import Disclosed, record_disclosure
from tasks.keeping.retain import due
from tasks.letters.notify_recipients import notify_recipients
from tasks.officers import add_officer
from tasks.runs import open_requests
from tasks.samples.sample_systems import CAMILLE, create_sample_systems
from tests.support.case_rows import NOW, add_case
from tests.support.restricted_case import BECAUSE, DAY, WEEK, lifted, play, restricted, stored_only, told


@pytest.fixture(autouse=True)
def _systems(db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in create_sample_systems(tmp_path / "systems", NOW).items():
        monkeypatch.setenv(name, value)


def letters(kind: LetterKind) -> list[Letter]:
    with reading() as session:
        return list(session.exec(select(Letter).where(Letter.kind == kind).order_by(col(Letter.id))))


def kinds() -> list[str]:
    with reading() as session:
        assert verify(session) == []
        return list(session.exec(select(AuditEvent.kind).order_by(col(AuditEvent.id))))


def test_the_person_is_told_a_week_before() -> None:
    ref = restricted()
    assert announce(ref, f" {BECAUSE} ", "Claire Martin", NOW) == date(2026, 11, 30)
    [letter] = letters(LetterKind.RESTRICTION_ENDS)
    assert letter.recipient == CAMILLE.email
    assert fetch(letter.storage_key)
    with reading() as session:
        row = session.exec(select(Restriction)).one()
        event = session.exec(select(AuditEvent).where(AuditEvent.kind == "restriction_end_announced")).one()
        [shown] = standing(session)
    assert (row.announced_at, row.lifted_because, row.lifted_at) == (NOW, BECAUSE, None)
    assert event.actor == "Claire Martin"
    assert BECAUSE not in repr(event.detail)
    assert shown == (
        ref, "claims", date(2026, 11, 23), date(2027, 2, 21), date(2026, 11, 23), date(2026, 11, 30), "queued",
    )  # fmt: skip
    assert stored_only()


@pytest.mark.parametrize(
    ("because", "by", "says"),
    [("too short", "Claire", "10 characters"), (" " * 30, "Claire", "10 characters"), (BECAUSE, " ", "who")],
)
def test_what_says_too_little_changes_nothing(because: str, by: str, says: str) -> None:
    ref = restricted()
    with pytest.raises(Rejected, match=says):
        announce(ref, because, by, NOW)
    assert letters(LetterKind.RESTRICTION_ENDS) == []


def test_only_a_standing_restriction_of_a_closed_request_is_announced_and_once() -> None:
    with pytest.raises(NotFound):
        announce("DSR-2026-9999/restriction", BECAUSE, "Claire", NOW)
    with unit_of_work() as session:
        [other] = add_case(session)[1]
    with pytest.raises(NotFound):
        announce(other.ref, BECAUSE, "Claire", NOW)
    with pytest.raises(Rejected, match="still open"):
        announce(restricted(closed=False), BECAUSE, "Claire", NOW)
    ref = restricted()
    told(ref)
    with pytest.raises(Rejected, match="2026-11-30"):
        announce(ref, BECAUSE, "Claire", NOW + DAY)
    assert len(letters(LetterKind.RESTRICTION_ENDS)) == 1


def test_a_lifted_one_is_not_announced() -> None:
    ref = restricted()
    told(ref)
    assert lifted(NOW + WEEK) == [ref]
    with pytest.raises(Rejected, match="lifted already"):
        announce(ref, BECAUSE, "Claire", NOW + WEEK)


def test_an_announcement_that_could_not_be_sent_is_made_anew() -> None:
    ref = restricted()
    told(ref, state=LetterState.FAILED)
    assert lifted(NOW + 30 * DAY) == []
    told(ref, NOW + 30 * DAY)
    assert lifted(NOW + 36 * DAY) == []
    assert lifted(NOW + 37 * DAY) == [ref]


@pytest.mark.parametrize("state", [LetterState.QUEUED, LetterState.SENDING, LetterState.FAILED])
def test_whoever_was_not_told_stays_restricted(state: LetterState) -> None:
    told(restricted(), state=state)
    assert lifted(NOW + 30 * DAY) == []
    assert stored_only()


@pytest.mark.parametrize("state", [LetterState.SENT, LetterState.UNCERTAIN])
def test_it_is_lifted_on_its_day_and_once(state: LetterState) -> None:
    ref = restricted()
    told(ref, state=state)
    assert lifted(NOW + 6 * DAY) == []
    assert lift_restriction(ref, NOW + 6 * DAY) is False
    assert stored_only()
    assert lifted(NOW + WEEK) == [ref]
    assert not stored_only()
    before = kinds()
    assert lifted(NOW + 8 * DAY) == []
    assert lift_restriction(ref, NOW + 8 * DAY) is False
    assert kinds() == before
    assert before.count("restriction_lifted") == 1
    with reading() as session:
        row = session.exec(select(Restriction)).one()
        receipts = session.exec(select(Receipt).where(Receipt.kind == "lifted")).all()
        assert standing(session) == []
    assert (row.lifted_at, row.lifted_because) == (NOW + WEEK, BECAUSE)
    assert [receipt.system for receipt in receipts] == ["site_db"]


def test_the_request_stays_closed_and_no_run_is_started() -> None:
    ref = restricted()
    told(ref)
    lifted(NOW + WEEK)
    assert open_requests(NOW + WEEK) == []
    with reading() as session:
        request = session.exec(select(Request).where(Request.ref == ref)).one()
    assert (request.state, request.closed_at) == (RequestState.CLOSED, NOW)


def test_dying_after_the_rows_is_lifting_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ref = restricted()
    told(ref)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("tasks.changes.lift_restriction.lock_request", die)
        with pytest.raises(Killed):
            lift_restriction(ref, NOW + WEEK)
    assert not stored_only()
    assert lifted(NOW + WEEK) == [ref]
    with reading() as session:
        assert session.exec(select(Receipt).where(Receipt.kind == "lifted")).one().detail["changed"] is False


def test_a_database_that_is_away_leaves_the_restriction_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    ref = restricted()
    told(ref)
    with monkeypatch.context() as patched:
        patched.setenv("DSR_SITE_DB_URL", f"sqlite:///{os.devnull}/nowhere")
        with pytest.raises(Unavailable, match="site_db"):
            lift_restriction(ref, NOW + WEEK)
    assert stored_only()
    assert lifted(NOW + 8 * DAY) == [ref]


def test_another_restriction_of_the_same_data_is_not_undone() -> None:
    ending = restricted()
    other = restricted(RestrictionCase.ACCURACY, NOW + DAY)
    told(ending, NOW + DAY)
    assert lifted(NOW + 20 * DAY) == []
    assert stored_only()
    told(other, NOW + 20 * DAY)
    assert lifted(NOW + 27 * DAY) == [ending, other]
    assert not stored_only()


def test_the_same_rows_under_another_address_of_the_person_are_the_same_data() -> None:
    ending, other = restricted(), restricted(RestrictionCase.ACCURACY, NOW + DAY)
    with unit_of_work() as session:
        request = session.exec(select(Request).where(Request.ref == other)).one()
        session.get_one(Case, request.case_id).verified_address = "camille@another.example"
    told(ending, NOW + DAY)
    assert lifted(NOW + 20 * DAY) == []


def test_an_open_request_that_restricts_the_same_data_comes_first() -> None:
    told(restricted())
    restricted(RestrictionCase.BALANCING, NOW + DAY, closed=False)
    assert lifted(NOW + 20 * DAY) == []


def test_officers_are_reminded_once_a_review_date() -> None:
    with unit_of_work() as session:
        add_officer(session, "Claire Martin", "claire@nexoris.com", "correct horse battery", NOW, totp=False)
        add_officer(session, "Paul Roux", "paul@nexoris.com", "correct horse battery", NOW, totp=False)
        session.add(
            Officer(name="Old", address="old@nexoris.com", password_hash="x", added_at=NOW, left_at=NOW)
        )
    ref = restricted()
    assert tell_reviews(NOW + 89 * DAY) == []
    assert tell_reviews(NOW + 90 * DAY) == [ref]
    tell_reviews(NOW + 91 * DAY)
    assert len(letters(LetterKind.REVIEW_DUE)) == 2
    with unit_of_work() as session:
        session.exec(select(Restriction)).one().review_on = date(2027, 6, 1)
    assert tell_reviews(NOW + 92 * DAY) == []
    tell_reviews(NOW + 200 * DAY)
    assert len(letters(LetterKind.REVIEW_DUE)) == 4


def test_a_review_that_is_put_off_is_reminded_of_on_its_new_day() -> None:
    ref = restricted()
    keep_until(ref, date(2027, 6, 1), " Claire Martin ", NOW + 90 * DAY)
    assert tell_reviews(NOW + 100 * DAY) == []
    assert tell_reviews(NOW + 200 * DAY) == [ref]
    with reading() as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.kind == "restriction_kept")).one()
        assert verify(session) == []
    assert (event.actor, event.detail["review_on"]) == ("Claire Martin", "2027-06-01")
    assert stored_only()


@pytest.mark.parametrize(
    ("until", "by", "says"),
    [(date(2026, 11, 23), "Claire", "still ahead"), (date(2027, 6, 1), " ", "who")],
)
def test_a_review_is_put_off_to_a_day_ahead_by_somebody(until: date, by: str, says: str) -> None:
    ref = restricted()
    with pytest.raises(Rejected, match=says):
        keep_until(ref, until, by, NOW)
    with reading() as session:
        assert session.exec(select(Restriction.review_on)).one() == date(2027, 2, 21)


def test_what_ends_or_has_ended_is_not_kept() -> None:
    with pytest.raises(NotFound):
        keep_until("DSR-2026-9999/restriction", date(2027, 6, 1), "Claire", NOW)
    ref = restricted()
    told(ref)
    with pytest.raises(Rejected, match="2026-11-30"):
        keep_until(ref, date(2027, 6, 1), "Claire", NOW + DAY)
    lifted(NOW + WEEK)
    with pytest.raises(Rejected, match="lifted already"):
        keep_until(ref, date(2027, 6, 1), "Claire", NOW + WEEK)


def test_recipients_who_were_asked_to_restrict_hear_that_it_has_ended() -> None:
    ref = restricted()
    me = Identifier(kind="email", value=CAMILLE.email)
    with unit_of_work() as session:
        partner = Disclosed(me, "Partner SA", "dpo@partner.example", date(2026, 3, 5), "contact details")
        record_disclosure(session, partner, "Claire Martin", NOW)
    play(ref, notify_recipients(Right.RESTRICTION, [me], ()), NOW)
    told(ref)
    lifted(NOW + WEEK)
    lifted(NOW + 8 * DAY)
    notices = letters(LetterKind.RECIPIENT_NOTICE)
    assert [letter.key.endswith("-lifted") for letter in notices] == [False, True]


def test_nobody_is_reminded_of_what_is_announced() -> None:
    told(restricted(), NOW + 80 * DAY, LetterState.QUEUED)
    assert tell_reviews(NOW + 90 * DAY) == []


def test_once_lifted_retention_forgets_the_person() -> None:
    told(restricted())
    years = NOW + 6 * 366 * DAY

    def persons(now: datetime) -> bool:
        with reading() as session:
            return "person" in {one.what for one in due(session, now)}

    assert not persons(years)
    lifted(NOW + WEEK)
    assert persons(years)
