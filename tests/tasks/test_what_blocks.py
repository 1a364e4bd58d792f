"""What the digest says of a request: who or what holds it up, and what the law allows meanwhile."""

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.deadline_alert import Blocker
from models.records import FindingStatus
from models.request_dates import renew
from models.rights import Right
from models.tables import Case, FindingRow, LetterState, ManualTask, Request, RequestDates, WaitsFor
from tasks.clock.what_blocks import blocks, can_be_partial, extension_until
from tests.support.watching import at, clock_event, dates_now, letter, opened

RECEIVED = at("2026-11-02", 10)
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def one_request(**about: object) -> int:
    with unit_of_work() as session:
        request = session.exec(select(Request)).one()
        for name, value in about.items():
            setattr(request, name, value)
        return request.id


def blocked() -> list[tuple[Blocker, tuple[str, ...]]]:
    with reading() as session:
        request = session.exec(select(Request)).one()
        return [(one.by, one.systems) for one in blocks(session, request, at("2026-11-24"))]


@sqlite
@pytest.mark.parametrize(
    ("waits_for", "by"),
    [
        (WaitsFor.NOBODY, Blocker.ENGINE),
        (WaitsFor.REQUESTER, Blocker.REQUESTER),
        (WaitsFor.MESSAGE, Blocker.MESSAGE),
        (WaitsFor.OFFICER, Blocker.OFFICER),
        (WaitsFor.COLLEAGUE, Blocker.COLLEAGUE),
        (WaitsFor.SIBLING, Blocker.SIBLING),
        (WaitsFor.CLOCK, Blocker.CLOCK),
        (WaitsFor.RELAY, Blocker.LETTER),
    ],
)
def test_whom_a_request_waits_for_is_said(db: str, waits_for: WaitsFor, by: Blocker) -> None:
    opened(RECEIVED)
    one_request(waits_for=waits_for)
    assert blocked() == [(by, ())]


@sqlite
def test_colleagues_systems_and_letters_that_block_are_named(db: str) -> None:
    opened(RECEIVED)
    number = one_request(waits_for=WaitsFor.COLLEAGUE, problem="the database is away")
    with unit_of_work() as session:
        request = session.get_one(Request, number)
        task = {
            "request_id": number,
            "round": 0,
            "person": "N",
            "address": "n@x.example",
            "due_on": RECEIVED.date(),
        }
        session.add(ManualTask(system="ringover", token_hash="a", **task))
        session.add(ManualTask(system="elay", token_hash="b", outcome="none", **task))
        for turn, outcome in (
            (2, ""),
            (3, "none"),
        ):  # asked again, and answered: the older one is nobody's to do
            again = task | {"round": turn}
            session.add(ManualTask(system="billing", token_hash=f"c{turn}", outcome=outcome, **again))
        for turn, status in ((0, "failed"), (1, "failed"), (1, "none")):
            system = "site_db" if status == "failed" else "billing"
            session.add(
                FindingRow(request_id=number, round=turn, system=system, status=status, searched_at=RECEIVED)
            )
        session.add(letter(f"{request.ref}:ask", LetterState.FAILED, RECEIVED, request))  # fmt: skip
    found = blocked()
    assert [by for by, _ in found] == [Blocker.COLLEAGUE, Blocker.LETTER, Blocker.SYSTEM, Blocker.PROBLEM]
    assert [len(systems) for _, systems in found] == [1, 0, 1, 0], "as the dashboard counts them"
    assert found[2][1] != ("site_db",), "by its title"


@sqlite
def test_something_can_be_sent_once_we_know_who_and_have_found_what(db: str) -> None:
    case_id, _ = opened(RECEIVED)
    number = one_request()

    def partial() -> bool:
        with reading() as session:
            return can_be_partial(session, session.get_one(Case, case_id), session.get_one(Request, number))

    assert not partial()
    with unit_of_work() as session:
        finding = FindingRow(request_id=number, round=0, system="site_db", status=FindingStatus.FOUND, searched_at=RECEIVED)  # fmt: skip
        session.add(finding)
    assert not partial()
    with unit_of_work() as session:
        session.get_one(Case, case_id).identity_settled_at = RECEIVED
    assert partial()


@sqlite
def test_an_extension_is_proposed_only_while_it_is_lawful(db: str) -> None:
    """Received 8 April 2026: promise Friday 8 May, a holiday; month until Monday 11 May (D6, D11, D12, D29)."""
    case_id, _ = opened(at("2026-04-08"))

    def until(day: str, right: Right = Right.ACCESS) -> str:
        now = at(day)
        return str(extension_until(right, dates_now(case_id, now), now.date()))

    assert [until(day) for day in ("2026-04-20", "2026-05-08", "2026-05-09", "2026-05-11", "2026-05-12")] == [
        "2026-05-08",
        "2026-05-08",
        "2026-05-11",
        "2026-05-11",
        "None",
    ]
    assert until("2026-04-20", Right.CONSENT_WITHDRAWAL) == "None", "D24: no month at all"
    clock_event(case_id, "extended", at("2026-05-04"), "volume: much of it")
    assert until("2026-05-05") == "None"


@sqlite
def test_renewing_changes_nothing_twice(db: str) -> None:
    case_id, _ = opened(RECEIVED)
    with unit_of_work() as session:
        before = session.exec(select(RequestDates)).one().model_dump()
        renew(session, session.get_one(Case, case_id), RECEIVED)
        assert session.exec(select(RequestDates)).one().model_dump() == before
