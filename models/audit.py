"""Append to a case's hash chain, and check it.

Each event's hash covers the one before, and the case remembers count and newest hash: a changed, missing, added or
cut-off event is found. A chain is written under the case row's lock, so two writers never make a fork.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from models.tables import AuditEvent, Case

GENESIS = "0" * 64


def record(session: Session, case: Case, actor: str, kind: str, now: datetime, **detail: Any) -> AuditEvent:
    """Append one event to the chain of `case` in the caller's transaction. `detail` must be JSON."""
    locked = session.exec(
        select(Case).where(Case.id == case.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    event = AuditEvent(
        case_id=case.id,
        number=locked.audit_count + 1,
        at=now,
        actor=actor,
        kind=kind,
        detail=json.loads(json.dumps(detail)),
        previous=locked.audit_head or GENESIS,
        hash="",
    )
    event.hash = _digest(event)
    locked.audit_count, locked.audit_head = event.number, event.hash
    session.add_all([event, locked])
    session.flush()
    return event


def _digest(event: AuditEvent) -> str:
    covered = [
        event.case_id,
        event.number,
        event.at.astimezone(UTC).isoformat(),
        event.actor,
        event.kind,
        event.detail,
        event.previous,
    ]
    text = json.dumps(covered, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class BrokenLink:
    """The first place where a chain does not hold."""

    case_ref: str
    number: int
    why: str


def verify(session: Session) -> list[BrokenLink]:
    """Return the first broken link of each case whose chain does not hold; an empty list is good."""
    broken = (verify_case(session, case) for case in session.exec(select(Case).order_by(col(Case.id))))
    return [link for link in broken if link]


def verify_case(session: Session, case: Case) -> BrokenLink | None:
    """Return the first broken link of one case's chain, or None where it holds."""
    previous, expected = GENESIS, 1
    events = session.exec(
        select(AuditEvent).where(AuditEvent.case_id == case.id).order_by(col(AuditEvent.number))
    )
    for event in events:
        if event.number != expected:
            return BrokenLink(case.ref, expected, "this event is missing")
        if event.previous != previous:
            return BrokenLink(case.ref, event.number, "it does not follow the event before")
        if event.hash != _digest(event):
            return BrokenLink(case.ref, event.number, "its content was changed")
        previous, expected = event.hash, expected + 1
    if expected - 1 != case.audit_count or (case.audit_head or GENESIS) != previous:
        return BrokenLink(case.ref, expected, "events were cut off or added at the end")
    return None
