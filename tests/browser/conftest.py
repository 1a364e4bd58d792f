"""One running demo and one case in it, lived through in a browser: each fixture is a step and needs the one before.

`DSR_PICTURES=docs/pictures pytest tests/browser` refreshes the README's pictures on the way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from flows.demo.show import OFFICER, OFFICER_ADDRESS, OFFICER_PASSWORD
from flows.forms import TEXTS_READ
from models.questions import WORDS, Choice
from tests.support.browsing import Visitor, browser, code_in, picture, pictures_folder, visitor
from tests.support.require import chromium
from tests.support.running import Ended, Running, end, start_demo, wait_for

REF = "DSR-2026-0001"
CAMILLE = "camille.durand@atelier-lumiere.example"
COLLEAGUE = "elay@nexoris.com"
TRIES = 3  # Prefect on SQLite now and then answers a click with "database is locked"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    chromium()
    running = start_demo(tmp_path_factory.mktemp("demo"))
    yield running
    assert end(running) == Ended(0, []), "Ctrl-C ends everything"


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures_folder(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def chrome(demo: Running) -> Iterator[Browser]:
    with browser() as launched:
        yield launched


@pytest.fixture(scope="session")
def requester(chrome: Browser) -> Visitor:
    return visitor(chrome, width=900, height=820)


@pytest.fixture(scope="session")
def officer(chrome: Browser) -> Visitor:
    return visitor(chrome)


def open_letter(demo: Running, page: Page, recipient: str, subject: str, count: int = 1) -> FrameLocator:
    """Wait until `count` letters with these words came, open the newest, and return its body."""
    box = page.locator("section").filter(has=page.get_by_role("heading", name=recipient))
    letters = box.get_by_role("link", name=subject)

    def there() -> bool:
        page.goto(f"{demo.public_url}/demo/mail")
        return letters.count() >= count

    wait_for(f"the letter “{subject}”", there, 90)
    letters.first.click()
    return page.frame_locator("iframe.letter")


@dataclass(frozen=True)
class Identified:
    thanks: str


@pytest.fixture(scope="session")
def identified(demo: Running, requester: Visitor, album: Path) -> Identified:
    """Camille opens the letter, follows its link, and types the code."""
    page = requester.page
    body = open_letter(demo, page, CAMILLE, "un code pour confirmer")
    code = code_in(body.locator("body").inner_text())
    body.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirmez votre identité")
    page.get_by_role("textbox").fill(code)
    requester.check("identity")
    picture(page, album, "demo/portal-code")
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merci, votre identité est confirmée")
    requester.check("identity done")
    return Identified(page.locator("main").inner_text())


@pytest.fixture(scope="session")
def searched(demo: Running, identified: Identified, requester: Visitor) -> str:
    """The colleague opens the task letter and says that there is nothing; the page's thanks."""
    page = requester.page
    open_letter(demo, page, COLLEAGUE, REF).get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Elay")
    requester.check("task")
    page.locator("#none").check()
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merci, votre réponse est enregistrée")
    requester.check("task done")
    return page.locator("main").inner_text()


def open_form(demo: Running, page: Page) -> None:
    """Find the run in the list that the guide names, open it, choose Resume."""
    runs = f"{demo.prefect_url}/v2/runs?state=Suspended&tags=waits-for-officer"
    assert runs in demo.printed(), "the guide names this list"
    run = page.get_by_role("link", name=f"{REF} · access · due")

    def listed() -> bool:
        page.goto(runs)
        expect(page.get_by_text(re.compile(r"\d+ Flow runs?"))).to_be_visible()
        return run.count() == 1

    wait_for("the run in the list", listed)
    run.click()
    page.locator("button[aria-haspopup=menu]:has(svg.lucide-ellipsis-vertical)").first.click()
    page.get_by_role("menuitem", name="Resume").click()
    expect(
        page.get_by_role("dialog", name="Resume Flow Run").get_by_role("textbox", name="Motif, en une phrase")
    ).to_be_visible()


