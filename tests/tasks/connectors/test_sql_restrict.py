"""Restriction and its end on SQLite and PostgreSQL, as the map’s `restrict` says (law.md R4)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from changing import ANN, BOB, EMAIL, Run, connect, people, snapshot
from shop import system, table

from models.data_map import SqlSystem
from models.data_map_loading import load_data_map
from models.errors import NeedsHuman
from models.records import Identifier
from tasks.connectors.sql_change import SqlChanger
from tasks.connectors.sql_stop import lift, restrict, stop
from tasks.samples.sample_systems import CAMILLE, create_sample_systems

NOW = datetime(2026, 11, 23, 23, 30, 15, 999, tzinfo=UTC)
SITE = load_data_map(Path(__file__).parents[3] / "data_map").systems["site_db"]


def cards(sets: dict[str, str], lifts: dict[str, str]) -> SqlSystem:
    held = table(f"id email {' '.join(sets)}", identity=EMAIL, restrict={"set": sets, "lift": lifts})
    return system({"people": people(), "cards": held})


MOMENT = cards({"since": "now"}, {"since": "null"})
FLAG = cards({"since": "now", "only_stored": "true"}, {"since": "null", "only_stored": "false"})


@pytest.fixture
def three(run: Run) -> Run:
    run(
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, email VARCHAR(99), since TIMESTAMP)",
        "INSERT INTO cards VALUES (1, 'Ann@a.example', NULL), (2, 'bob@b.example', NULL)",
        "INSERT INTO cards VALUES (3, 'ann@a.example', '2020-01-01 00:00:00')",
    )
    return run


def since(url: str) -> list[tuple[Any, str]]:
    return [(row[0], str(row[2])[:19]) for row in snapshot(url)["cards"]]


def test_the_website_restricts_one_person_and_lifts_it_again(tmp_path: Path):
    url = create_sample_systems(tmp_path, NOW)["DSR_SITE_DB_URL"]
    me = [Identifier(kind="email", value=CAMILLE.email)]
    before = snapshot(url)
    changer = SqlChanger(connect(SITE, url))
    (effect,) = changer.restrict(me, NOW)
    assert (effect.table, effect.key, effect.action, effect.columns, effect.changed) == (
        "contacts", {"id": 1}, "restricted", ("restricted_at",), True,
    )  # fmt: skip
    during = snapshot(url)
    assert [len(set(during[name]) ^ set(rows)) for name, rows in before.items() if during[name] != rows] == [
        2
    ]
    (effect,) = changer.lift(me, NOW)
    assert (effect.action, effect.columns, effect.changed) == ("lifted", ("restricted_at",), True)
    assert snapshot(url) == before


def test_an_objection_outlives_the_end_of_a_restriction(tmp_path: Path):
    url = create_sample_systems(tmp_path, NOW)["DSR_SITE_DB_URL"]
    me = [Identifier(kind="email", value=CAMILLE.email)]
    connector = connect(SITE, url)
    stop(connector, me, NOW)
    stopped = snapshot(url)
    restrict(connector, me, NOW)
    lift(connector, me, NOW)
    assert snapshot(url) == stopped


def test_only_the_persons_rows_and_the_first_date_stays(url: str, three: Run):
    connector = connect(MOMENT, url)
    assert [effect.changed for effect in restrict(connector, ANN, NOW)] == [True, False]
    after = [(1, "2026-11-23 23:30:15"), (2, "None"), (3, "2020-01-01 00:00:00")]
    assert since(url) == after
    assert [effect.changed for effect in restrict(connector, ANN, NOW + timedelta(days=9))] == [False, False]
    assert since(url) == after


def test_only_what_is_restricted_is_lifted_and_only_once(url: str, three: Run):
    connector = connect(MOMENT, url)
    assert [(effect.key, effect.changed) for effect in lift(connector, ANN, NOW)] == [
        ({"id": 1}, False),
        ({"id": 3}, True),
    ]
    assert since(url) == [(1, "None"), (2, "None"), (3, "None")]
    assert {effect.changed for effect in lift(connector, ANN, NOW)} == {False}
    assert lift(connector, BOB, NOW)[0].changed is False


def test_every_column_is_set_and_lifted_together(url: str, three: Run):
    three("ALTER TABLE cards ADD COLUMN only_stored BOOLEAN", "UPDATE cards SET only_stored = false")
    connector = connect(FLAG, url)
    before = snapshot(url)
    assert [effect.changed for effect in lift(connector, ANN, NOW)] == [False, False]  # 3 bears a date only
    assert snapshot(url) == before
    assert [effect.changed for effect in restrict(connector, ANN, NOW)] == [True, True]
    assert [bool(row[3]) for row in snapshot(url)["cards"]] == [True, False, True]
    assert {effect.columns for effect in lift(connector, ANN, NOW)} == {("since", "only_stored")}
    assert [(row[2], bool(row[3])) for row in snapshot(url)["cards"]] == [(None, False)] * 3


@pytest.mark.parametrize("action", [restrict, lift])
def test_a_value_that_cannot_be_is_refused_and_undone(url: str, three: Run, action: Any):
    before = snapshot(url)
    spec = cards({"since": "now"}, {"since": "fixed:never"})
    wrong = spec if action is lift else cards({"since": "true"}, {"since": "null"})
    with pytest.raises(NeedsHuman, match=r"^cards\.since is of type \w+ and cannot hold the new value"):
        action(connect(wrong, url), ANN, NOW)
    assert snapshot(url) == before


def test_a_map_without_restrict_changes_nothing(url: str, run: Run):
    connector = connect(system({"people": people()}), url)
    assert restrict(connector, ANN, NOW) == lift(connector, ANN, NOW) == []
