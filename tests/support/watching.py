"""Cases, clocks and officers for the tests of the deadline watcher."""

import os
from datetime import UTC, date, datetime, time

import pytest
from sqlmodel import Session, col, select

from models.calendar import PARIS, paris_date
from models.case_clock import deadlines_of
from models.database import reading, unit_of_work
from models.deadlines import Deadlines
from models.request_dates import renew
from models.rights import Right
from models.storage import sha256
from models.tables import (
    Alert,
    Case,
    ClockEvent,
    Letter,
    LetterState,
    Officer,
    Reached,
    Request,
    RequestState,
    Todo,
    TodoKind,
)
from tasks.letters.put_right import reached
from tests.conftest import forget_settings
from tests.support.case_rows import add_case

CLAIRE, DANA, BOSS = "claire@nexoris.com", "dana@nexoris.com", "direction@nexoris.com"


def at(day: str | date, hour: int = 9) -> datetime:
    """That hour in Paris."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(day, time(hour), PARIS).astimezone(UTC)


def officers(*addresses: str) -> None:
    with unit_of_work() as session:
        for address in addresses:
            session.add(
                Officer(name=address.partition("@")[0], address=address, password_hash="", added_at=at("2026-01-01"))
            )  # fmt: skip


def opened(received: datetime, *rights: Right) -> tuple[int, list[str]]:
    """The case's number and its requests' references."""
    with unit_of_work() as session:
        case, requests = add_case(session, *rights, received_at=received)
        return case.id, [request.ref for request in requests]


def clock_event(case_id: int, kind: str, when: datetime, reason: str = "") -> None:
    """What a flow's step writes, with the dates renewed in the same transaction."""
    with unit_of_work() as session:
        case = session.get_one(Case, case_id)
        event = ClockEvent(
            case_id=case_id, kind=kind, at=when, scope="identity", reason=reason, recorded_by="Claire"
        )
        session.add(event)
        session.flush()
        renew(session, case, when)  # fmt: skip


def answer(case_id: int, when: datetime) -> None:
    """Every request of the case is answered by a letter that leaves."""
    with unit_of_work() as session:
        case = session.get_one(Case, case_id)
        for request in session.exec(select(Request).where(Request.case_id == case_id)):
            request.replied_at = request.closed_at = when
            request.state = RequestState.CLOSED
            if _reply(session, request) is None:
                session.add(letter(f"{request.ref}:reply", LetterState.SENT, when, request))
        renew(session, case, when)


def letter(key: str, state: LetterState, when: datetime, request: Request | None = None) -> Letter:
    return Letter(
        key=key, case_id=request.case_id if request else None, request_id=request.id if request else None,
        kind="nothing_held", language="fr", recipient="camille@mail.example", subject="x",
        message_id=f"<{sha256(key.encode())}@nexoris.com>", storage_key="", sha256="", state=state, written_at=when,
    )  # fmt: skip


def _reply(session: Session, request: Request) -> Letter | None:
    return session.exec(select(Letter).where(Letter.key == f"{request.ref}:reply")).first()


def bounce(case_id: int, when: datetime) -> None:
    """The replies come back; a to-do says so (the rows' dates are not renewed: that is the watcher's work)."""
    with unit_of_work() as session:
        for request in session.exec(select(Request).where(Request.case_id == case_id)).all():
            reply = _reply(session, request)
            assert reply is not None
            reply.bounced_at, reply.bounce = when, "5.1.1"
            key = f"bounced:letter-{reply.id}"
            session.add(
                Todo(key=key, kind=TodoKind.BOUNCED, case_id=case_id, letter_id=reply.id, noted_at=when)
            )


def settle(case_id: int, when: datetime) -> None:
    """An officer reaches the person otherwise, and says so: what came back has arrived after all."""
    with reading() as session:
        lost = select(Letter.id).where(Letter.case_id == case_id, col(Letter.bounced_at).is_not(None))
        numbers = session.exec(lost).all()
    for number in numbers:
        reached(number, Reached.PHONE, paris_date(when), "Claire", when)


def set_holidays(monkeypatch: pytest.MonkeyPatch, *days: str) -> None:
    """The list of extra holidays as it stands from now on."""
    monkeypatch.setenv("DSR_EXTRA_HOLIDAYS", "[" + ", ".join(f'"{day}"' for day in days) + "]")
    forget_settings()


def alerts() -> list[Alert]:
    with reading() as session:
        return list(session.exec(select(Alert).order_by(col(Alert.noted_at), col(Alert.id))))


def digests(address: str = "") -> list[Letter]:
    with reading() as session:
        query = select(Letter).where(Letter.kind == "deadline_alert").order_by(col(Letter.id))
        return list(session.exec(query.where(Letter.recipient == address) if address else query))


def dates_now(case_id: int, now: datetime) -> Deadlines:
    with reading() as session:
        return deadlines_of(session, session.get_one(Case, case_id), now)


def environment() -> dict[str, str]:
    """What another process needs to work on the same database."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
