"""The queries behind the SLA figures: five, whatever the number of cases.

They look only. Days and texts are bound parameters; the same rows come back from SQLite and PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import replace
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
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlmodel import Session, col

from models.alerts import Standing
from models.sla import AGES, Filter, bin_name
from models.tables import FindingRow, Letter, ManualTask, Request, RequestDates, Stretch
from tasks.figures import sla_sets as sets

MONTH, DAYS, KIND, REFUSED, EXTENDED = range(1, 6)
Rows = Sequence[Any]
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
    c = _chosen(wanted).c
    summaries = (
        _answered(session, c),
        _late(session, c, today),
        _by_days(c),
        _by_kind(c),
        _refused(c),
        _extended(c),
    )
    found: dict[int, list[Any]] = {part: [] for part in (MONTH, DAYS, KIND, REFUSED, EXTENDED)}
    for row in session.execute(union_all(*summaries)):
        found[row.part].append(row)
    return dict(found)


def _chosen(wanted: Filter) -> FromClause:
    """Return the requests of the period. Each summary reads its own index; where choosing is dear, it is done once."""
    dates = RequestDates
    columns = (
        *(dates.received_on, dates.right, dates.replied_on, dates.commitment, dates.statutory),
        *(dates.answer_days, dates.in_promise, dates.in_law, dates.outcome, dates.channel),
        *(dates.identity_checked, dates.refusal_ground, dates.refusal_latest, dates.extension_ground),
    )
    chosen = select(*map(col, columns)).where(sets.in_period(replace(wanted, system="")))
    if not wanted.system:
        return chosen.subquery("chosen")
    return chosen.where(sets.found_in(wanted.system)).cte("chosen")


def _answered(session: Session, c: Columns) -> Select[Any]:
    """By day first, in the order of an index, then by month: there are few days and many requests."""
    days = (
        select(c.received_on, c.right, c.in_promise, c.in_law, cast(func.count(), Integer).label("number"))
        .group_by(c.received_on, c.right, c.in_promise, c.in_law)
        .subquery("days")
        .c
    )
    month, number = _month(session, days.received_on), days.number
    flags = (
        days.in_promise.is_not(None),
        days.in_promise.is_(True),
        days.in_promise.is_(False),
        days.in_law.is_(True),
        days.in_law.is_(False),
    )
    sums = [cast(func.coalesce(func.sum(number).filter(flag), 0), Integer) for flag in (true(), *flags)]
    return _part(MONTH, (_text(month), days.right), literal(0), sums).group_by(month, days.right)


def _late(session: Session, c: Columns, today: date) -> Select[Any]:
    """What is unanswered and past its dates: missed, too."""
    month, zero = _month(session, c.received_on), literal(0)
    promise, law = c.commitment < today, c.statutory < today
    sums = (zero, zero, zero, _counted(promise), zero, _counted(law))
    late = _part(MONTH, (_text(month), c.right), zero, sums)
    return late.where(c.replied_on.is_(None), or_(promise, law)).group_by(month, c.right)


def _by_days(c: Columns) -> Select[Any]:
    counted = _part(DAYS, (c.right,), c.answer_days, (func.count(),))
    return counted.where(c.answer_days.is_not(None)).group_by(c.right, c.answer_days)


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


def _month(session: Session, day: ColumnElement[date]) -> ColumnElement[int]:
    """Months since the year 0, by the quickest way of each engine."""
    if session.get_bind().dialect.name == "postgresql":
        year: ColumnElement[int] = cast(func.date_part("year", day), Integer)
        month: ColumnElement[int] = cast(func.date_part("month", day), Integer)
    else:
        text = type_coerce(day, String)  # 2026-11-23
        year, month = cast(func.substr(text, 1, 4), Integer), cast(func.substr(text, 6, 2), Integer)
    return year * 12 + month - 1


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


def _text(number: ColumnElement[int]) -> ColumnElement[str]:
    return cast(number, String)


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
