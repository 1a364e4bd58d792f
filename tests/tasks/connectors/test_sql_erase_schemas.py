"""Erasure in databases that are not as one would wish: cascades, circles, shared rows, odd types."""

import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from changing import ANN, DELETE, EMAIL, MINIMISE, TODAY, Run, carry_out, connect, people, reasons, snapshot
from shop import system, table

from models.records import Identifier
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import identities_on_file, plan_erasure
from tasks.connectors.sql_verify import verify_erasure

PERSON = {"column": "person", "to": "people.id"}
VISITS = "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id) {}, guide INTEGER REFERENCES people(id) {})"


@pytest.mark.parametrize("on_delete", ["", "ON DELETE CASCADE", "ON DELETE SET NULL"])
def test_a_row_that_others_refer_to_is_minimised_and_theirs_are_untouched(url: str, run: Run, on_delete: str):
    run(VISITS.format("", on_delete), "INSERT INTO visits VALUES (1, 1, 1), (2, 2, 1)")
    visits = table("id person guide", link=PERSON, not_followed=["guide"], erasure=DELETE)
    plan = carry_out(system({"people": people(), "visits": visits}), url)
    assert reasons(plan) == {("visits", "delete", "table"), ("people", "minimise", "other_rows")}
    after = snapshot(url)
    assert after["visits"] == [(2, 2, 1)]
    assert after["people"] == [(1, "efface+1@anonyme.invalid"), (2, "bob@b.example")]


def test_rows_of_a_table_outside_the_map_count_too(url: str, run: Run):
    run(
        "CREATE TABLE audits (id INTEGER PRIMARY KEY, who INTEGER REFERENCES people(id) ON DELETE CASCADE)",
        "INSERT INTO audits VALUES (1, 1)",
    )
    plan = carry_out(system({"people": people()}, ignore_tables=["audits"]), url)
    assert reasons(plan) == {("people", "minimise", "other_rows")}
    assert snapshot(url)["audits"] == [(1, 1)]


def test_rows_of_another_schema_count_too(postgres_url: str):
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA shop",
            "CREATE TABLE shop.people (id INTEGER PRIMARY KEY, email TEXT)",
            "CREATE TABLE audits (id INTEGER PRIMARY KEY, who INTEGER REFERENCES shop.people(id) ON DELETE CASCADE)",
            "INSERT INTO shop.people VALUES (1, 'ann@a.example'), (2, 'ann@a.example')",
            "INSERT INTO audits VALUES (1, 1)",
        ):
            connection.execute(sa.text(statement))
    spec = system({"people": people()}, db_schema="shop", ignore_schemas=["public"])
    connector = connect(spec, postgres_url)
    plan = plan_erasure(connector, ANN, TODAY)
    assert [(row.key, row.action) for row in plan.rows] == [({"id": 1}, "minimise"), ({"id": 2}, "delete")]
    erase(connector, plan, ANN, TODAY)
    assert snapshot(postgres_url)["audits"] == [(1, 1)]


def test_rows_that_refer_to_each_other_are_deleted(url: str, run: Run):
    run(
        "ALTER TABLE people ADD COLUMN boss INTEGER REFERENCES people(id)",
        "INSERT INTO people VALUES (3, 'ANN@a.example', 1)",
        "UPDATE people SET boss = 3 WHERE id = 1",
    )
    plan = carry_out(system({"people": people("id email boss", not_followed=["boss"])}), url)
    assert reasons(plan) == {("people", "delete", "table")}
    assert snapshot(url)["people"] == [(2, "bob@b.example", None)]


def test_a_circle_of_two_tables_is_deleted(url: str, run: Run):
    run(
        "CREATE TABLE addresses (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people(id))",
        "ALTER TABLE people ADD COLUMN main INTEGER REFERENCES addresses(id)",
        "INSERT INTO addresses VALUES (7, 1), (8, 2)",
        "UPDATE people SET main = id + 6",
    )
    spec = system(
        {
            "people": people("id email main", not_followed=["main"]),
            "addresses": table("id person", link=PERSON, erasure=DELETE),
        }
    )
    assert reasons(carry_out(spec, url)) == {("people", "delete", "table"), ("addresses", "delete", "table")}
    assert snapshot(url) == {"addresses": [(8, 2)], "people": [(2, "bob@b.example", 8)]}


