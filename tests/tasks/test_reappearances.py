"""A suppressed person who is in a system again is noted once, told once, and forgotten only when settled and gone."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from models.audit import verify
from models.data_map import CsvSystem, SqlSystem
from models.database import reading, unit_of_work
from models.errors import MapIncomplete, NeedsHuman, NotFound, Rejected, Unavailable
from models.records import Identifier
from models.rights import Right
from models.tables import AuditEvent, Case, Letter, Reappearance, Receipt, Request
from tasks.keeping.find_reappeared import look_into, reappeared, settle
from tasks.keeping.suppress import Scope, suppress
from tasks.officers import add_officer
from tasks.search_systems import data_map
from tasks.steps import Scene
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, add_case, manual_system
from tests.tasks.connectors.shop import TEXT, system, table

ANN = "ann@a.example"
PEOPLE = table(
    "id email phone optin stopped_at",
    identity={"email": {"column": "email", "fold": True}, "phone": {"column": "phone"}},
    stop={"set": {"optin": "false", "stopped_at": "now"}},
)
LOG = table("id sender receiver", identity={"email": {"column": "sender"}, "email#2": {"column": "receiver"}})
SHOP = system({"people": PEOPLE, "log": LOG})


def letters() -> int:
    with reading() as session:
        return len(session.exec(select(Letter)).all())


class Shop:
    """A database of people and of mails, on the same engine as ours."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.run(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(99), phone VARCHAR(99), optin BOOLEAN, stopped_at TIMESTAMP)",
            "CREATE TABLE log (id INTEGER PRIMARY KEY, sender VARCHAR(99), receiver VARCHAR(99))",
        )

    def run(self, *statements: str) -> None:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()

    def look(self, spec: SqlSystem = SHOP, now: datetime = NOW) -> int:
        before = letters()
        written = look_into(spec, {"SHOP": self.url}, now)
        assert letters() == before + len(written)
        return len(written)


