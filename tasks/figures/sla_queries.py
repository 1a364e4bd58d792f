"""The queries behind the SLA figures: five, whatever the number of cases.

They look only. Days and texts are bound parameters; the same rows come back from SQLite and PostgreSQL.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    FromClause,
    Integer,
    Result,
    Select,
    String,
    bindparam,
    cast,
    distinct,
    extract,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlmodel import Session, col

from models.alerts import Standing
from models.sla import AGES, Filter, bin_name
from models.tables import FindingRow, Letter, ManualTask, Request, RequestDates, Stretch
from tasks.figures import sla_sets as sets

MONTH, DAYS, KIND, REFUSED, EXTENDED = range(1, 6)
EVER = datetime(1970, 1, 1, tzinfo=UTC)  # after it, rather than not null: SQLite then takes the index
Rows = Sequence[Any]
Query = Select[Any] | CompoundSelect[Any]
Columns = ReadOnlyColumnCollection[str, Any]


def unanswered(session: Session, wanted: Filter, today: date) -> Rows:
    """Return, for each side somebody waits for, how many are unanswered: `number`, each standing, and `age_0` …"""
    standings = [_counted(sets.standing_is(each, today)).label(each.value) for each in Standing]
    ages = [_counted(sets.age_is(bin_name(*each), today)).label(f"age_{each[0]}") for each in AGES]
    # One look-up for each of the few that are unanswered: joined, PostgreSQL would read every request.
    whom = select(col(Request.waits_for)).where(col(Request.id) == RequestDates.request_id)
    waits_for = whom.scalar_subquery().label("waits_for")
    query = select(waits_for, func.count().label("number"), *standings, *ages).where(
        sets.unanswered_now(wanted)
    )
    return session.execute(query.group_by(waits_for)).all()


def period(session: Session, wanted: Filter, today: date) -> dict[int, Rows]:
    """Return five summaries of the requests of the period, in one query.

    MONTH: a, b = months since the year 0, right; n received, n1 answered, n2, n3 promise kept, missed, n4, n5 law kept, missed.
    DAYS: a = right, i = days to answer; n. KIND: a, b = outcome, channel; n, n1 with identity checked.
    REFUSED: a = ground; n, n1 too late. EXTENDED: a = ground; n.
    """
    found: dict[int, list[Any]] = {part: [] for part in (MONTH, DAYS, KIND, REFUSED, EXTENDED)}
    for row in _asked(session, _period, wanted, today):
        found[row.part].append(row)
    return dict(found)


def _asked(
    session: Session, statement: Callable[[Filter], Query], wanted: Filter, today: date
) -> Result[Any]:
    """Execute a statement that is made once for each shape of filter: making one costs as much as a small query."""
    return session.execute(statement(sets.shape_of(wanted)), sets.values_of(wanted, today))


@cache
def _period(wanted: Filter) -> Query:
    c = _chosen(wanted).c
    measured = _measured(c)
    summaries = (
        _by_month(measured),
        _by_days(measured),
        _late(c, bindparam("today", type_=Date)),
        _by_kind(c),
        _refused(c),
        _extended(c),
    )
    return union_all(*summaries)


def _chosen(wanted: Filter) -> FromClause:
    """Return the requests of the period; each summary reads its own index."""
    dates = RequestDates
    columns = (
        *(dates.received_month, dates.right, dates.replied_on, dates.commitment, dates.statutory),
        *(dates.answer_days, dates.in_promise, dates.in_law, dates.outcome, dates.channel),
        *(dates.identity_checked, dates.refusal_ground, dates.refusal_latest, dates.extension_ground),
    )
    return select(*map(col, columns)).where(sets.in_period(wanted)).subquery("chosen")


def _measured(c: Columns) -> Columns:
    """Few rows that say as much as the many about time: two summaries are made of them."""
    alike = (c.received_month, c.right, c.in_promise, c.in_law, c.answer_days)
    return select(*alike, cast(func.count(), Integer).label("number")).group_by(*alike).cte("measured").c


def _by_month(measured: Columns) -> Select[Any]:
    flags = (
        measured.in_promise.is_not(None),
        measured.in_promise.is_(True),
        measured.in_promise.is_(False),
        measured.in_law.is_(True),
        measured.in_law.is_(False),
    )
    sums = [_sum(measured.number, flag) for flag in (true(), *flags)]
    texts = (cast(measured.received_month, String), measured.right)
    return _part(MONTH, texts, literal(0), sums).group_by(measured.received_month, measured.right)


def _late(c: Columns, today: ColumnElement[date]) -> Select[Any]:
    """What is unanswered and past its dates: missed, too."""
    zero = literal(0)
    promise, law = c.commitment < today, c.statutory < today
    sums = (zero, zero, zero, _counted(promise), zero, _counted(law))
    late = _part(MONTH, (cast(c.received_month, String), c.right), zero, sums)
    return late.where(c.replied_on.is_(None), or_(promise, law)).group_by(c.received_month, c.right)


def _by_days(measured: Columns) -> Select[Any]:
    days = measured.answer_days
    counted = _part(DAYS, (measured.right,), days, (_sum(measured.number, true()),))
    return counted.where(days.is_not(None)).group_by(measured.right, days)


def _by_kind(c: Columns) -> Select[Any]:
    sums = (func.count(), _counted(c.identity_checked))
    return _part(KIND, (c.outcome, c.channel), literal(0), sums).group_by(c.outcome, c.channel)


def _refused(c: Columns) -> Select[Any]:
    late = _counted(c.replied_on > c.refusal_latest)
    refused = _part(REFUSED, (c.refusal_ground,), literal(0), (func.count(), late))
    return refused.where(c.outcome == "refused").group_by(c.refusal_ground)


def _extended(c: Columns) -> Select[Any]:
    extended = _part(EXTENDED, (c.extension_ground,), literal(0), (func.count(),))
    return extended.where(c.extension_ground != "").group_by(c.extension_ground)


def _part(
    part: int, texts: Sequence[ColumnElement[Any]], i: ColumnElement[int], sums: Sequence[ColumnElement[int]]
) -> Select[Any]:
    """Columns alike in every summary, so that one query can bring them all."""
    filled = [*texts, *(literal("") for _ in range(2 - len(texts)))]
    numbers = [*sums, *(literal(0) for _ in range(6 - len(sums)))]
    names = ("n", "n1", "n2", "n3", "n4", "n5")
    return select(
        literal(part).label("part"),
        *(column.label(name) for name, column in zip("ab", filled, strict=True)),
        i.label("i"),
        *(column.label(name) for name, column in zip(names, numbers, strict=True)),
    )


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _sum(number: ColumnElement[int], condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(number).filter(condition), 0), Integer)


def blocked(session: Session, wanted: Filter, today: date) -> Rows:
    """Return, by `system`, how many unanswered requests it holds up: `number`, and of these `failed` and `silent`."""
    return _asked(session, _blocked, wanted, today).all()


@cache
def _blocked(wanted: Filter) -> Query:
    waits = sets.unanswered_now(wanted)
    failed = (
        select(col(FindingRow.request_id), col(FindingRow.system), literal(1).label("failed"))
        .join(RequestDates, col(RequestDates.request_id) == FindingRow.request_id)
        .where(waits, sets.search_failed())
    )
    silent = (
        select(col(ManualTask.request_id), col(ManualTask.system), literal(0).label("failed"))
        .join(RequestDates, col(RequestDates.request_id) == ManualTask.request_id)
        .where(waits, sets.not_answered())
    )
    both = union_all(failed, silent).subquery().c
    number = func.count(distinct(both.request_id))
    counted = select(
        both.system,
        number.label("number"),
        number.filter(both.failed == 1).label("failed"),
        number.filter(both.failed == 0).label("silent"),
    )
    return counted.group_by(both.system).order_by(both.system)


def stages(session: Session, wanted: Filter, today: date) -> Rows:
    """Return figure, value, the number of timed requests that were there, and their seconds altogether."""
    return _asked(session, _stages, wanted, today).all()


@cache
def _stages(wanted: Filter) -> Query:
    timed = sets.timed(wanted).cte("timed")
    chosen = col(Stretch.request_id).in_(select(timed.c.request_id))
    queries = []
    for figure, column in (("stage", col(Stretch.state)), ("waited", col(Stretch.waits_for))):
        each = (
            select(column.label("value"), func.sum(_seconds()).label("seconds"))
            .where(chosen, col(Stretch.until).is_not(None))
            .group_by(col(Stretch.request_id), column)
            .subquery(figure)
        )
        number, seconds = func.count().label("number"), func.sum(each.c.seconds).label("seconds")
        queries.append(
            select(literal(figure).label("figure"), each.c.value, number, seconds).group_by(each.c.value)
        )
    return union_all(*queries)


def _seconds() -> ColumnElement[int]:
    return cast(extract("epoch", col(Stretch.until)) - extract("epoch", col(Stretch.since)), Integer)


def bounced(session: Session, wanted: Filter, today: date) -> Rows:
    """Return the kind of letter and the request of each letter that came back."""
    return _asked(session, _bounced, wanted, today).all()


@cache
def _bounced(wanted: Filter) -> Query:
    ever = col(Letter.bounced_at) > EVER
    came_back = select(col(Letter.case_id)).where(ever).subquery()
    return (
        select(col(Letter.kind), col(RequestDates.request_id))
        .join(RequestDates, sets.letter_of_request())
        .where(
            ever,
            col(RequestDates.case_id).in_(select(came_back.c.case_id)),  # shows SQLite where to begin
            sets.in_period(wanted),
        )
        .distinct()
    )
