"""The access flow against a real Prefect server: who is told what, and what never happens."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from models.choice_words import WORDS
from models.database import reading, unit_of_work
from models.questions import ENDINGS, IDENTITY_CHOICES, Choice
from models.tables import AuditEvent, Challenge, Decision, Download, ManualTask, WaitsFor
from tests.support.world import case_of, request_mail, words_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True
)
STRANGER = request_mail("nadia.ferrand@ailleurs.example", "Nadia Ferrand")


def words(choice: Choice) -> str:
    return WORDS[choice].fr


def choices(schema: dict) -> list[str]:
    """What may be chosen, besides the ways to end or extend that every form has."""
    found = schema["properties"]["decision"]
    listed = [found["const"]] if "const" in found else found["enum"]
    always = {words(choice) for choice in (*ENDINGS, Choice.EXTEND)}
    assert always <= set(listed)
    return [word for word in listed if word not in always]


def to_review(world, raw: bytes = b"") -> str:
    """A case whose officer reads the review form."""
    ref = world.receive(raw or request_mail())
    world.advance(ref)
    world.enter_code(ref)
    world.advance(ref)
    world.search_by_hand(ref)
    assert world.advance(ref).waits_for == WaitsFor.OFFICER
    return ref


def test_a_person_in_no_system_is_told_that_nothing_is_held(small_world):
    ref = small_world.receive(STRANGER)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert choices(schema) == [words(choice) for choice in (*IDENTITY_CHOICES, Choice.ASK_EVIDENCE)]
    assert "default" not in schema["properties"]["decision"]
    assert "ferrand" in text
    small_world.decide(ref, 0)
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    assert choices(small_world.form(ref)[1]) == [words(Choice.NOTHING_HELD), words(Choice.SEARCH_AGAIN)]
    small_world.decide(ref, 0)
    assert small_world.advance(ref).outcome == "nothing_held"
    [letter] = small_world.letters("nothing_held")
    assert letter["to"] == "nadia.ferrand@ailleurs.example"
    assert "CNIL" in words_of(letter)
    with reading() as session:
        assert session.exec(select(Download)).all() == []


@pytest.mark.long
def test_a_system_that_is_down_leads_to_a_form_that_says_so(small_world):
    site = small_world.home / "systems" / "site.sqlite"
    [site] = (small_world.home / "systems").glob("*.sqlite") if not site.exists() else [site]
    ref = small_world.receive(request_mail())
    small_world.advance(ref)
    small_world.enter_code(ref)
    small_world.advance(ref)
    away = site.rename(site.with_suffix(".away"))
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    _, schema, text = small_world.form(ref)
    assert choices(schema) == [words(Choice.SEARCH_AGAIN)]
    assert "incomplète" in text
    assert "site" in text
    with reading() as session:
        assert session.exec(select(Download)).all() == []
    away.rename(site)
    small_world.decide(ref, 0)
    small_world.advance(ref)
    assert choices(small_world.form(ref)[1])[0] == words(Choice.SEND_COPY)
    small_world.decide(ref, 0)
    assert small_world.advance(ref).outcome == "answered"


@pytest.mark.long
def test_a_column_without_mapping_stops_discovery_with_its_name(small_world):
    small_world.site("ALTER TABLE contacts ADD COLUMN linkedin TEXT")
    ref = small_world.receive(request_mail())
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER, "billing knows her address too"
    small_world.enter_code(ref)
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    _, schema, text = small_world.form(ref)
    assert choices(schema) == [words(Choice.SEARCH_AGAIN)]
    assert "contacts.linkedin" in text.replace("\\", "")


@pytest.mark.long
def test_a_wrong_answer_is_asked_again_and_says_why(small_world):
    ref = to_review(small_world)
    small_world.decide(ref, 0, reason="ok")
    small_world.advance(ref)
    assert "motif en une phrase" in small_world.form(ref)[2]
    small_world.decide(ref, 0)
    assert small_world.advance(ref).outcome == "answered"
    with reading() as session:
        decisions = session.exec(select(Decision).order_by(Decision.round)).all()
    assert [decision.accepted for decision in decisions] == [False, True]
    assert len({decision.content_hash for decision in decisions}) == 2
    assert small_world.kinds_taken().count("access_reply") == 1


def test_an_answer_given_to_a_run_that_died_is_not_asked_for_again(small_world):
    ref = to_review(small_world)
    small_world.decide(ref, 0)
    closed = small_world.advance(ref, kill=("before", "review-0"))
    assert small_world.kills == 1
    assert closed.outcome == "answered"
    assert small_world.kinds_taken().count("decision_waiting") == 1


def test_what_forms_left_in_prefect_is_purged_when_the_request_closes(small_world):
    ref = to_review(small_world)
    run = small_world.request(ref).flow_run_id
    assert small_world.inputs(run)
    small_world.decide(ref, 0)
    small_world.advance(ref)
    assert small_world.inputs(run) == []


@pytest.mark.long
def test_resuming_without_an_answer_only_waits_again(small_world):
    ref = small_world.receive(request_mail())
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
    run = small_world.request(ref).flow_run_id
    small_world.engine.api("POST", f"/flow_runs/{run}/resume", json={})
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
    assert small_world.kinds_taken() == ["acknowledge", "ask_identity"]


def test_the_lost_bell_is_rung_again(small_world):
    ref = small_world.receive(request_mail())
    small_world.advance(ref)
    with unit_of_work() as session:
        challenge = session.exec(select(Challenge)).one()
        challenge.solved_at, challenge.solved_by = datetime.now(UTC), "portal"
    assert small_world.engine.repair() == 0
    assert small_world.engine.state_of(small_world.request(ref).flow_run_id) != "Suspended"
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE


@pytest.mark.long
def test_a_code_that_was_not_entered_in_time_brings_the_officer_in(small_world):
    ref = small_world.receive(request_mail())
    small_world.advance(ref)
    with unit_of_work() as session:
        session.exec(select(Challenge)).one().expires_at = datetime.now(UTC) - timedelta(seconds=1)
    small_world.engine.repair()
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    assert "pas été saisi à temps" in small_world.form(ref)[2]
    small_world.decide(ref, 1, address="camille.durand@atelier-lumiere.example")
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
    small_world.enter_code(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE


def test_a_code_never_goes_to_an_address_that_is_not_on_file(small_world):
    ref = small_world.receive(STRANGER)
    small_world.advance(ref)
    small_world.decide(ref, 1, address="elsewhere@ailleurs.example")
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    assert "figure déjà" in small_world.form(ref)[2]
    assert small_world.letters("ask_identity") == []


@pytest.mark.long
def test_a_colleague_who_does_not_answer_is_named_to_the_officer(small_world):
    ref = small_world.receive(request_mail())
    small_world.advance(ref)
    small_world.enter_code(ref)
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    with unit_of_work() as session:
        session.exec(select(ManualTask)).one().due_on -= timedelta(days=30)
    small_world.engine.repair()
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert choices(schema) == [words(Choice.SEARCH_AGAIN)]
    assert "EN ATTENTE" in text


@pytest.mark.long
def test_the_run_carries_references_dates_and_states_only(small_world):
    ref = to_review(small_world)
    run = small_world.engine.api("GET", f"/flow_runs/{small_world.request(ref).flow_run_id}")
    case = case_of(ref)
    assert run["name"].startswith("due 20")
    assert run["name"].endswith(f" · {case.ref} · access")
    assert run["parameters"] == {"request_ref": ref}
    assert set(run["tags"]) == {case.ref, "access", "waits-for-officer"}
    with reading() as session:
        kinds = [event.kind for event in session.exec(select(AuditEvent).order_by(AuditEvent.number))]
    assert kinds[0] == "case_opened"


@pytest.mark.long
def test_without_an_officer_the_request_says_what_to_do_and_is_tried_again(small_world):
    from models.tables import Officer

    ref = small_world.receive(STRANGER)
    with unit_of_work() as session:
        session.exec(select(Officer)).one().left_at = datetime.now(UTC)
    small_world.engine.run(small_world.request(ref).flow_run_id)
    stuck = small_world.request(ref)
    assert "dsr officer add" in stuck.problem
    assert stuck.retry_at is not None
    with unit_of_work() as session:
        session.exec(select(Officer)).one().left_at = None
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
