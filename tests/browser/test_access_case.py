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

from tests.support.access_story import CAMILLE, REF, Story
from tests.support.browsing import LOCAL
from tests.support.running import Running

pytestmark = pytest.mark.long
HERS = {
    "contacts": "SELECT email, phone, full_name, role, company, notes, marketing_optin, opted_out_at, restricted_at,"
    " last_contact_at"
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
        return round(Decimal(text == "True"), 2)
    return round(Decimal(text), 2) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


def comparable(found: Iterable[dict[str, object]]) -> list[str]:
    return sorted(str(sorted((name, plain(value)) for name, value in row.items())) for row in found)


def files(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_requester_proves_who_she_is_and_is_told_until_when_we_answer(story: Story) -> None:
    assert REF in story.identified
    assert re.search(r"\b20\d\d\b", story.identified.replace(REF, ""))


def test_the_colleague_answers_without_an_account(story: Story) -> None:
    assert REF in story.searched


def test_the_officer_reads_in_prefect_what_was_found_where_and_until_when(story: Story) -> None:
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
        assert expected in story.form, expected
    assert "\\" not in story.form, "no Markdown sign shows"


def test_a_bad_answer_is_asked_again_and_says_why(story: Story) -> None:
    assert "pas été retenue" not in story.form
    assert "écrivez le motif en une phrase" in story.form_again


@pytest.mark.parametrize("table", HERS)
def test_the_bundle_holds_every_row_of_hers(demo: Running, story: Story, table: str) -> None:
    expected = rows(demo, HERS[table])
    assert expected
    exported = json.loads(files(story.bundle)[f"data/site_db/{table}.json"])["rows"]
    assert comparable(exported) == comparable(expected)


def test_the_bundle_holds_her_card_in_the_billing_export(demo: Running, story: Story) -> None:
    source = (demo.home / "systems" / "billing_customers.csv").read_text()
    hers = [row for row in csv.DictReader(io.StringIO(source), delimiter=";") if row["email"] == CAMILLE]
    exported = json.loads(files(story.bundle)["data/billing/billing_customers.json"])["rows"]
    assert len(hers) == 1
    assert comparable(exported) == comparable(hers)


def test_the_bundle_holds_nothing_of_anybody_else(demo: Running, story: Story) -> None:
    others = {str(row["email"]) for row in rows(demo, "SELECT email FROM contacts")} - {CAMILLE}
    assert len(others) > 200
    for name, content in files(story.bundle).items():
        assert not others & set(ADDRESS.findall(content.decode())), name


def test_the_bundles_page_opens_from_disk(story: Story) -> None:
    for expected in (REF, CAMILLE, "Base de données du site", "Elay"):
        assert expected in story.bundle_page, expected


def test_the_desk_shows_the_whole_closed_case(story: Story) -> None:
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
        assert expected in story.case.replace("\u00a0", " "), expected


def test_no_page_asks_any_other_machine(story: Story) -> None:
    assert story.hosts <= LOCAL


def test_axe_finds_no_fault_with_portal_desk_and_bundle(story: Story) -> None:
    portal = {"identity", "identity done", "task", "task done", "download", "download code", "bundle"}
    assert set(story.violations) == portal | {"login", "case", "data"}
    assert [(page, fault) for page, faults in story.violations.items() for fault in faults] == []
