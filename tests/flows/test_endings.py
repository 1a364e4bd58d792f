"""Every way a request can end or be held up besides being granted at once, against a real Prefect server."""

import os
from pathlib import Path

import pytest
from sqlmodel import select

from models.choice_words import WORDS
from models.database import reading
from models.questions import Choice
from models.tables import ClockEvent, Receipt, Request, Restriction, StoredPlan, WaitsFor
from tests.support.world import CAMILLE, OFFICER, request_mail, words_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.exhaustive)], indirect=True
)
SECOND = "Samir Benali"


def words(choice: Choice) -> str:
    return WORDS[choice].fr


def choices(schema: dict) -> list[str]:
    found = schema["properties"]["decision"]
    return [found["const"]] if "const" in found else found["enum"]


def to_form(world, asks: str) -> str:
    """A request whose officer reads the first form after identity."""
    ref = world.receive(request_mail(asks=asks))
    world.advance(ref)
    world.enter_code(ref)
    while world.advance(ref).waits_for == WaitsFor.COLLEAGUE:
        world.search_by_hand(ref)
    assert world.request(ref).waits_for == WaitsFor.OFFICER
    return ref


@pytest.mark.long
def test_an_extension_is_told_with_its_reason_once_and_then_not_offered_again(small_world):
    ref = to_form(small_world, "access")
    small_world.decide(
        ref, words(Choice.EXTEND), ground="Prolongation : le volume", reason="Trop de données."
    )
    small_world.advance(ref)
    assert "30 caractères" in small_world.form(ref)[2]
    reason = "Vos échanges avec nous remplissent plusieurs boîtes que nous relisons une à une."
    small_world.decide(ref, words(Choice.EXTEND), ground="Prolongation : le volume", reason=reason)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    [letter] = small_world.letters("extension")
    assert reason in words_of(letter)
    assert "CNIL" in words_of(letter)
    assert words(Choice.EXTEND) not in choices(small_world.form(ref)[1])
    small_world.decide(ref, 0)
    assert small_world.advance(ref).outcome == "answered"
    with reading() as session:
        [event] = session.exec(select(ClockEvent).where(ClockEvent.kind == "extended")).all()
    assert event.recorded_by == OFFICER


@pytest.mark.long
def test_excessive_needs_a_second_officer_who_is_somebody_else(small_world):
    small_world.add_officer(SECOND)
    ref = to_form(small_world, "access")
    excessive = {"ground": "Refus : la demande est manifestement excessive"}
    reason = "Douzième demande identique en un mois, annoncée comme représailles."
    small_world.decide(ref, words(Choice.REFUSE), reason=reason, **excessive)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert choices(schema) == [words(Choice.CONFIRM), words(Choice.DECLINE)]
    assert "Claire" in text
    assert reason.split(",", maxsplit=1)[0] in text
    assert schema["properties"]["officer"]["enum"] == [SECOND], "nobody confirms a decision of their own"
    assert small_world.letters("refusal") == []
    small_world.decide(ref, words(Choice.CONFIRM), officer=SECOND)
    assert small_world.advance(ref).outcome == "refused"
    letter = words_of(small_world.letters("refusal")[0])
    assert "12" in letter
    assert "CNIL" in letter
    assert reason in letter


@pytest.mark.long
def test_a_second_officer_who_declines_sends_the_decision_back(small_world):
    small_world.add_officer(SECOND)
    ref = to_form(small_world, "access")
    small_world.decide(
        ref,
        words(Choice.REFUSE),
        ground="Refus : la demande est manifestement infondée",
        reason="Sans objet du tout.",
    )
    small_world.advance(ref)
    small_world.decide(ref, words(Choice.DECLINE), officer=SECOND, reason="Rien ne le prouve au dossier.")
    small_world.advance(ref)
    assert words(Choice.SEND_COPY) in choices(small_world.form(ref)[1])
    small_world.decide(ref, 0)
    assert small_world.advance(ref).outcome == "answered"


