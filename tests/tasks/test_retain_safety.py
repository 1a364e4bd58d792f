"""Retention harms nobody: open cases lose nothing, a crash repeats safely, and twice is once."""

import random
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

from models import audit, storage
from models.database import reading, unit_of_work
from models.errors import Unavailable
from models.tables import Case, FindingRow, Message, Request
from tasks.keeping import retain_rows
from tasks.keeping.retain import due
from tasks.keeping.retain_rows import GONE
from tests.support.case_rows import NOW
from tests.support.kept_case import DAY, NAME, YEARS, files, keep_case, one_case, purge, rows_of, whats


def test_nothing_of_an_open_case_is_ever_due(db: str) -> None:
    one_case(None)
    assert whats(NOW + 20 * YEARS) == set()


def test_a_case_with_one_open_request_is_open_whatever_its_own_date_says(db: str) -> None:
    number = one_case()
    with unit_of_work() as session:
        session.add(Request(case_id=number, ref="another", right="access", opened_at=NOW))
    assert whats(NOW + 20 * YEARS) == set()


def test_listing_changes_nothing(db: str) -> None:
    number = one_case()
    with reading() as session:
        before = rows_of(session, [number]), files()
    with reading() as session:
        assert due(session, NOW + YEARS)
    with reading() as session:
        assert (rows_of(session, [number]), files()) == before


def test_a_file_that_an_open_case_needs_too_stays(db: str) -> None:
    old, young = one_case(), one_case(None)
    with unit_of_work() as session:
        old_row = session.exec(select(Message).where(Message.case_id == old)).one()
        row = session.exec(select(Message).where(Message.case_id == young)).one()
        row.storage_key = shared = old_row.storage_key
    purge(NOW + 30 * DAY)
    with unit_of_work() as session:
        assert storage.fetch(shared)
        assert session.exec(select(Message).where(Message.case_id == old)).one().storage_key == GONE
        for one in (
            session.get_one(Case, young),
            *session.exec(select(Request).where(Request.case_id == young)),
        ):
            one.closed_at = NOW
    purge(NOW + 30 * DAY)
    assert not storage.holds(shared)


def test_dying_between_storage_and_row_repeats_safely(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one_case()
    now = NOW + 30 * DAY
    before = whats(now)
    files_before = files()

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(audit, "record", die)
        with pytest.raises(Killed):
            purge(now)
    assert files() < files_before
    assert whats(now) == before, "the rows still name what is gone"
    assert purge(now)
    assert purge(now) == {"challenge": 1}
    assert purge(now) == {}


def test_one_case_that_fails_does_not_keep_the_others(
    db: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = one_case(), one_case()
    with unit_of_work() as session:
        stuck = session.exec(select(Message).where(Message.case_id == first)).one().storage_key
    path = home / "files" / stuck
    path.unlink()
    path.mkdir()  # no file any more: cannot be removed as one
    with pytest.raises(Unavailable):
        purge(NOW + 30 * DAY)
    with reading() as session:
        assert session.exec(select(Message).where(Message.case_id == first)).one().storage_key == stuck
        assert session.exec(select(Message).where(Message.case_id == second)).one().storage_key == GONE


def test_every_storage_key_of_every_table_is_known_to_retention() -> None:
    named = {
        (table.name, column.name)
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if column.name in {"storage_key", "evidence_key", "brief_key"}
    }
    known = {(getattr(table, "__tablename__", ""), column) for table, column in retain_rows.KEYS}
    assert known == named


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_ages_open_cases_lose_nothing_and_twice_is_once(db: str, seed: int) -> None:
    chance = random.Random(seed)
    kept_open, restricted = [], []
    with unit_of_work() as session:
        for _ in range(25):
            opened = NOW - chance.randrange(0, 4000) * DAY
            closed = None if chance.random() < 0.4 else opened + chance.randrange(0, 400) * DAY
            held = chance.random() < 0.3
            case = keep_case(session, opened, closed, restricted=held)
            if closed is None:
                kept_open.append(case.id)
            elif held:
                restricted.append(case.id)
        for number in kept_open:  # an open case may share its bytes with a closed one
            if chance.random() < 0.5:
                other = chance.choice(session.exec(select(FindingRow)).all())
                mine = session.exec(select(FindingRow).join(Request).where(Request.case_id == number)).one()
                mine.storage_key = other.storage_key
    with reading() as session:
        before = rows_of(session, kept_open)
        needed = {
            row.storage_key
            for row in session.exec(select(FindingRow).join(Request).where(Request.case_id.in_(kept_open)))
        }  # type: ignore[attr-defined]
    for days in (0, 40, 400, 4000):
        purge(NOW + days * DAY)
        purge(NOW + days * DAY)
        with reading() as session:
            assert rows_of(session, kept_open) == before
            assert all(storage.fetch(key) for key in needed)
            assert all(session.get_one(Case, number).requester_name == NAME for number in restricted)
            assert audit.verify(session) == []
        assert purge(NOW + days * DAY) == {}
