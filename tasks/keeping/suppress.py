"""The suppression list: who must not be contacted, or must not come back after an erasure (law.md A5, R3, R7).

Repeating is safe: an address has one entry a scope, whose date is only ever put off. An entry holds digests and dates;
one that an older key made is written anew under the newest as soon as the address is known again.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta
from sqlalchemy import tuple_
from sqlmodel import Session, col, delete, select

from models import audit
from models.calendar import paris_date
from models.errors import NeedsHuman, NotFound, Rejected
from models.fingerprints import KINDS, Fingerprint, fingerprints
from models.records import Identifier
from models.settings import settings
from models.tables import Case, Reappearance, Request, Suppression
from tasks.steps import Scene

Scope = Literal["marketing", "erased"]
Reason = Literal["objection", "consent_withdrawal", "erasure"]


def suppress(scene: Scene, identifiers: Sequence[Identifier], scope: Scope, reason: Reason) -> date:
    """Enter the addresses and numbers among `identifiers`; return the latest day on which an entry is reviewed.

    "marketing" is looked at again after `objection_years`, "erased" ends after `backup_days`; neither is ever shortened.
    Raises `NeedsHuman` where marketing is to stop and nothing given can be entered.
    """
    until = _until(scope, scene.now)
    entered = _entered(scene, identifiers, scope, reason, until)
    if not entered and scope == "marketing":
        raise NeedsHuman(
            "nothing that was given can go on the suppression list: name an e-mail address or a phone number"
        )
    latest = max([until, *(row.review_on for row in entered)])
    kinds = sorted(row.kind for row in entered)
    scene.audit("suppressed", scope=scope, reason=reason, kinds=kinds, until=latest.isoformat())
    return latest


def is_suppressed(session: Session, kind: str, value: str) -> set[str]:
    """Return the scopes under which this address or number is suppressed, by any key; `Rejected` where it is neither."""
    return {row.scope for row in _known(session, fingerprints(kind, value))}


def drop_expired(session: Session, now: datetime) -> int:
    """Drop the entries of scope "erased" whose day has passed; return how many.

    One whose reappearance nobody settled stays until somebody does: it still proves whose row came back.
    """
    waiting = select(Reappearance.suppression_id).where(col(Reappearance.settled_at).is_(None))
    over = select(Suppression).where(
        Suppression.scope == "erased",
        col(Suppression.review_on) < paris_date(now),
        col(Suppression.id).not_in(waiting),
    )
    rows = session.exec(over).all()
    for row in rows:
        _drop(session, row, "engine", "suppression_ended", now)
    return len(rows)


def due_for_review(session: Session, now: datetime) -> list[Suppression]:
    """Return the marketing entries to be looked at again; none ends by itself (law.md A5)."""
    due = select(Suppression).where(
        Suppression.scope == "marketing", col(Suppression.review_on) <= paris_date(now)
    )
    return list(session.exec(due.order_by(col(Suppression.review_on))))


def withdraw_suppression(
    session: Session, kind: str, value: str, reason: str, officer: str, now: datetime
) -> int:
    """Take a person who consents anew off the marketing list; return how many entries went.

    `reason` is one sentence without personal data, kept in the audit log of the case that made the entry. `NotFound`
    where there is none.
    """
    if not (reason.strip() and officer.strip()):
        raise Rejected("say who takes the person off the list, and why: both are kept")
    rows = [row for row in _known(session, fingerprints(kind, value)) if row.scope == "marketing"]
    if not rows:
        raise NotFound("this address is not on the marketing suppression list: nothing was changed")
    for row in rows:
        _drop(session, row, officer, "suppression_withdrawn", now, reason=reason.strip())
    return len(rows)


def tell_case(
    session: Session, entry: Suppression, actor: str, event: str, now: datetime, **detail: str
) -> Case | None:
    """Write `event` to the audit log of the case that made `entry`, and return it; None where it is no longer kept."""
    request = session.exec(select(Request).where(Request.ref == entry.request_ref)).first()
    if request is None:
        return None
    case = session.get_one(Case, request.case_id)
    audit.record(session, case, actor, event, now, request=request.right, scope=entry.scope, **detail)
    return case


def _until(scope: Scope, now: datetime) -> date:
    today = paris_date(now)
    if scope == "marketing":
        return today + relativedelta(years=settings().objection_years)
    return today + timedelta(days=settings().backup_days)


def _entered(
    scene: Scene, identifiers: Sequence[Identifier], scope: Scope, reason: Reason, until: date
) -> list[Suppression]:
    by_newest: dict[Fingerprint, tuple[Fingerprint, ...]] = {}
    for identifier in identifiers:
        if identifier.kind in KINDS:
            try:
                marks = fingerprints(identifier.kind, identifier.value)
            except Rejected:
                continue
            by_newest[marks[0]] = marks
    return [_enter(scene, marks, scope, reason, until) for marks in by_newest.values()]


def _enter(
    scene: Scene, marks: tuple[Fingerprint, ...], scope: Scope, reason: Reason, until: date
) -> Suppression:
    newest, request_ref = marks[0], scene.request.ref
    known = {row.key_id: row for row in _known(scene.session, marks) if row.scope == scope}
    row = known.get(newest.key_id) or next(iter(known.values()), None)
    if row is None:
        row = Suppression(
            kind=newest.kind,
            key_id=newest.key_id,
            digest=newest.digest,
            scope=scope,
            reason=reason,
            since=scene.now,
            review_on=until,
            request_ref=request_ref,
        )
    row.key_id, row.digest, row.reason, row.request_ref = newest.key_id, newest.digest, reason, request_ref
    row.review_on = max([until, *(found.review_on for found in known.values())])
    if scope == "erased":
        row.since = scene.now
    scene.session.add(row)
    scene.session.flush()
    return row


def _known(session: Session, marks: Sequence[Fingerprint]) -> list[Suppression]:
    found = tuple_(col(Suppression.kind), col(Suppression.key_id), col(Suppression.digest)).in_(
        [(mark.kind, mark.key_id, mark.digest) for mark in marks]
    )
    return list(session.exec(select(Suppression).where(found).order_by(col(Suppression.id))))


def _drop(session: Session, row: Suppression, actor: str, event: str, now: datetime, **detail: str) -> None:
    tell_case(session, row, actor, event, now, **detail)
    session.exec(delete(Reappearance).where(col(Reappearance.suppression_id) == row.id))
    session.delete(row)
    session.flush()
