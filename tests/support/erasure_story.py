"""One request for erasure as everybody concerned lives it in a browser, while the data change under the first approval.

Only what is on their screens is used; what the officer reads in the form is kept, to be held against the database.
"""

import re
import smtplib
import sqlite3
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import psutil
from playwright.sync_api import FrameLocator, Locator, Page, expect

from flows.demo.show import OFFICER, OFFICER_ADDRESS, OFFICER_PASSWORD
from models.choice_words import WORDS
from models.questions import Choice
from tests.support.access_story import open_letter, resume, submit
from tests.support.browsing import Visitor, browser, code_in, picture, visitor
from tests.support.running import Running, wait_for

HUGO = "hugo.noirot@horizon-bleu.example"
NAME = "Hugo Noirot"
REQUEST = f"""Bonjour,

Je vous demande d'effacer toutes les données personnelles que vous détenez sur moi.

{NAME}
"""
NOTE = f"Recommandé par {NAME}, qui reste discret."
NOTED = (41, 73)  # contacts whose notes speak of him: other people's records
REASON = "Rien ne reste que ce que la loi nous oblige à conserver."
Table = list[list[str]]
Rows = dict[str, dict[int, dict[str, object]]]


@dataclass
class Story:
    """What was read on the way; the site's rows before and after; whom the browsers asked; what axe found."""

    ref: str = ""
    forms: list[str] = field(default_factory=list)
    plan: list[Table] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    leftover: str = ""
    tasks: dict[str, str] = field(default_factory=dict)
    reply: str = ""
    case: str = ""
    before: Rows = field(default_factory=dict)
    after: Rows = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    violations: dict[str, list[str]] = field(default_factory=dict)


def live(demo: Running, album: Path) -> Story:
    """Go through the whole case; pictures go to `album`."""
    story = Story()
    change(demo, f"UPDATE contacts SET notes = '{NOTE}' WHERE id IN {NOTED}")
    write(demo)
    with browser() as chrome:
        requester = visitor(chrome, width=900, height=1100)
        officer = visitor(chrome)
        prove_identity(demo, requester, story)
        approve(demo, officer, story, album)
        for colleague in ("elay@nexoris.com", "billing@nexoris.com"):
            erase_by_hand(demo, requester, story, colleague)
        judge_mentions(demo, officer, story, album)
        story.reply = read_reply(demo, requester, album)
        story.case = read_case(demo, officer, story, album)
        story.after = rows(demo)
        for person in (requester, officer):
            story.hosts |= person.hosts
            story.violations |= person.violations
    return story


def change(demo: Running, statement: str) -> None:
    """Change the site's database, as the site itself does."""
    connection = sqlite3.connect(demo.home / "systems" / "site.sqlite")
    with connection:
        connection.execute(statement)
    connection.close()


