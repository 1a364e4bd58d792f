"""One request for access as everybody concerned lives it in a browser: requester, colleague, officer.

Only what is on their screens is used. Each step waits for the one before.
"""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import FrameLocator, Locator, Page, expect

from flows.demo.show import OFFICER, OFFICER_ADDRESS, OFFICER_PASSWORD
from flows.forms import TEXTS_READ
from models.choice_words import WORDS
from models.questions import Choice
from tests.support.browsing import Visitor, browser, code_in, picture, visitor
from tests.support.running import Running, wait_for

REF = "DSR-2026-0001"
CAMILLE = "camille.durand@atelier-lumiere.example"
COLLEAGUE = "elay@nexoris.com"
TRIES = 3  # an officer clicks again when Prefect says that it failed


@dataclass
class Story:
    """What was read on the way, as text; the bundle; whom the browsers asked; what axe found, page by page."""

    bundle: Path
    identified: str = ""
    searched: str = ""
    form: str = ""
    form_again: str = ""
    bundle_page: str = ""
    case: str = ""
    hosts: set[str] = field(default_factory=set)
    violations: dict[str, list[str]] = field(default_factory=dict)


def live(demo: Running, album: Path, folder: Path) -> Story:
    """Go through the whole case; pictures go to `album`, the download to `folder`."""
    story = Story(folder)
    with browser() as chrome:
        requester = visitor(chrome, width=900, height=1100)
        officer = visitor(chrome)
        story.identified = prove_identity(demo, requester, album)
        story.searched = search_by_hand(demo, requester)
        story.form, story.form_again = decide(demo, officer, album)
        story.bundle = download(demo, requester, album, folder)
        story.bundle_page = read_bundle(visitor(chrome, height=1400), story, album)
        story.case = read_case(demo, officer, album)
        for person in (requester, officer):
            story.hosts |= person.hosts
            story.violations |= person.violations
    return story


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


def prove_identity(demo: Running, requester: Visitor, album: Path) -> str:
    """Camille opens the letter, follows its link, and types the code; the thanks."""
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
    return page.locator("main").inner_text()


def search_by_hand(demo: Running, colleague: Visitor) -> str:
    """The colleague opens the task letter and says that there is nothing; the thanks."""
    page = colleague.page
    open_letter(demo, page, COLLEAGUE, REF).get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Elay")
    colleague.check("task")
    page.locator("#none").check()
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merci, votre réponse est enregistrée")
    colleague.check("task done")
    return page.locator("main").inner_text()


def open_listed_run(demo: Running, page: Page) -> None:
    """Find the run in the list that the guide names, and open it."""
    runs = f"{demo.prefect_url}/v2/runs?state=Suspended&tags=waits-for-officer"
    assert runs in demo.printed(), "the guide names this list"
    run = page.get_by_role("link", name=f"· {REF} · access")

    def listed() -> bool:
        page.goto(runs)
        expect(page.get_by_text(re.compile(r"^\d+ Flow runs?$"))).to_be_visible()
        return run.count() == 1

    wait_for("the run in the list", listed)


def resume(page: Page, ref: str) -> Locator:
    """Choose Resume in the run's menu, once it is there; the dialog, with the summary of this case."""
    dialog = page.get_by_role("dialog", name="Resume Flow Run")

    def opened() -> bool:
        page.locator("button[aria-haspopup=menu]:has(svg.lucide-ellipsis-vertical)").first.click()
        expect(page.get_by_role("menuitem", name="Copy ID")).to_be_visible()
        item = page.get_by_role("menuitem", name="Resume")
        if not item.count():
            page.reload()
            return False
        item.click()
        expect(dialog.get_by_role("textbox", name="Motif, en une phrase")).to_be_visible()
        expect(dialog.get_by_role("heading", name=ref)).to_be_visible()  # the summary comes by itself
        return True

    wait_for("the form", opened)
    return dialog


