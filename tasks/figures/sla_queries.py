"""The queries behind the SLA figures: five, whatever the number of cases, each one pass over its rows.

They look only. Days and texts are bound parameters; the same rows come back from SQLite and PostgreSQL.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    cast,
    distinct,
    extract,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)
from sqlmodel import Session, col

from models.alerts import Standing
from models.sla import AGES, Filter, bin_name
from models.tables import FindingRow, Letter, ManualTask, Request, RequestDates, Stretch
from tasks.figures import sla_sets as sets

MONTH, DAYS, KIND = 1, 2, 3
Rows = Sequence[Any]


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
    """Return three summaries of the requests of the period, in one query.

    MONTH: a, b = months since the year 0, right; n received, n1 answered, n2, n3 promise kept, missed, n4, n5 law kept, missed.
    DAYS: a = right, i = days to answer; n. KIND: a to d = outcome, grounds of refusal and extension, channel; n, n1 with
    identity checked, n2 refused too late.
    """
    chosen = _chosen(session, wanted, today)
    query = union_all(_by_month(chosen), _by_days(chosen), _by_kind(chosen))
    found: dict[int, list[Any]] = {MONTH: [], DAYS: [], KIND: []}
    for row in session.execute(query):
        found[row.part].append(row)
    return dict(found)


def _chosen(session: Session, wanted: Filter, today: date) -> FromClause:
    """Return the requests of the period; where choosing them is dear, it is done once for all three."""
    dates = RequestDates
    chosen = select(
        _month(session).label("month"),
        col(dates.right).label("asked"),
        col(dates.answer_days),
        sets.PROMISE_KEPT.label("promise_kept"),
        sets.promise_missed(today).label("promise_missed"),
        sets.LAW_KEPT.label("law_kept"),
        sets.law_missed(today).label("law_missed"),
        sets.REFUSED_LATE.label("refused_late"),
        col(dates.outcome),
        col(dates.refusal_ground),
        col(dates.extension_ground),
        col(dates.channel),
        col(dates.identity_checked),
    ).where(sets.in_period(wanted))
    return chosen.cte("chosen") if wanted.system else chosen.subquery("chosen")


def _month(session: Session) -> ColumnElement[int]:
    """Months since the year 0, by the quickest way of each engine."""
    day = col(RequestDates.received_on)
    if session.get_bind().dialect.name == "postgresql":
        year: ColumnElement[int] = func.date_part("year", day)
        month: ColumnElement[int] = func.date_part("month", day)
    else:
        text = type_coerce(day, String)  # 2026-11-23
        year, month = cast(func.substr(text, 1, 4), Integer), cast(func.substr(text, 6, 2), Integer)
    return year * 12 + month - 1


def _by_month(chosen: FromClause) -> Select[Any]:
    c = chosen.c
    flags = (c.promise_kept, c.promise_missed, c.law_kept, c.law_missed)
    return select(
        *_texts(MONTH, cast(cast(c.month, Integer), String), c.asked),
        literal(0).label("i"),
        func.count().label("n"),
        func.count(c.answer_days).label("n1"),
        *(_counted(flag).label(f"n{n}") for n, flag in enumerate(flags, 2)),
    ).group_by(c.month, c.asked)


def _by_days(chosen: FromClause) -> Select[Any]:
    c = chosen.c
    counted = select(*_texts(DAYS, c.asked), c.answer_days.label("i"), func.count().label("n"), *_zeros(1))
    return counted.where(c.answer_days.is_not(None)).group_by(c.asked, c.answer_days)


def _by_kind(chosen: FromClause) -> Select[Any]:
    c = chosen.c
    kinds = (c.outcome, c.refusal_ground, c.extension_ground, c.channel)
    return select(
        *_texts(KIND, *kinds),
        literal(0).label("i"),
        func.count().label("n"),
        _counted(c.identity_checked).label("n1"),
        _counted(c.refused_late).label("n2"),
        *_zeros(3),
    ).group_by(*kinds)


def _texts(part: int, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    filled = [*columns, *(literal("") for _ in range(4 - len(columns)))]
    return [
        literal(part).label("part"),
        *(column.label(name) for name, column in zip("abcd", filled, strict=True)),
    ]


def _zeros(first: int) -> list[ColumnElement[int]]:
    return [literal(0).label(f"n{n}") for n in range(first, 6)]


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def blocked(session: Session, wanted: Filter) -> Rows:
    """Return, by `system`, how many unanswered requests it holds up: `number`, and of these `failed` and `silent`."""
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
    query = select(
        both.system,
        number.label("number"),
        number.filter(both.failed == 1).label("failed"),
        number.filter(both.failed == 0).label("silent"),
    )
    return session.execute(query.group_by(both.system).order_by(both.system)).all()


def stages(session: Session, wanted: Filter) -> Rows:
    """Return figure, value, the number of timed requests that were there, and their seconds altogether."""
    timed = sets.timed(wanted).cte("timed")
    chosen = col(Stretch.request_id).in_(select(timed.c.request_id))
    queries = []
    for figure, column in (("stage", col(Stretch.state)), ("waited", col(Stretch.waits_for))):
        each = (
            select(column.label("value"), func.sum(_seconds(session)).label("seconds"))
            .where(chosen, col(Stretch.until).is_not(None))
            .group_by(col(Stretch.request_id), column)
            .subquery(figure)
        )
        number, seconds = func.count().label("number"), func.sum(each.c.seconds).label("seconds")
        queries.append(
            select(literal(figure).label("figure"), each.c.value, number, seconds).group_by(each.c.value)
        )
    return session.execute(union_all(*queries)).all()


def _seconds(session: Session) -> ColumnElement[int]:
    since, until = col(Stretch.since), col(Stretch.until)
    if session.get_bind().dialect.name == "postgresql":
        return cast(extract("epoch", until) - extract("epoch", since), Integer)
    return cast(func.strftime("%s", until), Integer) - cast(func.strftime("%s", since), Integer)


def bounced(session: Session, wanted: Filter) -> Rows:
    """Return the kind of letter and the request of each letter that came back."""
    came_back = select(col(Letter.case_id)).where(col(Letter.bounced_at).is_not(None)).subquery()
    query = (
        select(col(Letter.kind), col(RequestDates.request_id))
        .join(RequestDates, sets.letter_of_request())
        .where(
            col(Letter.bounced_at).is_not(None),
            col(RequestDates.case_id).in_(select(came_back.c.case_id)),  # shows SQLite where to begin
            sets.in_period(wanted),
        )
        .distinct()
    )
    return session.execute(query).all()
