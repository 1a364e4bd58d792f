"""What officers read above a form: every template in both languages, from real rows; nothing hostile gets out of its place."""

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from sqlmodel import Session

from models.database import unit_of_work
from models.letters import one_line
from models.records import Finding, FindingStatus
from models.rights import Right
from models.settings import settings
from models.tables import FindingRow
from tasks.form_texts import by_hand_text, columns_to_read, fingerprint, identity_text, review_text
from tasks.search_systems import finding_rows, store_findings
from tasks.steps import Scene
from tests.support.bundle_samples import SEARCHED, client_findings, nothing
from tests.support.case_rows import NOW, ON_FILE, add_case

LANGUAGES = ("fr", "en")
NAMES = ("review", "identity", "by_hand")
HOSTILE = (
    "[Click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example www.evil.example",
    "# Heading\n## Heading",
    "x\n\n---\n\n> quoted\n- item\n1. item",
    "<b onclick=alert(1)>bold</b><script>alert(1)</script>",
    "a | b | c\n|---|---|\n| d | e |",
    "**bold** _it_ ~~gone~~ `code`",
    "```\ncode",
    "{{ 7*7 }}{% raw %}",
    "&lt;b&gt; &amp;",
    "back\\slash\\",
)


def rows_of(scene: Scene, findings: list[Finding], number: int = 0) -> list[FindingRow]:
    store_findings(number, findings)(scene)
    return finding_rows(scene.session, scene.request, number)


def scene_of(session: Session, right: Right = Right.ACCESS, name: str = "Camille Durand") -> Scene:
    case, (request, *_) = add_case(session, right, name=name)
    return Scene(session, case, request, NOW)


def text_of(name: str, scene: Scene, sent_back: str = "") -> str:
    if name == "review":
        return review_text(scene, rows_of(scene, client_findings()), sent_back)
    if name == "identity":
        return identity_text(scene, "unknown", {"billing": "no answer | [x](y)"}, sent_back)
    return by_hand_text(scene, sent_back)


class Shown(HTMLParser):
    """The tags and the visible text of a rendered form."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(
            MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
        )
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\u2060", "")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, db: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(settings(), "officer_language", request.param)
    return str(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_every_text_renders_and_leads_to_the_case(language: str, name: str) -> None:
    with unit_of_work() as session:
        scene = scene_of(session)
        shown = Shown(text_of(name, scene))
    assert scene.case.ref in shown.text
    assert "Camille Durand" in shown.text
    assert {"fr": "mercredi 23 décembre 2026", "en": "Wednesday 23 December 2026"}[language] in shown.text
    assert "[D26]" in shown.text
    assert set(shown.links) == {f"{settings().public_url}/desk/cases/{scene.case.ref}"}


@pytest.mark.parametrize("name", NAMES)
def test_why_an_answer_was_sent_back_is_said(language: str, name: str) -> None:
    with unit_of_work() as session:
        shown = Shown(text_of(name, scene_of(session), "write *why*"))
    assert "write *why*" in shown.text


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_literal_text(language: str, name: str) -> None:
    with unit_of_work() as session:
        plain = Shown(text_of(name, scene_of(session)))
        for hostile in HOSTILE:
            shown = Shown(text_of(name, scene_of(session, name=hostile)))
            assert one_line(hostile) in shown.text
            assert shown.tags == plain.tags, hostile
            assert len(shown.links) == len(plain.links), hostile
            assert not [link for link in shown.links if link and "evil" in link], hostile


@pytest.mark.parametrize("right", [Right.OBJECTION, Right.CONSENT_WITHDRAWAL])
def test_what_must_stop_at_once_is_said_first_and_in_bold(language: str, right: Right) -> None:
    """law.md D24, Q5: only the reply has a month."""
    with unit_of_work() as session:
        text = text_of("by_hand", scene_of(session, right), "an earlier answer")
    first = text.splitlines()[0]
    assert re.match(r"\*\*.*(maintenant, aujourd’hui|now, today).*\*\*", first)
    assert {"fr": "Seule la réponse peut attendre", "en": "Only the reply may wait"}[language] in first
    assert {"fr": "n’accorde aucun délai", "en": "gives no period"}[language] in first


@pytest.mark.parametrize("right", [Right.ERASURE, Right.RECTIFICATION, Right.PORTABILITY, Right.RESTRICTION])
def test_other_rights_by_hand_name_themselves_and_claim_no_haste(language: str, right: Right) -> None:
    with unit_of_work() as session:
        text = text_of("by_hand", scene_of(session, right))
    assert text.startswith("### DSR-")
    assert right.article in text.splitlines()[0]
    assert not re.search("aujourd’hui|today", text)


INCOMPLETE = {"fr": "La recherche est incomplète", "en": "The search is incomplete"}
EMPTY = {"fr": "Aucun système ne détient de données", "en": "No system holds data"}
UNVERIFIED = {"fr": "l’identité n’est pas établie", "en": "identity is not established"}
COMPLETE = {"fr": "La copie ira à", "en": "The copy will go to"}


def failed() -> list[Finding]:
    site, billing, _ = client_findings()
    down = Finding(
        system="elay",
        status=FindingStatus.FAILED,
        searched_at=SEARCHED,
        problem="no answer within 30 s: see that it is reachable",
    )
    return [site, billing, down]


@pytest.mark.parametrize(
    ("findings", "verified", "says"),
    [
        (failed(), ON_FILE, INCOMPLETE),
        ([nothing(system) for system in ("site_db", "billing", "elay")], ON_FILE, EMPTY),
        (client_findings(), "", UNVERIFIED),
        (client_findings(), ON_FILE, COMPLETE),
    ],
    ids=["incomplete", "empty", "unverified", "complete"],
)
def test_a_review_says_how_things_stand(
    language: str, findings: list[Finding], verified: str, says: dict[str, str]
) -> None:
    with unit_of_work() as session:
        scene = scene_of(session)
        scene.case.verified_address = verified
        text = Shown(review_text(scene, rows_of(scene, findings), "")).text
    others = [other[language] for other in (INCOMPLETE, EMPTY, UNVERIFIED, COMPLETE) if other is not says]
    assert says[language] in text
    assert not [other for other in others if other in text]
    if says is INCOMPLETE:
        assert "see that it is reachable" in text
    if says in (EMPTY, COMPLETE):
        assert ON_FILE in text


def test_a_review_says_in_words_which_columns_are_to_be_read(language: str) -> None:
    with unit_of_work() as session:
        scene = scene_of(session)
        rows = rows_of(scene, client_findings())
        text = Shown(review_text(scene, rows, "")).text
        keys = columns_to_read(rows)
    notes = {
        "fr": "Notes de nos équipes (Fiche de contact, Base de données du site)",
        "en": "Notes of our team (Contact record, Website database)",
    }
    assert keys == ["site_db.contacts.notes", "site_db.email_log.body", "site_db.email_log.subject"]
    assert f"site_db.contacts.notes = {notes[language]}" in text
    assert all(key in text for key in keys)


def test_the_fingerprint_changes_with_a_finding(db: str) -> None:
    site, *others = client_findings()
    changed = site.model_copy(update={"records": site.records[:-1]})
    with unit_of_work() as session:
        scene = scene_of(session)
        first = rows_of(scene, [site, *others], 0)
        same = rows_of(scene, [site, *others], 1)
        other = rows_of(scene, [changed, *others], 2)
        assert fingerprint(first) == fingerprint(same)
        assert fingerprint(first) != fingerprint(other)
        assert fingerprint(first)[:16] in review_text(scene, first, "")
