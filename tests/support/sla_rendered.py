"""The forty-six cases shown in every way there is: page, CSV, PDF, the mail of a report and its table in Prefect."""

import asyncio
import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

import httpx
import lxml.html
import pypdf
from sqlmodel import Session, col, select

from models.calendar import Language
from models.database import reading, unit_of_work
from models.sla import last_months
from models.storage import fetch
from models.tables import Case, Letter, RequestDates, Role, SentReport
from tasks.figures.report_letter import markdown
from tasks.figures.sla_figures import figures
from tasks.figures.sla_section import Section
from tasks.figures.sla_sections import sections
from tasks.figures.write_report import write_reports
from tasks.officers import add_officer
from tests.support.sla_fixture import EVERY_CASE, NOW, TODAY, write_cases
from web.app import create_app
from web.clock import clock

MONA, PASSWORD = "mona@nexoris.example", "correct horse battery"
Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Mail:
    """A report as its reader has it: subject, words, page and attached PDF; and the table that goes to Prefect."""

    subject: str
    text: str
    html: lxml.html.HtmlElement
    pdf: str
    artifact: str


@dataclass(frozen=True)
class Shown:
    """The same figures in one language. `numbers`: the lines of the CSV; `mails`: by `week` and, in French, `month`."""

    language: Language
    sections: tuple[Section, ...]
    page: lxml.html.HtmlElement
    numbers: list[Mapping[str, str]]
    pdf: str
    mails: Mapping[str, Mail]
    g2_kept: bool
    k1_ended: bool


def shown(language: Language) -> Shown:
    """Write the cases into the database and show them; DSR_REPORT_LANGUAGE says the same language, DSR_MANAGERS one address."""
    with unit_of_work() as session:
        add_officer(session, "Mona Direction", MONA, PASSWORD, NOW, totp=False, role=Role.MANAGER)
        write_cases(session, EVERY_CASE)
        if (
            language == "en"
        ):  # one language is enough for the month: it has the pictures and the PDF of the week
            session.add(SentReport(key="month:2026-10", letter_key="", written_at=NOW))
    with reading() as session:
        found = figures(session, last_months(TODAY), TODAY)
        g2, k1 = (_dates_of(session, name) for name in ("g2", "k1"))
    paths = (f"/sla{path}?lang={language}" for path in ("", "/figures.csv", "/report.pdf"))
    page, numbers, pdf = asyncio.run(_fetched(*paths))
    return Shown(
        language,
        sections(found, language),
        lxml.html.fromstring(page.text),
        list(csv.DictReader(io.StringIO(numbers.content.decode("utf-8-sig")))),
        pdf_text(pdf.content),
        {period.kind: _mail(period.key, markdown(report)) for period, report in write_reports(NOW)},
        bool(g2.in_law),
        k1.outcome != "",
    )


def _dates_of(session: Session, name: str) -> RequestDates:
    of_case = select(RequestDates).join(Case, col(Case.id) == RequestDates.case_id)
    return session.exec(of_case.where(Case.requester_address == f"{name}@people.example")).one()


async def _fetched(*paths: str) -> list[httpx.Response]:
    """What a manager who is logged in gets, on the day of the cases."""
    app = create_app()
    app.dependency_overrides[clock] = lambda: NOW
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        found = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/desk/login")).text)
        assert found
        form = {"csrf": found[1], "address": MONA, "password": PASSWORD}
        assert (await client.post("/desk/login", data=form)).headers["location"] == "/sla"
        return [(await client.get(path)).raise_for_status() for path in paths]


def _mail(key: str, artifact: str) -> Mail:
    with reading() as session:
        letter = session.exec(select(Letter).where(Letter.key == f"report:{key}:m0")).one()
    mail = message_from_bytes(fetch(letter.storage_key), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    [pdf] = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
    return Mail(
        mail["Subject"],
        text.get_content(),
        lxml.html.fromstring(html.get_content()),
        pdf_text(pdf.get_content()),
        artifact,
    )


def pdf_text(content: bytes) -> str:
    """Return the words of a PDF, page by page, without its line breaks."""
    return flat(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


def flat(text: str) -> str:
    """Return words with one plain space between them."""
    return " ".join(text.replace("\u202f", " ").split())


def table_rows(table: lxml.html.HtmlElement) -> tuple[tuple[str, ...], Rows]:
    """Return the heads and the sorted lines of a table of HTML."""
    head = tuple(flat(cell.text_content()) for cell in table.xpath(".//thead//th"))
    lines = table.xpath(".//tbody/tr")
    return head, sorted(
        tuple(flat(cell.text_content()) for cell in line.xpath("./th | ./td")) for line in lines
    )


def table_below(page: lxml.html.HtmlElement, title: str) -> tuple[tuple[str, ...], Rows]:
    """Return heads and lines of the table that follows the only heading called `title`, before the next heading."""
    [heading] = [one for one in page.iter("h2") if flat(one.text_content()) == title]
    [table] = heading.xpath("./following::table[contains(@class, 'data') or contains(@class, 'numbers')][1]")
    [above] = table.xpath("./preceding::h2[1]")
    assert above is heading, f"{title} has no table"
    return table_rows(table)


def markdown_tables(text: str) -> dict[str, tuple[tuple[str, ...], Rows]]:
    """Return heads and lines of each table of an artifact, by the title above it."""
    found = {}
    for block in text.split("\n### ")[1:]:
        title, *lines = block.split("\n")
        head, _, *rest = [line for line in lines if line.startswith("| ")]
        found[_plain(title)] = _cells(head), sorted(map(_cells, rest))
    return found


def _cells(line: str) -> tuple[str, ...]:
    return tuple(_plain(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1])


def _plain(text: str) -> str:
    return flat(re.sub(r"\\(.)", r"\1", text))
