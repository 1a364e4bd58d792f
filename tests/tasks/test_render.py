"""Every letter in every language against its golden file, and the templates against each other.

`DSR_UPDATE_GOLDEN=1` writes the golden files anew; read the difference before you keep it.
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from jinja2 import Environment, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import SecurityError

from models.errors import Rejected
from models.letter_contexts import CONTEXTS
from models.letters import LetterKind
from tasks.letters import render as render_module
from tasks.letters.render import LANGUAGES, TEMPLATES, render, say_date
from tests.support.letter_reading import EVERY, TO_REQUESTERS, Page, both
from tests.support.letter_samples import REF, sample

GOLDEN = Path(__file__).parent / "golden"
SUBJECTS = {"ref", "question", "lifted", "count", "late", "broken", "period"}


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_letter_is_as_golden(language: str, kind: LetterKind) -> None:
    letter = render(kind, language, sample(kind, language))
    parts = {"txt": f"Subject: {letter.subject}\n\n{letter.text}", "html": letter.html}
    for suffix, now in parts.items():
        golden = GOLDEN / language / f"{kind}.{suffix}"
        if os.environ.get("DSR_UPDATE_GOLDEN") == "1":
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(now, encoding="utf-8", newline="\n")
        assert now == golden.read_text(encoding="utf-8"), f"{golden.name} changed"


def test_golden_files_belong_to_letters() -> None:
    expected = {f"{language}/{kind}.{suffix}" for language, kind in EVERY for suffix in ("txt", "html")}
    assert {str(file.relative_to(GOLDEN)) for file in GOLDEN.rglob("*.*")} == expected


def test_every_language_has_the_same_files() -> None:
    files = {
        language: {
            str(file.relative_to(TEMPLATES / language)) for file in (TEMPLATES / language).rglob("*.j2")
        }
        for language in LANGUAGES
    }
    assert files["fr"] == files["en"]
    letters = {
        f"{kind}/{part}.j2" for kind in LetterKind for part in ("subject.txt", "body.txt", "body.html")
    }
    assert letters == {file for file in files["en"] if not file.startswith("_layout/")}
    assert {folder.name for folder in TEMPLATES.iterdir()} == {*LANGUAGES, "_layout"}


def facts_in(*templates: str) -> set[str]:
    """The attributes of `letter` that templates name, in branches that no sample takes too."""
    found = set()
    for name in templates:
        tree = Environment(autoescape=True).parse((TEMPLATES / name).read_text(encoding="utf-8"))
        found |= {
            node.attr
            for node in tree.find_all(nodes.Getattr)
            if isinstance(node.node, nodes.Name) and node.node.name == "letter"
        }
    return found


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_letter_names_known_facts_only_and_text_and_html_the_same(language: str, kind: LetterKind) -> None:
    known = {name for name in dir(CONTEXTS[kind]) if not name.startswith("_")} | set(
        CONTEXTS[kind].model_fields
    )
    text, html = (facts_in(f"{language}/{kind}/body.{suffix}.j2") for suffix in ("txt", "html"))
    assert text == html
    assert text <= known
    assert facts_in(f"{language}/{kind}/subject.txt.j2") <= SUBJECTS, "C7: no personal data"


@pytest.mark.parametrize("kind", LetterKind)
def test_letter_uses_the_same_facts_in_every_language(kind: LetterKind) -> None:
    french, english = (facts_in(f"{language}/{kind}/body.txt.j2") for language in LANGUAGES)
    assert french == english


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_html_is_self_contained_and_accessible(language: str, kind: LetterKind) -> None:
    page = Page(render(kind, language, sample(kind, language)).html)
    assert ("lang", language) in page.attributes
    assert not {"script", "link", "iframe", "object", "form", "svg", "base"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"srcset", "background", "action"} & names
    pictures = [value or "" for name, value in page.attributes if name == "src"]
    assert (
        len(pictures)
        == page.tags.count("img")
        == len([value for name, value in page.attributes if name == "alt" and value])
    )
    assert all(picture.startswith("cid:") for picture in pictures), "a picture travels with its letter"
    assert kind is LetterKind.REPORT or not pictures
    assert not [name for name in names if name.startswith("on")]
    assert page.tags.count("h1") == 1
    assert page.tags.count("table") == page.tags.count("thead") == page.attributes.count(("class", "data"))
    assert page.tags.count("th") == page.attributes.count(("scope", "col"))
    assert "url(" not in render(kind, language, sample(kind, language)).html


@pytest.mark.parametrize("kind", LetterKind)
def test_links_are_those_of_the_context(kind: LetterKind) -> None:
    page = Page(render(kind, "fr", sample(kind, "fr")).html)
    targets = {value for name, value in page.attributes if name == "href"}
    fields = dict(sample(kind, "fr"))
    allowed = {value for value in fields.values() if isinstance(value, str)}
    allowed |= {link for one in fields.get("requests", ()) for link in (one.case_link, one.run_link)}
    if "privacy_address" in fields:
        allowed.add("mailto:privacy@nexoris.com")
    if kind in TO_REQUESTERS:
        allowed.add("https://www.cnil.fr/plaintes")
    assert targets <= allowed


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_text_fits_a_mail_line(language: str, kind: LetterKind) -> None:
    text = render(kind, language, sample(kind, language)).text
    assert all(len(line) <= 78 or line.strip().startswith("http") for line in text.splitlines())
    assert "\n\n\n" not in text
    assert text.endswith("\n")
    assert "\n-- \n" not in text


@pytest.mark.parametrize("kind", LetterKind)
def test_french_has_non_breaking_spaces_and_curly_apostrophes(kind: LetterKind) -> None:
    for words in both(render(kind, "fr", sample(kind, "fr"))):
        assert not re.search(r" [:;?!»]|« ", words)
        assert "'" not in words
        assert not re.search(r"\w[?!»]|\w;", words)


@pytest.mark.parametrize("language", ["de", "", "../fr", "fr-FR", "FR"])
def test_another_language_gets_english(language: str) -> None:
    context = sample(LetterKind.ACKNOWLEDGE, "en")
    assert render(LetterKind.ACKNOWLEDGE, language, context) == render(LetterKind.ACKNOWLEDGE, "en", context)


def test_another_letters_context_is_refused() -> None:
    with pytest.raises(Rejected, match="Acknowledge"):
        render(LetterKind.ACKNOWLEDGE, "en", sample(LetterKind.NOTHING_HELD, "en"))


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an English acknowledgement, sound but for what a test writes into it."""
    folder = tmp_path / "en" / "acknowledge"
    folder.mkdir(parents=True)
    for part in ("subject.txt", "body.txt", "body.html"):
        (folder / f"{part}.j2").write_text("{{ letter.ref }}")
    monkeypatch.setattr(render_module, "TEMPLATES", tmp_path)
    render_module.environment.cache_clear()
    yield folder
    render_module.environment.cache_clear()


