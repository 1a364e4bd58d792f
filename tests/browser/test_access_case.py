"""A request for access from the first letter to the download, clicked through as people do, and checked against the systems."""

import csv
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import CAMILLE, REF, Identified, Reviewed
from tests.support.browsing import LOCAL, Visitor, picture, visitor
from tests.support.running import Running

pytestmark = pytest.mark.xdist_group("browser")

HERS = {
    "contacts": "SELECT email, phone, full_name, role, company, notes, marketing_optin, opted_out_at, last_contact_at"
    " FROM contacts WHERE email = :who",
    "form_submissions": "SELECT email, payload, created_at FROM form_submissions WHERE email = :who",
    "deals": "SELECT stage_id, title, amount, closed_on FROM deals"
    " WHERE contact_id IN (SELECT id FROM contacts WHERE email = :who)",
    "invoices": "SELECT number, billing_name, billing_mail, total, issued_on FROM invoices WHERE deal_id IN"
    " (SELECT id FROM deals WHERE contact_id IN (SELECT id FROM contacts WHERE email = :who))",
    "email_log": "SELECT from_addr, to_addr, subject, body, sent_at FROM email_log"
    " WHERE from_addr = :who OR to_addr = :who",
}
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def rows(demo: Running, statement: str) -> list[dict[str, object]]:
    """What the person's own query of the site's database says."""
    connection = sqlite3.connect(f"file:{demo.home / 'systems' / 'site.sqlite'}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    with connection:
        found = [dict(row) for row in connection.execute(statement, {"who": CAMILLE})]
    connection.close()
    return found


def plain(value: object) -> object:
    """One value, however a database or a JSON file writes it."""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    text = str(value)
    if text.startswith("{"):
        return json.dumps(json.loads(text), sort_keys=True)
    if re.fullmatch(r"\d{4}-\d\d-\d\d[ T][\d:.]+", text):
        return datetime.fromisoformat(text)
    if re.fullmatch(r"True|False", text):
        return Decimal(text == "True")
    return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


def comparable(found: Iterable[dict[str, object]]) -> list[str]:
    return sorted(str(sorted((name, plain(value)) for name, value in row.items())) for row in found)


def files(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_requester_proves_who_she_is_with_the_code_she_was_sent(identified: Identified) -> None:
    assert REF in identified.thanks
    assert "2026" in identified.thanks or re.search(r"\d{4}", identified.thanks), "says until when we answer"


def test_the_colleague_answers_without_an_account(searched: str) -> None:
    assert REF in searched


def test_the_officer_reads_in_prefect_what_was_found_where_and_until_when(reviewed: Reviewed) -> None:
    for expected in (
        f"{REF} · droit d’accès",
        "Tous les systèmes ont été interrogés",
        CAMILLE,
        "Base de données du site",
        "8 enregistrements",
        "1 enregistrement\t",
        "rien",
        "[D26]",
    ):
        assert expected in reviewed.form, expected
    assert "\\" not in reviewed.form, "no Markdown sign shows"


def test_a_bad_answer_is_asked_again_and_says_why(reviewed: Reviewed) -> None:
    assert "pas été retenue" not in reviewed.form
    assert "écrivez le motif en une phrase" in reviewed.again


def test_prefects_older_pages_say_it_too_where_they_hide_the_summary(
    demo: Running, reviewed: Reviewed
) -> None:
    assert "écrivez le motif en une phrase" in reviewed.older
    assert f"{demo.public_url}/desk/cases/{REF}" in reviewed.older


@pytest.mark.parametrize("table", HERS)
def test_the_bundle_holds_every_row_of_hers(demo: Running, bundle: Path, table: str) -> None:
    expected = rows(demo, HERS[table])
    assert expected
    exported = json.loads(files(bundle)[f"data/site_db/{table}.json"])["rows"]
    assert comparable(exported) == comparable(expected)


def test_the_bundle_holds_her_card_in_the_billing_export(demo: Running, bundle: Path) -> None:
    source = (demo.home / "systems" / "billing_customers.csv").read_text()
    hers = [row for row in csv.DictReader(io.StringIO(source), delimiter=";") if row["email"] == CAMILLE]
    exported = json.loads(files(bundle)["data/billing/billing_customers.json"])["rows"]
    assert len(hers) == 1
    assert comparable(exported) == comparable(hers)


def test_the_bundle_holds_nothing_of_anybody_else(demo: Running, bundle: Path) -> None:
    others = {str(row["email"]) for row in rows(demo, "SELECT email FROM contacts")} - {CAMILLE}
    assert len(others) > 200
    for name, content in files(bundle).items():
        assert not others & set(ADDRESS.findall(content.decode())), name


def test_the_bundles_page_opens_without_the_network(chrome: Browser, bundle: Path, album: Path) -> None:
    folder = bundle.parent / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    reader = visitor(chrome, width=1100, height=1400)
    reader.page.goto((folder / "index.html").as_uri())
    reader.check("bundle")
    picture(reader.page, album, "demo/bundle-index")
    text = reader.page.locator("body").inner_text()
    for expected in (REF, CAMILLE, "Base de données du site", "Elay"):
        assert expected in text, expected
    assert reader.hosts <= {""}
    assert reader.violations == {"bundle": []}


def test_the_desk_shows_the_whole_closed_case(case_page: str) -> None:
    for expected in (
        REF,
        "Journal intact",
        "Recherche : 3 systèmes sur 3",
        "Base de données du site",
        "accusé de réception",
        "retenue",
        "renvoyée",
        "Mes données personnelles",
    ):
        assert expected in case_page.replace("\u00a0", " "), expected


def test_no_page_asks_any_other_machine(case_page: str, requester: Visitor, officer: Visitor) -> None:
    assert requester.hosts <= LOCAL
    assert officer.hosts <= LOCAL


def test_axe_finds_no_fault_with_portal_and_desk(
    case_page: str, requester: Visitor, officer: Visitor
) -> None:
    visited = requester.violations | officer.violations
    assert set(visited) == {
        "identity",
        "identity done",
        "task",
        "task done",
        "download",
        "download code",
        "login",
        "case",
    }
    assert [(page, fault) for page, faults in visited.items() for fault in faults] == []