def test_a_kept_row_lets_go_of_what_its_mask_lets_go(url: str, run: Run):
    run(
        "CREATE TABLE addresses (id INTEGER PRIMARY KEY, person INTEGER NOT NULL)",
        "ALTER TABLE people ADD COLUMN main INTEGER REFERENCES addresses(id)",
        "INSERT INTO addresses VALUES (7, 1), (8, 2)",
        "UPDATE people SET main = id + 6",
    )
    link = {**PERSON, "enforced": False}
    owner = people("id email main", not_followed=["main"], erasure=MINIMISE)
    tables = {"people": owner, "addresses": table("id person", link=link, erasure=DELETE)}
    carry = system(tables)
    assert ("addresses", "minimise", "kept_row") in reasons(plan_erasure(connect(carry, url), ANN, TODAY))
    owner["columns"]["main"]["mask"] = "null"
    assert reasons(carry_out(system(tables), url)) == {
        ("addresses", "delete", "table"),
        ("people", "minimise", "table"),
    }
    assert snapshot(url)["people"] == [(1, "efface+1@anonyme.invalid", None), (2, "bob@b.example", 8)]


def test_composite_keys_and_several_links(url: str, run: Run):
    run(
        "CREATE TABLE deals (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id), paid BOOLEAN)",
        "CREATE TABLE notes (deal INTEGER REFERENCES deals(id), line INTEGER, person INTEGER REFERENCES people(id), said VARCHAR(99), PRIMARY KEY (deal, line))",
        "INSERT INTO deals VALUES (1, 1, true), (2, 2, false), (3, 1, false)",
        "INSERT INTO notes VALUES (1, 1, 1, 'Ann'), (1, 2, NULL, 'Ann'), (2, 1, 1, 'Ann'), (2, 2, 2, 'Bob'), (3, 1, NULL, 'Ann')",
    )
    hold = {
        "name": "paid",
        "when": {"column": "paid", "is": True},
        "action": "keep",
        "basis": "Art. 17(3)(b)",
    }
    links = [{"column": "deal", "to": "deals.id"}, PERSON]
    spec = system(
        {
            "notes": table("deal line person said", key="deal line", link=links, erasure=DELETE),
            "people": people(),
            "deals": table("id person paid", link=PERSON, erasure={**DELETE, "holds": [hold]}),
        }
    )
    plan = carry_out(spec, url)
    assert [(row.table, *row.key.values(), row.action) for row in plan.rows] == [
        ("notes", 1, 1, "delete"),
        ("notes", 1, 2, "delete"),
        ("notes", 2, 1, "delete"),
        ("notes", 3, 1, "delete"),
        ("deals", 1, "keep"),
        ("deals", 3, "delete"),
        ("people", 1, "minimise"),
    ]
    assert snapshot(url)["notes"] == [(2, 2, 2, "Bob")]


