"""The portability flow against a real Prefect server: what is handed over, and what is refused instead."""

import io
import json
import zipfile

import pytest
from sqlmodel import select

from models.choice_words import WORDS
from models.database import reading
from models.grounds import Refusal
from models.questions import Choice, ground_in_words
from models.storage import fetch
from models.tables import Download, Receipt, WaitsFor
from tests.support.world import CAMILLE, request_mail, words_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.exhaustive)], indirect=True
)
ASKED = "Quelles données personnelles détenez-vous sur moi ? Merci de m'en envoyer une copie."
ASKS = "Au titre du droit à la portabilité (article 20 du RGPD), merci de m'envoyer mes données dans un format lisible par machine."
MAIL = request_mail().replace(ASKED.encode(), ASKS.encode())
FORM = "INSERT INTO form_submissions (email, payload, created_at) VALUES (:email, :payload, '2026-10-02 10:00:00')"


def to_review(world) -> str:
    """A case whose officer reads the scope."""
    ref = world.receive(MAIL)
    assert ref.endswith("/portability")
    world.advance(ref)
    world.enter_code(ref)
    world.advance(ref)
    world.search_by_hand(ref)
    assert world.advance(ref).waits_for == WaitsFor.OFFICER
    return ref


def position(schema, choice: Choice) -> int:
    return schema["properties"]["decision"]["enum"].index(WORDS[choice].fr)


def test_what_the_person_gave_is_handed_over_in_json_and_csv(small_world):
    small_world.site("DELETE FROM form_submissions")
    small_world.site(FORM, email=CAMILLE, payload='{"message": "=1+1"}')
    ref = to_review(small_world)
    _, schema, text = small_world.form(ref)
    assert "Formulaires envoyés" in text
    assert "consentement" in text
    small_world.decide(ref, position(schema, Choice.SEND_COPY))
    closed = small_world.advance(ref)
    assert closed.outcome == "answered"
    [letter] = small_world.letters("portability_reply")
    assert letter["to"] == CAMILLE
    assert "Formulaires envoyés" in words_of(letter)
    with reading() as session:
        download = session.exec(select(Download).where(Download.request_id == closed.id)).one()
        receipts = session.exec(select(Receipt).where(Receipt.kind == "ported")).all()
    with zipfile.ZipFile(io.BytesIO(fetch(download.storage_key))) as archive:
        [sent] = json.loads(archive.read("data.json"))["data"]["site_db"]["form_submissions"]
        sheet = archive.read("data/site_db/form_submissions.csv").decode()
    assert sent["email"] == CAMILLE
    assert CAMILLE in sheet
    assert {receipt.system: receipt.detail["records"] for receipt in receipts}["site_db"] == 1


@pytest.mark.long
def test_where_nothing_is_portable_the_officer_can_only_refuse(small_world):
    small_world.site("DELETE FROM form_submissions")
    small_world.site("DELETE FROM web_sessions")
    ref = to_review(small_world)
    _, schema, text = small_world.form(ref)
    assert WORDS[Choice.SEND_COPY].fr not in schema["properties"]["decision"]["enum"]
    assert "entre dans la portabilité" in text
    ground = ground_in_words(Refusal.NOT_PORTABLE, "fr")
    reason = "Vos données reposent sur notre intérêt légitime ; le droit d’accès les couvre."
    small_world.decide(ref, position(schema, Choice.REFUSE), ground=ground, reason=reason)
    closed = small_world.advance(ref)
    assert closed.outcome == "refused"
    assert "CNIL" in words_of(small_world.letters("refusal")[0])
    with reading() as session:
        assert session.exec(select(Download)).all() == []


@pytest.mark.long
def test_a_run_killed_at_the_reply_sends_it_once(small_world):
    small_world.site(FORM, email=CAMILLE, payload="{}")
    ref = to_review(small_world)
    _, schema, _ = small_world.form(ref)
    small_world.decide(ref, position(schema, Choice.SEND_COPY))
    assert small_world.advance(ref, kill=("after", "reply")).outcome == "answered"
    assert small_world.kills == 1
    assert small_world.kinds_taken().count("portability_reply") == 1
