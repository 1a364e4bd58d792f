"""The invented systems fit the shipped data map, hold enough people, and come out the same each time."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.data_map_loading import load_data_map
from models.records import Identifier
from tasks.check_map import check_map
from tasks.connectors import build_connector
from tasks.samples.sample_systems import (
    CAMILLE,
    OLIVER,
    SamplePerson,
    create_sample_systems,
    fill_site,
    sample_people,
)
from tasks.samples.sample_tables import INVOICES, SITE

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
MAP = load_data_map(Path(__file__).parents[2] / "data_map")


def content(url: str) -> dict[str, list[Any]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in SITE.sorted_tables
        }


def test_they_fit_the_shipped_map(tmp_path: Path):
    assert check_map(MAP, create_sample_systems(tmp_path, NOW), NOW) == []


def test_running_again_gives_the_same_content(tmp_path: Path):
    first = create_sample_systems(tmp_path, NOW)
    before = content(first["DSR_SITE_DB_URL"]), Path(first["DSR_BILLING_CSV"]).read_bytes()
    assert create_sample_systems(tmp_path, NOW) == first
    assert before == (content(first["DSR_SITE_DB_URL"]), Path(first["DSR_BILLING_CSV"]).read_bytes())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["billing_customers.csv", "site.sqlite"]


def test_postgresql_holds_the_same(tmp_path: Path, postgres_url: str):
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    fill_site(engine, NOW)
    assert content(postgres_url) == content(create_sample_systems(tmp_path, NOW)["DSR_SITE_DB_URL"])


def test_there_are_enough_people_each_with_an_address_of_their_own(tmp_path: Path):
    people = sample_people()
    assert len(people) >= 200
    for field in ("name", "email", "phone"):
        assert len({getattr(person, field) for person in people}) == len(people)
    assert all(person.email.endswith((".example", "example.org")) for person in people)
    with sa.create_engine(
        create_sample_systems(tmp_path, NOW)["DSR_SITE_DB_URL"], poolclass=sa.NullPool
    ).connect() as db:
        years = {issued.year for issued in db.scalars(sa.select(INVOICES.c.issued_on))}
    assert {2014, 2020, 2025} <= years <= set(range(2014, 2027))


@pytest.mark.parametrize("person", [CAMILLE, OLIVER])
def test_the_two_known_people_stand_in_every_table(tmp_path: Path, person: SamplePerson):
    environment = create_sample_systems(tmp_path, NOW)
    identifiers = [
        Identifier(kind="email", value=person.email),
        Identifier(kind="visitor_id", value=person.visitor_id),
    ]
    found = {}
    for name in ("site_db", "billing"):
        found[name] = build_connector(MAP.systems[name], environment).discover(identifiers, NOW).records
        assert {record.table for record in found[name]} == set(MAP.systems[name].tables)
    invoices = [record.keep_until for record in found["site_db"] if record.table == "invoices"]
    assert min(invoices) < NOW.date() < max(invoices)