@pytest.mark.long
def test_a_refusal_needs_a_ground_of_its_own_right(small_world):
    ref = to_form(small_world, "restriction")
    small_world.decide(ref, words(Choice.REFUSE))
    small_world.advance(ref)
    assert "choisissez dans la liste" in small_world.form(ref)[2]
    small_world.decide(ref, words(Choice.REFUSE), ground="Limitation : nous n’en avons plus")
    small_world.advance(ref)
    assert "choisissez dans la liste" in small_world.form(ref)[2]
    small_world.decide(ref, words(Choice.REFUSE), ground="Refus : aucun des quatre cas")
    assert small_world.advance(ref).outcome == "refused"
    assert "18" in words_of(small_world.letters("refusal")[0])


@pytest.mark.parametrize(
    ("choice", "kind", "outcome"),
    [
        (Choice.WITHDRAWN, "withdrawn", "withdrawn"),
        (Choice.NOT_A_REQUEST, "not_a_request", "not_a_request"),
    ],
)
@pytest.mark.long
def test_a_request_taken_back_or_none_at_all_is_confirmed_in_writing(small_world, choice, kind, outcome):
    ref = to_form(small_world, "erasure")
    small_world.decide(ref, words(choice), reason="La personne parlait de son compte chez un autre.")
    assert small_world.advance(ref).outcome == outcome
    assert len(small_world.letters(kind)) == 1
    with reading() as session:
        assert session.exec(select(Receipt).where(Receipt.kind == "erased")).all() == []


def test_data_that_changed_after_the_approval_are_not_erased_before_somebody_looked_again(small_world):
    ref = to_form(small_world, "erasure")
    small_world.decide(ref, words(Choice.ERASE))
    small_world.site(
        "INSERT INTO form_submissions (email, payload, created_at) VALUES (:mail, '{}', '2026-11-20 10:00:00')",
        mail=CAMILLE,
    )
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert choices(schema)[0] == words(Choice.ERASE)
    assert "revoir" in text
    with reading() as session:
        assert session.exec(select(Receipt).where(Receipt.kind == "erased")).all() == []
        assert {plan.round for plan in session.exec(select(StoredPlan))} == {0, 1}
    assert small_world.live(ref).outcome == "answered"


@pytest.mark.long
def test_a_message_in_the_days_of_grace_stops_the_erasure_until_it_is_read(small_world):
    small_world.engine.environment["DSR_GRACE_DAYS"] = "3"
    ref = to_form(small_world, "erasure")
    small_world.decide(ref, words(Choice.ERASE))
    assert small_world.advance(ref).waits_for == WaitsFor.CLOCK
    small_world.write_again(ref, "Attendez, je change d'avis : je retire ma demande d'effacement.")
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    assert "message est arrivé" in small_world.form(ref)[2]
    small_world.decide(ref, words(Choice.WITHDRAWN))
    assert small_world.advance(ref).outcome == "withdrawn"
    with reading() as session:
        assert session.exec(select(Receipt).where(Receipt.kind == "erased")).all() == []


@pytest.mark.long
def test_an_erasure_can_need_a_second_officer(small_world):
    small_world.engine.environment["DSR_SECOND_OFFICER"] = "true"
    small_world.add_officer(SECOND)
    ref = to_form(small_world, "erasure")
    small_world.decide(ref, words(Choice.ERASE))
    small_world.advance(ref)
    assert choices(small_world.form(ref)[1]) == [words(Choice.CONFIRM), words(Choice.DECLINE)]
    small_world.decide(ref, words(Choice.CONFIRM), officer=SECOND)
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    assert small_world.live(ref).outcome == "answered"


@pytest.mark.long
def test_a_setting_that_changes_afterwards_holds_nothing_back(small_world):
    ref = to_form(small_world, "erasure")
    small_world.decide(ref, words(Choice.ERASE))
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    small_world.engine.environment |= {"DSR_SECOND_OFFICER": "true", "DSR_GRACE_DAYS": "20"}
    assert small_world.live(ref).outcome == "answered"


