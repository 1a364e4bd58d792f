"""Watch the watchers: each clockwork flow notes when it ran to its end, and whoever was silent for too long is named.

Noting again only moves the moment. A flow that never ran counts from the day the engine first expected it; one that no
engine ever expected is silent at once, because nothing is known of any engine. `dsr up` expects all before the web app
answers, which is the grace of a start; `/livez` is for start-up probes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlmodel import col, select

from models.database import reading, unit_of_work
from models.records import Frozen
from models.tables import Heartbeat
from models.upsert import insert

MINUTE, HOUR = 60, 3600
DAY = 24 * HOUR
WATCHER = "watch-deadlines"  # renews the dates that figures count by
# Seconds between two runs of each clockwork flow: the schedules of prefect.yaml, which a test compares with these.
CLOCKWORK: Mapping[str, int] = MappingProxyType(
    {
        "intake": MINUTE,
        "recover": 2 * MINUTE,
        WATCHER: 30 * MINUTE,
        "purge": DAY,
        "find-reappeared": DAY,
        "lift-restrictions": DAY,
        "report": DAY,
    }
)


class Silent(Frozen):
    """A clockwork flow that has not run to its end for twice its interval. `every`: that interval, in seconds.

    `since`: None where no engine ever expected it.
    """

    flow: str
    since: datetime | None
    every: int


def beat(flow: str, now: datetime) -> None:
    """Note that `flow` has just run to its end, and expect the others from now on."""
    with unit_of_work() as session:
        row = {"flow": flow, "every": CLOCKWORK[flow], "ended_at": now}
        add = insert(session, Heartbeat).values(row)
        session.execute(add.on_conflict_do_update(index_elements=["flow"], set_=row))
    expect(now)


def expect(now: datetime) -> None:
    """Note that the engine starts: every clockwork flow that was never heard of is expected from now on."""
    with reading() as session:
        known = set(session.exec(select(Heartbeat.flow)))
    new = [
        {"flow": flow, "every": every, "ended_at": now}
        for flow, every in CLOCKWORK.items()
        if flow not in known
    ]
    if new:
        with unit_of_work() as session:
            session.execute(insert(session, Heartbeat).values(new).on_conflict_do_nothing())


def silent(now: datetime) -> list[Silent]:
    """Return the clockwork flows that did not run to their end for twice their interval, longest silence first.

    All of them where the engine was never started on this database.
    """
    with reading() as session:
        rows = session.exec(select(Heartbeat).order_by(col(Heartbeat.ended_at))).all()
    known = {row.flow: row.ended_at for row in rows if row.flow in CLOCKWORK}
    never = [
        Silent(flow=flow, since=None, every=every) for flow, every in CLOCKWORK.items() if flow not in known
    ]
    return never + [
        Silent(flow=flow, since=since, every=CLOCKWORK[flow])
        for flow, since in known.items()
        if now - since > timedelta(seconds=2 * CLOCKWORK[flow])
    ]


def started() -> bool:
    """Whether the engine was ever started on this database."""
    with reading() as session:
        return session.exec(select(Heartbeat.flow)).first() is not None
