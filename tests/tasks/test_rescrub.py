"""Replaying the erasure ledger on a restored database: what it does, and above all what it leaves to a person."""

import json
import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.calendar import paris_date
from models.data_map import SqlSystem
from models.data_map_loading import load_data_map
from models.errors import MapIncomplete, NotFound, Rejected
from models.ledger import LedgerRow, entry_of, write_entry
from models.records import Identifier
from models.settings import settings
from tasks.connectors import build_connector
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import plan_erasure
from tasks.keeping.rescrub import Report, rescrub
from tasks.samples.sample_systems import add_person, create_site_schema
from tests.conftest import forget_settings
from tests.tasks.test_cli import dsr

BACKED_UP = datetime(2026, 11, 20, tzinfo=UTC)
ERASED = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
SINCE = BACKED_UP.date()
ANN, BOB = "ann.lee@a.example", "bob.ray@b.example"


class Site:
    """The site's database in a file, with Ann and Bob in it, and a copy of how it was."""

    def __init__(self, folder: Path) -> None:
        self.file, self.copy = folder / "site.sqlite", folder / "backup.sqlite"
        engine = sa.create_engine(f"sqlite:///{self.file}")
        create_site_schema(engine)
        self.ann, self.bob = (
            add_person(engine, name, mail, BACKED_UP) for name, mail in (("Ann Lee", ANN), ("Bob Ray", BOB))
        )
        engine.dispose()

    def back_up(self) -> None:
        shutil.copy(self.file, self.copy)

    def restore(self) -> None:
        shutil.copy(self.copy, self.file)

    def run(self, statement: str, **values: Any) -> list[Any]:
        engine = sa.create_engine(f"sqlite:///{self.file}")
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            found = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return found

    def everything(self) -> dict[str, list[Any]]:
        tables = ("contacts", "deals", "invoices", "form_submissions", "email_log", "web_sessions")
        return {table: self.run(f"SELECT * FROM {table} ORDER BY id") for table in tables}

    def holds(self, address: str) -> bool:
        return address in repr(self.everything())


