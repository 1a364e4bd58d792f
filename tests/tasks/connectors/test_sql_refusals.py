"""What stops the SQL connector: gaps in the map, unusable addresses, missing rights, time limits."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from shop import EMAIL, NOW, PEOPLE, find, gaps, keys, system, table

from models.errors import Rejected, Unavailable
from models.records import Identifier
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_connections import database_url, reading


def test_every_gap_is_named_at_once(url: str, run: Callable[..., None]):
    run(
        "ALTER TABLE people ADD COLUMN linkedin VARCHAR(9)",
        "CREATE TABLE firms (id INTEGER PRIMARY KEY)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id), guide INTEGER REFERENCES people(id))",
    )
    spec = system(
        {
            "people": table("id email age", identity=EMAIL),
            "visits": table("id person guide", link={"column": "person", "to": "people.id"}),
            "orders": table("id email", identity=EMAIL),
        }
    )
    assert gaps(spec, url) == (
        "table firms, column people.linkedin, foreign key visits(guide) to people(id) are not in the map"
        " (data_map/shop.yaml): add them; table orders, column people.age are in the map (data_map/shop.yaml)"
        " but not in the system: remove them and run the search again"
    )


def test_a_foreign_key_may_be_named_and_not_followed(url: str, run: Callable[..., None]):
    run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id), guide INTEGER REFERENCES people(id))",
        "INSERT INTO visits VALUES (1, 1, 2), (2, 2, 1)",
    )
    link = {"column": "person", "to": "people.id"}
    visits = table("id person guide", link=link, not_followed=["guide"])
    assert keys(find(system({"people": PEOPLE, "visits": visits}), url)) == [("people", 1), ("visits", 1)]


def test_a_link_the_database_does_not_declare_must_be_said_to_be_so(url: str, run: Callable[..., None]):
    run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER)",
        "INSERT INTO visits VALUES (7, 1), (8, 2)",
    )
    link = {"column": "person", "to": "people.id"}
    spec = system({"people": PEOPLE, "visits": table("id person", link=link)})
    assert "foreign key visits(person) to people(id) is in the map" in gaps(spec, url)
    spec = system({"people": PEOPLE, "visits": table("id person", link={**link, "enforced": False})})
    assert keys(find(spec, url)) == [("people", 1), ("visits", 7)]


def test_a_key_that_is_not_the_databases_key_is_a_gap(url: str, run: Callable[..., None]):
    assert "primary key people(id) is not in the map" in gaps(
        system({"people": table("id email", key="email", identity=EMAIL)}), url
    )


def test_ignored_tables_and_their_foreign_keys_are_let_be(url: str, run: Callable[..., None]):
    run(
        "CREATE TABLE firms (id INTEGER PRIMARY KEY)",
        "ALTER TABLE people ADD COLUMN firm INTEGER REFERENCES firms(id)",
    )
    spec = system({"people": table("id email firm", identity=EMAIL)}, ignore_tables=["firms", "not_there"])
    assert keys(find(spec, url)) == [("people", 1)]


def test_a_composite_foreign_key_is_a_gap_until_it_is_named(url: str, run: Callable[..., None]):
    run(
        "CREATE TABLE rooms (house INTEGER, room INTEGER, person INTEGER REFERENCES people(id), PRIMARY KEY (house, room))",
        "CREATE TABLE lamps (id INTEGER PRIMARY KEY, house INTEGER, room INTEGER, FOREIGN KEY (house, room) REFERENCES rooms (house, room))",
    )
    rooms = table("house room person", key="house room", link={"column": "person", "to": "people.id"})
    lamps = {"link": {"column": "house", "to": "rooms.house", "enforced": False}}
    spec = system({"people": PEOPLE, "rooms": rooms, "lamps": table("id house room", **lamps)})
    assert "foreign key lamps(house, room) to rooms(house, room) is not in the map" in gaps(spec, url)
    named = table("id house room", not_followed=["house", "room"], **lamps)
    SqlConnector(system({"people": PEOPLE, "rooms": rooms, "lamps": named}), database_url(url, "SHOP")).check(
        NOW
    )


def test_links_in_a_circle_are_refused(url: str, run: Callable[..., None]):
    run("ALTER TABLE people ADD COLUMN boss INTEGER REFERENCES people(id)")
    people = table("id email boss", identity=EMAIL, link={"column": "boss", "to": "people.id"})
    with pytest.raises(Rejected, match="people -> people form a circle"):
        find(system({"people": people}), url)


def test_a_missing_file_is_not_made(tmp_path: Path):
    with pytest.raises(Unavailable, match="shop cannot be read"):
        find(system({"people": PEOPLE}), f"sqlite:///{tmp_path}/shop.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_rejected(tmp_path: Path):
    (tmp_path / "shop.sqlite").write_text("ann@a.example is not a database" * 100)
    with pytest.raises(Rejected, match="shop refused to be read") as caught:
        find(system({"people": PEOPLE}), f"sqlite:///{tmp_path}/shop.sqlite")
    assert "ann" not in str(caught.value)


def test_a_value_that_its_column_cannot_hold_names_the_table(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/shop.sqlite"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(99), born DATE)")
        )
        connection.execute(sa.text("INSERT INTO people VALUES (1, 'ann@a.example', 'in spring')"))
    engine.dispose()
    with pytest.raises(Rejected, match="table people holds a value its column's type does not allow"):
        find(system({"people": table("id email born", identity=EMAIL)}), url)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "oracle://a:secret@h/d", "sqlite://", "sqlite:///:memory:", "postgresql//secret"],
)
def test_an_unusable_url_is_refused_without_quoting_it(text: str):
    with pytest.raises(Rejected, match=r"^SHOP ") as caught:
        database_url(text, "SHOP")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_any_postgresql_url_gets_the_driver_we_have(scheme: str):
    assert database_url(f"{scheme}://me@host/db", "SHOP").drivername == "postgresql+psycopg"


def test_tables_in_another_schema_are_a_gap(postgres_url: str):
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)",
            "CREATE SCHEMA stats",
            "CREATE TABLE stats.people (id INTEGER PRIMARY KEY, email TEXT)",
            "INSERT INTO stats.people VALUES (5, 'ann@a.example')",
            "CREATE MATERIALIZED VIEW copies AS SELECT * FROM people",
        ):
            connection.execute(sa.text(statement))
    assert "table stats.people, table copies are not in the map" in gaps(
        system({"people": PEOPLE}), postgres_url
    )
    only_stats = system({"people": PEOPLE}, db_schema="stats", ignore_schemas=["public"])
    assert keys(find(only_stats, postgres_url)) == [("people", 5)]


def test_a_slow_statement_ends_at_the_time_limit(postgres_url: str):
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)"))
    connector = SqlConnector(
        system({"people": PEOPLE}), database_url(postgres_url, "SHOP"), statement_seconds=1
    )
    with engine.begin() as connection:
        connection.execute(sa.text("LOCK TABLE people IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(Unavailable, match="shop cannot be read"):
            connector.discover([Identifier(kind="email", value="ann@a.example")], NOW)


def test_an_account_without_rights_is_rejected_without_quoting_rows(postgres_url: str):
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT)"))
        connection.execute(sa.text("CREATE ROLE reader LOGIN"))
    url = sa.make_url(postgres_url).set(username="reader").render_as_string(hide_password=False)
    try:
        with pytest.raises(Rejected, match=r"shop refused to be read \(InsufficientPrivilege\)") as caught:
            find(system({"people": PEOPLE}), url)
        assert "ann" not in str(caught.value)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP ROLE reader"))


def test_the_connection_can_only_read(url: str, run: Callable[..., None]):
    connector = SqlConnector(system({"people": PEOPLE}), database_url(url, "SHOP"))
    with pytest.raises((Rejected, Unavailable)), reading(connector) as connection:
        connection.execute(sa.text("DELETE FROM people"))
    assert keys(find(connector.spec, url)) == [("people", 1)]
