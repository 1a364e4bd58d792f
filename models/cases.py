"""Open cases and give out references `DSR-2026-0042`, without gaps or races."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, select

from models import audit
from models.calendar import paris_date
from models.errors import NotFound, Rejected
from models.request_dates import renew
from models.rights import Right
from models.stretches import note_stretch
from models.tables import Case, ClockEvent, Request


def next_reference(session: Session, year: int) -> str:
    """Return the next reference of `year`.

    The counter's row lock lasts until the caller's transaction ends, and a roll-back takes the number back:
    no gaps, no races, on SQLite and PostgreSQL alike.
    """
    take = text(
        "INSERT INTO reference_counter (year, last) VALUES (:year, 1) "
        "ON CONFLICT (year) DO UPDATE SET last = reference_counter.last + 1 RETURNING last"
    )
    last: int = session.execute(take, {"year": year}).scalar_one()
    return f"DSR-{year}-{last:04d}"


def open_case(session: Session, case: Case, rights: Iterable[Right], now: datetime) -> list[Request]:
    """Add `case` with a fresh reference and one request per right; start its clock at `received_at` (D2)."""
    case.ref = next_reference(session, paris_date(case.received_at).year)
    session.add(case)
    session.flush()
    session.add(ClockEvent(case_id=case.id, kind="received", at=case.received_at, recorded_by="engine"))
    requests = _add(session, case, rights, now)
    audit.record(session, case, "engine", "case_opened", now, rights=[request.right for request in requests])
    return requests


def add_requests(session: Session, case: Case, rights: Iterable[Right], now: datetime) -> list[Request]:
    """Add a request to an open case for each right it does not have; return the new ones.

    They share its receipt date and its clock (law.md Q4). `Rejected` where the case is closed.
    """
    locked = lock_case(session, case)
    if locked.closed_at is not None:
        raise Rejected(f"{case.ref} is closed: open a case of its own")
    known = {request.right for request in requests_of(session, case)}
    requests = _add(session, case, [right for right in rights if right not in known], now)
    if requests:
        added = [request.right for request in requests]
        audit.record(session, case, "engine", "requests_added", now, rights=added)
    return requests


def _add(session: Session, case: Case, rights: Iterable[Right], now: datetime) -> list[Request]:
    requests = [
        Request(case_id=case.id, ref=f"{case.ref}/{right}", right=right, opened_at=now) for right in rights
    ]
    session.add_all(requests)
    session.flush()
    for request in requests:
        note_stretch(session, request, now)
    renew(session, case, now)
    return requests


def count_from(session: Session, case: Case, received_at: datetime, actor: str, now: datetime) -> None:
    """Let the clock of `case` start at `received_at`, where that is earlier: a detour never lengthens it (law.md D3)."""
    locked = lock_case(session, case)
    if received_at >= locked.received_at:
        return
    started = session.exec(
        select(ClockEvent).where(ClockEvent.case_id == case.id, ClockEvent.kind == "received")
    ).one()
    locked.received_at = started.at = received_at
    renew(session, locked, now)
    audit.record(session, case, actor, "received_earlier", now, at=received_at.isoformat())


def lock_case(session: Session, case: Case) -> Case:
    """Return `case` under its row's lock, as it stands now."""
    return session.exec(
        select(Case).where(Case.id == case.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def find_case(session: Session, ref: str) -> Case:
    """Return the case called `ref`, or raise `NotFound`."""
    case = session.exec(select(Case).where(Case.ref == ref)).first()
    if case is None:
        raise NotFound(f"there is no case {ref}: `dsr case list` shows them all")
    return case


def find_request(session: Session, ref: str) -> Request:
    """Return the request called `ref` (DSR-2026-0042/access), or raise `NotFound`."""
    request = session.exec(select(Request).where(Request.ref == ref)).first()
    if request is None:
        raise NotFound(f"there is no request {ref}: `dsr case list` shows them all")
    return request


def lock_request(session: Session, ref: str) -> Request:
    """Return the request called `ref` under its row's lock, as it stands now; `NotFound` where there is none."""
    found = find_request(session, ref)
    return session.exec(
        select(Request)
        .where(Request.id == found.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def requests_of(session: Session, case: Case) -> list[Request]:
    """Return the requests of `case`, oldest first."""
    return list(session.exec(select(Request).where(Request.case_id == case.id).order_by(col(Request.id))))