def rows(demo: Running) -> Rows:
    """Every row of every table of the site's database, by its number."""
    connection = sqlite3.connect(f"file:{demo.home / 'systems' / 'site.sqlite'}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    tables = [
        str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    found = {
        table: {int(row["id"]): dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')}
        for table in tables
    }
    connection.close()
    return found


def write(demo: Running) -> None:
    """Hugo sends his message to the published address."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{NAME} <{HUGO}>", "privacy@nexoris.com", "Mes données"
    mail["Message-ID"] = "<erasure-in-the-browser@people.example>"
    mail.set_content(REQUEST)
    port = int(psutil.Process(demo.process.pid).environ()["DSR_SMTP_PORT"])
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as relay:
        relay.send_message(mail)


def prove_identity(demo: Running, requester: Visitor, story: Story) -> None:
    """Hugo opens the letter, follows its link, and types the code."""
    page = requester.page
    body = open_letter(demo, page, HUGO, "un code pour confirmer")
    code = code_in(body.locator("body").inner_text())
    body.get_by_role("link").first.click()
    page.get_by_role("textbox").fill(code)
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merci, votre identité est confirmée")
    found = re.search(r"DSR-\d{4}-\d{4,}", page.locator("main").inner_text())
    assert found
    story.ref = found[0]


def approve(demo: Running, officer: Visitor, story: Story, album: Path) -> None:
    """The officer approves; meanwhile Hugo sent a form, so the plan no longer fits and is asked again."""
    page = officer.page
    dialog = open_form(demo, page, story)
    page.set_viewport_size({"width": 1100, "height": 900})
    picture(dialog, album, "prefect/plan-first-sight")
    story.seen = in_sight(dialog)
    page.set_viewport_size({"width": 1100, "height": 2100})
    picture(dialog, album, "prefect/plan")
    story.forms.append(dialog.inner_text())
    change(
        demo,
        "INSERT INTO form_submissions (email, payload, created_at) VALUES"
        f" ('{HUGO}', '{{\"message\": \"Encore moi\"}}', '2026-11-20 10:00:00')",
    )
    answer(page, dialog, Choice.ERASE)
    page.set_viewport_size({"width": 1100, "height": 900})
    dialog = open_form(demo, page, story, letters=2)
    page.set_viewport_size({"width": 1100, "height": 2100})
    picture(dialog, album, "prefect/plan-again")
    story.forms.append(dialog.inner_text())
    story.plan = tables(dialog)
    story.before = rows(demo)
    answer(page, dialog, Choice.ERASE)
    page.set_viewport_size({"width": 1100, "height": 900})


def in_sight(dialog: Locator) -> list[str]:
    """The paragraphs of the summary that are seen before anybody scrolls."""
    return [
        text.inner_text()
        for text in dialog.locator("p, h3").all()
        if text.evaluate(
            """text => {
                const box = text.getBoundingClientRect()
                const top = document.elementFromPoint(box.left + 5, box.bottom - 5)
                return top !== null && (text === top || text.contains(top))
            }"""
        )
    ]


def tables(dialog: Locator) -> list[Table]:
    """The cells of each table of the summary."""
    return [
        [[cell.inner_text() for cell in row.locator("td").all()] for row in table.locator("tbody tr").all()]
        for table in dialog.locator("table").all()
    ]


def open_form(demo: Running, page: Page, story: Story, letters: int = 1) -> Locator:
    """Follow the newest of the officer's `letters` about the case into Prefect, and choose Resume in the run's menu."""
    letter = open_letter(demo, page, OFFICER_ADDRESS, f"{story.ref} : une décision vous attend", letters)
    letter.get_by_role("link").first.click()
    return resume(page, story.ref)


def answer(page: Page, dialog: Locator, choice: Choice) -> None:
    """Decide, and press Resume."""
    for title, word in (("Décision", WORDS[choice].fr), ("Qui décide", OFFICER)):
        dialog.get_by_label(f"Select {title}").click()
        page.get_by_role("option", name=word, exact=True).click()
    dialog.get_by_role("textbox", name="Motif, en une phrase").fill(REASON)
    submit(page, dialog)


def erase_by_hand(demo: Running, colleague: Visitor, story: Story, address: str) -> None:
    """A colleague opens the task letter, does what the page says, and says so."""
    page = colleague.page
    body: FrameLocator = open_letter(demo, page, address, story.ref)
    body.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Un effacement")
    story.tasks[address] = page.locator("main").inner_text()
    colleague.check(f"task {address}")
    if address.startswith("billing"):
        blank_card(demo, story.tasks[address])
    page.locator("#done").check()
    page.locator("#note").fill("Fait dans l’outil, corbeille comprise.")
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merci, votre réponse est enregistrée")


def blank_card(demo: Running, asked: str) -> None:
    """The billing tool's administrator takes the address off the card and exports the cards again."""
    assert re.search(r"n° C-00080 : conserver .* \(effacer : Adresse e-mail\)", asked), asked
    export = demo.home / "systems" / "billing_customers.csv"
    fresh = export.with_suffix(".new")
    fresh.write_text(export.read_text("utf-8").replace(HUGO, ""), "utf-8")
    fresh.replace(export)


def judge_mentions(demo: Running, officer: Visitor, story: Story, album: Path) -> None:
    """What is left stands in other people's records, and is about them: it stays."""
    page = officer.page
    dialog = open_form(demo, page, story, letters=3)
    page.set_viewport_size({"width": 1100, "height": 1500})
    picture(dialog, album, "prefect/leftover")
    story.leftover = dialog.inner_text()
    answer(page, dialog, Choice.LEAVE)


def read_reply(demo: Running, requester: Visitor, album: Path) -> str:
    """Hugo reads the answer."""
    page = requester.page
    body = open_letter(demo, page, HUGO, "notre réponse à votre demande")
    expect(body.get_by_role("heading").first).to_be_visible()
    picture(page, album, "demo/letter-erasure")
    return body.locator("body").inner_text()


def read_case(demo: Running, officer: Visitor, story: Story, album: Path) -> str:
    """The officer logs in and reads the closed case; its whole text."""
    page = officer.page
    page.set_viewport_size({"width": 1200, "height": 1500})
    page.goto(f"{demo.public_url}/desk/cases/{story.ref}")
    page.get_by_label("Adresse").fill(OFFICER_ADDRESS)
    page.locator("#password").fill(OFFICER_PASSWORD)
    page.get_by_role("button", name="Se connecter").click()

    def closed() -> bool:
        page.goto(f"{demo.public_url}/desk/cases/{story.ref}")
        return "Clos le" in page.locator("main").inner_text()

    wait_for("the closed case", closed)
    page.set_viewport_size({"width": 1000, "height": 1000})
    page.get_by_role("heading", name="Plan d’effacement").evaluate("each => each.scrollIntoView()")
    picture(page, album, "demo/case-erasure")
    for details in page.locator("details").all():
        details.evaluate("each => each.open = true")
    officer.check("case")
    return page.locator("main").inner_text()
