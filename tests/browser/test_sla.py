"""The SLA pages in Chromium: dashboard, a filter, a list behind a figure, the PDF; on a desk, a phone and paper.

`DSR_PICTURES=docs/pictures pytest tests/browser/test_sla.py` refreshes docs/pictures/sla. Date fields
are French there where Chromium has French words of its own (Debian's package chromium-l10n).
"""

import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, expect

from models.calendar import Language
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.report import last_week
from models.sla import last_months
from models.tables import Role
from tasks.clock.heartbeat import beat
from tasks.clock.heartbeat import expect as expect_clockwork
from tasks.figures.sla_figures import figures
from tasks.figures.sla_pdf import typeset
from tasks.figures.write_report import build
from tasks.letters.render import render
from tasks.officers import add_officer
from tasks.samples.sample_history import write_history
from tests.conftest import forget_settings
from tests.support.browsing import LARGEST, LOCAL, Visitor, browser, picture, visitor
from tests.support.case_rows import NOW
from tests.support.web_pictures import served

PASSWORD = "correct horse battery"
ADDRESS = "mona@nexoris.example"
HEIGHT, PHONE_HEIGHT = 900, 780
BACKGROUND, GREY = "tile => getComputedStyle(tile).backgroundColor", "rgb(228, 231, 235)"
ALBUM = Path(os.environ["DSR_PICTURES"]).resolve() if os.environ.get("DSR_PICTURES") else None


@dataclass
class Site:
    """The running app with a year of invented cases, and a browser."""

    url: str
    chromium: Browser
    album: Path


@pytest.fixture
def site(home: Path, migrated_sqlite: Path, tmp_path: Path) -> Iterator[Site]:
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(migrated_sqlite, home / "dsr.sqlite")
    with unit_of_work() as session:
        add_officer(session, "Mona Direction", ADDRESS, PASSWORD, NOW, totp=False, role=Role.MANAGER)
        write_history(session, 1_500, NOW, seed=7, still_open=True)
    expect_clockwork(NOW)
    album = (ALBUM or tmp_path) / "sla"
    with served(NOW) as url, browser() as chromium:
        yield Site(url, chromium, album)


def log_in(site: Site, width: int = 1440, height: int = 900) -> Visitor:
    """A manager's window, at the figures."""
    here = visitor(site.chromium, width, height)
    here.page.on("console", lambda said: here.violations.setdefault("console", []).append(said.text))
    here.page.goto(f"{site.url}/sla")
    here.page.fill("#address", ADDRESS)
    here.page.fill("#password", PASSWORD)
    here.page.click("main button")
    expect(here.page.get_by_role("heading", level=1)).to_have_text("Respect des délais")
    return here


def load_pictures(here: Visitor) -> None:
    """Scroll down, so that every chart is fetched, and wait for them."""
    here.page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    here.page.evaluate("Promise.all([...document.images].map(i => i.decode()))")


def bottom_of(here: Visitor, selector: str) -> float:
    """Where something ends, in pixels from the top of the window."""
    box = here.page.locator(selector).first.bounding_box()
    assert box
    return box["y"] + box["height"]


def red_or_amber(here: Visitor) -> set[str]:
    """The standings whose tile is coloured because it counts something."""
    tiles = here.page.locator(".tile:is(.due_today, .promise_broken, .overdue):not(.zero)").all()
    return {(tile.get_attribute("class") or "").split()[-1] for tile in tiles}


def one_line_each(here: Visitor, selector: str) -> bool:
    """Whether no text of these breaks."""
    heights = here.page.locator(selector).evaluate_all(
        "all => all.map(one => { const range = document.createRange(); range.selectNodeContents(one); "
        "return new Set([...range.getClientRects()].map(r => Math.round(r.top / 8))).size })"
    )
    return bool(heights) and max(heights) == 1


