"""What the officer reads before a portability export leaves, and what leaves: link, scope, receipts (law.md R6)."""

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from sqlmodel import Session, select

from models import storage
from models.database import unit_of_work
from models.errors import Rejected
from models.map_in_words import said
from models.portability import portability_choices, portable_scope
from models.questions import Choice, Searched
from models.records import Finding, FindingStatus
from models.rights import Right
from models.settings import settings
from models.tables import AuditEvent, Decision, Download, FindingRow, Letter, Receipt
from tasks.forms.form_texts_portability import portability_text
from tasks.letters.deliver_portable import portable_of, scope_of, send_portable
from tasks.mail.read_mail import read_mail
from tasks.search_systems import data_map, finding_rows, store_findings
from tasks.steps import Scene
from tests.support.bundle_samples import SEARCHED, client_findings, nothing, visitor_findings
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.support.letter_reading import flat
from tests.support.portable_samples import json_of, unpack

LANGUAGES = ("fr", "en")
HOSTILE = (
    "[Click](https://evil.example)",
    "# Heading",
    "a | b\n|---|\n| c |",
    "<script>x</script>",
    "{{ 7*7 }}",
)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, db: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(settings(), "officer_language", request.param)
    return str(request.param)


def complete(findings: list[Finding]) -> list[Finding]:
    """One finding for each system of the map, whatever systems it has by now."""
    by_system = {finding.system: finding for finding in findings}
    return [by_system.get(system, nothing(system)) for system in data_map().systems]


def scene_of(session: Session, verified: str = ON_FILE, **options: str) -> Scene:
    case, (request, *_) = add_case(session, Right.PORTABILITY, **options)
    case.verified_address = verified
    return Scene(session, case, request, NOW)


def rows_of(scene: Scene, findings: list[Finding]) -> list[FindingRow]:
    store_findings(0, complete(findings))(scene)
    return finding_rows(scene.session, scene.request, 0)


def decision() -> Decision:
    return Decision(
        request_id=1,
        question="review",
        round=0,
        officer="Dana Privacy",
        choice=Choice.SEND_COPY,
        reason="Only what she gave us.",
        accepted=True,
        content_hash="0" * 64,
        decided_at=NOW,
    )