def fill_in(page: Page, reason: str) -> None:
    """Choose, type, and press Resume."""
    dialog = page.get_by_role("dialog", name="Resume Flow Run")
    for title, word in (
        ("Décision", WORDS[Choice.SEND_COPY]["fr"]),
        ("Textes libres", TEXTS_READ["fr"]),
        ("Qui décide", OFFICER),
    ):
        dialog.get_by_label(f"Select {title}").click()
        page.get_by_role("option", name=word, exact=True).click()
    dialog.get_by_role("textbox", name="Motif, en une phrase").fill(reason)
    for _ in range(TRIES):
        with page.expect_response(re.compile("/resume$")) as answer:
            dialog.get_by_role("button", name="Resume").click()
        if answer.value.ok:
            expect(dialog).to_be_hidden()
            return
    raise AssertionError("Prefect does not take the answer")


@dataclass(frozen=True)
class Reviewed:
    """What the officer read: the form, the form again after a bad answer, and the same on Prefect's older pages."""

    form: str
    again: str
    older: str


@pytest.fixture(scope="session")
def reviewed(demo: Running, searched: str, officer: Visitor, album: Path) -> Reviewed:
    """The officer answers badly, is asked again, and answers well."""
    page = officer.page
    open_form(demo, page)
    dialog = page.get_by_role("dialog", name="Resume Flow Run")
    page.set_viewport_size({"width": 1100, "height": 1500})
    form = dialog.inner_text()
    picture(dialog, album, "prefect/form")
    fill_in(page, "ok")
    page.set_viewport_size({"width": 1100, "height": 900})
    _sent_back(demo, page)
    picture(dialog, album, "prefect/sent_back")
    again = dialog.inner_text()
    older = _on_older_pages(demo, page)
    open_form(demo, page)
    fill_in(page, "Tout a été cherché et lu, rien ne lèse personne d’autre.")
    return Reviewed(form, again, older)


def _sent_back(demo: Running, page: Page) -> None:
    def asked_again() -> bool:
        open_form(demo, page)
        return page.get_by_text("pas été retenue").count() > 0

    wait_for("the second question", asked_again)


def _on_older_pages(demo: Running, page: Page) -> str:
    page.goto(re.sub("/v2/", "/", page.url))
    page.get_by_role("button", name="Resume").click()
    first = page.locator(".schema-form-property").first
    expect(first).to_contain_text("Décision")
    return first.inner_text()


@pytest.fixture(scope="session")
def bundle(
    demo: Running,
    reviewed: Reviewed,
    requester: Visitor,
    album: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Camille follows the reply's link, asks for a code, reads it in her mail, and downloads."""
    page = requester.page
    body = open_letter(demo, page, CAMILLE, "notre réponse à votre demande")
    picture(page, album, "demo/letter-reply")
    body.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre copie est prête")
    requester.check("download")
    link = page.url
    page.get_by_role("button", name="M’envoyer un code").click()
    expect(page.get_by_role("status")).to_be_visible()
    code = code_in(
        open_letter(demo, page, CAMILLE, "votre code de téléchargement").locator("body").inner_text()
    )
    page.goto(link)
    page.locator("#code").fill(code)
    requester.check("download code")
    picture(page, album, "demo/portal-download")
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Télécharger mes données").click()
    path = tmp_path_factory.mktemp("bundle") / arriving.value.suggested_filename
    arriving.value.save_as(path)
    return path


@pytest.fixture(scope="session")
def case_page(demo: Running, bundle: Path, officer: Visitor, album: Path) -> str:
    """The officer logs in and reads the closed case; its whole text."""
    page = officer.page
    page.set_viewport_size({"width": 1200, "height": 800})
    page.goto(f"{demo.public_url}/desk/cases/{REF}")
    officer.check("login")
    page.get_by_label("Adresse").fill(OFFICER_ADDRESS)
    page.locator("#password").fill(OFFICER_PASSWORD)
    page.get_by_role("button", name="Se connecter").click()

    def closed() -> bool:
        page.goto(f"{demo.public_url}/desk/cases/{REF}")
        return "Clos le" in page.locator("main").inner_text()

    wait_for("the closed case", closed)
    officer.check("case")
    picture(page, album, "demo/case")
    return page.locator("main").inner_text()
