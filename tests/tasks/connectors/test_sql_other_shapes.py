"""Composite keys, several identities of one person, and a schema of its own: each change, and nobody else’s row."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from changing import ANN, DELETE, EMAIL, TODAY, connect, snapshot
from shop import system, table

from models.data_map import SqlSystem
from models.errors import NeedsHuman
from models.records import Identifier
from tasks.connectors.sql_change import SqlChanger

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ME = [
    *ANN,
    Identifier(kind="email", value="Ann@Home.example"),
    Identifier(kind="phone", value="+33 1"),
    Identifier(kind="phone", value="+33 3"),
]
COLUMNS = "shop line email phone name quiet_at since"
MINE = {("a", 1), ("a", 2), ("b", 1), ("b", 2)}


def cards() -> dict[str, Any]:
    """Keyed by shop and line: neither alone tells two rows apart."""
    described = table(
        COLUMNS,
        key="shop line",
        identity={**EMAIL, "phone": {"column": "phone"}},
        erasure=DELETE,
        stop={"set": {"quiet_at": "now"}},
        restrict={"set": {"since": "now"}, "lift": {"since": "null"}},
    )
    for column in ("email", "phone", "name"):
        described["columns"][column]["rectify"] = True
    return described


OWN_SCHEMA = system({"cards": cards()}, db_schema="crm", ignore_schemas=["public"])
CREATE = """CREATE TABLE {}cards (shop VARCHAR(9), line INTEGER, email VARCHAR(99), phone VARCHAR(30),
 name VARCHAR(30), quiet_at TIMESTAMP, since TIMESTAMP, PRIMARY KEY (shop, line))"""
INSERT = """INSERT INTO {}cards (shop, line, email, phone, name) VALUES ('a', 1, 'ann@a.example', NULL, 'An'),
 ('a', 2, 'ann@home.example', '+33 9', 'An'), ('b', 1, NULL, '+33 1', 'An'), ('b', 2, 'x@x.example', '+33 3', 'An'),
 ('a', 3, 'bob@b.example', '+33 2', 'Bob'), ('c', 1, NULL, '+33 2', 'Bob'), ('c', 2, 'home.example', NULL, 'An')"""
NOTES = """CREATE TABLE notes (id INTEGER PRIMARY KEY, shop VARCHAR(9), line INTEGER,
 FOREIGN KEY (shop, line) REFERENCES crm.cards(shop, line) ON DELETE CASCADE)"""


def run(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.fixture
def own_schema(postgres_url: str) -> str:
    """Cards in the schema crm, the same in public, and notes there which refer to the first."""
    both = [statement.format(schema) for schema in ("crm.", "") for statement in (CREATE, INSERT)]
    run(postgres_url, "CREATE SCHEMA crm", *both, NOTES)
    return postgres_url


@pytest.fixture(params=["sqlite", "postgres", "own_schema"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[SqlSystem, str, str]:
    """The map, the URL, and the schema of the cards."""
    if request.param == "own_schema":
        return OWN_SCHEMA, str(request.getfixturevalue("own_schema")), "crm"
    url = f"sqlite:///{tmp_path}/shop.sqlite"
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_url"))
    run(url, CREATE.format(""), INSERT.format(""))
    return system({"cards": cards()}), url, ""


def held(url: str, schema: str) -> dict[tuple[str, int], tuple[Any, ...]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        source = sa.table("cards", *map(sa.column, COLUMNS.split()), schema=schema or None)
        return {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(sa.select(source))}


def others(cards: dict[tuple[str, int], tuple[Any, ...]]) -> dict[tuple[str, int], tuple[Any, ...]]:
    return {key: row for key, row in cards.items() if key not in MINE}


def test_erase(place: tuple[SqlSystem, str, str]):
    spec, url, schema = place
    before = held(url, schema)
    changer = SqlChanger(connect(spec, url))
    plan = changer.plan_erasure(ME, TODAY)
    assert {(row.key["shop"], row.key["line"]) for row in plan.rows} == MINE
    changer.erase(plan, ME, TODAY)
    assert held(url, schema) == others(before)
    assert changer.verify_erasure(plan, ME).erased
    assert {effect.changed for effect in changer.erase(plan, ME, TODAY)} == {False}


def test_rectify(place: tuple[SqlSystem, str, str]):
    spec, url, schema = place
    before = held(url, schema)
    changer = SqlChanger(connect(spec, url))
    changes = changer.rectify(ME, {"cards.name": "Ann"})
    assert {(change.key["shop"], change.key["line"]) for change in changes} == MINE
    after = held(url, schema)
    assert others(after) == others(before)
    assert {after[key][2] for key in MINE} == {"Ann"}
    assert [change.before == change.after for change in changer.rectify(ME, {"name": "Ann"})] == [True] * 4


def test_stop_restrict_and_lift(place: tuple[SqlSystem, str, str]):
    spec, url, schema = place
    before = held(url, schema)
    changer = SqlChanger(connect(spec, url))
    for act in (changer.stop, changer.restrict):
        effects = act(ME, NOW)
        assert {(effect.key["shop"], effect.key["line"]) for effect in effects} == MINE
        assert {effect.changed for effect in effects} == {True}
        assert {effect.changed for effect in act(ME, NOW)} == {False}
    after = held(url, schema)
    assert others(after) == others(before)
    assert {str(moment)[:19] for key in MINE for moment in after[key][3:]} == {"2026-11-23 10:00:00"}
    assert {effect.changed for effect in changer.lift(ME, NOW)} == {True}
    assert {row[4] for row in held(url, schema).values()} == {None}


def test_what_stands_in_another_schema_is_left_alone(own_schema: str):
    before = snapshot(own_schema)
    changer = SqlChanger(connect(OWN_SCHEMA, own_schema))
    changer.rectify(ME, {"name": "Ann"})
    changer.stop(ME, NOW)
    changer.erase(changer.plan_erasure(ME, TODAY), ME, TODAY)
    assert snapshot(own_schema) == before


def test_rows_of_another_schema_that_refer_by_two_columns_keep_a_row(own_schema: str):
    run(own_schema, "INSERT INTO notes VALUES (1, 'a', 1), (2, 'a', 3)")
    with pytest.raises(NeedsHuman, match="a row of cards cannot be deleted"):
        SqlChanger(connect(OWN_SCHEMA, own_schema)).plan_erasure(ME, TODAY)
    masked = cards()
    masked["columns"]["email"]["mask"] = "null"
    changer = SqlChanger(
        connect(system({"cards": masked}, db_schema="crm", ignore_schemas=["public"]), own_schema)
    )
    plan = changer.plan_erasure(ME, TODAY)
    assert [(row.key["shop"], row.key["line"]) for row in plan.kept] == [("a", 1)]
    changer.erase(plan, ME, TODAY)
    assert snapshot(own_schema)["notes"] == [(1, "a", 1), (2, "a", 3)]
