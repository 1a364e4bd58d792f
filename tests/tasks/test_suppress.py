"""The suppression list holds digests and dates only, keeps its promises, and is left when a person consents anew."""

import json
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import select

from models.audit import verify
from models.database import reading, unit_of_work
from models.errors import NeedsHuman, NotFound, Rejected
from models.records import Identifier
from models.rights import Right
from models.tables import AuditEvent, Case, Reappearance, Request, Suppression
from tasks.keeping.suppress import (
    Reason,
    Scope,
    drop_expired,
    due_for_review,
    is_suppressed,
    suppress,
    withdraw_suppression,
)
from tasks.steps import Scene
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, add_case
from tests.tasks.test_cli import dsr

ADDRESS = "Camille.Durand@Client.Example"
EMAIL = Identifier(kind="email", value=ADDRESS)
PHONE = Identifier(kind="phone", value="01 99 00 99 01")
TODAY = date(2026, 11, 23)


def a_request(right: Right = Right.OBJECTION) -> int:
    with unit_of_work() as session:
        _, [request] = add_case(session, right, address=ADDRESS)
        return request.id


def enter(
    request_id: int,
    *identifiers: Identifier,
    scope: Scope = "marketing",
    reason: Reason = "objection",
    now: datetime = NOW,
) -> date:
    with unit_of_work() as session:
        request = session.get_one(Request, request_id)
        scene = Scene(session, session.get_one(Case, request.case_id), request, now)
        return suppress(scene, identifiers or (EMAIL,), scope, reason)


def entries() -> list[Suppression]:
    with reading() as session:
        return list(session.exec(select(Suppression)))


def scopes(value: str = ADDRESS, kind: str = "email") -> set[str]:
    with reading() as session:
        return is_suppressed(session, kind, value)


def test_an_objection_is_entered_once_for_three_years(db: str) -> None:
    request_id = a_request()
    assert enter(request_id, EMAIL, PHONE) == date(2029, 11, 23)
    assert enter(request_id, EMAIL, PHONE) == date(2029, 11, 23)
    assert [row.kind for row in entries()] == ["email", "phone"]
    assert scopes("  camille.durand@CLIENT.example") == {"marketing"}
    assert scopes("+33199009901", "phone") == {"marketing"}
    assert scopes("oliver@client.example") == set()
    with reading() as session:
        assert verify(session) == []


def test_an_entry_holds_nothing_that_names_the_person(db: str) -> None:
    enter(a_request(), EMAIL, PHONE)
    with reading() as session:
        audited = session.exec(select(AuditEvent)).all()
    kept = repr(entries()) + repr([event.detail for event in audited])
    assert "camille" not in kept.lower()
    assert "9900" not in kept
    assert set(Suppression.model_fields) == {
        "id", "kind", "key_id", "digest", "scope", "reason", "since", "review_on", "request_ref",
    }  # fmt: skip


def test_the_date_is_put_off_and_never_brought_forward(db: str) -> None:
    first, second = a_request(), a_request(Right.CONSENT_WITHDRAWAL)
    enter(first)
    later = NOW + timedelta(days=100)
    assert enter(second, reason="consent_withdrawal", now=later) == date(2030, 3, 3)
    assert enter(first, now=NOW) == date(2030, 3, 3)
    [row] = entries()
    assert (row.since, row.review_on) == (NOW, date(2030, 3, 3))


def test_an_erased_address_may_be_entered_beside_its_objection(db: str) -> None:
    enter(a_request())
    until = enter(a_request(Right.ERASURE), scope="erased", reason="erasure")
    assert until == TODAY + timedelta(days=120)
    assert scopes() == {"marketing", "erased"}


def test_what_is_no_address_is_left_out_and_an_objection_without_any_waits_for_a_person(db: str) -> None:
    strange = [Identifier(kind="visitor_id", value="8d1f"), Identifier(kind="email", value="none")]
    request_id = a_request()
    with pytest.raises(NeedsHuman):
        enter(request_id, *strange)
    assert enter(request_id, *strange, scope="erased", reason="erasure") == TODAY + timedelta(days=120)
    assert entries() == []


