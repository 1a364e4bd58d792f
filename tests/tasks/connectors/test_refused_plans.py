"""Every erasure that is refused, with the whole sentence the officer reads: what is wrong, where, and what to do."""

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from changing import connect, snapshot
from site_rows import LEA, TOM, fill

from models.data_map import SqlSystem
from models.data_map_loading import load_data_map
from models.erasure_plan import ErasurePlan
from models.errors import DsrError, NeedsHuman
from models.records import Identifier
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import plan_erasure

SHIPPED = Path(__file__).parents[3] / "data_map"
SITE = load_data_map(SHIPPED).systems["site_db"]
TODAY = date(2026, 11, 23)
ME = [Identifier(kind="email", value=LEA)]
JARGON = re.compile(
    r"foreign key|constraint|integrity|transaction|orphan|cascad|rollback|exception|digest|hash|\bsql\b|\bFK\b",
    re.IGNORECASE,
)
Change = Callable[..., None]


@pytest.fixture
def change(url: str) -> Change:
    fill(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    def change(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    return change


def refusal(url: str, spec: SqlSystem = SITE, approved: ErasurePlan | None = None) -> str:
    """The sentence; nothing has changed, and nobody is named."""
    connector, before = connect(spec, url), snapshot(url)
    with pytest.raises(DsrError) as caught:
        erase(connector, approved or plan_erasure(connector, ME, TODAY), ME, TODAY)
    assert snapshot(url) == before
    return readable(str(caught.value))


def readable(sentence: str) -> str:
    assert not JARGON.search(sentence)
    assert not {LEA, TOM, "Martin", "Petit"} & set(sentence.split())
    assert "\n" not in sentence
    return sentence


def load(folder: Path, old: str, new: str) -> tuple[str, int]:
    """The sentence with which the map is refused after a change of site_db.yaml, and the line it must name."""
    path = Path(shutil.copytree(SHIPPED, folder / "data_map")) / "site_db.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NeedsHuman) as caught:
        load_data_map(path.parent)
    return readable(str(caught.value)), text[: text.index(old)].count("\n") + 1


def test_data_that_changed_after_the_approval(url: str, change: Change):
    approved = plan_erasure(connect(SITE, url), ME, TODAY)
    change("UPDATE contacts SET litigation = true WHERE id = 1")
    assert refusal(url, approved=approved) == (
        "the data in site_db changed since the approval (contacts), so nothing was erased: look at the new plan and"
        " approve it"
    )


def test_a_row_that_came_after_the_approval(url: str, change: Change):
    approved = plan_erasure(connect(SITE, url), ME, TODAY)
    change(f"UPDATE form_submissions SET email = '{LEA}' WHERE id = 2", "DELETE FROM email_log WHERE id = 1")
    assert refusal(url, approved=approved) == (
        "the data in site_db changed since the approval (email_log, form_submissions), so nothing was erased: look at"
        " the new plan and approve it"
    )


def test_an_approved_plan_that_somebody_altered(url: str, change: Change):
    approved = plan_erasure(connect(SITE, url), ME, TODAY)
    rows = [row.model_copy(update={"action": "delete", "masked": ()}) for row in approved.rows]
    assert refusal(url, approved=approved.model_copy(update={"rows": tuple(rows)})) == (
        "the data in site_db changed since the approval (contacts, deals, invoices), so nothing was erased: look at"
        " the new plan and approve it"
    )


@pytest.mark.parametrize("basis", ["", 'basis: ""'])
def test_a_hold_without_a_legal_basis(tmp_path: Path, basis: str):
    old = """          action: keep
          basis:
            fr: "article 17, paragraphe 3, point e, du RGPD : constatation, exercice ou défense de droits en justice"
            en: "Article 17(3)(e) GDPR: establishment, exercise or defence of legal claims"
"""
    sentence, line = load(tmp_path, old, f"          action: keep\n          {basis}\n")
    assert sentence == (
        f"data_map/site_db.yaml:{line - 2} tables.contacts.erasure.holds.0: the hold litigation keeps data without a"
        " legal basis: write under basis which article allows it, in French and in English"
    )


def test_a_column_nobody_described(url: str, change: Change):
    change("ALTER TABLE contacts ADD COLUMN linkedin VARCHAR(99)")
    assert refusal(url) == (
        "column contacts.linkedin is not in the map (data_map/site_db.yaml): add it and run the search again"
    )


def test_a_personal_column_without_a_mask(tmp_path: Path):
    sentence, line = load(tmp_path, 'third_party: true, mask: "null"', "third_party: true")
    assert sentence == (
        f"data_map/site_db.yaml:{line} tables.contacts.columns.notes: rows here may be minimised, but nothing says"
        " what takes the place of this personal column: write a mask"
    )


def test_a_row_that_other_rows_would_be_left_without(url: str, change: Change):
    change(
        "CREATE TABLE attachments (id INTEGER PRIMARY KEY, mail INTEGER REFERENCES email_log(id))",
        "INSERT INTO attachments VALUES (1, 2)",
    )
    spec = SITE.model_copy(update={"ignore_tables": (*SITE.ignore_tables, "attachments")})
    assert refusal(url, spec) == (
        "a row of email_log cannot be deleted, because rows that this plan leaves alone belong to it, but nothing says"
        " what takes the place of from_addr, to_addr, subject, body: write a mask in data_map/site_db.yaml and plan"
        " again"
    )


def test_a_mask_that_would_part_two_rows_that_stay(url: str, change: Change):
    deals = SITE.tables["deals"]
    columns = deals.columns | {"contact_id": deals.columns["contact_id"].model_copy(update={"mask": "null"})}
    tables = {**SITE.tables, "deals": deals.model_copy(update={"columns": columns})}
    assert refusal(url, SITE.model_copy(update={"tables": tables})) == (
        "a row of deals stays and belongs to a row of contacts, and masking deals.contact_id would part them: remove"
        " that mask in data_map/site_db.yaml and plan again"
    )


def test_links_in_a_circle(tmp_path: Path):
    sentence, _ = load(
        tmp_path,
        "    purpose: client_relationship",
        "    link: {column: id, to: deals.id}\n    purpose: client_relationship",
    )
    circle = re.search(r"the links (.+) form", sentence)
    assert circle is not None
    assert set(circle[1].split(" -> ")) == {"contacts", "deals"}
    assert re.fullmatch(
        r"data_map/site_db\.yaml:\d+ tables: the links [a-z> -]+ form a circle, so nothing says which row belongs to"
        r" which: list the column of one of them under not_followed",
        sentence,
    )


def test_a_table_without_a_rule(url: str, change: Change):
    tables = {**SITE.tables, "email_log": SITE.tables["email_log"].model_copy(update={"erasure": None})}
    assert refusal(url, SITE.model_copy(update={"tables": tables})) == (
        "email_log: say in data_map/site_db.yaml how to erase (key erasure) and plan again"
    )
