"""Find suppressed people who are in a system again, note it, and tell the officers (law.md A5, R3, R7).

Repeating is safe: a row of a system is noted once for an entry of the list, and only what is newly noted is told. What a
person settled is forgotten as soon as it is no longer there, so that it is noted anew should it come back.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from models.data_map import System
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.fingerprints import Fingerprint, fingerprints
from models.letters import LetterKind
from models.replies import ReappearedNotice
from models.settings import settings
from models.storage import sha256
from models.tables import Case, Officer, Reappearance, Receipt, Request, Suppression
from tasks.connectors import build_connector
from tasks.connectors.listing import Listed, addresses_in, can_be_listed
from tasks.keeping.suppress import tell_case
from tasks.letters.correspondence import case_link
from tasks.letters.write_letter import write_letter
from tasks.officers import deciding

KEPT = ("kept", "minimised")


class Hit(NamedTuple):
    """A suppressed address in a row of a system; `record` is table and key as JSON."""

    suppression_id: int
    table: str
    record: str


def look_into(spec: System, environment: Mapping[str, str], now: datetime) -> list[int]:
    """Look through one system; return the numbers of the letters that tell of new hits.

    The system is read before anything is written. Raises what its connector raises; a system that only people can
    search, or an empty list, is not looked through.
    """
    with reading() as session:
        entries = _entries(session)
        kept = _kept(session, spec.system)
    if not entries:
        return []
    connector = build_connector(spec, environment)
    if not can_be_listed(connector):
        return []
    hits = set(_hits(addresses_in(connector, now), entries, kept))
    with unit_of_work() as session:
        new = _noted(session, spec.system, hits, now)
        return _told(session, spec, new, now)


def reappeared(session: Session, *, settled: bool = False) -> list[Reappearance]:
    """Return what was found again and is still open, oldest first; with `settled`, all of it."""
    rows = select(Reappearance).order_by(col(Reappearance.id))
    return list(session.exec(rows if settled else rows.where(col(Reappearance.settled_at).is_(None))))


def settle(session: Session, number: int, officer: str, now: datetime) -> None:
    """Note that an officer dealt with a reappearance; `Rejected` where it is settled already."""
    if not officer.strip():
        raise Rejected("say who settles it: the name is kept")
    row = session.get(Reappearance, number, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no reappearance {number}: `dsr suppression reappeared` shows them all")
    if row.settled_at is not None:
        raise Rejected(f"reappearance {number} is settled already: nothing was changed")
    row.settled_at, row.settled_by = now, officer.strip()
    entry = session.get_one(Suppression, row.suppression_id)
    tell_case(session, entry, officer.strip(), "reappearance_settled", now, system=row.system)


def _entries(session: Session) -> dict[Fingerprint, list[Suppression]]:
    by_mark: dict[Fingerprint, list[Suppression]] = defaultdict(list)
    for row in session.exec(select(Suppression)):
        by_mark[Fingerprint(row.kind, row.key_id, row.digest)].append(row)
    return by_mark


def _kept(session: Session, system: str) -> set[tuple[str, str]]:
    """Which rows an erasure left standing, by the reference of its request."""
    receipts = (
        select(Request.ref, Receipt.record)
        .join(Receipt, col(Receipt.request_id) == Request.id)
        .where(col(Receipt.kind).in_(KEPT), Receipt.system == system, col(Receipt.record).startswith("{"))
    )
    return {(ref, _canonical(json.loads(record))) for ref, record in session.exec(receipts)}


def _canonical(record: Any) -> str:
    return json.dumps(record, sort_keys=True, ensure_ascii=False)


def _hits(
    listed: Iterable[Listed],
    entries: Mapping[Fingerprint, Sequence[Suppression]],
    kept: set[tuple[str, str]],
) -> Iterator[Hit]:
    for one in listed:
        for entry in _matching(one, entries):
            record = _canonical({"table": one.table, "key": one.key})
            allowed = (entry.request_ref, record) in kept if entry.scope == "erased" else not one.markets
            if not allowed:
                yield Hit(entry.id, one.table, record)


def _matching(one: Listed, entries: Mapping[Fingerprint, Sequence[Suppression]]) -> Iterator[Suppression]:
    try:
        marks = fingerprints(one.kind, one.value)
    except Rejected:  # a cell that holds no address cannot hold a suppressed one
        return
    for mark in marks:
        yield from entries.get(mark, ())


def _noted(
    session: Session, system: str, hits: set[Hit], now: datetime
) -> list[tuple[Reappearance, Case | None]]:
    """Add what is new and drop what is settled and gone; return the new rows with the case of their entry."""
    before = session.exec(select(Reappearance).where(Reappearance.system == system)).all()
    there = {(hit.suppression_id, hit.record) for hit in hits}
    for row in before:
        if row.settled_at is not None and (row.suppression_id, row.record) not in there:
            session.delete(row)
    known = {(row.suppression_id, row.record) for row in before}
    new = []
    for hit in sorted(hits):
        entry = session.get(Suppression, hit.suppression_id)
        if entry is None or (hit.suppression_id, hit.record) in known:
            continue
        row = Reappearance(suppression_id=entry.id, system=system, record=hit.record, seen_at=now)
        session.add(row)
        new.append(
            (row, tell_case(session, entry, "engine", "reappeared", now, system=system, table=hit.table))
        )
    session.flush()
    return new


def _told(
    session: Session, spec: System, new: Sequence[tuple[Reappearance, Case | None]], now: datetime
) -> list[int]:
    """Write one letter to each officer about all new rows, in the name of the newest case among them."""
    cases = [case for _, case in new if case is not None]
    if not cases:
        return []
    case = max(cases, key=lambda one: one.id)
    title = spec.title.fr if settings().officer_language == "fr" else spec.title.en
    context = ReappearedNotice(ref=case.ref, system_title=title, rows=len(new), case_link=case_link(case))
    officers = session.exec(select(Officer).where(deciding()).order_by(col(Officer.id)))
    rows = sha256(_canonical([[row.suppression_id, row.record] for row, _ in new]).encode())
    return [
        write_letter(
            session,
            case,
            None,
            LetterKind.REAPPEARED,
            context,
            officer.address,
            f"reappeared-{now:%Y%m%dT%H%M%S}-{rows[:12]}:{spec.system}-{officer.id}",
            now,
            language=settings().officer_language,
        ).id
        for officer in officers.all()
    ]