def test_an_old_key_still_recognises_and_its_entry_moves_to_the_newest(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = a_request()
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["first"]')
    forget_settings()
    enter(request_id)
    [before] = entries()
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["second", "first"]')
    forget_settings()
    assert scopes() == {"marketing"}
    enter(request_id)
    [after] = entries()
    assert (after.id, after.review_on) == (before.id, before.review_on)
    assert after.key_id != before.key_id
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["second"]')
    forget_settings()
    assert scopes() == {"marketing"}


def test_only_erased_entries_end_by_themselves(db: str) -> None:
    enter(a_request())
    enter(a_request(Right.ERASURE), scope="erased", reason="erasure")
    last_day = NOW + timedelta(days=120)
    with unit_of_work() as session:
        assert drop_expired(session, last_day) == 0
        assert drop_expired(session, last_day + timedelta(days=1)) == 1
        assert drop_expired(session, last_day + timedelta(days=1)) == 0
        assert due_for_review(session, last_day) == []
        in_ten_years = NOW + timedelta(days=3653)
        assert drop_expired(session, in_ten_years) == 0
        assert [row.scope for row in due_for_review(session, in_ten_years)] == ["marketing"]
    assert scopes() == {"marketing"}


def test_an_entry_stays_until_its_reappearance_is_settled(db: str) -> None:
    enter(a_request(Right.ERASURE), scope="erased", reason="erasure")
    long_after = NOW + timedelta(days=300)
    with unit_of_work() as session:
        seen = Reappearance(suppression_id=entries()[0].id, system="site_db", record="{}", seen_at=NOW)
        session.add(seen)
        session.flush()
        assert drop_expired(session, long_after) == 0
        seen.settled_at = long_after
        session.flush()
        assert drop_expired(session, long_after) == 1
        assert session.exec(select(Reappearance)).all() == []


def test_who_consents_anew_leaves_the_list_with_a_reason_on_the_case(db: str) -> None:
    enter(a_request())
    enter(a_request(Right.ERASURE), scope="erased", reason="erasure")
    with unit_of_work() as session:
        with pytest.raises(Rejected):
            withdraw_suppression(session, "email", ADDRESS, " ", "Claire Martin", NOW)
        with pytest.raises(NotFound):
            withdraw_suppression(session, "email", "oliver@client.example", "x", "Claire Martin", NOW)
        said = "signed up again at the trade fair"
        assert withdraw_suppression(session, "email", ADDRESS, said, "Claire Martin", NOW) == 1
    assert scopes() == {"erased"}
    with reading() as session:
        event = session.exec(select(AuditEvent).where(AuditEvent.kind == "suppression_withdrawn")).one()
        assert (event.actor, event.detail["reason"]) == ("Claire Martin", said)
        assert verify(session) == []


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_command_lists_checks_and_withdraws(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    enter(a_request())
    assert dsr("suppression", "list", "--json") == 0
    [entry] = json.loads(capsys.readouterr().out)
    assert set(entry) == {"id", "kind", "scope", "reason", "review_on", "request_ref"}
    assert dsr("suppression", "list", "--due", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert dsr("suppression", "check", ADDRESS, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"suppressed": True, "scopes": ["marketing"]}
    assert dsr("suppression", "check", "secret name") == 1
    assert "secret" not in capsys.readouterr().err
    withdraw = ("suppression", "withdraw", ADDRESS, "--reason", "signed up again", "--by", "Claire Martin")
    assert dsr(*withdraw) == 0
    assert dsr(*withdraw) == 1
    assert dsr("suppression", "check", ADDRESS) == 0
    assert "not suppressed" in capsys.readouterr().out


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_command_shows_and_settles_what_reappeared(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    enter(a_request())
    with unit_of_work() as session:
        session.add(Reappearance(suppression_id=entries()[0].id, system="site_db", record="{}", seen_at=NOW))
    assert dsr("suppression", "reappeared", "--json") == 0
    [row] = json.loads(capsys.readouterr().out)
    assert dsr("suppression", "settle", str(row["id"]), "--by", "Claire Martin") == 0
    assert dsr("suppression", "settle", str(row["id"]), "--by", "Claire Martin") == 1
    assert dsr("suppression", "reappeared") == 0
    assert "site_db" not in capsys.readouterr().out
    assert dsr("suppression", "reappeared", "--all") == 0
    assert "site_db" in capsys.readouterr().out
