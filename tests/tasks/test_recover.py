"""What is broken in one case holds up the repair of no other, and the run says so at its end."""

from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from sqlmodel import select

from flows.recover import repair
from models.database import reading, unit_of_work
from models.tables import ClockEvent, Request
from tests.support.case_rows import NOW, add_case


@pytest.fixture
def no_prefect() -> Iterator[None]:
    """Nobody answers where Prefect should be."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        yield


@pytest.mark.usefixtures("no_prefect")
def test_every_request_and_case_is_tried_whatever_befell_those_before(db: str) -> None:
    with unit_of_work() as session:
        broken, _ = add_case(session)
        session.delete(session.exec(select(ClockEvent).where(ClockEvent.case_id == broken.id)).one())
        add_case(session)
    repaired = repair(NOW)
    assert [problem.partition(" ")[0] for problem in repaired.problems] == [
        "DSR-2026-0001/access",
        "DSR-2026-0002/access",
        "DSR-2026-0001",
        "DSR-2026-0002",
    ]
    assert "no receipt" in repaired.problems[0], "our own errors say what is wrong"
    assert repaired.problems[1].endswith("see the log")
    with reading() as session:
        assert [one.attempt for one in session.exec(select(Request))] == [1, 1]
