"""Rectification on SQLite and PostgreSQL: what the map allows, read back, and nobody else’s row (law.md R2)."""

from pathlib import Path
from typing import Any

import pytest
from changing import ANN, BOB, EMAIL, Run, connect, people, snapshot
from shop import system, table

from models.data_map import SqlSystem
from models.errors import MapIncomplete, NeedsHuman, Rejected, Unavailable
from models.records import Change, Identifier
from tasks.connectors.sql_rectify import preview_rectification, rectify

NEW = [Identifier(kind="email", value="ann@new.example")]


def shop(columns: str = "id email name company", **more: Any) -> SqlSystem:
    described = people(columns, **more)
    for column in described["columns"]:
        if column not in {"id", "company"}:
            described["columns"][column]["rectify"] = True
    forms = table("id email name", identity=EMAIL)
    forms["columns"]["email"]["rectify"] = True
    return system({"people": described, "forms": forms})


@pytest.fixture
def rows(run: Run) -> Run:
    run(
        "ALTER TABLE people ADD COLUMN name VARCHAR(9)",
        "ALTER TABLE people ADD COLUMN company VARCHAR(9)",
        "UPDATE people SET name = 'Nobody', company = 'Acme'",
        "CREATE TABLE forms (id INTEGER PRIMARY KEY, email VARCHAR(99), name VARCHAR(9))",
        "INSERT INTO forms VALUES (5, 'Ann@A.example', 'Nobody'), (6, 'bob@b.example', 'Nobody')",
    )
    return run


def test_before_and_after_of_each_row(url: str, rows: Run):
    connector = connect(shop(), url)
    before = snapshot(url)
    expected = (
        Change(
            system="shop", table="people", key={"id": 1}, before={"name": "Nobody"}, after={"name": "Ann"}
        ),
    )
    assert preview_rectification(connector, ANN, {"name": "Ann"}) == expected
    assert snapshot(url) == before
    assert rectify(connector, ANN, {"name": "Ann"}) == expected
    assert snapshot(url) == {**before, "people": [(1, "ann@a.example", "Ann", "Acme"), *before["people"][1:]]}


def test_repeating_changes_nothing_more_and_says_so(url: str, rows: Run):
    connector = connect(shop(), url)
    rectify(connector, ANN, {"name": "Ann"})
    after = snapshot(url)
    (again,) = rectify(connector, ANN, {"name": "Ann"})
    assert again.before == again.after == {"name": "Ann"}
    assert snapshot(url) == after


def test_a_new_address_is_changed_wherever_the_map_allows_it(url: str, rows: Run):
    connector = connect(shop(), url)
    changes = rectify(connector, ANN, {"email": "ann@new.example"})
    assert [(change.table, change.before["email"], change.after["email"]) for change in changes] == [
        ("people", "ann@a.example", "ann@new.example"),
        ("forms", "Ann@A.example", "ann@new.example"),
    ]
    assert rectify(connector, ANN, {"email": "ann@new.example"}) == ()
    again = rectify(connector, [*ANN, *NEW], {"email": "ann@new.example"})
    assert [change.before == change.after for change in again] == [True, True]
    assert [row[1] for row in snapshot(url)["people"]] == ["ann@new.example", "bob@b.example"]


def test_a_table_may_be_named(url: str, rows: Run):
    (change,) = rectify(connect(shop(), url), ANN, {"forms.email": "ann@new.example"})
    assert (change.table, change.key) == ("forms", {"id": 5})


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("company", "people.company may not be rectified"),
        ("forms.name", "forms.name may not be rectified"),
        ("id", "people.id may not be rectified"),
        ("x'; DROP TABLE people; --", "a column that was asked for may not be rectified"),
        ("people.", "a column that was asked for may not be rectified"),
    ],
)
def test_only_columns_of_the_whitelist(url: str, rows: Run, asked: str, told: str):
    before = snapshot(url)
    connector = connect(shop(), url)
    for call in (preview_rectification, rectify):
        with pytest.raises(Rejected) as caught:
            call(connector, ANN, {"name": "Ann", asked: "x"})
        assert str(caught.value).startswith(told)
    assert snapshot(url) == before


