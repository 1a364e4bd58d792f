"""Which requests a figure counts: one condition for each, used to count them and to list them.

Pure: conditions on `request_dates`, which every query here selects from or joins; values are bound, never spelled out.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, exists, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.alerts import Standing
from models.calendar import DAY, add_working_days
from models.errors import Rejected
from models.records import FindingStatus
from models.request_dates import systems_text
from models.settings import settings
from models.sla import Filter
from models.tables import FindingRow, Letter, ManualTask, Request, RequestDates, Stretch

Condition = ColumnElement[bool]
TIMED = 500  # requests

UNANSWERED = col(RequestDates.replied_on).is_(None)
ANSWERED = col(RequestDates.replied_on).is_not(None)
CLOSED = col(RequestDates.outcome) != ""
EXTENDED = col(RequestDates.extension_ground) != ""
REFUSED = col(RequestDates.outcome) == "refused"
REFUSED_LATE = and_(REFUSED, col(RequestDates.replied_on) > col(RequestDates.refusal_latest))
ANY = "?"
NO_GROUND = "none"  # of a refusal whose ground nobody noted
IDENTITY = {"checked": True, "unchecked": False}
NOW = frozenset({"unanswered", "standing", "age", "waiting", "blocked", "failed", "silent"})
"""Figures of today, whatever the period."""


def shape_of(wanted: Filter) -> Filter:
    """The same for all filters whose statements differ in their values alone; these are `values_of`."""
    return Filter(
        date.min,
        date.max,
        *(ANY if value else "" for value in (wanted.right, wanted.language, wanted.system)),
    )


def values_of(wanted: Filter, today: date) -> dict[str, date | str]:
    """What to execute a statement made for `shape_of(wanted)` with."""
    return {
        "since": wanted.since,
        "until": wanted.until,
        "right": wanted.right,
        "language": wanted.language,
        "system": _pattern(wanted.system),
        "today": today,
    }


def in_period(wanted: Filter) -> Condition:
    """Received in the period, of the right, language and system."""
    return and_(
        col(RequestDates.received_on) >= bindparam("since", wanted.since),
        col(RequestDates.received_on) <= bindparam("until", wanted.until),
        _about(wanted),
    )


def unanswered_now(wanted: Filter) -> Condition:
    """Unanswered today, of the right, language and system; whenever it was received."""
    return and_(UNANSWERED, _about(wanted))


def _about(wanted: Filter) -> Condition:
    conditions: list[Condition] = [true()]
    if wanted.right:
        conditions.append(col(RequestDates.right) == bindparam("right", wanted.right))
    if wanted.language:
        conditions.append(col(RequestDates.language) == bindparam("language", wanted.language))
    if wanted.system:
        within: BindParameter[str] = bindparam("system", _pattern(wanted.system))
        conditions.append(col(RequestDates.systems).like(within, escape="/"))
    return and_(*conditions)


def _pattern(system: str) -> str:
    """Of a LIKE that takes each character of the name as it is."""
    return "%" + re.sub("([/%_])", r"/\1", systems_text([system])) + "%"


PROMISE_KEPT = col(RequestDates.in_promise).is_(True)
LAW_KEPT = col(RequestDates.in_law).is_(True)


def promise_missed(today: date) -> Condition:
    """Answered after the 30 days, or unanswered and past them."""
    return or_(
        col(RequestDates.in_promise).is_(False), and_(UNANSWERED, col(RequestDates.commitment) < today)
    )


def law_missed(today: date) -> Condition:
    """Answered after what the law allows, or unanswered and past it."""
    return or_(col(RequestDates.in_law).is_(False), and_(UNANSWERED, col(RequestDates.statutory) < today))


def standing_is(standing: Standing, today: date) -> Condition:
    """How an unanswered request stands: `models.alerts.standing`, in SQL."""
    binding, statutory = col(RequestDates.binding), col(RequestDates.statutory)
    soon = add_working_days(today, settings().due_soon_days + 1, settings().extra_holidays) - DAY
    return {
        Standing.OVERDUE: statutory < today,
        Standing.PROMISE_BROKEN: and_(statutory >= today, binding < today),
        Standing.DUE_TODAY: and_(statutory >= today, binding == today),
        Standing.DUE_SOON: and_(binding > today, binding <= soon),
        Standing.ON_TIME: binding > soon,
    }[standing]


def age_is(value: str, today: date) -> Condition:
    """So many days since receipt: `8-14`, `31-`."""
    low, high = _bounds(value)
    received = col(RequestDates.received_on)
    newest = received <= today - timedelta(days=low)
    return newest if high is None else and_(newest, received >= today - timedelta(days=high))


def days_are(value: str) -> Condition:
    """So many days from receipt to reply."""
    low, high = _bounds(value)
    days = col(RequestDates.answer_days)
    return days >= low if high is None else and_(days >= low, days <= high)


def _bounds(value: str) -> tuple[int, int | None]:
    low, _, high = value.partition("-")
    try:
        return int(low), int(high) if high else None
    except ValueError as error:
        raise Rejected("there is no such figure: open the list from the page of figures") from error


def timed(wanted: Filter) -> Select[tuple[int]]:
    """The newest answered requests of the selection, `TIMED` at most: time per stage is measured on these."""
    newest = (col(RequestDates.received_on).desc(), col(RequestDates.request_id).desc())
    chosen = select(col(RequestDates.request_id)).where(in_period(wanted), ANSWERED)
    return chosen.order_by(*newest).limit(TIMED)


def _passed_through(wanted: Filter, stretches: Condition) -> Condition:
    """One of `timed`, with an ended stretch that is one of `stretches`."""
    inside = select(col(Stretch.request_id)).where(stretches, col(Stretch.until).is_not(None))
    dates = col(RequestDates.request_id)
    return and_(dates.in_(select(timed(wanted).subquery().c.request_id)), dates.in_(inside))


def letter_of_request() -> Condition:
    """The letter is about the request, or about its whole case."""
    return and_(
        col(Letter.case_id) == RequestDates.case_id,
        or_(col(Letter.request_id).is_(None), col(Letter.request_id) == RequestDates.request_id),
    )


def search_failed() -> Condition:
    """The newest round of discovery could not search the system."""
    later = aliased(FindingRow)
    newer = (
        exists()
        .where(col(later.request_id) == FindingRow.request_id, col(later.round) > FindingRow.round)
        .correlate(FindingRow)
    )
    return and_(col(FindingRow.status) == FindingStatus.FAILED, ~newer)


def not_answered() -> Condition:
    """A colleague owes an answer; a newer task of the same kind takes the place of an older one."""
    later = aliased(ManualTask)
    newer = (
        exists()
        .where(
            col(later.request_id) == ManualTask.request_id,
            col(later.system) == ManualTask.system,
            col(later.action) == ManualTask.action,
            col(later.round) > ManualTask.round,
        )
        .correlate(ManualTask)
    )
    return and_(col(ManualTask.outcome) == "", ~newer)


def _failed_in(system: str) -> Condition:
    here = col(FindingRow.request_id) == RequestDates.request_id
    return exists().where(here, col(FindingRow.system) == system, search_failed()).correlate(RequestDates)


def _silent_in(system: str) -> Condition:
    here = col(ManualTask.request_id) == RequestDates.request_id
    return exists().where(here, col(ManualTask.system) == system, not_answered()).correlate(RequestDates)


def _came_back(kind: str) -> Condition:
    of_kind = col(Letter.kind) == kind if kind else true()
    return (
        exists()
        .where(col(Letter.bounced_at).is_not(None), letter_of_request(), of_kind)
        .correlate(RequestDates)
    )


def _waits_for(whom: str) -> Condition:
    here = aliased(Request)
    return (
        exists()
        .where(col(here.id) == RequestDates.request_id, col(here.waits_for) == whom)
        .correlate(RequestDates)
    )


def _ground(value: str) -> Condition:
    return col(RequestDates.refusal_ground) == ("" if value == NO_GROUND else value)


def condition(figure: str, value: str, wanted: Filter, today: date) -> Condition:
    """Return which requests the figure `figure:value` counts; `Rejected` where there is no such figure."""
    dates = RequestDates
    try:
        known: dict[str, Callable[[], Condition]] = {
            "received": true,
            "answered": lambda: ANSWERED,
            "unanswered": true,
            "promise_kept": lambda: PROMISE_KEPT,
            "promise_missed": lambda: promise_missed(today),
            "law_kept": lambda: LAW_KEPT,
            "law_missed": lambda: law_missed(today),
            "standing": lambda: standing_is(Standing(value), today),
            "age": lambda: age_is(value, today),
            "waiting": lambda: _waits_for(value),
            "blocked": lambda: or_(_failed_in(value), _silent_in(value)),
            "failed": lambda: _failed_in(value),
            "silent": lambda: _silent_in(value),
            "days": lambda: days_are(value),
            "stage": lambda: _passed_through(wanted, col(Stretch.state) == value),
            "waited": lambda: _passed_through(wanted, col(Stretch.waits_for) == value),
            "outcome": lambda: and_(col(dates.outcome) == value, CLOSED),
            "extended": lambda: and_(EXTENDED, col(dates.extension_ground) == value) if value else EXTENDED,
            "refused": lambda: and_(REFUSED, _ground(value)) if value else REFUSED,
            "refused_late": lambda: REFUSED_LATE,
            "identity": lambda: col(dates.identity_checked).is_(IDENTITY[value]),
            "channel": lambda: col(dates.channel) == value,
            "bounced": lambda: _came_back(value),
        }
        narrowed = known[figure]()
    except (KeyError, ValueError) as error:
        raise Rejected("there is no such figure: open the list from the page of figures") from error
    return and_(unanswered_now(wanted) if figure in NOW else in_period(wanted), narrowed)
