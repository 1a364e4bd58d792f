"""What was found, as the officer reads it before sending: every value is text, every file a download, every look recorded."""

import re
from datetime import timedelta
from urllib.parse import unquote

import httpx
import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.records import Document, Finding, FindingStatus, Record
from models.settings import settings
from models.tables import AuditEvent, FindingRow
from tasks.search_systems import store_findings
from tasks.steps import Scene
from tests.support.bundle_samples import client_findings, nothing, with_records
from tests.support.case_rows import NOW, add_case

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}} </bdi>\u202efdp.exe\x1b[31m"
LONG = "x" * 5000


def found(*findings: Finding, rounds: int = 1) -> str:
    """The path of the newest round's first finding, in a case of its own."""
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        request.flow_run_id = "0a1b2c3d-0000-4000-8000-000000000042"
        for number in range(rounds):
            store_findings(number, findings)(Scene(session, case, request, NOW))
        session.flush()
        rows = session.exec(select(FindingRow).where(FindingRow.request_id == request.id)).all()
        first = next(row for row in rows if row.round == rounds - 1)
        return f"/desk/cases/{case.ref}/data/{first.id}"


def contact(**data: str) -> Finding:
    return with_records(
        "site_db", Record(table="contacts", key={"id": 1}, data=data, to_review=tuple(set(data) & {"notes"}))
    )


def test_the_page_shows_titles_values_and_what_to_read_first(desk: httpx.Client) -> None:
    page = desk.get(found(*client_findings())).text
    for expected in (
        "Base de données du site",
        "5 textes peuvent parler d’autres personnes",
        "Notes de nos équipes",
        "Recommandée par un partenaire",
        "E-mails échangés",
        "proposition envoyée",
        "Conservé jusqu’au",
        "/runs/flow-run/0a1b2c3d",
    ):
        assert expected in page, expected
    assert page.count('<span class="mark">peut parler d’autres personnes') == 5
    assert page.index("5 textes peuvent") < page.index("camille.lefevre@atelier-nord.example")
    assert "marketing_optin" not in page


def test_every_text_to_read_is_reached_by_its_link(desk: httpx.Client) -> None:
    page = desk.get(found(*client_findings())).text
    targets = re.findall(r'href="#(s\d+-r\d+-c\d+)"', page)
    assert len(targets) == 5
    for target in targets:
        assert re.search(rf'id="{target}"[^>]* class="to-read"', page) or re.search(
            rf'class="to-read"[^>]* id="{target}"', page
        )


def test_the_page_leads_back_and_the_case_page_leads_here(desk: httpx.Client) -> None:
    path = found(*client_findings(), rounds=3)
    case = path.partition("/data/")[0]
    assert f'href="{case}"' in desk.get(path).text
    page = desk.get(case).text
    with reading() as session:
        rows = session.exec(select(FindingRow)).all()
    order = [int(number) for number in re.findall(r"/data/(\d+)", page)]
    rounds = [next(row.round for row in rows if row.id == number) for number in order]
    assert rounds == sorted(rounds, reverse=True)
    assert set(order) == {row.id for row in rows}
    assert "Recherches précédentes (6)" in page
    oldest = min(row.id for row in rows)
    assert "Une recherche plus récente" in desk.get(f"{case}/data/{oldest}").text
    assert "Une recherche plus récente" not in desk.get(path).text


def test_hostile_values_and_names_are_text(desk: httpx.Client) -> None:
    path = found(
        contact(full_name=HOSTILE, notes=HOSTILE, company=LONG).model_copy(
            update={"documents": (Document(name=HOSTILE, media_type="text/html", content=b"<b>"),)}
        )
    )
    page = desk.get(path).text
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 3
    assert "{{7*7}}" in page
    assert "<bdi>&lt;script&gt;" in page
    assert LONG in page


def test_short_tables_mark_their_texts_too(desk: httpx.Client) -> None:
    page = desk.get(found(contact(full_name="Ann", notes="Her brother pays."))).text
    assert '<td id="s1-r1-c2" data-label="Notes de nos équipes" class="to-read">' in page
    assert "1 texte peut parler" in page


def test_a_document_is_a_download_of_its_exact_bytes_under_a_safe_name(desk: httpx.Client) -> None:
    evil = '../../e"vil;é\u202efdp.html'
    documents = tuple(
        Document(name=name, media_type="text/html", content=b"<script>alert(1)</script>\r\n\x00")
        for name in ("Fiche.pdf", evil)
    )
    path = found(with_records("elay", documents=documents))
    page = desk.get(path).text
    assert "Documents (2)" in page
    assert f'href="{path}/documents/2" download' in page
    answer = desk.get(f"{path}/documents/2")
    assert answer.content == documents[1].content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    name = answer.headers["content-disposition"].removeprefix("attachment; filename*=UTF-8''")
    assert re.fullmatch(r"[A-Za-z0-9._%~-]+", name)
    assert unquote(name).startswith("002-")
    assert unquote(name).endswith(".html.txt")
    assert not set('/\\"\u202e') & set(unquote(name))
    assert desk.get(f"{path}/documents/3").status_code == 404
    assert desk.get(f"{path}/documents/0").status_code == 404


@pytest.mark.parametrize(
    ("status", "word"), [(FindingStatus.FAILED, "échec"), (FindingStatus.WAITING, "en attente")]
)
def test_what_could_not_be_searched_says_why(desk: httpx.Client, status: FindingStatus, word: str) -> None:
    problem = "no answer within 30 s: see <that> it is reachable"
    page = desk.get(found(Finding(system="elay", status=status, searched_at=NOW, problem=problem))).text
    assert "no answer within 30 s: see &lt;that&gt; it is reachable" in page
    assert f"<strong>{word}</strong>" in page


def test_a_system_that_holds_nothing_says_so(desk: httpx.Client) -> None:
    assert "ne détient rien sur la personne" in desk.get(found(nothing("billing"))).text


def test_a_finding_is_reached_through_its_own_case_only(desk: httpx.Client) -> None:
    path = found(*client_findings())
    other = found(nothing("billing")).partition("/data/")[0]
    number = path.rpartition("/")[2]
    for wrong in (f"{other}/data/{number}", f"{other}/data/{number}/documents/1", f"{other}/data/x"):
        assert desk.get(wrong).status_code == 404
    assert desk.get(f"{other}/data/{10**30}").status_code == 404
    assert desk.get(f"/desk/cases/DSR-2026-9999/data/{number}").status_code == 404


def test_nobody_looks_without_a_login(browser: httpx.Client) -> None:
    path = found(*client_findings())
    for wanted in (path, f"{path}/documents/1"):
        answer = browser.get(wanted)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/desk/login?next={wanted}"
        assert "Camille" not in answer.text
    with reading() as session:
        assert "finding_read" not in session.exec(select(AuditEvent.kind)).all()


def test_a_look_is_in_the_audit_log_once(desk: httpx.Client, site: object) -> None:
    path = found(*client_findings())
    pages = [desk.get(path) for _ in range(3)]
    assert {page.headers["cache-control"] for page in pages} == {"no-store"}
    site.now = NOW + timedelta(hours=1)  # type: ignore[attr-defined]
    desk.get(path)
    with reading() as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.kind == "finding_read")).all()
    assert [(event.actor, event.at) for event in events] == [("Dana Privacy", NOW)]
    assert "Données trouvées lues\u00a0: site_db" in desk.get(path.partition("/data/")[0]).text


def test_the_page_speaks_the_officers_language(desk: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "officer_language", "en")
    page = desk.get(found(*client_findings())).text
    assert '<html lang="en">' in page
    assert "5 texts may speak of other people" in page
    assert "Notes of our team" in page
    assert "proposal sent" in page
