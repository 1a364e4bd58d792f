"""The reply names what is withheld in a layperson's words, in the person's language (law.md C4, R1.14)."""

import re

import pytest
from sqlmodel import select

from models import storage
from models.data_map_loading import load_data_map
from models.database import unit_of_work
from models.errors import MapIncomplete
from models.map_in_words import place_in_words
from models.settings import REPOSITORY
from models.tables import Decision, Letter
from tasks.letters.deliver import bundle_of, send_copy
from tasks.mail.read_mail import read_mail
from tasks.steps import Scene
from tests.support.bundle_samples import client_findings
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.support.letter_reading import flat

REASON = "elles désignent une autre personne / they name another person"
WITHHELD = {
    "fr": (
        "Notes de nos équipes (Fiche de contact, Base de données du site)",
        "Objet (E-mails échangés, Base de données du site)",
    ),
    "en": (
        "Notes of our team (Contact record, Website database)",
        "Subject (E-mails exchanged, Website database)",
    ),
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_withheld_is_named_in_words(db: str, language: str) -> None:
    decision = Decision(
        request_id=1,
        question="review",
        round=0,
        officer="Dana Privacy",
        choice="send_copy",
        reason=REASON,
        accepted=True,
        content_hash="0" * 64,
        answers={"withhold": ["site_db.contacts.notes", "site_db.email_log.subject"]},
        decided_at=NOW,
    )
    findings = client_findings()
    with unit_of_work() as session:
        case, (request, *_) = add_case(session, language=language)
        case.verified_address = ON_FILE
        bundle = bundle_of(case, findings, decision, language)  # type: ignore[arg-type]
        send_copy(bundle, findings, decision, language)(Scene(session, case, request, NOW))  # type: ignore[arg-type]
        letter = session.exec(select(Letter).where(Letter.case_id == case.id)).one()
    text = flat(read_mail(storage.fetch(letter.storage_key)).text)
    for what in WITHHELD[language]:
        assert re.search(re.escape(what) + "\\W+" + re.escape(REASON), text), text
    assert "site_db" not in text
    assert "email_log" not in text


@pytest.mark.parametrize(
    ("language", "what", "words"),
    [
        (
            "fr",
            "contacts.notes#2",
            "Notes de nos équipes (Fiche de contact, n°\u00a02, Base de données du site)",
        ),
        ("en", "contacts.notes#2", "Notes of our team (Contact record, no. 2, Website database)"),
        ("fr", "document:CV.pdf", "document «\u00a0CV.pdf\u00a0» (Base de données du site)"),
        ("en", "document:CV.pdf", "document “CV.pdf” (Website database)"),
    ],
)
def test_rows_and_documents_have_words_too(language: str, what: str, words: str) -> None:
    data_map = load_data_map(REPOSITORY / "data_map")
    assert place_in_words(data_map, "site_db", what, language) == words  # type: ignore[arg-type]


def test_a_system_searched_by_hand_has_no_titles_of_its_own() -> None:
    data_map = load_data_map(REPOSITORY / "data_map")
    assert place_in_words(data_map, "elay", "call_notes.free_text", "en").startswith(
        "Free text (Call notes, "
    )


@pytest.mark.parametrize(
    ("system", "what"),
    [("crm", "a.b"), ("site_db", "nothing.b"), ("site_db", "contacts.nothing"), ("site_db", "contacts.id")],
)
def test_what_the_map_does_not_name_is_refused(system: str, what: str) -> None:
    with pytest.raises(MapIncomplete):
        place_in_words(load_data_map(REPOSITORY / "data_map"), system, what, "en")