@pytest.mark.long
def test_a_card_that_was_not_blanked_is_asked_for_again(small_world):
    ref = to_form(small_world, "erasure")
    small_world.decide(ref, words(Choice.ERASE))
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    export = Path(os.environ["DSR_BILLING_CSV"])
    before = export.read_bytes()
    small_world.search_by_hand(ref)
    export.write_bytes(before)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert words(Choice.LEAVE) not in choices(schema)
    assert "Adresse e\\-mail" in text
    small_world.decide(ref, words(Choice.PLAN_AGAIN))
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    small_world.decide(ref, words(Choice.ERASE))
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    assert small_world.live(ref).outcome == "answered"
    assert CAMILLE not in export.read_text("utf-8")


@pytest.mark.long
def test_what_a_colleague_could_not_do_is_asked_again_or_attested(small_world):
    ref = small_world.receive(request_mail(asks="objection"))
    small_world.advance(ref)
    small_world.search_by_hand(ref, outcome="not_done", note="Le compte est verrouillé aujourd'hui.")
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    _, schema, text = small_world.form(ref)
    assert choices(schema) == [words(Choice.ASK_AGAIN), words(Choice.ATTEST)]
    assert "verrouillé" in text
    assert small_world.letters("objection_reply") == []
    small_world.decide(ref, words(Choice.ASK_AGAIN))
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    small_world.search_by_hand(ref, outcome="not_done", note="Toujours verrouillé, l'éditeur répare.")
    small_world.advance(ref)
    small_world.decide(ref, words(Choice.ATTEST), reason="Désinscription faite par l'éditeur, ticket 4711.")
    assert small_world.advance(ref).outcome == "answered"


@pytest.mark.long
def test_contested_data_are_only_stored_and_the_person_is_asked_what_is_right(small_world):
    ref = to_form(small_world, "Merci de rectifier mes données personnelles, elles sont inexactes.")
    assert ref.endswith("/rectification")
    assert words(Choice.CORRECT) not in choices(small_world.form(ref)[1])
    small_world.decide(ref, words(Choice.RESTRICT_MEANWHILE))
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    small_world.decide(ref, words(Choice.ASK_PERSON))
    assert small_world.advance(ref).waits_for == WaitsFor.MESSAGE
    assert len(small_world.letters("ask_change")) == 1
    small_world.write_again(ref, "Mon nom est Camille Lefort.")
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    assert "Lefort" in small_world.form(ref)[2]
    small_world.decide(ref, words(Choice.CORRECT), value_name="Camille Lefort-Durand")
    small_world.advance(ref)
    assert "vous avez modifié" in small_world.form(ref)[2]
    small_world.decide(ref, words(Choice.CORRECT))
    assert small_world.live(ref).outcome == "answered"
    kinds = small_world.kinds_taken()
    assert kinds.index("restriction_ends") < kinds.index("rectification_reply")
    assert "Camille Lefort-Durand" in words_of(small_world.letters("rectification_reply")[0])
    with reading() as session:
        assert session.exec(select(Restriction)).one().lifted_at is not None


@pytest.mark.long
def test_nothing_is_erased_for_somebody_no_system_knows(small_world):
    ref = small_world.receive(request_mail("nadia.ferrand@ailleurs.example", "Nadia Ferrand", "erasure"))
    small_world.advance(ref)
    small_world.decide(ref, words(Choice.NOT_KNOWN))
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    assert words(Choice.ERASE) not in choices(small_world.form(ref)[1])
    small_world.decide(ref, words(Choice.NOTHING_HELD))
    assert small_world.advance(ref).outcome == "nothing_held"
    with reading() as session:
        assert session.exec(select(StoredPlan)).all() == []
        assert session.exec(select(Request.outcome)).all() == ["nothing_held"]
