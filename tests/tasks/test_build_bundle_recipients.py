"""An answer to access names whoever received the data, by the map and by the disclosure log (law.md R1.4, R5, P4)."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete

from models.calendar import Language
from models.database import unit_of_work
from models.information import Disclosed
from models.records import Identifier
from models.tables import Case, Decision, Disclosure
from tasks.exports.build_bundle import build_bundle
from tasks.exports.bundle_page import words
from tasks.keeping import disclosures
from tasks.keeping.disclosures import record_disclosure
from tasks.letters.deliver import bundle_of
from tests.support.bundle_reading import Page, unpack
from tests.support.bundle_samples import DISCLOSED, client_findings, data_map, subject, visitor_findings
from tests.support.case_rows import NOW, ON_FILE

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}{0}\x00"
LANGUAGES: tuple[Language, ...] = ("fr", "en")
DECIDED = NOW + timedelta(hours=1)


def built(language: Language, log: tuple[Disclosed, ...] = DISCLOSED) -> dict[str, bytes]:
    return unpack(build_bundle(subject(language), data_map(), client_findings(), log))


def told(files: dict[str, bytes]) -> dict[str, Any]:
    listed = json.loads(files["recipients.json"])["recipients"]
    assert len({one["name"].casefold() for one in listed}) == len(listed)
    return {one["name"]: one for one in listed}


@pytest.mark.parametrize(
    ("language", "autumn", "spring"), [("fr", "2 octobre", "5 mars"), ("en", "2 October", "5 March")]
)
def test_the_page_says_who_received_what_and_when(language: Language, autumn: str, spring: str) -> None:
    section = Page(built(language)["index.html"].decode()).sections["R1.4"]
    assert section.count("Imprimerie Dubreuil SARL") == 1
    assert "coordonnées pour la brochure d’automne" in section
    assert section.index(f"{autumn} 2026") < section.index(f"{spring} 2026")
    assert words(language)["s4"]["log"] in section
    assert words(language)["s4"]["log"] not in built(language, ())["index.html"].decode()


@pytest.mark.parametrize(
    ("language", "role"),
    [
        ("fr", "éditeur de notre second outil de relation client"),
        ("en", "provides our second customer relationship tool"),
    ],
)
def test_a_recipient_of_map_and_log_stands_once_with_both_facts(language: Language, role: str) -> None:
    """The log is typed by hand: another spelling is the same recipient."""
    files = built(language)
    elay = told(files)["Elay"]
    assert elay["role"] == role
    assert elay["systems"]
    assert elay["handed_over"] == [{"on": "2026-09-15", "what": "rendez-vous de l’été"}]
    section = Page(files["index.html"].decode()).sections["R1.4"]
    assert "ELAY" not in section
    assert role in section
    assert "rendez-vous de l’été" in section


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_for_computers_says_the_same(language: Language) -> None:
    printer = told(built(language))["Imprimerie Dubreuil SARL"]
    assert printer["country"] == "unknown"
    assert printer["handed_over"] == [
        {"on": "2026-10-02", "what": "coordonnées pour la brochure d’automne"},
        {"on": "2026-03-05", "what": "coordonnées pour la brochure de printemps"},
    ]
    assert "recipients.json" in built(language)["README.txt"].decode()


def test_a_recipient_of_the_map_is_known_though_no_system_of_it_holds_anything() -> None:
    log = (Disclosed(recipient="elay", on=date(2025, 1, 2), what="contact details"),)
    files = unpack(build_bundle(subject("en"), data_map(), visitor_findings(), log))
    elay = told(files)["Elay"]
    assert (elay["systems"], elay["categories"]) == ([], [])
    assert elay["role"] == "provides our second customer relationship tool"
    assert "handed over on 2 January 2025" in Page(files["index.html"].decode()).sections["R1.4"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_values_of_the_log_are_text(language: Language) -> None:
    log = (Disclosed(recipient=EVIL, on=date(2026, 1, 2), what=EVIL),)
    files = built(language, log)
    html = files["index.html"].decode()
    page = Page(html)
    assert page.tags.isdisjoint({"script", "img"})
    assert page.handlers == []
    assert page.sections["R1.4"].count("alert(1)") == 4
    assert "{{7*7}}{0}" in html
    assert "\x00" not in html
    assert told(files)[EVIL]["handed_over"][0]["what"] == EVIL


def note(
    email: str, recipient: str, what: str, on: date = date(2026, 3, 5), later: timedelta | None = None
) -> None:
    one = disclosures.Disclosed(Identifier(kind="email", value=email), recipient, "", on, what)
    with unit_of_work() as session:
        assert record_disclosure(session, one, "Claire Martin", NOW + (later or timedelta()))


def answer(language: Language, verified: str) -> bytes:
    decision = Decision(
        request_id=1,
        question="review",
        round=0,
        officer="Dana Privacy",
        choice="send_copy",
        reason="",
        accepted=True,
        content_hash="0" * 64,
        answers={},
        decided_at=DECIDED,
    )
    case = Case(
        ref="DSR-2026-0042",
        received_at=NOW,
        mailbox="privacy@nexoris.com",
        requester_address="somebody@mail.example",
        requester_name="Camille Durand",
        language=language,
        opened_at=NOW,
        verified_address=verified,
    )
    return bundle_of(case, client_findings(), decision, language)


PEOPLE = (ON_FILE, "somebody@mail.example", "durand@client.example")
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(("Partner SA", "PARTNER sa", "Elay", "Élan, Conseil", "<b>Ink & Co</b>")),
        st.dates(date(2020, 1, 1), date(2026, 11, 20)),
    ),
    max_size=12,
)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=ENTRIES)
def test_all_of_this_person_s_disclosures_are_told_and_nobody_else_s(
    db: str, language: Language, entries: list[tuple[str, str, date]]
) -> None:
    """The requester's address is not the proved one here: what is noted of it is somebody else's."""
    with unit_of_work() as session:
        session.exec(delete(Disclosure))
    for number, (email, recipient, on) in enumerate(entries):
        note(email, recipient, f"data set {number};", on)
    files = unpack(answer(language, ON_FILE))
    everything = b"".join(files.values()).decode()
    section = Page(files["index.html"].decode()).sections["R1.4"]
    listed = {
        (name.casefold(), given_to["on"], given_to["what"])
        for name, one in told(files).items()
        for given_to in one["handed_over"]
    }
    assert listed == {
        (recipient.casefold(), on.isoformat(), f"data set {number};")
        for number, (email, recipient, on) in enumerate(entries)
        if email == ON_FILE
    }
    for number, (email, recipient, _) in enumerate(entries):
        assert (f"data set {number};" in section) == (email == ON_FILE)
        assert (f"data set {number};" in everything) == (email == ON_FILE)
        if email == ON_FILE:
            assert recipient.casefold() in section.casefold()


def test_what_is_noted_after_the_decision_does_not_change_the_bundle(db: str) -> None:
    note(ON_FILE, "Partner SA", "contact details")
    note(ON_FILE, "Other SA", "invoices")
    before = answer("fr", ON_FILE)
    note(ON_FILE, "Late SA", "contact details", later=timedelta(hours=2))
    assert answer("fr", ON_FILE) == before
    assert {"Partner SA", "Other SA"} <= told(unpack(before)).keys()