class Shown(HTMLParser):
    """The text and the tags of a rendered form."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", [], []
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in {"href", "src"}]

    def handle_data(self, data):
        self.text += data.replace("\u2060", "")


def shown(scene: Scene, findings: list[Finding], sent_back: str = "") -> Shown:
    rows = rows_of(scene, findings)
    return Shown(portability_text(scene, rows, scope_of(rows), sent_back))


def test_the_officer_sees_every_line_of_the_scope_with_its_reason(language: str) -> None:
    findings = [*client_findings()[1:], visitor_findings()[2]]
    with unit_of_work() as session:
        form = shown(scene_of(session), findings, "write *why*")
    for item in portable_scope(data_map(), findings):
        assert said(item.what, language) in form.text
        assert said(item.why, language) in form.text
    assert {"fr": "iront à camille", "en": "will go to camille"}[language] in form.text
    assert {"fr": "1 texte libre est transmis", "en": "1 free text is handed over"}[language] in form.text
    assert {"fr": "Contenu du formulaire (", "en": "Content of the form ("}[language] in form.text
    assert "write *why*" in form.text
    assert form.tags.count("table") == 1
    assert len(set(form.links)) == 1


def failed() -> list[Finding]:
    down = Finding(system="billing", status=FindingStatus.FAILED, searched_at=SEARCHED, problem="no answer")
    return [visitor_findings()[2], down]


@pytest.mark.parametrize(
    ("findings", "verified", "says"),
    [
        (failed, ON_FILE, {"fr": "La recherche est incomplète", "en": "The search is incomplete"}),
        (list, ON_FILE, {"fr": "Aucun système ne détient", "en": "No system holds data"}),
        (visitor_findings, "", {"fr": "l’identité n’est pas établie", "en": "identity is not established"}),
        (client_findings, ON_FILE, {"fr": "n’entre dans la portabilité", "en": "falls under portability"}),
    ],
    ids=["incomplete", "empty", "unverified", "nothing portable"],
)
def test_the_form_leads_with_what_matters(language: str, findings, verified: str, says) -> None:
    with unit_of_work() as session:
        form = shown(scene_of(session, verified), findings())
    assert says[language] in form.text
    assert ("no answer" in form.text) is (findings is failed)
    assert {"fr": "iront à", "en": "will go to"}[language] not in form.text
    if findings is client_findings:
        assert "20(1)" in form.text
        assert {"fr": "droit d’accès", "en": "right of access"}[language] in form.text


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_hostile_name_is_literal_text(language: str) -> None:
    with unit_of_work() as session:
        plain = shown(scene_of(session), visitor_findings())
        for hostile in HOSTILE:
            form = shown(scene_of(session, name=hostile), visitor_findings())
            assert (form.tags, len(form.links)) == (plain.tags, len(plain.links))


@pytest.mark.parametrize(
    ("findings", "identified", "expected"),
    [
        (visitor_findings(), True, (Choice.SEND_COPY, Choice.SEARCH_AGAIN)),
        (visitor_findings(), False, (Choice.IDENTIFY, Choice.SEARCH_AGAIN)),
        (client_findings(), True, (Choice.SEARCH_AGAIN,)),
        ([], True, (Choice.NOTHING_HELD, Choice.SEARCH_AGAIN)),
    ],
)
def test_nothing_is_sent_where_nothing_is_portable(home, findings, identified: bool, expected) -> None:
    found = Searched((), sum(len(finding.records) for finding in findings), 0)
    scope = portable_scope(data_map(), findings)
    assert portability_choices(found, scope, identified=identified) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reply_brings_link_and_scope_and_leaves_receipts(db: str, language: str) -> None:
    findings = complete([*client_findings()[1:], visitor_findings()[2]])
    with unit_of_work() as session:
        scene = scene_of(session, language=language)
        export = portable_of(scene.case, findings, language)
        result = send_portable(export, findings, decision(), language)(scene)
        letter = session.exec(select(Letter).where(Letter.key == result["letter"])).one()
        download = session.exec(select(Download).where(Download.request_id == scene.request.id)).one()
        receipts = session.exec(select(Receipt).where(Receipt.request_id == scene.request.id)).all()
        audit = session.exec(select(AuditEvent).where(AuditEvent.case_id == scene.case.id)).all()
        assert (scene.request.state, scene.request.outcome) == ("delivery", "answered")
    assert (letter.kind, letter.recipient) == ("portability_reply", ON_FILE)
    assert storage.fetch(download.storage_key) == export
    assert {receipt.system: receipt.detail for receipt in receipts} == {
        system: {"records": 2 if system == "site_db" else 0} for system in data_map().systems
    }
    assert {receipt.kind for receipt in receipts} == {"ported"}
    text = flat(read_mail(storage.fetch(letter.storage_key)).text)
    for item in portable_scope(data_map(), findings):
        assert flat(said(item.what, language)) in text
        assert flat(said(item.why, language)) in text
    assert f"{settings().public_url}/download/" in text
    assert "site_db" not in text
    assert not re.search(r"@|Camille", " ".join(str(event.detail) for event in audit))


def test_the_export_in_the_reply_is_the_one_of_this_case(db: str) -> None:
    findings = complete(visitor_findings())
    with unit_of_work() as session:
        scene = scene_of(session)
        export = portable_of(scene.case, findings, "fr")
        assert json_of(unpack(export), "data.json")["case"] == scene.case.ref
        effect = send_portable(export, findings, decision(), "fr")
        effect(scene)
        with pytest.raises(Rejected, match="download already"):
            effect(scene)
