"""What the SQL connector finds, on SQLite and PostgreSQL: the person’s rows, faithfully, and nobody else’s."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from shop import EMAIL, NOW, PEOPLE, find, keys, system, table

from models.errors import NeedsHuman
from models.records import FindingStatus
from tasks.connectors.sql import SqlConnector


def test_without_a_primary_key_rows_must_still_be_told_apart(url: str, run: Callable[..., None]):
    run("CREATE TABLE forms (id INTEGER, email VARCHAR(100))")
    run("INSERT INTO forms VALUES (1, 'ann@a.example'), (1, 'ann@a.example')")
    spec = system(
        {"people": PEOPLE, "forms": table("id email", identity={"email": {"column": "email", "fold": True}})}
    )
    assert keys(find(spec, url)) == [("people", 1), ("forms", 1)]
    run("INSERT INTO forms VALUES (1, 'ANN@a.example')")
    with pytest.raises(NeedsHuman, match="two different rows of forms have the same key"):
        find(spec, url)


def test_the_walk_never_goes_up_to_a_company_and_down_to_colleagues(url: str, run: Callable[..., None]):
    run(
        "CREATE TABLE firms (id INTEGER PRIMARY KEY, email VARCHAR(99))",
        "CREATE TABLE staff (id INTEGER PRIMARY KEY, firm INTEGER REFERENCES firms(id), email VARCHAR(99))",
        "INSERT INTO firms VALUES (1, 'info@firm.example')",
        "INSERT INTO staff VALUES (1, 1, 'ann@a.example'), (2, 1, 'bob@b.example')",
    )
    spec = system(
        {
            "people": PEOPLE,
            "firms": table("id email", identity=EMAIL),
            "staff": table("id firm email", identity=EMAIL, link={"column": "firm", "to": "firms.id"}),
        }
    )
    assert keys(find(spec, url)) == [("people", 1), ("staff", 1)]


def test_composite_keys_and_several_links(url: str, run: Callable[..., None]):
    run(
        "CREATE TABLE deals (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id))",
        "CREATE TABLE notes (deal INTEGER REFERENCES deals(id), line INTEGER, person INTEGER REFERENCES people(id), PRIMARY KEY (deal, line))",
        "INSERT INTO deals VALUES (1, 1), (2, 2)",
        "INSERT INTO notes VALUES (1, 1, 1), (1, 2, NULL), (2, 1, 1), (2, 2, 2)",
    )
    links = [{"column": "deal", "to": "deals.id"}, {"column": "person", "to": "people.id"}]
    spec = system(
        {
            "notes": table("deal line person", key="deal line", link=links),
            "people": PEOPLE,
            "deals": table("id person", link={"column": "person", "to": "people.id"}),
        }
    )
    assert keys(find(spec, url)) == [
        ("people", 1),
        ("deals", 1),
        ("notes", 1, 1),
        ("notes", 1, 2),
        ("notes", 2, 1),
    ]


def test_a_second_identity_column_counts_and_is_no_contact_point(url: str, run: Callable[..., None]):
    run(
        "CREATE TABLE mails (id INTEGER PRIMARY KEY, sender VARCHAR(99), receiver VARCHAR(99))",
        "INSERT INTO mails VALUES (1, 'Ann@a.example', 'bob@b.example'), (2, 'bob@b.example', ' ann@A.example '), (3, 'bob@b.example', 'eve@e.example')",
    )
    both = {"email": {"column": "sender", "fold": True}, "email#2": {"column": "receiver", "fold": True}}
    finding = find(system({"people": PEOPLE, "mails": table("id sender receiver", identity=both)}), url)
    assert keys(finding) == [("people", 1), ("mails", 1), ("mails", 2)]
    assert [point.value for point in finding.contact_points] == ["ann@a.example"]


@pytest.mark.parametrize(
    ("held", "asked", "same"),
    [
        ("ÉLODIE@a.example", "élodie@a.example", True),
        ("élodie@a.example", "ÉLODIE@A.EXAMPLE", True),
        ("kate@a.example", "\u212aate@a.example", False),  # Kelvin sign
        ("\u212aate@a.example", "kate@a.example", False),
        ("mike@a.example", "m\u0131ke@a.example", False),  # dotless i
        ("strasse@a.example", "stra\u00dfe@a.example", False),
        ("a_b@a.example", "axb@a.example", False),
        ("", "", False),
        (" ", " ", False),
    ],
)
def test_capitals_are_folded_without_confusing_two_people(
    url: str, run: Callable[..., None], held: str, asked: str, same: bool
):
    run("INSERT INTO people VALUES (3, :held)", held=held)
    assert (("people", 3) in keys(find(system({"people": PEOPLE}), url, asked))) is same


def test_identity_columns_of_any_type_can_be_searched(url: str, run: Callable[..., None]):
    spec = system({"people": table("id email", identity={"client_number": {"column": "id"}})})
    assert keys(find(spec, url, "2", "client_number")) == [("people", 2)]
    for value in ("2.0", "two", "2 OR 1=1", "99999999999999999999999"):
        assert find(spec, url, value, "client_number").status == FindingStatus.NONE


def test_more_parents_than_one_statement_takes(url: str, run: Callable[..., None]):
    run("CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id))")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 1509)"
    run(f"INSERT INTO people {numbers} SELECT i, 'ann@a.example' FROM n")
    run(f"INSERT INTO visits {numbers} SELECT i, i FROM n")
    visits = table("id person", link={"column": "person", "to": "people.id"})
    assert len(find(system({"people": PEOPLE, "visits": visits}), url).records) == 1501 + 1500


def test_values_are_faithful_and_safe_in_json(url: str, run: Callable[..., None]):
    blob = "BLOB" if url.startswith("sqlite") else "BYTEA"
    run(
        f"CREATE TABLE things (id INTEGER PRIMARY KEY, email VARCHAR(99), raw {blob}, price NUMERIC(12, 2), day DATE, at TIMESTAMP, yes BOOLEAN, part FLOAT)"
    )
    run(
        "INSERT INTO things VALUES (1, 'ann@a.example', :raw, 1200.50, '2024-03-05', '2024-03-05 10:00:00', true, 0.5)",
        raw=b"\x00\xff",
    )
    retention = {"start": "day", "keep": "10y", "from_year_end": True}
    things = table("id email raw price day at yes part", identity=EMAIL, retention=retention)
    finding = find(system({"people": PEOPLE, "things": things}), url)
    record = finding.records[1]
    assert record.data == {
        "id": 1,
        "email": "ann@a.example",
        "raw": "AP8=",
        "price": "1200.50",
        "day": "2024-03-05",
        "at": "2024-03-05T10:00:00",
        "yes": True,
        "part": 0.5,
    }
    assert str(record.keep_until) == "2034-12-31"
    json.loads(finding.model_dump_json())


def test_a_row_without_a_starting_date_has_no_end_of_retention(url: str, run: Callable[..., None]):
    retention = {"start": "email", "keep": "3y"}
    finding = find(system({"people": table("id email", identity=EMAIL, retention=retention)}), url)
    assert finding.records[0].keep_until is None


def test_a_file_name_with_url_characters_is_that_file(tmp_path: Path):
    file = tmp_path / "shop?mode=rwc#1%41.sqlite"
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(file))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(100))"))
    engine.dispose()
    spec = system({"people": PEOPLE})
    url = sa.URL.create("sqlite", database=str(file))
    assert SqlConnector(spec, url).discover([], NOW).status == FindingStatus.NONE