@pytest.fixture
def site(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site(tmp_path)
    monkeypatch.setenv("DSR_SITE_DB_URL", f"sqlite:///{made.file}")
    return made


def email(address: str) -> Identifier:
    return Identifier(kind="email", value=address)


def connector() -> SqlConnector:
    spec = load_data_map(settings().data_map).systems["site_db"]
    assert isinstance(spec, SqlSystem)
    found = build_connector(spec, os.environ)
    assert isinstance(found, SqlConnector)
    return found


def erase_and_enter(*who: Identifier, told: tuple[Identifier, ...] = (), **more: Any) -> None:
    today = paris_date(ERASED)
    plan = plan_erasure(connector(), who, today, **more)
    erase(connector(), plan, who, today)
    write_entry(entry_of("DSR-2026-0042/erasure", plan, [*who, *told], ERASED))


def replay(since: date = SINCE) -> Report:
    return rescrub("site_db", since, NOW)


def whys(report: Report) -> set[str]:
    return {left.why for left in report.by_hand}


def test_two_people_are_erased_again_and_then_all_is_fine(site: Site) -> None:
    site.back_up()
    erase_and_enter(email(ANN))
    erase_and_enter(email(BOB))
    erased = site.everything()
    site.restore()
    report = replay()
    assert site.everything() == erased
    assert (report.entries, report.by_hand) == (2, ())
    assert report.erased
    again = replay()
    assert (again.erased, again.minimised, again.by_hand) == ((), (), ())
    assert again.fine == len(report.erased) + len(report.minimised) + report.fine


def test_without_a_restore_there_is_nothing_to_do(site: Site) -> None:
    erase_and_enter(email(ANN))
    before = site.everything()
    report = replay()
    assert (report.erased, report.minimised, report.by_hand) == ((), (), ())
    assert site.everything() == before


def test_a_row_that_had_gone_before_the_erasure_goes_too(site: Site) -> None:
    site.back_up()
    site.run("DELETE FROM form_submissions WHERE email = :who", who=ANN)
    erase_and_enter(email(ANN))
    site.restore()
    report = replay()
    assert not site.holds(ANN)
    assert "form_submissions" in {done.table for done in report.erased}


def test_whoever_came_back_after_the_erasure_is_reported_and_kept(site: Site) -> None:
    erase_and_enter(email(ANN))
    add = (
        "INSERT INTO form_submissions (email, payload, created_at) VALUES (:who, '{}', '2026-11-28 10:00:00')"
    )
    site.run(
        "INSERT INTO form_submissions (email, payload, created_at) VALUES ('x', '{}', '2026-11-28 10:00:00')"
    )
    site.run(add, who=ANN)
    before = site.everything()
    report = replay()
    assert site.everything() == before
    assert ("came_later", "form_submissions") in {(left.why, left.table) for left in report.by_hand}
    assert report.erased == ()


def test_a_phone_that_a_company_shares_erases_no_colleague(site: Site) -> None:
    site.run("UPDATE contacts SET phone = '+33 1 99 00 11 22'")
    site.back_up()
    erase_and_enter(email(ANN), told=(Identifier(kind="phone", value="+33 1 99 00 11 22"),))
    erased = site.everything()
    site.restore()
    assert whys(replay()) <= {"mention"}
    assert site.everything() == erased
    assert site.holds(BOB)


def test_a_key_of_another_person_is_not_touched(site: Site) -> None:
    site.back_up()
    erase_and_enter(email(ANN))
    site.restore()
    site.run("UPDATE contacts SET email = 'new@c.example' WHERE id = :id", id=site.ann)
    before = site.run("SELECT * FROM contacts")
    report = replay()
    assert site.run("SELECT * FROM contacts") == before
    left = {(one.table, one.key["id"]): one.why for one in report.by_hand if one.key}
    assert left["contacts", site.ann] == "not_proven"
    assert "form_submissions" in {done.table for done in report.erased}, "what is proved to be Ann's goes"
    assert site.holds(BOB)


def test_an_erasure_of_some_tables_stays_one_of_these(site: Site) -> None:
    site.back_up()
    erase_and_enter(email(ANN), only=["form_submissions"])
    site.restore()
    report = replay()
    assert {done.table for done in report.erased} == {"form_submissions"}
    assert site.run("SELECT email FROM contacts WHERE id = :id", id=site.ann) == [(ANN,)]
    assert report.by_hand == ()


def test_what_today_must_be_kept_is_left_to_a_person(site: Site) -> None:
    site.run("UPDATE contacts SET litigation = 1 WHERE id = :id", id=site.ann)
    site.back_up()
    site.run("UPDATE contacts SET litigation = 0 WHERE id = :id", id=site.ann)
    erase_and_enter(email(ANN))
    site.restore()
    report = replay()
    assert ("contacts", site.ann) in {(one.table, one.key["id"]) for one in report.by_hand}
    assert report.erased, "what nothing speaks for keeping goes"
    assert whys(report) <= {"not_masked", "still_there", "mention"}


def test_rows_found_by_what_has_no_digest_are_left_to_a_person(site: Site) -> None:
    [(visitor,)] = site.run("SELECT visitor_id FROM web_sessions LIMIT 1")
    site.back_up()
    erase_and_enter(Identifier(kind="visitor_id", value=visitor))
    site.restore()
    before = site.everything()
    report = replay()
    assert whys(report) == {"not_proven"}
    assert site.everything() == before


def test_a_row_that_the_map_no_longer_describes_is_reported(site: Site) -> None:
    plan = plan_erasure(connector(), [email(ANN)], paris_date(ERASED))
    entry = entry_of("DSR-2026-0042/erasure", plan, [email(ANN)], ERASED)
    old = (
        LedgerRow(table="newsletter", key={"id": 1}, action="delete"),
        LedgerRow(table="contacts", key={"number": 1}, action="delete"),
        LedgerRow(table="contacts", key={"id": 1}, action="minimise", masked=("company",)),
    )
    write_entry(entry.model_copy(update={"rows": (*old, *entry.rows)}))
    report = replay()
    assert [one.why for one in report.by_hand].count("not_in_map") == len(old)
    assert not site.run("SELECT 1 FROM form_submissions WHERE email = :who", who=ANN), (
        "the others go all the same"
    )


def test_one_erasure_that_fails_does_not_stop_the_next(site: Site) -> None:
    site.back_up()
    erase_and_enter(email(ANN))
    erase_and_enter(email(BOB))
    site.restore()
    refuse = f"WHEN old.email = '{ANN}' BEGIN SELECT RAISE(ABORT, 'kept: {ANN}'); END"
    site.run(f"CREATE TRIGGER stop BEFORE DELETE ON form_submissions {refuse}")
    report = replay()
    assert whys(report) == {"failed"}
    assert ANN not in report.model_dump_json()
    assert site.holds(ANN)
    assert not site.holds(BOB)


def test_digests_of_an_older_key_are_still_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.back_up()
    erase_and_enter(email(ANN))
    site.restore()
    keys = ["a newer key", "demo fingerprints, refused outside the demo"]
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", json.dumps(keys))
    forget_settings()
    assert replay().erased
    assert not site.holds(ANN)


def test_earlier_erasures_are_none_of_its_business(site: Site) -> None:
    site.back_up()
    erase_and_enter(email(ANN))
    site.restore()
    before = site.everything()
    assert replay(ERASED.date() + timedelta(days=1)).entries == 0
    assert site.everything() == before


def test_what_cannot_be_replayed_at_all_is_an_error(site: Site) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        rescrub("nowhere", SINCE, NOW)
    with pytest.raises(Rejected, match="by hand"):
        rescrub("billing", SINCE, NOW)
    with pytest.raises(NotFound, match="ledger"):
        replay()
    erase_and_enter(email(ANN))
    site.run("ALTER TABLE contacts ADD COLUMN nickname TEXT")
    with pytest.raises(MapIncomplete, match="nickname"):
        replay()


def test_the_command_ends_with_one_while_a_person_must_look(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.back_up()
    erase_and_enter(email(ANN))
    site.restore()
    assert dsr("rescrub", "site_db", "--since", "2026-11-20", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["entries"], said["by_hand"]) == (1, [])
    site.restore()
    site.run("UPDATE contacts SET email = 'new@c.example' WHERE id = :id", id=site.ann)
    assert dsr("rescrub", "site_db", "--since", "2026-11-20") == 1
    out = capsys.readouterr().out
    assert "to look at by hand" in out
    assert ANN not in out
    assert dsr("rescrub", "nowhere", "--since", "2026-11-20") == 1
    assert capsys.readouterr().err.startswith("dsr: ")
