"""The erasure ledger: append-only, encrypted, by day; what cannot be read is an error that names the object."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from models import storage
from models.erasure_plan import ErasurePlan, PlannedRow
from models.errors import NotFound, Permanent
from models.ledger import LedgerEntry, entries_since, entry_of, write_entry
from models.records import Identifier
from tests.conftest import forget_settings

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ANN = "ann@a.example"
PLAN = ErasurePlan(
    system="shop",
    rows=(
        PlannedRow(table="people", key={"id": 7}, action="delete", why="table"),
        PlannedRow(
            table="invoices",
            key={"shop": "x", "number": 3},
            action="keep",
            masked=("mail",),
            keep_until=date(2034, 12, 31),
            hold="ten_years",
            why="hold",
        ),
    ),
)


def entry(at: datetime = AT, value: str = ANN) -> LedgerEntry:
    return entry_of("DSR-2026-0042/erasure", PLAN, [Identifier(kind="email", value=value)], at)


def objects(home: Path) -> list[Path]:
    return sorted(path for path in (home / "ledger").rglob("*") if path.is_file())


def test_what_is_entered_is_read_again(home: Path) -> None:
    key = write_entry(entry())
    assert key.startswith("entries/2026-11-23-")
    assert entries_since(date(2026, 11, 23)) == [entry()]
    [kept] = [row for row in entry().rows if row.action == "keep"]
    assert (kept.keep_until, kept.hold, kept.masked) == (date(2034, 12, 31), "ten_years", ("mail",))


def test_entering_the_same_again_changes_nothing(home: Path) -> None:
    first = write_entry(entry())
    [file] = objects(home)
    before = file.read_bytes(), file.stat().st_mtime_ns
    assert write_entry(entry()) == first
    assert [file] == objects(home)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_no_clear_identity_and_no_clear_text(home: Path) -> None:
    write_entry(entry())
    [file] = objects(home)
    assert b"people" not in file.read_bytes()
    assert ANN.encode() not in storage.decrypt(file.read_bytes())
    assert "ann" not in str(file)


def test_the_spelling_of_an_address_does_not_matter_and_a_name_has_no_digest(home: Path) -> None:
    assert entry(value=" ANN@A.example ").digests == entry().digests
    assert entry_of("r", PLAN, [Identifier(kind="name", value="Ann")], AT).digests == ()
    assert entry_of("r", PLAN, [Identifier(kind="email", value="no address")], AT).digests == ()


def test_only_that_day_and_later_ones_are_listed_oldest_first(home: Path) -> None:
    for days in (3, -2, 0, 1):
        write_entry(entry(AT + days * DAY))
    assert [found.done_at for found in entries_since(AT.date())] == [AT, AT + DAY, AT + 3 * DAY]


def test_the_day_is_that_of_paris(home: Path) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert write_entry(entry(late)).startswith("entries/2026-11-23-")


def test_an_empty_ledger_is_an_error_and_not_a_clean_bill(home: Path) -> None:
    with pytest.raises(NotFound, match="DSR_LEDGER_URL"):
        entries_since(AT.date())


def damage(path: Path, how: str) -> None:
    match how:
        case "garbage":
            path.write_bytes(b"nothing of ours")
        case "another entry":
            path.write_bytes(storage.encrypt(entry(AT + DAY).model_dump_json().encode()))
        case "no entry":
            content = b'{"system": "shop"}'
            path.unlink()
            path.with_name(f"2026-11-23-{storage.sha256(content)}").write_bytes(storage.encrypt(content))
        case "another day":
            path.rename(path.with_name(path.name.replace("2026-11-23", "2026-11-24")))
        case "strange name":
            path.rename(path.with_name("notes.txt"))
        case "no such day":
            path.rename(path.with_name(path.name.replace("2026-11-23", "2026-99-23")))


@pytest.mark.parametrize(
    "how", ["garbage", "another entry", "no entry", "another day", "strange name", "no such day"]
)
def test_an_entry_that_cannot_be_read_is_named_and_never_skipped(home: Path, how: str) -> None:
    write_entry(entry())
    write_entry(entry(AT + 2 * DAY))
    damage(objects(home)[0], how)
    named = next(path.name for path in objects(home) if "2026-11-25" not in path.name)
    with pytest.raises(Permanent, match=named.replace(".", r"\.")) as told:
        entries_since(AT.date())
    assert ANN not in str(told.value)


def test_a_key_that_is_missing_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import Fernet

    write_entry(entry())
    monkeypatch.setenv("DSR_ENCRYPTION_KEYS", f'["{Fernet.generate_key().decode()}"]')
    forget_settings()
    with pytest.raises(Permanent, match="DSR_ENCRYPTION_KEYS"):
        entries_since(AT.date())


def test_the_ledger_may_be_elsewhere(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_LEDGER_URL", f"file://{tmp_path}/elsewhere")
    forget_settings()
    write_entry(entry())
    assert not (home / "ledger").exists()
    assert entries_since(AT.date()) == [entry()]


def test_what_was_left_unfinished_is_no_entry(home: Path) -> None:
    write_entry(entry())
    (home / "ledger" / "unfinished" / "0123").write_bytes(b"half of one")
    assert entries_since(AT.date()) == [entry()]


def test_a_later_key_leaves_the_older_digests_comparable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = entry().digests
    monkeypatch.setenv(
        "DSR_FINGERPRINT_KEYS", '["a newer key", "demo fingerprints, refused outside the demo"]'
    )
    forget_settings()
    assert set(old) < set(entry().digests)
