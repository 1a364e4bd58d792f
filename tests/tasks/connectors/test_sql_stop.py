"""Objection and withdrawal of consent on SQLite and PostgreSQL, as the map’s `stop` says (law.md R7, R8)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from changing import ANN, EMAIL, Run, connect, people, snapshot
from shop import system, table

from models.data_map_loading import load_data_map
from models.errors import MapIncomplete, NeedsHuman, Rejected, Unavailable
from models.records import Identifier
from tasks.connectors.sql_stop import stop
from tasks.samples.sample_systems import CAMILLE, create_sample_systems

NOW = datetime(2026, 11, 23, 23, 30, 15, 999, tzinfo=UTC)  # the 24th in Paris
SITE = load_data_map(Path(__file__).parents[3] / "data_map").systems["site_db"]


def cards(**columns: str) -> dict[str, Any]:
    return table(f"id email {' '.join(columns)}", identity=EMAIL, stop={"set": columns})


@pytest.fixture
def two(run: Run) -> Run:
    run(
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, email VARCHAR(99), optin BOOLEAN NOT NULL, since TIMESTAMP)",
        "INSERT INTO cards VALUES (1, 'Ann@a.example', true, NULL), (2, 'bob@b.example', true, NULL)",
        "INSERT INTO cards VALUES (3, 'ann@a.example', false, '2020-01-01 00:00:00')",
    )
    return run


def test_the_website_stops_one_person_at_once(tmp_path: Path):
    url = create_sample_systems(tmp_path, NOW)["DSR_SITE_DB_URL"]
    before = snapshot(url)
    (effect,) = stop(connect(SITE, url), [Identifier(kind="email", value=CAMILLE.email)], NOW)
    assert (effect.system, effect.table, effect.key, effect.action) == (
        "site_db",
        "contacts",
        {"id": 1},
        "stopped",
    )
    assert (effect.columns, effect.changed) == (("marketing_optin", "opted_out_at"), True)
    after = snapshot(url)
    changed = {name: [row for row in rows if row not in before[name]] for name, rows in after.items()}
    (contact,) = changed.pop("contacts")
    assert contact[7:9] == (0, "2026-11-23 23:30:15.000000")
    assert not any(changed.values())


def test_only_the_persons_rows_and_the_first_date_stays(url: str, two: Run):
    connector = connect(system({"people": people(), "cards": cards(optin="false", since="now")}), url)
    first = stop(connector, ANN, NOW)
    assert [(effect.key, effect.changed) for effect in first] == [({"id": 1}, True), ({"id": 3}, False)]
    after = snapshot(url)
    assert [(row[0], bool(row[2]), str(row[3])[:19]) for row in after["cards"]] == [
        (1, False, "2026-11-23 23:30:15"),
        (2, True, "None"),
        (3, False, "2020-01-01 00:00:00"),
    ]
    second = stop(connector, ANN, NOW + timedelta(days=1))
    assert [effect.changed for effect in second] == [False, False]
    assert snapshot(url) == after


def test_who_came_back_is_stopped_again_with_a_new_date(url: str, two: Run):
    two("UPDATE cards SET optin = true WHERE id = 3")
    connector = connect(system({"people": people(), "cards": cards(optin="false", since="now")}), url)
    assert [effect.changed for effect in stop(connector, ANN, NOW)] == [True, True]
    assert str(snapshot(url)["cards"][2][3]).startswith("2026-11-23")


def test_every_value_and_the_rows_below(url: str, run: Run):
    run(
        "CREATE TABLE subs (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people(id), out BOOLEAN, yes INTEGER, topic VARCHAR(9), why VARCHAR(9), day DATE, at VARCHAR(30))",
        "INSERT INTO subs VALUES (1, 1, false, 1, 'all', 'x', NULL, NULL), (2, 2, false, 1, 'all', 'x', NULL, NULL)",
    )
    values = {
        "out": "true",
        "yes": "false",
        "topic": "null",
        "why": "fixed:objection",
        "day": "now",
        "at": "now",
    }
    subs = table(
        f"id person {' '.join(values)}", link={"column": "person", "to": "people.id"}, stop={"set": values}
    )
    connector = connect(system({"people": people(), "subs": subs}), url)
    (effect,) = stop(connector, ANN, NOW)
    assert (effect.key, effect.changed) == ({"id": 1}, True)
    first, other = snapshot(url)["subs"]
    assert (bool(first[2]), *first[3:6]) == (True, 0, None, "objection")
    assert (str(first[6]), first[7]) == ("2026-11-24", "2026-11-23T23:30:15+00:00")
    assert other[3:6] == (1, "all", "x")
    assert [effect.changed for effect in stop(connector, ANN, NOW)] == [False]


def test_a_column_with_a_time_zone(postgres_url: str):
    import sqlalchemy as sa

    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE cards (id INTEGER PRIMARY KEY, email TEXT, since TIMESTAMPTZ)")
        )
        connection.execute(sa.text("INSERT INTO cards VALUES (1, 'ann@a.example', NULL)"))
    stop(connect(system({"cards": cards(since="now")}), postgres_url), ANN, NOW)
    assert snapshot(postgres_url)["cards"][0][2] == NOW.replace(microsecond=0)


def test_a_person_with_nothing_to_stop(url: str, run: Run):
    assert stop(connect(system({"people": people()}), url), ANN, NOW) == []


@pytest.mark.parametrize("value", ["' OR '1'='1", "%", "", "\ud800", "x\x00"])
def test_a_hostile_identifier_stops_nobody(url: str, two: Run, value: str):
    before = snapshot(url)
    connector = connect(system({"people": people(), "cards": cards(optin="false", since="now")}), url)
    assert stop(connector, [Identifier(kind="email", value=value)], NOW) == []
    assert snapshot(url) == before


@pytest.mark.parametrize(
    ("columns", "error", "told"),
    [
        ({"optin": "now", "since": "now"}, NeedsHuman, "cards.optin is of type BOOLEAN"),
        ({"optin": "null", "since": "now"}, Rejected, "shop: cards refused the change ("),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_undone(
    url: str, two: Run, columns: dict[str, str], error: type[Exception], told: str
):
    before = snapshot(url)
    with pytest.raises(error) as caught:
        stop(connect(system({"people": people(), "cards": cards(**columns)}), url), ANN, NOW)
    assert str(caught.value).startswith(told)
    assert snapshot(url) == before


def test_gaps_in_the_map_and_missing_files_stop_it(url: str, two: Run, tmp_path: Path):
    with pytest.raises(MapIncomplete, match=r"table cards is not in the map"):
        stop(connect(system({"people": people()}), url), ANN, NOW)
    with pytest.raises(Unavailable):
        stop(connect(system({"people": people()}), f"sqlite:///{tmp_path}/gone.sqlite"), ANN, NOW)
    assert not (tmp_path / "gone.sqlite").exists()