def test_every_mask(url: str, run: Run):
    number = "BIGINT" if "postgres" in url else "INTEGER"
    run(
        f"CREATE TABLE cards (id INTEGER PRIMARY KEY, email VARCHAR(100), phone VARCHAR(30), name VARCHAR(20), optin BOOLEAN NOT NULL, yes {number}, word VARCHAR(5), said JSON, note TEXT, kept TEXT)"
    )
    run(
        "INSERT INTO cards VALUES (1, 'ann@a.example', '+33 1 99 00 99 01', 'Ann Lee', true, 1, 'true', :said, :note, 'a')",
        said=json.dumps(
            {"to": ["Ann@A.example", 3], "Ann Lee": None, "tel": 33199009901, "joann": "joann@a.example"}
        ),
        note="ann LEE a dit : ann%40a.example, tél. 01 99 00 99 01. joann@a.example reste, ann@a.example aussi non.",
    )
    run("INSERT INTO cards VALUES (2, 'joann@a.example', NULL, NULL, false, 0, 'false', NULL, NULL, NULL)")
    masks = {
        "email": "token_email", "phone": "null", "name": "fixed:Personne effacée", "optin": "false", "yes": "false",
        "word": "false", "said": "redact_identities", "note": "redact_identities",
    }  # fmt: skip
    cards = table(
        "id email phone name optin yes word said note kept",
        identity={**EMAIL, "phone": {"column": "phone"}},
        erasure=MINIMISE,
    )
    for column, mask in masks.items():
        cards["columns"][column]["mask"] = mask
    cards["columns"]["name"]["category"] = "identity"
    carry_out(system({"people": people(), "cards": cards}), url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM cards WHERE id = 1")).mappings().one()
        assert connection.execute(sa.text("SELECT id FROM cards WHERE said IS NULL")).scalars().all() == [2]
    said = json.loads(row["said"]) if isinstance(row["said"], str) else row["said"]
    assert said == {"to": ["***", 3], "***": None, "tel": "***", "joann": "joann@a.example"}
    assert row["note"] == "*** a dit : ***, tél. ***. joann@a.example reste, *** aussi non."
    assert (row["email"], row["phone"], row["name"]) == ("efface+1@anonyme.invalid", None, "Personne effacée")
    assert (bool(row["optin"]), row["yes"], row["word"], row["kept"]) == (False, 0, "false", "a")
    assert snapshot(url)["cards"][1][1] == "joann@a.example"


def test_what_is_deleted_leaves_the_sqlite_file(tmp_path: Path):
    file = tmp_path / "shop.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(99))")
        connection.execute("INSERT INTO people VALUES (1, 'ann@a.example'), (2, 'bob@b.example')")
    connection.close()
    assert b"ann@a.example" in file.read_bytes()
    carry_out(system({"people": people()}), f"sqlite:///{file}")
    assert b"ann@a.example" not in file.read_bytes()
    assert b"bob@b.example" in file.read_bytes()


def test_several_identities_of_one_person_are_erased_together(url: str, run: Run):
    run("CREATE TABLE cards (id INTEGER PRIMARY KEY, phone VARCHAR(30), name VARCHAR(30))")
    run("INSERT INTO cards VALUES (1, '+33 1', 'Ann'), (2, '+33 2', 'Bob'), (3, '+33 3', 'Ann')")
    run("INSERT INTO people VALUES (3, 'ann@home.example')")
    cards = table("id phone name", identity={"phone": {"column": "phone"}}, erasure=DELETE)
    me = [
        *ANN,
        *(
            Identifier(kind=k, value=v)
            for k, v in [("email", "Ann@Home.example"), ("phone", "+33 1"), ("phone", "+33 3")]
        ),
    ]
    carry_out(system({"people": people(), "cards": cards}), url, me)
    after = snapshot(url)
    assert (after["people"], after["cards"]) == ([(2, "bob@b.example")], [(2, "+33 2", "Bob")])


def test_a_phone_shared_by_colleagues_is_searched_in_texts_and_erases_no_colleague(url: str, run: Run):
    run("CREATE TABLE cards (id INTEGER PRIMARY KEY, email VARCHAR(99), phone VARCHAR(30), said TEXT)")
    run(
        "INSERT INTO cards VALUES (1, 'ann@a.example', '+33 1 99 00 99 01', NULL), (2, 'bob@b.example', '+33 1 99 00 99 01', 'Ann is at 0199009901')"
    )
    cards = table("id email phone said", identity={**EMAIL, "phone": {"column": "phone"}}, erasure=DELETE)
    connector = connect(system({"people": people(), "cards": cards}), url)
    on_file = identities_on_file(connector, ANN)
    plan = plan_erasure(connector, ANN, TODAY)
    erase(connector, plan, ANN, TODAY)
    assert [row[0] for row in snapshot(url)["cards"]] == [2]
    verification = verify_erasure(connector, plan, ANN, on_file)
    assert verification.erased
    assert [(mention.key, mention.column) for mention in verification.mentions] == [
        ({"id": 2}, "phone"),
        ({"id": 2}, "said"),
    ]
