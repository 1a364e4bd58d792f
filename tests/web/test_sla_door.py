"""The SLA pages over HTTP: who may look, what they show, and that page, CSV, PDF and list say the same."""

import csv
import io
import re
from html import unescape
from urllib.parse import parse_qsl

import httpx
import lxml.html
import pypdf
import pytest

from models.database import unit_of_work
from models.tables import LetterState, Role
from tasks.clock.heartbeat import expect
from tasks.officers import add_officer
from tests.support.sla_fixture import NOW, write_cases
from tests.support.watching import letter
from tests.web.conftest import PASSWORD, Site, submit

sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
MONA = "mona@nexoris.example"


@pytest.fixture
def manager(site: Site) -> httpx.Client:
    """The browser of a manager, on the day of the forty-four cases."""
    site.now = NOW
    with unit_of_work() as session:
        add_officer(session, "Mona Direction", MONA, PASSWORD, NOW, totp=False, role=Role.MANAGER)
        write_cases(session)
    client = site.browser()
    answer = submit(client, "/desk/login", address=MONA, password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sla")
    return client


def text_of(page: httpx.Response) -> str:
    return " ".join(" ".join(lxml.html.fromstring(page.text).itertext()).split())


def test_nobody_looks_without_logging_in(site: Site):
    for path in (
        "/sla",
        "/sla/requests",
        "/sla/figures.csv",
        "/sla/report.pdf",
        "/sla/requests.csv",
        "/sla/chart/x.svg",
    ):
        answer = site.browser().get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/login?next=/sla")


def test_a_manager_sees_figures_and_nothing_else(manager: httpx.Client):
    assert manager.get("/sla").status_code == 200
    for path in ("/desk", "/desk/cases/DSR-2026-0001", "/desk/cases/DSR-2026-0001/data/1"):
        answer = manager.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sla")


def test_an_officer_sees_both(desk: httpx.Client):
    assert desk.get("/desk").status_code == 200
    assert desk.get("/sla").status_code == 200


def test_the_page_shows_the_numbers_and_no_name(manager: httpx.Client):
    page = manager.get("/sla?lang=en")
    said = text_of(page)
    for expected in (
        "Unanswered 14", "On time 7", "Due soon 2", "Due today 1", "Promise broken 2", "Overdue 2", "Received 46",
        "72.2%", "85.2%", "October 2026 12 5 5 3 62.5% 5 1 83.3%", "Erasure 12 8 6 2 75.0% 6 2 75.0% 15 62",
        "Half within 14, nine tenths within 50, the longest 80", "more than 60 days 3", "Forecast for November 2026: 6",
        "of these, notified late 1", "Elay (customer relationship) 3 1 3", "Requests received from 1 December 2025 to 23 November 2026",
    ):  # fmt: skip
        assert expected in said.replace("\xa0", " "), expected
    assert "Secret Name" not in page.text
    assert "people.example" not in page.text


def test_every_link_of_the_page_lists_as_many_requests_as_it_says(manager: httpx.Client):
    page = lxml.html.fromstring(manager.get("/sla?lang=en").text)
    links = {
        (link.get("href"), link.text_content().split()[-1])
        for link in page.xpath("//table//a | //li[contains(@class,'tile')]//a")
    }
    counted = {
        (href, int(said))
        for href, said in links
        if said.isdecimal() and "answered" not in href and "#" not in href
    }
    assert len(counted) > 80
    for href, number in sorted(counted)[::7]:
        listed = manager.get(unescape(href))
        assert f"{number} request" in text_of(listed) or f"{number} demande" in text_of(listed), href
        rows = manager.get(href.replace("/sla/requests?", "/sla/requests.csv?"))
        assert len(list(csv.DictReader(io.StringIO(rows.text.lstrip("\ufeff"))))) == number


def test_filters_are_kept_in_links_and_bad_ones_are_said(manager: httpx.Client):
    page = manager.get("/sla?right=erasure&since=2026-06-01&until=2026-11-23&lang=en")
    assert "Right: Erasure" in text_of(page)
    assert re.search(r"/sla/requests\?since=2026-06-01[^\"]*right=erasure[^\"]*figure=received", page.text)
    for bad in (
        "since=yesterday",
        "since=2026-11-23&until=2026-11-01",
        "right=flight",
        "system=%27",
        "language=x",
        "until=9999-12-31&since=9990-01-01",
        "since=0206-01-01",  # a year half typed
        "since=2018-05-24",
        "until=2027-11-24",
        "since=2018-05-25&until=2028-05-01",
    ):
        assert "not usable" in text_of(manager.get(f"/sla?lang=en&{bad}"))
    assert manager.get("/sla?since=&until=&right=").status_code == 200
    for fine in ("since=2018-05-25", "since=2018-06-01&until=2027-11-23"):
        assert "not usable" not in text_of(manager.get(f"/sla?lang=en&{fine}"))
    for wrong in (
        "figure=flight",
        "figure=age&value=x",
        "figure=standing&value=x",
        "figure=identity&value=zzz",
    ):
        assert manager.get(f"/sla/requests?{wrong}").status_code == 404
    assert manager.get("/sla/requests?page_number=0").status_code == 200
    assert manager.get("/sla/requests?page_number=99999999999999999999").status_code in {200, 404}


def test_charts_are_signed_and_described(manager: httpx.Client):
    page = lxml.html.fromstring(manager.get("/sla?lang=en").text)
    pictures = page.xpath("//picture//img")
    assert len(pictures) >= 8
    assert all(picture.get("alt") for picture in pictures)
    answer = manager.get(pictures[0].get("src"))
    assert answer.headers["content-type"] == "image/svg+xml"
    assert b"<title>" in answer.content
    assert b"<script" not in answer.content
    assert manager.get(pictures[0].get("src") + "?size=narrow").content != answer.content
    assert manager.get(pictures[0].get("src").replace(".svg", "x.svg")).status_code == 404


def test_exports_say_what_the_page_says(manager: httpx.Client):
    asked = "since=2025-12-01&until=2026-11-23&lang=en"
    rows = csv.DictReader(io.StringIO(manager.get(f"/sla/figures.csv?{asked}").text.lstrip("\ufeff")))
    said = {(row["section"], row["line"], row["column"]): row["value"] for row in rows}
    assert said["total", "received", "value"] == "46"
    answer = manager.get(f"/sla/report.pdf?{asked}")
    assert answer.headers["content-disposition"].startswith("attachment")
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "72.2" in text


PLACES = (
    "/sla?right=erasure&since=2026-06-01&until=2026-11-23",
    "/sla/requests?figure=standing&value=overdue&since=2026-06-01&until=2026-11-23",
    "/sla/requests?figure=received&right=access&page_number=2&since=2026-06-01&until=2026-11-23",
)


@sqlite
@pytest.mark.parametrize("place", PLACES)
def test_the_language_switch_leads_to_the_same_place_and_back(manager: httpx.Client, place: str):
    path = place.partition("?")[0]
    french = manager.get(place)
    asked = dict(parse_qsl(place.partition("?")[2]))
    for said, switch, heading in (("fr", "English", "Demandes"), ("en", "Français", "Requests")):
        page = lxml.html.fromstring(french.text)
        assert page.get("lang") == said
        link = page.xpath(f"//header//a[normalize-space()='{switch}']")[0].get("href")
        assert {key: value for key, value in parse_qsl(link[1:]) if key != "lang"} == asked, heading
        french = manager.get(path + link)
    assert lxml.html.fromstring(french.text).get("lang") == "fr"


@sqlite
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_link_keeps_the_language(manager: httpx.Client, language: str):
    for place in ("/sla?right=erasure", "/sla/requests?figure=received"):
        page = lxml.html.fromstring(manager.get(f"{place}&lang={language}").text)
        links = [link for link in page.xpath("//main//a/@href") if "/sla" in link and "." not in link]
        assert links
        for link in sorted(set(links))[::30]:
            assert lxml.html.fromstring(manager.get(link).text).get("lang") == language, link
        reset = page.xpath("//a[@class='reset']/@href")
        assert [f"lang={language}" in link and "right" not in link for link in reset] == [True] * len(reset)


@sqlite
def test_the_list_as_csv_speaks_one_language(manager: httpx.Client):
    rows = list(csv.DictReader(io.StringIO(manager.get("/sla/requests.csv").text.lstrip("\ufeff"))))
    assert {row["language"] for row in rows} == {"français", "anglais"}
    assert {"Refus", "Aucune donnée détenue"} <= {row["outcome"] for row in rows}
    assert "La demande est manifestement infondée" in {row["refusal_ground"] for row in rows}
    assert "Le volume des données" in {row["extension_ground"] for row in rows}
    assert {row["pause_open"] for row in rows} == {"oui", "non"}


def test_what_is_stuck_and_what_is_extended_or_paused_is_said(manager: httpx.Client):
    with unit_of_work() as session:
        session.add(letter("DSR-2026-0001/access:another", LetterState.FAILED, NOW))
    page = lxml.html.fromstring(manager.get("/sla?lang=en").text)
    assert "DSR-2026-0001 failed" in " ".join(page.xpath("//section[@id='unsent']//td/text()"))
    assert "Letters stuck 1" in " ".join(page.text_content().split())
    listed = lxml.html.fromstring(manager.get("/sla/requests?lang=en&figure=unanswered").text)
    cells = [
        " ".join(cell.text_content().split()) for cell in listed.xpath("//td[@data-label='Working deadline']")
    ]
    assert [cell for cell in cells if "extended" in cell] == ["5 Jan 2027 extended"]  # G3, not 4 November
    assert sum("paused" in cell for cell in cells) == 1
    assert "Answered on" not in listed.text_content()


@sqlite
def test_the_engine_that_never_ran_is_said_in_red(manager: httpx.Client):
    page = lxml.html.fromstring(manager.get("/sla?lang=en").text)
    [alert] = page.xpath("//*[@role='alert']")
    said = " ".join(alert.text_content().split())
    assert "Watching deadlines: never so far (planned interval: 30 minutes)." in said
    assert "dsr doctor" in said
    assert page.xpath("//ul[contains(@class, 'stale')]")
    expect(NOW)
    assert 'role="alert"' not in manager.get("/sla?lang=en").text


def test_both_languages(manager: httpx.Client):
    assert "Respect des délais" in text_of(manager.get("/sla"))
    english = manager.get("/sla?lang=en")
    assert 'lang="en"' in english.text
    assert "Deadlines kept" in text_of(english)
