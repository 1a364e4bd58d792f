"""Warn of deadlines: renew the dates of what is open, note each threshold that was reached, and write one digest.

Repeating is safe, at the same moment too: a threshold is noted once per request, limit and epoch of its clock, under a
unique key, and the letter that tells it is queued in the transaction that notes it (peers.md 1.3). After a pause of the
engine everything it missed is noted, and of each request only the most urgent is told.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from models.alerts import Limit, Threshold, epoch, moves_of, thresholds, working_days_left
from models.calendar import paris_date
from models.case_clock import deadlines_by_case
from models.database import unit_of_work
from models.deadlines import Deadlines
from models.errors import DsrError
from models.records import Frozen
from models.settings import settings
from models.storage import sha256
from models.tables import Alert, Case, Request, RequestDates
from models.upsert import insert
from tasks.clock.open_deadlines import renew_one, unanswered
from tasks.clock.write_digest import Due, readers, write_digest

log = logging.getLogger(__name__)
NOBODY = "nobody can be told of deadlines: add an officer with `dsr officer add NAME ADDRESS`"
ORDER = (Limit.REPLY, Limit.REFUSAL_NOTICE, Limit.EXTENSION_NOTICE)


class Told(Frozen):
    """A threshold that was told now. No personal data: it goes to Prefect."""

    key: str
    ref: str
    limit: Limit
    level: int
    due: date


class Watched(NamedTuple):
    """What was told, and what could not be done, in sentences without personal data."""

    told: tuple[Told, ...]
    problems: tuple[str, ...]


class _New(NamedTuple):
    key: str
    threshold: Threshold
    epoch: str


def watch(now: datetime) -> Watched:
    """Renew the dates of every unanswered request, then tell of what was reached since the last time."""
    broken = {case_id: problem for case_id in unanswered() if (problem := _renewed(case_id, now))}
    problems = tuple(broken.values())
    with unit_of_work() as session:
        open_ = _open_requests(session, now, broken)
        new = _new_thresholds(session, open_, paris_date(now))
        if new and not readers(session).anybody:
            return Watched((), (*problems, NOBODY))
        return Watched(_noted_and_told(session, open_, new, now), problems)


def _renewed(case_id: int, now: datetime) -> str:
    try:
        renew_one(case_id, now)
    except DsrError as error:
        return f"the dates of case no. {case_id} could not be computed: {error}"
    except Exception as error:
        log.exception("the dates of case no. %s could not be computed", case_id)
        return f"the dates of case no. {case_id} could not be computed: {type(error).__name__}, see the log"
    return ""


def _open_requests(
    session: Session, now: datetime, broken: Collection[int]
) -> dict[int, tuple[Case, Request, Deadlines]]:
    """Every request without a valid answer, with its dates computed now; without the cases that have none."""
    query = (
        select(Case, Request)
        .join(Request, col(Request.case_id) == col(Case.id))
        .join(RequestDates, col(RequestDates.request_id) == col(Request.id))
        .where(col(RequestDates.replied_on).is_(None))
        .order_by(col(Request.id))
    )
    rows = [(case, request) for case, request in session.exec(query) if case.id not in broken]
    dates = deadlines_by_case(session, {case.id: case for case, _ in rows}.values(), now)
    return {request.id: (case, request, dates[case.id]) for case, request in rows}


def _new_thresholds(
    session: Session, open_: Mapping[int, tuple[Case, Request, Deadlines]], today: date
) -> dict[int, list[_New]]:
    """Of each request, the thresholds reached by today that are not noted in the epoch of its clock."""
    noted = select(Alert.key).join(RequestDates, col(RequestDates.request_id) == col(Alert.request_id))
    known = set(session.exec(noted.where(col(RequestDates.replied_on).is_(None))))
    new: dict[int, list[_New]] = defaultdict(list)
    ladders = {"ladder": settings().alert_days, "notice_ladder": settings().notice_days}
    for number, (_, request, dates) in open_.items():
        for threshold in thresholds(dates, today, **ladders):
            era = epoch(dates, moves_of(dates), threshold.due)
            key = f"{request.ref}:{threshold.limit}:{era}:{threshold.level}"
            if key not in known:
                new[number].append(_New(key, threshold, era))
    return new


def _noted_and_told(
    session: Session,
    open_: Mapping[int, tuple[Case, Request, Deadlines]],
    new: Mapping[int, list[_New]],
    now: datetime,
) -> tuple[Told, ...]:
    """Note all of `new`; what another watcher noted at this very moment is its to tell."""
    if not new:
        return ()
    today = paris_date(now)
    urgent = {number: _most_urgent(reached, open_[number][2], today) for number, reached in new.items()}
    keys = sorted(one.key for reached in new.values() for one in reached)
    digest = f"deadlines:{now:%Y%m%dT%H%M%S}-{sha256(chr(10).join(keys).encode())[:12]}"
    mine = _note(session, new, {one.key for one in urgent.values()}, digest, now)
    dues = [
        Due(*open_[number], one.threshold, _late(new[number]))
        for number, one in urgent.items()
        if one.key in mine
    ]
    write_digest(session, dues, digest, now)
    return tuple(
        Told(key=one.key, ref=open_[number][1].ref, limit=one.threshold.limit, level=one.threshold.level, due=one.threshold.due)
        for number, one in urgent.items()
        if one.key in mine
    )  # fmt: skip


def _late(reached: Iterable[_New]) -> tuple[int, ...]:
    """By how many days the reply is too late, each day reached since the last time."""
    return tuple(
        -one.threshold.level
        for one in reached
        if one.threshold.level < 0 and one.threshold.limit is Limit.REPLY
    )


def _most_urgent(reached: Iterable[_New], dates: Deadlines, today: date) -> _New:
    """The threshold whose last day is nearest; on the same day the reply's, and of one limit the last one reached."""

    def urgency(one: _New) -> tuple[int, int, int]:
        due = one.threshold.due
        left = working_days_left(due, today, dates.extra_holidays)
        return left, ORDER.index(one.threshold.limit), one.threshold.level

    return min(reached, key=urgency)


def _note(
    session: Session, new: Mapping[int, list[_New]], told: set[str], digest: str, now: datetime
) -> set[str]:
    """Add the alerts and return the keys of those that were not there; always in the same order, so nobody deadlocks."""
    rows = [
        {
            "key": one.key,
            "request_id": number,
            "limit": one.threshold.limit,
            "level": one.threshold.level,
            "epoch": one.epoch,
            "due": one.threshold.due,
            "reached_on": one.threshold.reached_on,
            "noted_at": now,
            "digest": digest if one.key in told else "",
        }
        for number, reached in new.items()
        for one in reached
    ]
    rows.sort(key=lambda row: str(row["key"]))
    add = insert(session, Alert).on_conflict_do_nothing(index_elements=["key"]).returning(col(Alert.key))
    return set(session.connection().execute(add, rows).scalars())
