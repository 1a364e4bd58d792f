"""Erasure on the website’s own map, on SQLite and PostgreSQL: the worked example, and what may go wrong around it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from changing import connect, snapshot
from site_rows import LEA, fill

from models.data_map_loading import load_data_map
from models.erasure_plan import ErasurePlan
from models.errors import MapIncomplete, Rejected, Unavailable
from models.records import Identifier, Mention
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import identities_on_file, plan_erasure
from tasks.connectors.sql_verify import verify_erasure

SITE = load_data_map(Path(__file__).parents[3] / "data_map").systems["site_db"]
TODAY = date(2026, 11, 23)
ME = [
    Identifier(kind="email", value=LEA.upper()),
    Identifier(kind="visitor_id", value="8d1f0a5c"),
]


@pytest.fixture
def site(url: str) -> str:
    fill(url)
    return url


def change(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def told(plan: ErasurePlan) -> list[tuple[str, Any, str, str]]:
    return [(row.table, *row.key.values(), row.action, str(row.keep_until or "")) for row in plan.rows]


@pytest.fixture
def connector(site: str) -> SqlConnector:
    return connect(SITE, site)


def erased(connector: SqlConnector) -> ErasurePlan:
    plan = plan_erasure(connector, ME, TODAY)
    erase(connector, plan, ME, TODAY)
    return plan


def test_the_worked_example_of_the_reference(site: str, connector: SqlConnector):
    before = snapshot(site)
    plan = plan_erasure(connector, ME, TODAY)
    assert snapshot(site) == before
    actions = {(table, key): (action, until) for table, key, action, until in told(plan)}
    assert actions == {
        ("invoices", 1): ("keep", "2034-12-31"),
        ("invoices", 2): ("delete", ""),
        ("deals", 1): ("minimise", "2034-12-31"),
        ("deals", 2): ("delete", ""),
        ("contacts", 1): ("minimise", "2034-12-31"),
        ("form_submissions", 1): ("delete", ""),
        ("email_log", 1): ("delete", ""),
        ("email_log", 2): ("delete", ""),
        ("web_sessions", 1): ("delete", ""),
    }
    order = [table for table, *_ in told(plan)]
    assert order.index("invoices") < order.index("deals") < order.index("contacts")
    assert [row.basis.fr for row in plan.kept if row.basis] == [
        "article 17, paragraphe 3, point b, du RGPD ; article L123-22 du code de commerce (dix ans)",
        *["article 17, paragraphe 3, point b, du RGPD ; article L123-22 du code de commerce"] * 2,
    ]
    effects = erase(connector, plan, ME, TODAY)
    assert [effect.action for effect in effects].count("deleted") == 6
    assert [effect.action for effect in effects].count("minimised") == 2
    assert [effect.action for effect in effects].count("kept") == 1
    after = snapshot(site)
    (lea,) = [row for row in after["contacts"] if row[0] == 1]
    masked = ("efface+1@anonyme.invalid", None, "Personne effacée", None, "Atelier", None, False)
    assert lea[1:8] == masked
    assert [row[3] for row in after["deals"] if row[0] == 1] == ["Mission pour *** (***, ***)"]
    (kept,) = [row for row in after["invoices"] if row[0] == 1]
    assert kept[3:5] == ("Léa Martin", None)
    mine = {*actions}
    for name, rows in before.items():
        others = [row for row in rows if (name, row[0]) not in mine]
        assert [row for row in after[name] if (name, row[0]) not in mine] == others


def test_verification_finds_the_mention_in_another_persons_form(connector: SqlConnector):
    on_file = identities_on_file(connector, ME)
    verification = verify_erasure(connector, erased(connector), ME, on_file)
    assert verification.erased
    assert verification.mentions == (Mention(table="form_submissions", key={"id": 2}, column="payload"),)
    assert verification.rows == 2 + 2 + 2 + 1 + 1 + 1


def test_the_person_is_known_by_all_that_stands_on_their_own_rows(connector: SqlConnector):
    known = {(known.kind, known.value) for known in identities_on_file(connector, ME)}
    assert known == {
        ("email", LEA.upper()),
        ("visitor_id", "8d1f0a5c"),
        ("email", LEA),
        ("phone", "+33 1 99 00 99 01"),
        ("name", "Léa Martin"),
    }


def test_a_second_plan_is_empty_and_a_second_run_changes_nothing(site: str, connector: SqlConnector):
    plan = plan_erasure(connector, ME, TODAY)
    first = erase(connector, plan, ME, TODAY)
    after = snapshot(site)
    second = erase(connector, plan, ME, TODAY)
    assert snapshot(site) == after
    assert {effect.changed for effect in first} == {True}
    assert {effect.changed for effect in second} == {False}
    assert [e.model_copy(update={"changed": True}) for e in second] == first
    assert plan_erasure(connector, ME, TODAY).rows == ()


def test_litigation_keeps_the_contact_and_repeating_still_changes_nothing(site: str, connector: SqlConnector):
    change(site, "UPDATE contacts SET litigation = true WHERE id = 1")
    plan = erased(connector)
    assert {(row.table, row.action, row.hold) for row in plan.kept} == {
        ("contacts", "keep", "litigation"),
        ("deals", "minimise", "invoice"),
        ("invoices", "keep", "invoice_10_years"),
    }
    after = snapshot(site)
    assert [row[1] for row in after["contacts"] if row[0] == 1] == [LEA]
    assert {e.changed for e in erase(connector, plan, ME, TODAY)} == {False}
    again = erased(connector)
    assert snapshot(site) == after
    assert again.kept == again.rows == plan.kept
    assert verify_erasure(connector, plan, ME).erased


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contacts SET litigation = true WHERE id = 1",
        "UPDATE invoices SET issued_on = '2020-01-01' WHERE id = 2",
        "UPDATE email_log SET to_addr = 'lea.martin@atelier.example' WHERE id = 3",
        "DELETE FROM form_submissions WHERE id = 1",
    ],
)
def test_what_was_not_approved_is_not_done(site: str, connector: SqlConnector, statement: str):
    plan = plan_erasure(connector, ME, TODAY)
    change(site, statement)
    before = snapshot(site)
    with pytest.raises(Rejected, match=r"^the data in site_db changed since the approval \("):
        erase(connector, plan, ME, TODAY)
    assert snapshot(site) == before


def test_a_plan_that_was_tampered_with_is_not_carried_out(site: str, connector: SqlConnector):
    plan = plan_erasure(connector, ME, TODAY)
    before = snapshot(site)
    more = plan.rows[0].model_copy(update={"key": {"id": 3}, "action": "delete"})
    for rows in (plan.rows[1:], (*plan.rows, more), ()):
        with pytest.raises(Rejected, match="look at the new plan and approve it"):
            erase(connector, plan.model_copy(update={"rows": rows}), ME, TODAY)
    with pytest.raises(Rejected, match="plan again"):
        erase(connector, plan.model_copy(update={"system": "crm"}), ME, TODAY)
    assert snapshot(site) == before


def test_the_approval_survives_storage_and_midnight(connector: SqlConnector):
    plan = plan_erasure(connector, ME, TODAY)
    stored = ErasurePlan.model_validate_json(plan.model_dump_json())
    assert stored.digest() == plan.digest() == plan_erasure(connector, ME, date(2026, 12, 24)).digest()
    assert erase(connector, stored, ME, date(2026, 11, 24))


def test_rows_that_come_back_are_a_shortfall_and_need_a_new_approval(site: str, connector: SqlConnector):
    plan = erased(connector)
    change(site, f"UPDATE form_submissions SET email = '{LEA}' WHERE id = 2")
    verification = verify_erasure(connector, plan, ME)
    assert [(item.table, item.key, item.problem) for item in verification.shortfalls] == [
        ("form_submissions", {"id": 2}, "not_planned")
    ]
    assert not verification.erased
    assert not verification.mentions
    with pytest.raises(Rejected, match="look at the new plan and approve it"):
        erase(connector, plan, ME, TODAY)


def test_verification_names_each_row_that_is_not_as_planned(site: str, connector: SqlConnector):
    plan = plan_erasure(connector, ME, TODAY)
    undone = verify_erasure(connector, plan, ME)
    assert {(item.table, *item.key.values(), item.problem) for item in undone.shortfalls} == {
        (row.table, *row.key.values(), "still_there" if row.action == "delete" else "not_masked")
        for row in plan.rows
    }
    erase(connector, plan, ME, TODAY)
    change(
        site,
        "DELETE FROM invoices WHERE id = 1",
        "UPDATE contacts SET full_name = 'Léa', company = 'lea.martin@ATELIER.example' WHERE id = 1",
        "UPDATE deals SET title = 'Lea.Martin@atelier.example' WHERE id = 1",
    )
    verification = verify_erasure(connector, plan, ME)
    assert [(item.table, item.problem, item.columns) for item in verification.shortfalls] == [
        ("invoices", "gone", ()),
        ("deals", "not_masked", ("title",)),
        ("contacts", "not_masked", ("full_name",)),
    ]
    assert ("contacts", "company") in {(mention.table, mention.column) for mention in verification.mentions}


def test_what_the_map_does_not_name_stops_everything(site: str, connector: SqlConnector):
    plan = plan_erasure(connector, ME, TODAY)
    change(site, "ALTER TABLE contacts ADD COLUMN linkedin VARCHAR(99)")
    before = snapshot(site)
    for call in (
        lambda: plan_erasure(connector, ME, TODAY),
        lambda: erase(connector, plan, ME, TODAY),
        lambda: verify_erasure(connector, plan, ME),
        lambda: identities_on_file(connector, ME),
    ):
        with pytest.raises(MapIncomplete, match=r"column contacts\.linkedin is not in the map"):
            call()
    assert snapshot(site) == before


@pytest.mark.parametrize("value", ["' OR '1'='1", "%", "", "  ", "x\x00", "\ud800", LEA + "\x00", "a" * 9999])
def test_a_hostile_identifier_erases_nobody(site: str, connector: SqlConnector, value: str):
    before = snapshot(site)
    identifiers = [Identifier(kind=kind, value=value) for kind in ("email", "phone", "visitor_id")]
    plan = plan_erasure(connector, identifiers, TODAY)
    assert plan.rows == ()
    assert erase(connector, plan, identifiers, TODAY) == []
    assert verify_erasure(connector, plan, identifiers).shortfalls == ()
    assert snapshot(site) == before


def test_somebody_elses_lock_ends_in_try_again(url: str, site: str):
    connector = connect(SITE, site, connect_seconds=1, statement_seconds=1)
    plan = plan_erasure(connector, ME, TODAY)
    before = snapshot(site)
    engine = sa.create_engine(site, poolclass=sa.NullPool)
    with engine.connect() as other:
        if url.startswith("sqlite"):
            other.exec_driver_sql("BEGIN IMMEDIATE")
        other.execute(sa.text("UPDATE contacts SET role = 'x' WHERE id = 1"))
        with pytest.raises(Unavailable, match="site_db could not be changed"):
            erase(connector, plan, ME, TODAY)
        other.rollback()
    assert snapshot(site) == before
    assert erase(connector, plan, ME, TODAY)
