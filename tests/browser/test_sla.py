"""The SLA pages in Chromium: dashboard, a filter, a list behind a figure, the PDF; on a desk, a phone and paper.

`DSR_PICTURES=docs/pictures pytest tests/browser/test_sla.py` refreshes docs/pictures/sla.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Browser, expect

from models.database import unit_of_work
from models.tables import Role
from tasks.officers import add_officer
from tasks.samples.sample_history import write_history
from tests.support.browsing import LOCAL, Visitor, browser, picture, visitor
from tests.support.case_rows import NOW
from tests.support.web_pictures import served

PASSWORD = "correct horse battery"
ADDRESS = "mona@nexoris.example"
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
    album = (ALBUM or tmp_path) / "sla"
    with served(NOW) as url, browser() as chromium:
        yield Site(url, chromium, album)


def log_in(site: Site, width: int = 1200, height: int = 900) -> Visitor:
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


def test_a_manager_reads_filters_drills_down_and_takes_the_pdf_home(site: Site, tmp_path: Path) -> None:
    here = log_in(site)
    load_pictures(here)
    here.check("dashboard")
    picture(here.page, site.album, "dashboard")
    here.page.locator("#months").scroll_into_view_if_needed()
    picture(here.page, site.album, "charts")

    here.page.select_option("#right", "erasure")
    here.page.fill("#since", "2026-06-01")
    here.page.get_by_role("button", name="Appliquer").click()
    expect(here.page.locator("h2.part").last).to_contain_text("Droit : Effacement")
    load_pictures(here)
    here.check("filtered")
    picture(here.page, site.album, "filter")

    tile = here.page.locator(".tile.on_time")
    count = tile.locator("strong").inner_text()
    tile.locator("a").click()
    expect(here.page.get_by_role("heading", level=1)).to_contain_text("Dans les temps")
    assert here.page.locator("tbody tr").count() == int(count) > 0
    assert here.page.locator("tbody td:nth-of-type(1)").all_inner_texts() == ["Effacement"] * int(count)
    here.check("list")
    picture(here.page, site.album, "drill-down")

    here.page.get_by_role("link", name="Retour aux chiffres").click()
    with here.page.expect_download() as download:
        here.page.get_by_role("link", name="Rapport en PDF").click()
    file = tmp_path / "report.pdf"
    download.value.save_as(file)
    pages = pypdf.PdfReader(file).pages
    assert 2 <= len(pages) <= 4
    assert "Effacement" in pages[0].extract_text()
    assert here.violations == {"dashboard": [], "filtered": [], "list": []}
    assert here.hosts <= LOCAL


def test_it_reads_well_on_a_phone_and_without_sideways_scrolling(site: Site) -> None:
    here = log_in(site, 360, 780)
    load_pictures(here)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= 360
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


def test_a_manager_sees_no_case(site: Site) -> None:
    here = log_in(site)
    for path in ("/desk", "/desk/cases/DSR-2026-5001"):
        here.page.goto(site.url + path)
        assert here.page.url == f"{site.url}/sla"


def test_a_silent_flow_is_said_in_red(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.clock.heartbeat import beat

    beat("watch-deadlines", NOW - timedelta(hours=5))
    here = log_in(site)
    expect(here.page.get_by_role("alert")).to_contain_text("watch-deadlines")
    here.check("silent")
    picture(here.page, site.album, "silent")
    assert here.violations == {"silent": []}
