"""Write invented cases of the past into the database, so that the SLA pages of a demo or a benchmark have something to show.

Nobody in them exists. The same seed invents the same cases; writing again adds more, under further references.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Table, insert
from sqlmodel import Session, SQLModel, func, select

from models.alerts import Standing, standing
from models.calendar import paris_date
from models.deadlines import Clock, Extension, Pause, deadlines
from models.grounds import Delay, refusals
from models.rights import Right
from models.tables import (
    Case,
    ClockEvent,
    FindingRow,
    Letter,
    ManualTask,
    Request,
    RequestDates,
    Stretch,
)
from tasks.samples.sample_history_rows import (
    Row,
    Story,
    case_row,
    clock_rows,
    dates_row,
    finding_rows,
    letter_rows,
    request_row,
    stretch_rows,
    task_row,
)

CHUNK = 2_000  # cases at a time
FIRST_NUMBER = 5_001  # references of invented cases begin here, far from those of the year's real ones
RIGHTS = {
    Right.ACCESS: 40,
    Right.ERASURE: 26,
    Right.OBJECTION: 14,
    Right.RECTIFICATION: 8,
    Right.CONSENT_WITHDRAWAL: 5,
    Right.PORTABILITY: 4,
    Right.RESTRICTION: 3,
}
CHANNELS = {"mail": 86, "form": 7, "post": 4, "forward": 2, "phone": 1}
OUTCOMES = {"answered": 78, "nothing_held": 11, "refused": 7, "withdrawn": 2, "not_a_request": 2}
IN_REVIEW = 0.8  # of the way to an answer
TYPICAL_DAYS, SPREAD, MOST_DAYS = 8.5, 0.62, 80.0  # of a log-normal time to answer


def write_history(
    session: Session,
    cases: int,
    now: datetime,
    *,
    days: int = 365,
    seed: int = 1,
    still_open: bool = False,
) -> None:
    """Add `cases` invented cases received in the `days` before `now`, in the caller's transaction.

    All are closed, so that no flow takes them up; with `still_open`, those not answered yet at `now` stay open, and the
    last ones are requests that nobody may overlook: due today, past the 30 days, overdue.
    """
    chance = random.Random(seed)  # noqa: S311  # sample data
    number = FIRST_NUMBER + session.exec(select(func.count()).select_from(Case)).one()
    moments = sorted(_moment(chance, now, days) for _ in range(cases))
    urgent = _urgent(now) if still_open and cases else []
    for start in range(0, cases, CHUNK):
        invented = [
            _invent(chance, number + start + n, received, now, still_open=still_open)
            for n, received in enumerate(moments[start : start + CHUNK])
        ]
        _write(session, chance, invented, now)
    invented = [_late(number + cases + n, clock, now) for n, clock in enumerate(urgent)]
    if invented:
        _write(session, chance, invented, now)


def _urgent(now: datetime) -> list[Clock]:
    """Return the clock of a request due today, of one past the 30 days and of one overdue.

    Each where there can be one: on weekends in March nothing is due, because the month before is short.
    """
    today = paris_date(now)
    days = [now - timedelta(days=ago) for ago in range(24, 50)]
    plain = [Clock(day, (), None) for day in days]
    longer = [Clock(day, (), Extension(Delay.VOLUME, paris_date(day) + timedelta(days=20))) for day in days]
    wanted = ((Standing.DUE_TODAY, plain), (Standing.PROMISE_BROKEN, longer), (Standing.OVERDUE, plain))
    found = (
        next((one for one in clocks if standing(deadlines(one, today=today), today) is stands), None)
        for stands, clocks in wanted
    )
    return [clock for clock in found if clock]


def _late(number: int, clock: Clock, now: datetime) -> tuple[Row, list[Story]]:
    """A request of access that an officer still reviews."""
    dates = deadlines(clock, today=paris_date(now))
    story = Story(Right.ACCESS, clock, dates, None, IN_REVIEW, "", "", identified=True, bounced=False, failed=False)  # fmt: skip
    return case_row(number, [story], "fr", "mail"), [story]


def _moment(chance: random.Random, now: datetime, days: int) -> datetime:
    """Some moment of the past; more of them towards the end, fewer in August and on Sundays."""
    while True:
        moment = now - timedelta(days=days * (1 - chance.random() ** 0.8), minutes=chance.randrange(600))
        rare = (moment.month == 8) * 0.4 + (moment.weekday() == 6) * 0.7
        if chance.random() >= rare:
            return moment


def _invent(
    chance: random.Random, number: int, received: datetime, now: datetime, *, still_open: bool
) -> tuple[Row, list[Story]]:
    clock = _clock(chance, received)
    first = _one_of(chance, RIGHTS)
    rights = {first, chance.choice(tuple(RIGHTS))} if chance.random() < 0.14 else {first}
    stories = [_story(chance, right, clock, now, still_open=still_open) for right in sorted(rights)]
    case = case_row(number, stories, _one_of(chance, {"fr": 7, "en": 3}), _one_of(chance, CHANNELS))
    return case, stories


def _one_of(chance: random.Random, weights: dict[Any, int]) -> Any:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]


def _clock(chance: random.Random, received: datetime) -> Clock:
    day = paris_date(received)
    pauses: tuple[Pause, ...] = ()
    extension = None
    if chance.random() < 0.08:
        asked = day + timedelta(days=chance.randint(0, 3))
        pauses = (Pause("identity", asked, asked + timedelta(days=chance.randint(1, 14)), "doubt"),)
    if chance.random() < 0.05:
        extension = Extension(chance.choice(tuple(Delay)), day + timedelta(days=chance.randint(12, 27)))
    return Clock(received, pauses, extension)


def _story(chance: random.Random, right: Right, clock: Clock, now: datetime, *, still_open: bool) -> Story:
    past = (now - clock.received) / timedelta(days=1)
    took = min(MOST_DAYS, chance.lognormvariate(0, SPREAD) * TYPICAL_DAYS)
    if clock.extension:
        took = chance.uniform(24, 75)
    if not still_open:
        took = min(took, past * 0.9)
    answered = took < past
    outcome = _one_of(chance, OUTCOMES) if answered else ""
    return Story(
        right=right,
        clock=clock,
        dates=deadlines(clock, today=paris_date(now)),
        replied_at=clock.received + timedelta(days=took) if answered else None,
        progress=1.0 if answered else past / took,
        outcome=outcome,
        ground=str(chance.choice(refusals(right))) if outcome == "refused" else "",
        identified=outcome != "not_a_request" and (answered or chance.random() < 0.7),
        bounced=chance.random() < 0.006,
        failed=not answered and chance.random() < 0.06,
    )


def _write(
    session: Session, chance: random.Random, invented: Sequence[tuple[Row, list[Story]]], now: datetime
) -> None:
    case_ids = _numbered(session, Case, (case for case, _ in invented))
    told = [
        (case | {"id": case_id}, story)
        for (case, stories), case_id in zip(invented, case_ids, strict=True)
        for story in stories
    ]
    requests = [request_row(case, story) for case, story in told]
    ids = _numbered(session, Request, requests)
    rows = [
        (case, story, request | {"id": number})
        for (case, story), request, number in zip(told, requests, ids, strict=True)
    ]
    findings = [list(finding_rows(chance, story, request, now)) for _, story, request in rows]
    for table, found in (
        (ClockEvent, (row for case, stories in zip(case_ids, invented, strict=True)
                      for row in clock_rows(case, stories[1][0]))),
        (RequestDates, (dates_row(*row, searched, now) for row, searched in zip(rows, findings, strict=True))),
        (Stretch, (row for _, story, request in rows for row in stretch_rows(story, request, now))),
        (FindingRow, chain.from_iterable(findings)),
        (ManualTask, (task_row(story, request) for _, story, request in rows if _was_searched(story))),
        (Letter, (row for case, story, request in rows for row in letter_rows(case, story, request))),
    ):  # fmt: skip
        _insert(session, table, found)


def _was_searched(story: Story) -> bool:
    return story.progress > 0.3


def _insert(session: Session, table: type[SQLModel], rows: Iterable[Row]) -> None:
    listed = list(rows)
    if listed:
        session.connection().execute(insert(_columns(table)), listed)


def _numbered(session: Session, table: type[SQLModel], rows: Iterable[Row]) -> list[int]:
    """Insert, and return the numbers that the rows were given, in their order."""
    columns = _columns(table)
    numbered = insert(columns).returning(columns.c.id, sort_by_parameter_order=True)
    return list(session.connection().execute(numbered, list(rows)).scalars())


def _columns(table: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(table.__tablename__)]