def fill_in(page: Page, dialog: Locator, reason: str) -> None:
    """Choose and type."""
    for title, word in (
        ("Décision", WORDS[Choice.SEND_COPY].fr),
        ("Textes libres", TEXTS_READ["fr"]),
        ("Qui décide", OFFICER),
    ):
        dialog.get_by_label(f"Select {title}").click()
        page.get_by_role("option", name=word, exact=True).click()
    dialog.get_by_role("textbox", name="Motif, en une phrase").fill(reason)


def submit(page: Page, dialog: Locator) -> None:
    """Press Resume until Prefect takes the answer."""
    for _ in range(TRIES):
        with page.expect_response(re.compile("/resume$")) as answer:
            dialog.get_by_role("button", name="Resume").click()
        if answer.value.ok:
            expect(dialog).to_be_hidden()
            return
    raise AssertionError("Prefect does not take the answer")


def decide(demo: Running, officer: Visitor, album: Path) -> tuple[str, str]:
    """The officer answers badly, is asked again by a letter, and answers well; the form, and the form again."""
    page = officer.page
    open_listed_run(demo, page)
    picture(page, album, "prefect/runs")
    page.get_by_role("link", name=f"· {REF} · access").click()
    dialog = resume(page, REF)
    page.set_viewport_size({"width": 1100, "height": 1500})
    form = dialog.inner_text()
    picture(dialog, album, "prefect/form")
    fill_in(page, dialog, "ok")
    picture(dialog, album, "prefect/answer")
    submit(page, dialog)
    page.set_viewport_size({"width": 1100, "height": 900})
    open_letter(demo, page, OFFICER_ADDRESS, "une décision vous attend", 2).get_by_role("link").first.click()
    dialog = resume(page, REF)
    again = dialog.inner_text()
    picture(dialog, album, "prefect/sent_back")
    fill_in(page, dialog, "Tout a été cherché et lu, rien ne lèse personne d’autre.")
    submit(page, dialog)
    return form, again


def download(demo: Running, requester: Visitor, album: Path, folder: Path) -> Path:
    """Camille follows the reply's link, asks for a code, reads it in her mail, and downloads."""
    page = requester.page
    body = open_letter(demo, page, CAMILLE, "notre réponse à votre demande")
    expect(body.get_by_role("link").first).to_be_visible()
    picture(page, album, "demo/letter-reply")
    body.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre copie est prête")
    requester.check("download")
    link = page.url
    page.get_by_role("button", name="M’envoyer un code").click()
    expect(page.get_by_role("status")).to_be_visible()
    letter = open_letter(demo, page, CAMILLE, "votre code de téléchargement")
    code = code_in(letter.locator("body").inner_text())
    page.goto(link)
    page.locator("#code").fill(code)
    requester.check("download code")
    picture(page, album, "demo/portal-download")
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Télécharger mes données").click()
    path = folder / arriving.value.suggested_filename
    arriving.value.save_as(path)
    return path


def read_bundle(reader: Visitor, story: Story, album: Path) -> str:
    """Camille unpacks the file and opens its page, from disk; the page asks nobody."""
    folder = story.bundle.with_suffix("")
    with zipfile.ZipFile(story.bundle) as archive:
        archive.extractall(folder)
    reader.page.goto((folder / "index.html").as_uri())
    reader.check("bundle")
    picture(reader.page, album, "demo/bundle-index")
    assert reader.hosts <= {""}, reader.hosts
    story.violations |= reader.violations
    return reader.page.locator("body").inner_text()


def read_case(demo: Running, officer: Visitor, album: Path) -> str:
    """The officer logs in and reads the closed case; its whole text."""
    page = officer.page
    page.set_viewport_size({"width": 1200, "height": 1500})
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
    text = page.locator("main").inner_text()
    page.get_by_role("link", name="Base de données du site").first.click()
    expect(page.locator("main")).to_contain_text("Mission pour Camille Durand")
    officer.check("data")
    return text
