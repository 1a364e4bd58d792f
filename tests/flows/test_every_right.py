"""Each right, from the message to the reply, against a real Prefect server: what changed, what stayed, what was said."""

import os
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from models.audit import verify
from models.choice_words import WORDS
from models.database import reading, unit_of_work
from models.questions import Choice
from models.records import Identifier
from models.tables import (
    Letter,
    LetterState,
    Receipt,
    Request,
    RequestState,
    Restriction,
    Suppression,
    WaitsFor,
)
from tasks.keeping.disclosures import Disclosed, record_disclosure
from tasks.letters.hold_letters import drop_held
from tests.support.world import CAMILLE, request_mail, words_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True
)


def site(statement: str, **values: object) -> list[sa.Row]:
    engine = sa.create_engine(os.environ["DSR_SITE_DB_URL"])
    with engine.connect() as connection:
        found = list(connection.execute(sa.text(statement), values))
    engine.dispose()
    return found


def choices(schema: dict) -> list[str]:
    found = schema["properties"]["decision"]
    return [found["const"]] if "const" in found else found["enum"]


def receipts(kind: str) -> list[Receipt]:
    with reading() as session:
        return list(session.exec(select(Receipt).where(Receipt.kind == kind).order_by(col(Receipt.id))))


def holds(world) -> bool:
    with reading() as session:
        return verify(session) == []


def test_a_newsletter_is_stopped_at_once_by_nobody_s_hand_but_the_colleague_s(small_world):
    ref = small_world.receive(request_mail(asks="objection"))
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    [row] = site("SELECT marketing_optin, opted_out_at FROM contacts WHERE email = :mail", mail=CAMILLE)
    assert not row.marketing_optin
    assert row.opted_out_at is not None
    small_world.search_by_hand(ref)
    closed = small_world.advance(ref)
    assert (closed.state, closed.outcome) == (RequestState.CLOSED, "answered")
    [reply] = small_world.letters("objection_reply")
    assert reply["to"] == CAMILLE
    assert small_world.letters("ask_identity") == []
    with reading() as session:
        [entry] = session.exec(select(Suppression)).all()
    assert (entry.scope, entry.reason) == ("marketing", "objection")
    assert CAMILLE not in entry.digest
    assert holds(small_world)