@pytest.fixture
def shop(db: str, request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    with unit_of_work() as session:
        add_officer(session, "Claire Martin", "claire@nexoris.com", "correct horse battery", NOW, totp=False)
    if db.startswith("postgresql"):
        return Shop(request.getfixturevalue("create_postgres_database")())
    return Shop(f"sqlite:///{tmp_path / 'shop.sqlite'}")


def suppressed(value: str = ANN, scope: Scope = "marketing", kind: str = "email") -> int:
    with unit_of_work() as session:
        right = Right.OBJECTION if scope == "marketing" else Right.ERASURE
        case, [request] = add_case(session, right)
        identifiers = [Identifier(kind=kind, value=value)]
        suppress(Scene(session, case, request, NOW), identifiers, scope, "objection")
        return request.id


def found() -> list[tuple[str, dict[str, Any]]]:
    with reading() as session:
        return [(row.system, json.loads(row.record)) for row in reappeared(session, settled=True)]


def person(number: int, email: str, optin: str = "true", stopped: str = "NULL", phone: str = "NULL") -> str:
    return f"INSERT INTO people VALUES ({number}, '{email}', {phone}, {optin}, {stopped})"


def test_who_came_back_is_noted_audited_and_told_once(shop: Shop) -> None:
    suppressed()
    shop.run(person(1, "  ANN@A.example "), person(2, "bob@b.example"))
    assert shop.look() == 1
    assert found() == [("shop", {"table": "people", "key": {"id": 1}})]
    assert shop.look(now=NOW + timedelta(days=1)) == 0
    with reading() as session:
        [letter] = session.exec(select(Letter)).all()
        assert (letter.kind, letter.recipient) == ("reappeared", "claire@nexoris.com")
        event = session.exec(select(AuditEvent).where(AuditEvent.kind == "reappeared")).one()
        assert event.detail == {
            "request": "objection", "scope": "marketing", "system": "shop", "table": "people",
        }  # fmt: skip
        assert verify(session) == []
    shop.run(person(3, ANN))
    assert shop.look() == 1
    assert len(found()) == 2


def test_a_number_comes_back_too(shop: Shop) -> None:
    suppressed("01 99 00 99 01", kind="phone")
    shop.run(person(1, "x@x.example", phone="'+33 1 99 00 99 01'"), person(2, "y@y.example", phone="'call'"))
    assert shop.look() == 1
    assert [record["key"]["id"] for _, record in found()] == [1]


def test_an_objection_concerns_rows_that_can_be_stopped_and_are_not(shop: Shop) -> None:
    suppressed()
    shop.run(
        person(1, ANN, "false", "'2026-11-20 10:00:00'"),
        f"INSERT INTO log VALUES (1, '{ANN}', 'x@x.example')",
    )
    assert shop.look() == 0
    shop.run("UPDATE people SET optin = true")
    assert shop.look() == 1
    assert [record["table"] for _, record in found()] == ["people"]


def test_an_erased_person_must_be_nowhere_but_where_a_receipt_says(shop: Shop) -> None:
    request_id = suppressed(scope="erased")
    shop.run(
        person(1, ANN, "false", "'2026-11-20 10:00:00'"),
        person(2, ANN),
        f"INSERT INTO log VALUES (7, 'x@x.example', '{ANN}')",
    )
    with unit_of_work() as session:
        for kind, place, record in (
            ("kept", "shop", {"key": {"id": 1}, "table": "people"}),
            ("deleted", "shop", {"table": "people", "key": {"id": 2}}),
            ("minimised", "elsewhere", {"table": "log", "key": {"id": 7}}),
        ):
            session.add(
                Receipt(request_id=request_id, kind=kind, system=place, record=json.dumps(record), at=NOW)
            )
        session.add(Receipt(request_id=request_id, kind="kept", system="shop", record="the file", at=NOW))
    assert shop.look() == 1
    assert sorted((record["table"], record["key"]["id"]) for _, record in found()) == [
        ("log", 7),
        ("people", 2),
    ]


def test_one_letter_tells_of_all_that_is_new_to_every_officer(shop: Shop) -> None:
    with unit_of_work() as session:
        add_officer(session, "Dana Privacy", "dana@nexoris.com", "correct horse battery", NOW, totp=False)
    suppressed()
    suppressed("bob@b.example")
    shop.run(person(1, ANN), person(2, "bob@b.example"))
    assert shop.look() == 2
    assert len(found()) == 2


def test_what_is_settled_is_told_again_only_when_it_went_and_came_back(shop: Shop) -> None:
    suppressed()
    shop.run(person(1, ANN))
    shop.look()
    with unit_of_work() as session:
        [row] = reappeared(session)
        settle(session, row.id, "Claire Martin", NOW)
        assert reappeared(session) == []
        with pytest.raises(Rejected):
            settle(session, row.id, "Claire Martin", NOW)
        with pytest.raises(NotFound):
            settle(session, 99, "Claire Martin", NOW)
        with pytest.raises(Rejected):
            settle(session, row.id, " ", NOW)
    assert shop.look() == 0
    shop.run("UPDATE people SET optin = false, stopped_at = '2026-11-24 10:00:00'")
    assert shop.look() == 0
    assert found() == []
    shop.run("UPDATE people SET optin = true")
    assert shop.look(now=NOW + timedelta(days=2)) == 1
    with reading() as session:
        settled = session.exec(select(AuditEvent).where(AuditEvent.kind == "reappearance_settled")).one()
        assert settled.actor == "Claire Martin"


def test_an_older_key_still_finds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["first"]')
    forget_settings()
    suppressed()
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["second", "first"]')
    forget_settings()
    shop.run(person(1, ANN))
    assert shop.look() == 1


def test_many_rows_and_hostile_cells_pass_by(shop: Shop) -> None:
    suppressed()
    shop.run(
        *(person(n, f"person{n}@b.example") for n in range(1, 1200)),
        person(2000, "''; DROP TABLE people; --"),
        person(2001, "a" * 90),
        person(2002, ANN),
    )
    assert shop.look() == 1
    assert [record["key"]["id"] for _, record in found()] == [2002]


def test_a_system_that_cannot_be_read_whole_says_so(shop: Shop, db: str) -> None:
    suppressed()
    shop.run("ALTER TABLE people ADD COLUMN linkedin VARCHAR(99)")
    with pytest.raises(MapIncomplete):
        shop.look()
    with pytest.raises(NeedsHuman):
        look_into(SHOP, {}, NOW)
    with pytest.raises(Unavailable):
        look_into(SHOP, {"SHOP": "sqlite:////nowhere/shop.sqlite"}, NOW)


def test_nothing_is_read_while_nobody_is_suppressed(db: str) -> None:
    assert look_into(SHOP, {}, NOW) == []


def test_what_only_people_can_search_is_left_to_them(db: str) -> None:
    suppressed()
    assert look_into(manual_system(), {}, NOW) == []


def cards(**more: Any) -> CsvSystem:
    about = {
        "version": 1,
        "system": "cards",
        "kind": "csv",
        "title": TEXT,
        "recipients": [],
        "path_env": "CARDS",
    }
    held = table("id email optin", identity={"email": {"column": "email", "fold": True}}, **more)
    return CsvSystem.model_validate({**about, "file": "cards.csv", "tables": {"cards": held}})


def test_an_export_is_looked_through_too(db: str, tmp_path: Path) -> None:
    suppressed()
    file = tmp_path / "cards.csv"
    file.write_text(f"id,email,optin\n7,{ANN},no\n8,,yes\n", encoding="utf-8")
    look_into(cards(), {"CARDS": str(file)}, NOW)
    assert found() == []
    look_into(cards(stop={"set": {"optin": "false"}}), {"CARDS": str(file)}, NOW)
    assert found() == [("cards", {"table": "cards", "key": {"id": "7"}})]


def test_the_shipped_map_can_be_listed(db: str, tmp_path: Path) -> None:
    from tasks.samples.sample_systems import CAMILLE, create_sample_systems

    environment = create_sample_systems(tmp_path, NOW)
    suppressed(CAMILLE.email, scope="erased")
    for spec in data_map().systems.values():
        look_into(spec, environment, NOW)
    assert {name for name, _ in found()} == {"site_db", "billing"}
    with reading() as session:
        assert session.exec(select(Letter)).all() == []
        rows = session.exec(select(Reappearance)).all()
        assert session.get_one(Case, session.exec(select(Request)).one().case_id).audit_count > len(rows)