def test_missing_file_is_an_error(templates: Path) -> None:
    context = sample(LetterKind.ACKNOWLEDGE, "en")
    assert REF in render(LetterKind.ACKNOWLEDGE, "en", context).text
    (templates / "body.html.j2").unlink()
    with pytest.raises(Rejected, match="repair its template"):
        render(LetterKind.ACKNOWLEDGE, "en", context)


@pytest.mark.parametrize("part", ["subject.txt", "body.txt", "body.html"])
@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ("{{ letter.nam }}", UndefinedError),
        ("{{ unknown }}", UndefinedError),
        ("{% if letter.nam %}{% endif %}", UndefinedError),
        ("{{ letter.__class__.__mro__ }}", SecurityError),
        ("{% if %}", TemplateSyntaxError),
    ],
)
def test_broken_template_is_an_error(
    templates: Path, part: str, template: str, cause: type[Exception]
) -> None:
    (templates / f"{part}.j2").write_text(template)
    with pytest.raises(Rejected, match="repair its template") as raised:
        render(LetterKind.ACKNOWLEDGE, "en", sample(LetterKind.ACKNOWLEDGE, "en"))
    assert isinstance(raised.value.__cause__, cause)


def test_dates_are_said_in_paris_and_in_the_language() -> None:
    instant = datetime(2026, 12, 31, 23, 5, tzinfo=UTC)
    assert say_date("fr", instant) == "vendredi 1er janvier 2027 à 0\u00a0h\u00a005 (heure de Paris)"
    assert say_date("en", instant) == "Friday 1 January 2027 at 00:05 (Paris time)"
    assert say_date("en", date(2026, 12, 31)) == "Thursday 31 December 2026"
    with pytest.raises(Rejected):
        say_date("en", datetime(2026, 12, 31))  # noqa: DTZ001  # a naive one is what is refused