def test_a_key_is_never_rectified(url: str, rows: Run):
    described = people("id email name company")
    described["columns"]["id"]["rectify"] = True
    spec = system({"people": described, "forms": table("id email name", identity=EMAIL)})
    with pytest.raises(Rejected, match=r"people\.id is a key"):
        rectify(connect(spec, url), ANN, {"id": 2})


def test_another_persons_address_is_not_taken_over(url: str, rows: Run):
    before = snapshot(url)
    contact_point = {"email": {"column": "email", "fold": True, "contact_point": True}}
    connector = connect(shop(identity=contact_point), url)
    for call in (preview_rectification, rectify):
        with pytest.raises(NeedsHuman, match="another row of people already has the new email") as caught:
            call(connector, ANN, {"email": "BOB@b.example"})
        assert "bob" not in str(caught.value).lower()
    assert snapshot(url) == before
    rectify(connector, [*ANN, *BOB], {"people.email": "bob@b.example"})


@pytest.mark.parametrize("value", ["much too long a name", 3, "x\x00", "\ud800", ["Ann"], {"a": 1}])
def test_a_value_that_does_not_fit_is_refused_without_quoting_it(url: str, rows: Run, value: Any):
    before = snapshot(url)
    with pytest.raises(NeedsHuman, match=r"people.name is of type VARCHAR") as caught:
        rectify(connect(shop(), url), ANN, {"email": "ann@new.example", "name": value})
    assert "much" not in str(caught.value)
    assert snapshot(url) == before


def test_values_of_every_type(url: str, run: Run):
    run(
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, email VARCHAR(99), born DATE, seen TIMESTAMP, price NUMERIC(9, 2), rank INTEGER, ok BOOLEAN, said JSON)",
        "INSERT INTO cards (id, email) VALUES (1, 'ann@a.example')",
    )
    cards = table("id email born seen price rank ok said", identity=EMAIL)
    for column in cards["columns"]:
        cards["columns"][column]["rectify"] = column != "id"
    connector = connect(system({"people": people(), "cards": cards}), url)
    new: dict[str, Any] = {
        "born": "1980-02-29", "seen": "2026-01-02T03:04:05+01:00", "price": "12.50", "rank": "7", "ok": "true",
        "said": {"a": [1, None]},
    }  # fmt: skip
    (change,) = rectify(connector, ANN, new)
    assert change.after == {
        "born": "1980-02-29", "seen": "2026-01-02T02:04:05", "price": "12.50", "rank": 7, "ok": True,
        "said": {"a": [1, None]},
    }  # fmt: skip
    (change,) = rectify(connector, ANN, dict.fromkeys(new))
    assert set(change.after.values()) == {None}
    for column, wrong in {
        "born": "29/02/1980",
        "rank": "seven",
        "price": "cheap",
        "ok": "maybe",
        "seen": 5,
    }.items():
        with pytest.raises(NeedsHuman, match=f"cards.{column} is of type"):
            rectify(connector, ANN, {column: wrong})


def test_a_constraint_of_the_database_undoes_everything(url: str, rows: Run):
    rows("CREATE UNIQUE INDEX once ON forms (email)", "INSERT INTO forms VALUES (7, 'x@x.example', 'Eve')")
    before = snapshot(url)
    with pytest.raises(Rejected, match=r"shop: forms refused the change \(\w+\)") as caught:
        rectify(connect(shop(), url), ANN, {"email": "x@x.example"})
    assert "x@x" not in str(caught.value)
    assert snapshot(url) == before


def test_gaps_in_the_map_and_missing_files_stop_it(url: str, rows: Run, tmp_path: Path):
    rows("ALTER TABLE people ADD COLUMN linkedin VARCHAR(9)")
    with pytest.raises(MapIncomplete, match=r"column people\.linkedin"):
        rectify(connect(shop(), url), ANN, {"name": "Ann"})
    gone = tmp_path / "gone" / "shop.sqlite"
    with pytest.raises(Unavailable):
        rectify(connect(shop(), f"sqlite:///{gone}"), ANN, {"name": "Ann"})
    assert not gone.parent.exists()