@pytest.mark.long
def test_a_robot_s_objection_stops_marketing_at_once_and_its_reply_waits_for_an_officer(small_world):
    """RFC 3834; the wiring of `tasks.letters.hold_letters` into the flow, which nothing cheaper proves."""
    robot = b"Auto-Submitted: auto-generated\n" + request_mail(asks="objection")
    ref = small_world.receive(robot)
    small_world.advance(ref)
    [row] = site("SELECT marketing_optin FROM contacts WHERE email = :mail", mail=CAMILLE)
    assert not row.marketing_optin
    small_world.search_by_hand(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.RELAY
    assert small_world.letters("objection_reply") == small_world.letters("acknowledge") == []
    with reading() as session:
        held = session.exec(select(Letter).where(Letter.state == LetterState.HELD)).one()
    drop_held(held.id, "Dana Privacy", datetime.now(UTC))
    closed = small_world.advance(ref)
    assert (closed.state, closed.outcome) == (RequestState.CLOSED, "not_a_request")
    assert small_world.letters("objection_reply") == []
    assert holds(small_world)


@pytest.mark.long
def test_another_objection_is_stored_only_while_it_is_weighed_and_can_be_upheld(small_world):
    ref = small_world.receive(request_mail(asks="objection-other"))
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
    small_world.enter_code(ref)
    small_world.advance(ref)
    [row] = site("SELECT restricted_at FROM contacts WHERE email = :mail", mail=CAMILLE)
    assert row.restricted_at is not None
    small_world.search_by_hand(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert "18(1)(d)" in text
    assert choices(schema)[0] == WORDS[Choice.UPHOLD].fr
    small_world.decide(ref, 0)
    assert small_world.advance(ref).outcome == "answered"
    assert small_world.letters("objection_reply")


@pytest.mark.long
def test_an_objection_refused_on_compelling_grounds_is_told_and_the_restriction_lifted_after_notice(
    small_world,
):
    ref = small_world.receive(request_mail(asks="objection-other"))
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    small_world.enter_code(ref)
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    small_world.decide(
        ref,
        WORDS[Choice.REFUSE].fr,
        ground="Refus : des motifs légitimes",
        reason="Un contentieux est en cours au tribunal.",
    )
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    assert small_world.advance(ref).outcome == "refused"
    kinds = small_world.kinds_taken()
    assert kinds.index("restriction_ends") < kinds.index("refusal")
    assert "contentieux" not in words_of(small_world.letters("restriction_ends")[0]), "not written for them"
    [row] = site("SELECT restricted_at FROM contacts WHERE email = :mail", mail=CAMILLE)
    assert row.restricted_at is None
    with reading() as session:
        assert session.exec(select(Restriction)).one().lifted_at is not None
    assert "21" in words_of(small_world.letters("refusal")[0])


def test_an_erasure_deletes_minimises_and_keeps_exactly_what_was_approved(small_world):
    ref = small_world.receive(request_mail(asks="erasure"))
    small_world.advance(ref)
    small_world.enter_code(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert choices(schema)[0] == WORDS[Choice.ERASE].fr
    assert "supprimer" in text
    assert "L123" in text
    small_world.decide(ref, 0)
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    closed = small_world.live(ref)
    assert (closed.state, closed.outcome) == (RequestState.CLOSED, "answered")
    assert site("SELECT id FROM contacts WHERE email = :mail", mail=CAMILLE) == []
    assert site("SELECT id FROM form_submissions WHERE email = :mail", mail=CAMILLE) == []
    assert {receipt.system for receipt in receipts("erased")} >= {"site_db"}
    kept = [receipt for receipt in receipts("kept") if receipt.system == "site_db"]
    assert all(receipt.detail["until"] and receipt.detail["basis"] for receipt in kept)
    reply = words_of(small_world.letters("erasure_reply")[0])
    assert "L123" in reply
    with reading() as session:
        assert session.exec(select(Suppression.scope)).all() == ["erased"]
    assert holds(small_world)


def test_a_name_is_corrected_everywhere_and_read_back(small_world):
    ref = small_world.receive(request_mail(asks="rectification"))
    small_world.advance(ref)
    small_world.enter_code(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert "Lefort" in text
    assert choices(schema)[0] == WORDS[Choice.CORRECT].fr
    small_world.decide(ref, 0)
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    small_world.search_by_hand(ref)
    assert small_world.advance(ref).outcome == "answered"
    [row] = site("SELECT full_name FROM contacts WHERE email = :mail", mail=CAMILLE)
    assert row.full_name == "Camille Durand-Lefort"
    assert "Camille Durand-Lefort" in words_of(small_world.letters("rectification_reply")[0])


@pytest.mark.long
def test_a_restriction_is_set_in_every_system(small_world):
    ref = small_world.receive(request_mail(asks="restriction"))
    small_world.advance(ref)
    small_world.enter_code(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    small_world.decide(ref, 0, ground="Limitation : nous n’en avons plus")
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    assert small_world.advance(ref).outcome == "answered"
    [row] = site("SELECT restricted_at FROM contacts WHERE email = :mail", mail=CAMILLE)
    assert row.restricted_at is not None
    with reading() as session:
        assert session.exec(select(Restriction.ground)).one() == "claims"


@pytest.mark.long
def test_withdrawn_consent_stops_and_erases_what_rested_on_it_alone(small_world):
    with unit_of_work() as session:
        me = Identifier(kind="email", value=CAMILLE)
        log = Disclosed(me, "Partner SA", "dpo@partner.example", date(2026, 3, 5), "formulaires")
        record_disclosure(session, log, "Claire Martin", datetime.now(UTC))
    ref = small_world.receive(request_mail(asks="consent_withdrawal"))
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    small_world.enter_code(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    small_world.decide(ref, 0)
    assert small_world.advance(ref).outcome == "answered"
    assert site("SELECT id FROM form_submissions WHERE email = :mail", mail=CAMILLE) == []
    assert site("SELECT id FROM contacts WHERE email = :mail", mail=CAMILLE)
    [notice] = small_world.letters("recipient_notice")
    assert notice["to"] == "dpo@partner.example"
    assert "Formulaires envoyés" in words_of(notice)
    assert "Partner SA : prévenu" in words_of(small_world.letters("consent_reply")[0])


@pytest.mark.long
def test_where_nothing_rested_on_consent_no_officer_is_asked_and_no_recipient_told(small_world):
    small_world.site("DELETE FROM form_submissions WHERE email = :mail", mail=CAMILLE)
    ref = small_world.receive(request_mail(asks="consent_withdrawal"))
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
    small_world.enter_code(ref)
    assert small_world.advance(ref).outcome == "answered"
    assert small_world.letters("decision_waiting") == []
    assert "tell-recipients" not in small_world.steps(ref)
    assert "aucune donnée ne reposait" in words_of(small_world.letters("consent_reply")[0])


@pytest.mark.long
def test_portable_data_are_offered(small_world):
    ref = small_world.receive(request_mail(asks="portability"))
    closed = small_world.live(ref)
    assert (closed.state, closed.outcome) == (RequestState.CLOSED, "answered")
    assert small_world.letters("portability_reply")


@pytest.mark.long
def test_access_comes_before_erasure_in_one_case_and_identity_is_asked_once(small_world):
    access = small_world.receive(request_mail(asks="access+erasure"))
    with reading() as session:
        erasure = session.exec(select(Request.ref).where(Request.right == "erasure")).one()
    small_world.advance(access)
    assert small_world.advance(erasure).waits_for == WaitsFor.SIBLING
    small_world.enter_code(access)
    small_world.advance(access)
    assert small_world.advance(erasure).waits_for == WaitsFor.SIBLING
    assert small_world.live(access).outcome == "answered"
    small_world.advance(erasure)
    assert small_world.live(erasure).outcome == "answered"
    kinds = small_world.kinds_taken()
    assert kinds.count("ask_identity") == 1
    assert kinds.index("access_reply") < kinds.index("erasure_reply")
