"""The website’s database on MariaDB: everything the SQL connector does, and what this kind of database does otherwise."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from changing import ANN, DELETE, EMAIL, TODAY, carry_out, connect, people, reasons, refusal, snapshot
from shop import system, table
from site_rows import LEA, fill

from models.data_map_loading import load_data_map
from models.errors import MapIncomplete, Rejected, Unavailable
from models.records import FindingStatus, Identifier, Mention
from tasks.connectors.sql_change import SqlChanger
from tasks.connectors.sql_connections import changing, database_url, reading

SITE = load_data_map(Path(__file__).parents[3] / "data_map").systems["site_db"]
NOW = datetime(2026, 11, 23, 23, 30, 15, tzinfo=UTC)
ME = [Identifier(kind="email", value=LEA.upper()), Identifier(kind="visitor_id", value="8d1f0a5c")]
PERSON = {"column": "person", "to": "people.id"}
Run = Callable[..., None]


@pytest.fixture
def changer(mariadb_url: str) -> SqlChanger:
    fill(mariadb_url)
    return SqlChanger(connect(SITE, mariadb_url, connect_seconds=2, statement_seconds=2))


@pytest.fixture
def run(mariadb_url: str) -> Run:
    engine = sa.create_engine(mariadb_url, poolclass=sa.NullPool)

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    run("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(100))")
    run("INSERT INTO people VALUES (1, 'ann@a.example'), (2, 'bob@b.example')")
    return run


def test_discover(changer: SqlChanger):
    finding = changer.connector.discover(ME, NOW)
    assert finding.status == FindingStatus.FOUND
    assert sorted((record.table, record.key["id"]) for record in finding.records) == [
        ("contacts", 1), ("deals", 1), ("deals", 2), ("email_log", 1), ("email_log", 2), ("form_submissions", 1),
        ("invoices", 1), ("invoices", 2), ("web_sessions", 1),
    ]  # fmt: skip
    assert [point.value for point in finding.contact_points] == [LEA]


def test_plan_erase_and_verify(changer: SqlChanger, mariadb_url: str):
    before = snapshot(mariadb_url)
    on_file = changer.identities_on_file(ME)
    plan = changer.plan_erasure(ME, TODAY)
    assert snapshot(mariadb_url) == before
    assert sorted((row.table, row.key["id"], row.action, row.keep_until) for row in plan.kept) == [
        ("contacts", 1, "minimise", date(2034, 12, 31)),
        ("deals", 1, "minimise", date(2034, 12, 31)),
        ("invoices", 1, "keep", date(2034, 12, 31)),
    ]
    effects = changer.erase(plan, ME, TODAY)
    assert len(effects) == 9
    assert {effect.changed for effect in effects} == {True}
    after = snapshot(mariadb_url)
    mine = {(row.table, row.key["id"]) for row in plan.rows}
    assert {name: [row for row in rows if (name, row[0]) not in mine] for name, rows in before.items()} == {
        name: [row for row in rows if (name, row[0]) not in mine] for name, rows in after.items()
    }
    assert [row[3] for row in after["deals"] if row[0] == 1] == ["Mission pour *** (***, ***)"]
    verification = changer.verify_erasure(plan, ME, on_file)
    assert verification.erased
    assert verification.mentions == (Mention(table="form_submissions", key={"id": 2}, column="payload"),)
    assert {effect.changed for effect in changer.erase(plan, ME, TODAY)} == {False}
    assert changer.plan_erasure(ME, TODAY).rows == ()
    assert snapshot(mariadb_url) == after


def test_rectify_stop_restrict_and_lift(changer: SqlChanger, mariadb_url: str):
    before = snapshot(mariadb_url)
    (change,) = changer.rectify(ME, {"full_name": "Léa Martín"})
    assert (change.before, change.after) == ({"full_name": "Léa Martin"}, {"full_name": "Léa Martín"})
    changer.rectify(ME, {"full_name": "Léa Martin"})
    assert [effect.changed for effect in changer.stop(ME, NOW)] == [True]
    assert [effect.changed for effect in changer.stop(ME, NOW)] == [False]
    assert [effect.changed for effect in changer.restrict(ME, NOW)] == [True]
    assert [effect.changed for effect in changer.lift(ME, NOW)] == [True]
    assert [effect.changed for effect in changer.lift(ME, NOW)] == [False]
    after = snapshot(mariadb_url)
    (contact,) = [row for row in after["contacts"] if row[0] == 1]
    assert contact[7:10] == (0, NOW.replace(tzinfo=None), None)
    contacts = [row for row in after["contacts"] if row[0] != 1]
    assert {**before, "contacts": contacts} == {
        **after, "contacts": [row for row in before["contacts"] if row[0] != 1],
    }  # fmt: skip


def test_letters_that_this_database_thinks_equal_are_two_people(run: Run, mariadb_url: str):
    run("INSERT INTO people VALUES (3, 'ànn@a.example'), (4, 'ANN@a.example '), (5, 'strasse@a.example')")
    run("INSERT INTO people VALUES (6, 'straße@a.example')")
    changer = SqlChanger(connect(system({"people": people()}), mariadb_url))
    assert [row.key["id"] for row in changer.plan_erasure(ANN, TODAY).rows] == [1, 4]
    for value, key in (("ànn@a.example", 3), ("strasse@a.example", 5), ("straße@a.example", 6)):
        rows = changer.plan_erasure([Identifier(kind="email", value=value)], TODAY).rows
        assert [row.key["id"] for row in rows] == [key]


def test_a_reference_spelt_otherwise_still_counts(run: Run, mariadb_url: str):
    run(
        "CREATE TABLE cards (code VARCHAR(20) PRIMARY KEY, email VARCHAR(99))",
        "CREATE TABLE uses (id INTEGER PRIMARY KEY, card VARCHAR(20),"
        " FOREIGN KEY (card) REFERENCES cards(code) ON DELETE CASCADE)",
        "INSERT INTO cards VALUES ('Àb-1', 'ann@a.example'), ('b-2', 'bob@b.example')",
        "INSERT INTO uses VALUES (1, 'aB-1')",
    )
    cards = table("code email", key="code", identity=EMAIL, erasure=DELETE)
    cards["columns"]["email"]["mask"] = "null"
    spec = system({"people": people(), "cards": cards}, ignore_tables=["uses"])
    assert reasons(carry_out(spec, mariadb_url)) == {
        ("people", "delete", "table"),
        ("cards", "minimise", "other_rows"),
    }
    assert snapshot(mariadb_url)["uses"] == [(1, "aB-1")]


def test_tables_of_another_database_are_a_gap_and_their_rows_count(run: Run, mariadb_url: str):
    run(
        "CREATE DATABASE stats",
        "CREATE TABLE stats.people (id INTEGER PRIMARY KEY)",
        "CREATE TABLE stats.seen (id INTEGER PRIMARY KEY, who INTEGER, own INTEGER REFERENCES people(id),"
        " FOREIGN KEY (who) REFERENCES shop.people(id) ON DELETE CASCADE)",
        "INSERT INTO stats.people VALUES (2)",
        "INSERT INTO stats.seen VALUES (1, 1, 2)",
    )
    try:
        assert refusal(system({"people": people()}), mariadb_url, Exception) == (
            "table stats.people, table stats.seen are not in the map (data_map/shop.yaml): add them and run the search"
            " again"
        )
        plan = carry_out(system({"people": people()}, ignore_schemas=["stats"]), mariadb_url)
        assert reasons(plan) == {("people", "minimise", "other_rows")}
        bob = [Identifier(kind="email", value="bob@b.example")]
        plan = carry_out(system({"people": people()}, ignore_schemas=["stats"]), mariadb_url, bob)
        assert reasons(plan) == {("people", "delete", "table")}
    finally:
        run("DROP DATABASE stats")


def test_a_table_that_keeps_what_is_deleted_is_for_a_person(run: Run, mariadb_url: str):
    run("CREATE TABLE logs (id INTEGER PRIMARY KEY, email VARCHAR(99)) WITH SYSTEM VERSIONING")
    for tables in ({"people": people()}, {"people": people(), "logs": people()}):
        assert refusal(system(tables), mariadb_url, MapIncomplete) == (
            "table logs of shop keeps all that is deleted or changed: list it under ignore_tables in"
            " data_map/shop.yaml and describe a manual system for it"
        )
    carry_out(system({"people": people()}, ignore_tables=["logs"]), mariadb_url)


def test_a_text_that_is_too_long_is_never_cut(run: Run, mariadb_url: str):
    run("SET GLOBAL sql_mode = ''")
    try:
        run(
            "CREATE TABLE cards (id INTEGER PRIMARY KEY, email VARCHAR(99), name VARCHAR(5) CHECK (name <> 'x'))"
        )
        run("INSERT INTO cards VALUES (1, 'ann@a.example', 'Ann')")
        cards = table("id email name", identity=EMAIL)
        cards["columns"]["name"]["rectify"] = True
        changer = SqlChanger(connect(system({"people": people(), "cards": cards}), mariadb_url))
        with pytest.raises(Rejected, match=r"^shop refused the change \(\w+\)"):
            changer.rectify(ANN, {"name": "x"})
        with changing(changer.connector) as connection, pytest.raises(sa.exc.DataError):
            connection.exec_driver_sql("UPDATE cards SET name = 'much too long'")
    finally:
        run("SET GLOBAL sql_mode = DEFAULT")
    assert snapshot(mariadb_url)["cards"] == [(1, "ann@a.example", "Ann")]


def test_somebody_elses_lock_ends_in_try_again(changer: SqlChanger, mariadb_url: str):
    plan = changer.plan_erasure(ME, TODAY)
    before = snapshot(mariadb_url)
    engine = sa.create_engine(mariadb_url, poolclass=sa.NullPool)
    with engine.connect() as other:
        other.exec_driver_sql("UPDATE contacts SET role = 'x' WHERE id = 1")
        with pytest.raises(Unavailable, match="site_db could not be changed"):
            changer.erase(plan, ME, TODAY)
        other.rollback()
    assert snapshot(mariadb_url) == before
    assert changer.erase(plan, ME, TODAY)


def test_nobody_changes_what_the_plan_was_looked_up_by(changer: SqlChanger, mariadb_url: str):
    engine = sa.create_engine(mariadb_url, poolclass=sa.NullPool)
    with changing(changer.connector) as connection:
        connection.exec_driver_sql("SELECT * FROM contacts WHERE id = 1")
        with engine.connect() as other:
            other.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 1")
            with pytest.raises(sa.exc.OperationalError, match="Lock wait timeout"):
                other.exec_driver_sql("UPDATE contacts SET litigation = true WHERE id = 1")


def test_reading_can_only_read(changer: SqlChanger, mariadb_url: str):
    before = snapshot(mariadb_url)
    with (
        pytest.raises(Rejected, match="site_db refused to be read"),
        reading(changer.connector) as connection,
    ):
        connection.exec_driver_sql("DELETE FROM email_log")
    assert snapshot(mariadb_url) == before


def test_an_account_that_may_only_read_is_told_so(run: Run, mariadb_url: str):
    run("CREATE USER reader@localhost", "GRANT SELECT ON shop.* TO reader@localhost")
    reader = mariadb_url.replace("root@", "reader@")
    try:
        assert refusal(system({"people": people()}), reader, Rejected) == (
            "shop refused the change (OperationalError), so nothing was changed: ask whoever runs this database to"
            " look at its rules and at the rights of our account"
        )
    finally:
        run("DROP USER reader@localhost")


def test_a_server_that_is_not_there():
    with pytest.raises(Unavailable, match="site_db cannot be read"):
        connect(SITE, "mariadb://me@127.0.0.1:1/shop").check(NOW)


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+mysqldb"])
def test_any_url_gets_the_driver_we_have(scheme: str):
    assert database_url(f"{scheme}://me@host/db", "SHOP").drivername.endswith("+pymysql")
