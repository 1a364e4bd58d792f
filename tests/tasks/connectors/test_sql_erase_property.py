"""Whatever the schema and the data: nobody else's row changes, nothing of the person is left unsaid, nothing dangles.

Some maps say something impossible (a personal column without a mask, null where a value must be): nothing changes.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from changing import connect
from hypothesis import HealthCheck, event, given, settings
from random_shop import ME, PHONES, World, build, mine, worlds

from models.errors import NeedsHuman
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import plan_erasure
from tasks.connectors.sql_verify import verify_erasure
from tests.conftest import create_database

TODAY = date(2026, 11, 23)
Rows = dict[tuple[str, int], dict[str, Any]]
RULES = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], database=None
)


def contents(engine: sa.Engine, world: World) -> Rows:
    """Every row of every table by name and id, as it stands, without any code of ours."""
    with engine.connect() as connection:
        return {
            (shape.name, row["id"]): {column: str(value) for column, value in row.items()} | {"id": row["id"]}
            for shape in world.shapes
            for row in connection.execute(sa.text(f"SELECT * FROM {shape.name}")).mappings()
        }


def bears(text: str) -> bool:
    """An independent look for the person: joann@a.example is somebody else."""
    return re.search(r"(?<!jo)ann@a\.example", text, re.IGNORECASE) is not None or PHONES[0] in text


def dangling(world: World, rows: Rows) -> list[tuple[str, int, str]]:
    return [
        (shape.name, key, foreign.column)
        for shape in world.shapes
        for (name, key), row in rows.items()
        for foreign in shape.foreign
        if name == shape.name
        and row[foreign.column] != "None"
        and (foreign.parent, int(row[foreign.column])) not in rows
    ]


def keeps_its_promises(world: World, engine: sa.Engine, url: str) -> None:
    with engine.begin() as connection:
        build(world, connection)
    connector = connect(world.spec(), url, connect_seconds=60)  # a machine may stand still for a while
    before, own = contents(engine, world), mine(world)
    assert not dangling(world, before)
    try:
        plan = plan_erasure(connector, ME, TODAY)
    except NeedsHuman:
        event("the map says something impossible")
        assert contents(engine, world) == before
        return
    event(f"planned: {' '.join(sorted({row.action for row in plan.rows})) or 'nothing'}")
    assert contents(engine, world) == before
    assert {(row.table, row.key["id"]) for row in plan.rows} == own
    effects = erase(connector, plan, ME, TODAY)
    after = contents(engine, world)
    # 1. nothing of another person is ever changed, nor a row that is kept, but for its masked columns
    assert {key: row for key, row in after.items() if key not in own} == {
        key: row for key, row in before.items() if key not in own
    }
    planned = {(row.table, row.key["id"]): row for row in plan.rows}
    for key, row in planned.items():
        assert (key in after) is (row.action != "delete")
        for column in after.get(key, ()):
            assert column in row.masked or after[key][column] == before[key][column]
    for shape in world.shapes:  # the first hold decides
        for row in world.rows[shape.name] if shape.holds and shape.holds[0] != "kept" else ():
            met = row["flag"] if shape.holds[0] == "flag" else row["day"] > "2015"
            if met and (shape.name, row["id"]) in planned:
                assert planned[shape.name, row["id"]].hold == shape.holds[0]
    # 2. no identifier is left, but in kept rows that the plan names and in the mentions that are told
    verification = verify_erasure(connector, plan, ME)
    assert verification.shortfalls == ()
    told = {(mention.table, mention.key["id"], mention.column) for mention in verification.mentions}
    left = {(*key, column) for key, row in after.items() for column, text in row.items() if bears(str(text))}
    whole = {key for key, row in planned.items() if row.action == "keep"}
    assert told == {place for place in left if place[:2] not in whole}
    assert not {(*key, column) for key, row in planned.items() for column in row.masked} & left
    # 3. no foreign key dangles
    assert not dangling(world, after)
    # 4. running it twice changes nothing more
    again = erase(connector, plan, ME, TODAY)
    assert [effect.model_copy(update={"changed": False}) for effect in effects] == again
    second = plan_erasure(connector, ME, TODAY)
    assert all(row.action != "delete" for row in second.rows)
    assert not any(effect.changed for effect in erase(connector, second, ME, TODAY))
    assert contents(engine, world) == after
    assert {effect.action for effect in effects if effect.changed} <= {"deleted", "minimised", "kept"}


Check = Callable[[World], None]
MUCH = settings(RULES, max_examples=500)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Check:
    def check(world: World) -> None:
        url = f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.sqlite"
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        keeps_its_promises(world, engine, url)
        with engine.connect() as connection:
            assert not connection.exec_driver_sql("PRAGMA foreign_key_check").all()

    return check


@pytest.fixture(scope="module")
def postgres(postgres_server: str) -> Check:
    url = create_database(postgres_server)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:  # every case makes its tables anew: nobody waits for the disk
        connection.execute(sa.text(f"ALTER DATABASE {engine.url.database} SET synchronous_commit = off"))

    def check(world: World) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
        keeps_its_promises(world, engine, url)

    return check


@pytest.fixture(scope="module")
def mariadb(mariadb_server: str) -> Check:
    server = sa.create_engine(mariadb_server.format(""), poolclass=sa.NullPool)
    engine = sa.create_engine(mariadb_server.format("random_shop"), poolclass=sa.NullPool)

    def check(world: World) -> None:
        with server.begin() as connection:
            connection.exec_driver_sql("CREATE DATABASE random_shop CHARACTER SET utf8mb4")
        try:
            keeps_its_promises(world, engine, mariadb_server.format("random_shop"))
        finally:
            with server.begin() as connection:
                connection.exec_driver_sql("DROP DATABASE random_shop")

    return check


@settings(RULES, max_examples=45)
@given(world=worlds())
def test_on_sqlite(sqlite: Check, world: World):
    sqlite(world)


@settings(RULES, max_examples=15)
@given(world=worlds())
def test_on_postgres(postgres: Check, world: World):
    postgres(world)


@pytest.mark.long
@pytest.mark.timeout(3600)
@MUCH
@given(world=worlds())
def test_on_sqlite_at_length(sqlite: Check, world: World):
    sqlite(world)


@pytest.mark.long
@pytest.mark.timeout(3600)
@MUCH
@given(world=worlds())
def test_on_postgres_at_length(postgres: Check, world: World):
    postgres(world)


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(RULES, max_examples=100)
@given(world=worlds())
def test_on_mariadb_at_length(mariadb: Check, world: World):
    mariadb(world)
