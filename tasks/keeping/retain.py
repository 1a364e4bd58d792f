"""Retention of the engine's own records: list what is due, then carry it out case by case (law.md A3-A5).

Repeating is safe: what is due is asked again under the case's lock, a file goes before its row says so, and what is done
is no longer due. Each case's audit log tells how much was purged, never what.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models import audit
from models.cases import lock_request
from models.database import unit_of_work
from models.errors import DsrError, Unavailable
from models.records import Frozen
from models.settings import settings
from models.tables import Case, Request
from tasks.keeping.retain_rules import RULES, Place, Rule
from tasks.keeping.suppress import drop_expired

AT_ONCE = 100  # of what belongs to no case
log = logging.getLogger(__name__)


class Due(Frozen):
    """One thing to be purged. `ref`: the case, empty for what belongs to none; `row`: the number of its row."""

    what: str
    ref: str
    row: int
    because: str
    delete_from: Place


def due(session: Session, now: datetime) -> list[Due]:
    """Return what is due at `now`, ordered by case. Changes nothing."""
    periods = {
        "bundle": settings().bundle_days,
        "close": settings().keep_after_close_days,
        "proof": settings().proof_years,
    }
    found = [
        Due(
            what=what, ref=ref, row=number,
            because=rule.because.format(**periods), delete_from=rule.delete_from,
        )
        for what, rule in RULES.items()
        for ref, number in _found(session, rule, "", now)
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.ref)


def carry_out(found: Sequence[Due], now: datetime) -> Counter[str]:
    """Purge what `due` found and what is still due; return how many of each kind. Prefect's part is `flows.purge`'s.

    A case that fails does not keep the others waiting; `Unavailable` is raised after the last.
    """
    done: Counter[str] = Counter()
    failed = 0
    for ref, part in _parts([one for one in found if one.delete_from != "prefect"]):
        try:
            done += _purge(ref, part, now)
        except (DsrError, OSError) as error:
            failed += 1
            log.warning("%s: not purged (%s)", ref or part[0].what, type(error).__name__)
    if failed:
        raise Unavailable(f"{failed} parts could not be purged: see that the storage works, and run it again")
    return done


def _parts(found: Sequence[Due]) -> Iterator[tuple[str, list[Due]]]:
    """What is done in one transaction: a case, or some of what belongs to none."""
    for ref, items in groupby(sorted(found, key=_group), key=_group):
        left = list(items)
        while left:
            count = len(left) if ref[0] else AT_ONCE
            yield ref[0], left[:count]
            left = left[count:]


def _group(one: Due) -> tuple[str, str]:
    return one.ref, "" if one.ref else one.what


def _purge(ref: str, part: Sequence[Due], now: datetime) -> Counter[str]:
    done: Counter[str] = Counter()
    with unit_of_work() as session:
        case = _locked(session, ref) if ref else None
        for what, items in groupby(part, key=lambda one: one.what):
            if what == "suppression":
                done[what] = drop_expired(session, now)
                continue
            still = {number for _, number in _found(session, RULES[what], ref, now)}
            for one in items:
                if one.row in still:
                    RULES[what].clear(session, one.row)
                    done[what] += 1
        if case is not None and done:
            audit.record(session, case, "engine", "purged", now, **done)
    return +done


def note_forgotten_run(request_id: int, now: datetime) -> None:
    """Record that Prefect has forgotten every run of a request; again changes nothing."""
    with unit_of_work() as session:
        found = session.get_one(Request, request_id)
        case = _locked(session, session.get_one(Case, found.case_id).ref)
        request = lock_request(session, found.ref)
        if request.flow_run_id:
            request.flow_run_id = ""
            audit.record(session, case, "engine", "purged", now, run=1)


def _locked(session: Session, ref: str) -> Case:
    return session.exec(select(Case).where(Case.ref == ref).with_for_update()).one()


def _found(session: Session, rule: Rule, ref: str, now: datetime) -> Sequence[sa.Row[Any]]:
    query = rule.find(now)
    return session.connection().execute(query.where(col(Case.ref) == ref) if ref else query).all()
