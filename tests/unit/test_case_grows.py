"""A case that is open can get more requests, and an earlier beginning; one that is closed cannot."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models import audit
from models.cases import add_requests, count_from
from models.database import reading, unit_of_work
from models.errors import Rejected
from models.rights import Right
from models.tables import Case, ClockEvent, Request
from tests.support.at_once import at_once
from tests.support.case_rows import NOW, add_case


def opened(*rights: Right) -> Case:
    with unit_of_work() as session:
        return add_case(session, *rights)[0]


def grow(case: Case, *rights: Right) -> list[str]:
    with unit_of_work() as session:
        return [request.ref for request in add_requests(session, session.get_one(Case, case.id), rights, NOW)]


def test_only_rights_that_a_case_lacks_are_added(db: str) -> None:
    case = opened(Right.OBJECTION)
    assert grow(case, Right.OBJECTION, Right.ERASURE) == [f"{case.ref}/erasure"]
    assert grow(case, Right.ERASURE) == []
    with reading() as session:
        assert len(session.exec(select(Request)).all()) == 2
        assert session.get_one(Case, case.id).audit_count == 2
        assert audit.verify(session) == []


def test_a_right_is_added_once_by_callers_at_once(db: str) -> None:
    case = opened(Right.OBJECTION)
    results = at_once(*[lambda: grow(case, Right.ERASURE)] * 4)
    assert sorted(map(str, results)) == [f"['{case.ref}/erasure']", "[]", "[]", "[]"]


def test_a_closed_case_does_not_grow(db: str) -> None:
    case = opened()
    with unit_of_work() as session:
        session.get_one(Case, case.id).closed_at = NOW
    with pytest.raises(Rejected, match="closed"):
        grow(case, Right.ERASURE)


def test_the_clock_is_set_back_and_never_forward(db: str) -> None:
    """law.md D3."""
    case, earlier = opened(), NOW - timedelta(days=2)
    for moment in (earlier, NOW + timedelta(days=1), NOW):
        with unit_of_work() as session:
            count_from(session, session.get_one(Case, case.id), moment, "Ana", NOW)
    with reading() as session:
        assert session.get_one(Case, case.id).received_at == earlier
        assert session.exec(select(ClockEvent.at)).one() == earlier
        assert session.get_one(Case, case.id).audit_count == 2
        assert audit.verify(session) == []
