"""An erasure in some tables only: a withdrawn consent erases what rested on it, and nothing else (law.md R8)."""

from datetime import date
from pathlib import Path

import pytest
from changing import ANN, DELETE, Run, connect, people, reasons, snapshot
from shop import system, table
from site_rows import LEA, TOM, fill

from models.controller import LegalBasis
from models.data_map import legal_basis
from models.data_map_loading import load_data_map
from models.erasure_plan import ErasurePlan
from models.errors import Rejected
from models.records import Identifier
from tasks.connectors.sql_change import SqlChanger
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import plan_erasure
from tasks.connectors.sql_verify import verify_erasure

MAP = load_data_map(Path(__file__).parents[3] / "data_map")
SITE = MAP.systems["site_db"]
CONSENT = {
    name for name, held in SITE.tables.items() if legal_basis(MAP.controller, held) == LegalBasis.CONSENT
}
TODAY = date(2026, 11, 23)
ME = [Identifier(kind="email", value=LEA), Identifier(kind="visitor_id", value="8d1f0a5c")]
PERSON = {"column": "person", "to": "people.id"}


def test_a_withdrawn_consent_erases_forms_and_visits_only(url: str):
    fill(url)
    before = snapshot(url)
    changer = SqlChanger(connect(SITE, url))
    plan = changer.plan_erasure(ME, TODAY, only=CONSENT)
    assert plan.only == ("form_submissions", "web_sessions")
    assert reasons(plan) == {("form_submissions", "delete", "table"), ("web_sessions", "delete", "table")}
    stored = ErasurePlan.model_validate_json(plan.model_dump_json())
    assert stored.digest() == plan.digest()
    assert {effect.changed for effect in changer.erase(stored, ME, TODAY)} == {True}
    after = snapshot(url)
    assert {name for name in before if after[name] != before[name]} == CONSENT
    assert [[row[0] for row in after[name]] for name in sorted(CONSENT)] == [[2], [2]]
    assert {effect.changed for effect in changer.erase(stored, ME, TODAY)} == {False}
    verification = changer.verify_erasure(stored, ME, changer.identities_on_file(ME))
    assert verification.erased
    assert verification.rows == 2  # the tables that rest on another basis are not searched
    assert [(mention.table, mention.key) for mention in verification.mentions] == [
        ("form_submissions", {"id": 2})
    ]
    assert snapshot(url) == after


def test_what_comes_back_in_such_a_table_is_a_shortfall_and_elsewhere_is_not(url: str):
    fill(url)
    connector = connect(SITE, url)
    plan = plan_erasure(connector, ME, TODAY, only=CONSENT)
    assert {item.table for item in verify_erasure(connector, plan, ME).shortfalls} == CONSENT
    erase(connector, plan, ME, TODAY)
    assert verify_erasure(connector, plan, ME).erased
    tom = [Identifier(kind="email", value=TOM)]
    assert [item.problem for item in verify_erasure(connector, plan, tom).shortfalls] == ["not_planned"]


def test_no_table_at_all_means_nothing_and_not_everything(url: str):
    fill(url)
    before = snapshot(url)
    connector = connect(SITE, url)
    plan = plan_erasure(connector, ME, TODAY, only=[])
    assert (plan.rows, plan.only) == ((), ())
    assert erase(connector, plan, ME, TODAY) == []
    assert verify_erasure(connector, plan, ME).erased
    assert snapshot(url) == before


def test_the_approval_of_some_tables_is_none_for_all(url: str):
    fill(url)
    connector = connect(SITE, url)
    plan = plan_erasure(connector, ME, TODAY, only=CONSENT)
    before = snapshot(url)
    for only in (None, ("form_submissions",)):
        other = plan.model_copy(update={"only": only})
        assert other.digest() != plan.digest()
        with pytest.raises(Rejected, match="look at the new plan and approve it"):
            erase(connector, other, ME, TODAY)
    assert snapshot(url) == before


def test_rows_of_other_tables_stay_and_what_they_belong_to_is_minimised(url: str, run: Run):
    run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id))",
        "INSERT INTO visits VALUES (1, 1), (2, 2)",
        "INSERT INTO people VALUES (3, 'ann@a.example')",
    )
    spec = system({"people": people(), "visits": table("id person", link=PERSON)})  # visits have no rule
    connector = connect(spec, url)
    plan = plan_erasure(connector, ANN, TODAY, only=["people"])
    assert [(row.key["id"], row.action, row.why) for row in plan.rows] == [
        (1, "minimise", "other_rows"),
        (3, "delete", "table"),
    ]
    erase(connector, plan, ANN, TODAY)
    assert verify_erasure(connector, plan, ANN).erased
    assert {effect.changed for effect in erase(connector, plan, ANN, TODAY)} == {False}
    assert snapshot(url) == {
        "people": [(1, "efface+1@anonyme.invalid"), (2, "bob@b.example")],
        "visits": [(1, 1), (2, 2)],
    }


def test_a_child_may_go_while_its_parent_stays(url: str, run: Run):
    run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id))",
        "INSERT INTO visits VALUES (1, 1), (2, 2)",
    )
    spec = system({"people": people(), "visits": table("id person", link=PERSON, erasure=DELETE)})
    connector = connect(spec, url)
    plan = plan_erasure(connector, ANN, TODAY, only=["visits"])
    erase(connector, plan, ANN, TODAY)
    assert snapshot(url) == {"people": [(1, "ann@a.example"), (2, "bob@b.example")], "visits": [(2, 2)]}


def test_a_table_that_is_not_in_the_map_is_refused(url: str, run: Run):
    with pytest.raises(Rejected, match=r"^data_map/shop\.yaml has no table persons: plan again$"):
        plan_erasure(connect(system({"people": people()}), url), ANN, TODAY, only=["persons"])
