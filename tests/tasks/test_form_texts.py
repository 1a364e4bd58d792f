"""What officers read above a form: every template in both languages, from real rows; nothing hostile gets out of its place."""

from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from sqlmodel import Session

from models.controller import Text
from models.database import unit_of_work
from models.erasure_plan import ErasurePlan, PlannedRow
from models.letters import one_line
from models.manual_work import ManualOutcome
from models.records import Change, Finding, FindingStatus, Mention, Shortfall
from models.rights import Right
from models.settings import settings
from models.tables import Decision, FindingRow
from models.wishes import Preview
from tasks.changes.carry_out_erasure import Leftover, Looked
from tasks.changes.plan_erasure import Drawn, Round
from tasks.forms.form_texts import columns_to_read, fingerprint, identity_text, review_text, second_text
from tasks.forms.form_texts_changes import by_hand_text, change_text, weighing_text
from tasks.forms.form_texts_erasure import leftover_text, plan_text
from tasks.search_systems import finding_rows, store_findings
from tasks.steps import Scene
from tests.support.bundle_samples import SEARCHED, client_findings, nothing
from tests.support.case_rows import NOW, ON_FILE, add_case

LANGUAGES = ("fr", "en")
NAMES = ("review", "identity", "by_hand", "plan", "leftover", "change", "weighing", "second")
NASTY = "no answer | [x](y) <b>"
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
    missing = ManualOutcome(system="elay", outcome="not_done", note=NASTY, person="Elay | x", answered_at=NOW)
    texts: dict[str, Callable[[], str]] = {
        "review": lambda: review_text(scene, rows_of(scene, client_findings()), sent_back),
        "identity": lambda: identity_text(scene, "unknown", {"billing": NASTY}, sent_back),
        "plan": lambda: plan_text(scene, a_round(), "message", sent_back),
        "leftover": lambda: leftover_text(scene, a_look(), {"elay": NASTY}, sent_back),
        "change": lambda: change_text(
            scene, a_preview(), restricted=True, note="changed", sent_back=sent_back
        ),
        "weighing": lambda: weighing_text(scene, sent_back),
        "second": lambda: second_text(scene, a_decision(), sent_back),
        "by_hand": lambda: by_hand_text(scene, "stop", [missing], sent_back),
    }
    return texts[name]()


def a_round() -> Round:
    kept = PlannedRow(
        table="invoices",
        key={"id": 7},
        action="keep",
        masked=("billing_mail",),
        keep_until=date(2034, 12, 31),
        hold="invoice_10_years",
        basis=Text(fr="article L123-22 du code de commerce", en="Article L123-22"),
        why="hold",
    )
    gone = PlannedRow(table="contacts", key={"id": 1}, action="delete", why="table")
    plan = ErasurePlan(system="site_db", rows=(kept, gone))
    return Round(0, {"site_db": Drawn(plan=plan)}, {}, ("elay",))


def a_look() -> Looked:
    mention = Mention(table="contacts", key={"id": 2}, column="notes")
    short = Shortfall(table="contacts", key={"id": 1}, problem="still_there")
    site = Leftover(system="site_db", rows=10, shortfalls=(short,), mentions=(mention,))
    return Looked(systems=(site, Leftover(system="elay", problem=NASTY)))


def a_preview() -> Preview:
    change = Change(
        system="site_db",
        table="contacts",
        key={"id": 1},
        before={"full_name": NASTY},
        after={"full_name": "Camille | Lefort"},
    )
    return Preview(changes=(change,), problems={})


def a_decision() -> Decision:
    return Decision(
        question="review",
        round=0,
        officer="Claire | Martin",
        choice="refuse",
        reason=NASTY,
        accepted=True,
        content_hash="0" * 64,
        answers={"ground": "excessive"},
    )


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


def test_the_plan_says_what_goes_what_stays_until_when_and_why(language: str) -> None:
    with unit_of_work() as session:
        shown = Shown(text_of("plan", scene_of(session, Right.ERASURE)))
    for mark in ("2034", "L123-22", {"fr": "supprimer", "en": "delete"}[language], "Elay"):
        assert mark in shown.text
    assert {"fr": "pas de retour possible", "en": "no way back"}[language] in shown.text


def test_an_objection_is_weighed_with_both_sides_and_marketing_is_said_to_have_stopped(language: str) -> None:
    """law.md R7b, D24."""
    with unit_of_work() as session:
        objection = Shown(text_of("weighing", scene_of(session, Right.OBJECTION))).text
        restriction = Shown(text_of("weighing", scene_of(session, Right.RESTRICTION))).text
    assert {"fr": "La prospection est déjà arrêtée", "en": "Marketing has stopped already"}[
        language
    ] in objection
    assert "21(1)" in objection
    assert "18(1)" in restriction


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
