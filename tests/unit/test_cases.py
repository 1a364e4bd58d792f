from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlmodel import select

from models import audit
from models.cases import next_reference, open_case
from models.database import unit_of_work
from models.rights import Right
from models.tables import AuditEvent, Case

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def a_case() -> Case:
    return Case(
        received_at=NOW,
        mailbox="privacy@nexoris.com",
        requester_address="a@b.example",
        language="fr",
        opened_at=NOW,
        ref="",
    )


def opened() -> Case:
    with unit_of_work() as session:
        case = a_case()
        open_case(session, case, [Right.ACCESS, Right.ERASURE], NOW)
        return case


def test_references_count_up_within_the_paris_year(db):
    assert [opened().ref for _ in range(3)] == ["DSR-2026-0001", "DSR-2026-0002", "DSR-2026-0003"]
    with unit_of_work() as session:
        late = a_case()
        late.received_at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
        open_case(session, late, [Right.ACCESS], NOW)
        assert late.ref == "DSR-2027-0001"


def test_a_rolled_back_case_leaves_no_gap(db):
    opened()

    def crash() -> None:
        with unit_of_work() as session:
            next_reference(session, 2026)
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        crash()
    assert opened().ref == "DSR-2026-0002"


def test_references_have_no_races(db):
    def many(_: int) -> list[str]:
        return [opened().ref for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        refs = [ref for batch in pool.map(many, range(8)) for ref in batch]
    assert sorted(refs) == [f"DSR-2026-{n:04d}" for n in range(1, 81)]


def test_a_sound_chain_verifies(db):
    case = opened()
    with unit_of_work() as session:
        for n in range(5):
            audit.record(session, case, "engine", "test", NOW, n=n, text="é ’")
        assert audit.verify(session) == []


@pytest.mark.parametrize(
    ("damage", "number", "why"),
    [
        ("UPDATE audit_event SET actor = 'someone' WHERE number = 2", 2, "its content was changed"),
        (
            "UPDATE audit_event SET at = '2020-01-01 00:00:00+00' WHERE number = 3",
            3,
            "its content was changed",
        ),
        ("DELETE FROM audit_event WHERE number = 2", 2, "this event is missing"),
        ("DELETE FROM audit_event WHERE number = 4", 4, "events were cut off or added at the end"),
        ("UPDATE audit_event SET previous = hash WHERE number = 3", 3, "it does not follow the event before"),
    ],
)
def test_verify_names_the_first_broken_link(db, damage, number, why):
    case = opened()
    with unit_of_work() as session:
        for n in range(3):
            audit.record(session, case, "engine", "test", NOW, n=n)
    with unit_of_work() as session:
        session.execute(text(damage))
    with unit_of_work() as session:
        [broken] = audit.verify(session)
    assert (broken.case_ref, broken.number, broken.why) == (case.ref, number, why)


def test_writers_at_once_make_no_fork(db):
    case = opened()

    def write(n: int) -> None:
        with unit_of_work() as session:
            audit.record(session, case, "engine", "test", NOW, n=n)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with unit_of_work() as session:
        assert audit.verify(session) == []
        assert len(session.exec(select(AuditEvent)).all()) == 41