def test_a_manager_reads_filters_drills_down_and_takes_the_pdf_home(site: Site, tmp_path: Path) -> None:
    here = log_in(site)
    load_pictures(here)
    here.check("dashboard")
    picture(here.page, site.album, "dashboard")
    assert bottom_of(here, "#months picture") <= HEIGHT, "shares and trend are in the first screen"
    assert red_or_amber(here) == {"due_today", "promise_broken", "overdue"}
    here.page.locator("#ages").evaluate("panel => panel.scrollIntoView()")
    picture(here.page, site.album, "charts")

    here.page.get_by_text("Changer la sélection").click()
    assert here.page.evaluate("navigator.language") == "fr-FR", "dates are written as French people do"
    here.page.select_option("#right", "erasure")
    here.page.fill("#since", "2026-06-01")
    here.page.get_by_role("button", name="Appliquer").click()
    expect(here.page.locator(".chip:not(.plain)")).to_have_text("Droit : Effacement")
    expect(here.page.get_by_role("link", name="Réinitialiser")).to_be_visible()
    load_pictures(here)
    here.check("filtered")
    here.page.get_by_text("Changer la sélection").click()
    picture(here.page, site.album, "filter")

    tile = here.page.locator(".tile.on_time")
    count = tile.locator("strong").inner_text()
    tile.locator("a").click()
    expect(here.page.get_by_role("heading", level=1)).to_contain_text("Dans les temps")
    assert here.page.locator("tbody tr").count() == int(count) > 0
    assert here.page.locator("tbody td:nth-of-type(1)").all_inner_texts() == ["Effacement"] * int(count)
    heads = here.page.locator("thead th").all_inner_texts()
    assert heads == [
        "Dossier",
        "Droit",
        "Reçue le",
        "Échéance retenue",
        "Date légale",
        "Délai",
        "Étape",
        "Attend",
    ]
    assert one_line_each(here, "td .nowrap, td.nowrap")
    here.check("list")

    filtered = here.page.url
    here.page.goto(f"{site.url}/sla/requests?figure=unanswered")
    picture(here.page, site.album, "drill-down")
    here.page.goto(filtered)
    here.page.get_by_role("link", name="Retour aux chiffres").click()
    with here.page.expect_download() as download:
        here.page.get_by_role("link", name="Rapport (PDF)").click()
    file = tmp_path / "report.pdf"
    download.value.save_as(file)
    pages = pypdf.PdfReader(file).pages
    assert 2 <= len(pages) <= 4
    assert "Effacement" in pages[0].extract_text()
    assert here.violations == {"dashboard": [], "filtered": [], "list": []}
    assert here.hosts <= LOCAL


def test_it_reads_well_on_a_phone_and_without_sideways_scrolling(site: Site) -> None:
    here = log_in(site, 360, PHONE_HEIGHT)
    load_pictures(here)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert bottom_of(here, ".tile.overdue") <= PHONE_HEIGHT, "the tiles come first"
    expect(here.page.locator("#since")).to_be_hidden()
    here.check("phone")
    picture(here.page, site.album, "phone")
    here.page.locator("#months summary").click()
    here.page.locator("#months").scroll_into_view_if_needed()
    picture(here.page, site.album, "phone-chart")
    here.page.goto(f"{site.url}/sla/requests?figure=unanswered")
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 360
    here.check("phone list")
    assert here.violations == {"phone": [], "phone list": []}


def test_it_prints_on_a4(site: Site, tmp_path: Path) -> None:
    here = log_in(site)
    load_pictures(here)
    file = tmp_path / "print.pdf"
    here.page.pdf(path=file, format="A4", prefer_css_page_size=True)
    pages = pypdf.PdfReader(file).pages
    assert "Respect des délais" in pages[0].extract_text()
    assert len(pages) <= 7
    here.page.set_viewport_size({"width": 700, "height": 1000})
    here.page.emulate_media(media="print")
    load_pictures(here)
    picture(here.page, site.album, "paper")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pages_of_the_pdf_and_the_mail(
    site: Site, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same report as management gets it, photographed in French; nothing of it is too wide for a mail program."""
    monkeypatch.setenv("DSR_REPORT_LANGUAGE", language)
    forget_settings()
    with reading() as session:
        found = figures(session, last_months(NOW.date()), NOW.date())
    pages = typeset(found, language, "png")
    assert 2 <= len(pages) <= 4
    report, attached = build(last_week(NOW.date()), NOW)
    html = render(LetterKind.REPORT, language, report).html
    for one in attached:
        html = html.replace(f"cid:{one.cid}", f"data:image/png;base64,{b64encode(one.content).decode()}")
    here = visitor(site.chromium, 680, 1000)
    here.page.set_content(html)
    here.page.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 680
    assert (
        here.page.locator("td:nth-of-type(2)").first.evaluate("cell => getComputedStyle(cell).textAlign")
        == "right"
    )
    if language == "fr":
        here.page.set_viewport_size({"width": 680, "height": 1900})
        picture(here.page, site.album, "report-mail")
        for number, page in enumerate(pages, 1):
            file = site.album / f"pdf{f'-{number}' if number > 1 else ''}.png"
            file.write_bytes(page)
            assert file.stat().st_size < 2 * LARGEST


def test_a_manager_sees_no_case(site: Site) -> None:
    here = log_in(site)
    for path in ("/desk", "/desk/cases/DSR-2026-5001"):
        here.page.goto(site.url + path)
        assert here.page.url == f"{site.url}/sla"


def test_a_silent_flow_is_said_in_red(site: Site) -> None:
    beat("watch-deadlines", NOW - timedelta(hours=5))
    here = log_in(site)
    expect(here.page.get_by_role("alert")).to_contain_text("Surveillance des délais")
    expect(here.page.get_by_role("alert")).to_contain_text("dsr doctor")
    expect(here.page.locator(".stale-note")).to_contain_text("Chiffres du 23 nov. 2026")
    assert here.page.locator(".tile.overdue").first.evaluate(BACKGROUND) == GREY
    here.check("silent")
    picture(here.page, site.album, "silent")
    assert here.violations == {"silent": []}
