"""Watch deadlines: every half hour, warn of dates that come near or have passed (law.md D27 to D29).

Each threshold is told once, by a letter and by a Prefect event, so repeating it tells nothing twice. The letters are the
promise; an event is a courtesy for automations, and is lost where the process dies between the letter and the event.
"""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from prefect import flow
from prefect.events import emit_event

from flows.beating import beating
from flows.runtime.clock import utc_now
from models.errors import NeedsHuman
from tasks.clock.alert_deadlines import Told, watch
from tasks.clock.open_deadlines import renew_older
from tasks.letters.send_letters import send_queued

log = logging.getLogger(__name__)


@flow(name="watch-deadlines", flow_run_name="watch-deadlines", persist_result=False)
@beating("watch-deadlines")
def watch_deadlines() -> None:
    """Warn of everything due; the run fails, after all is done, where a date could not be computed or nobody be told."""
    problems = look_after(utc_now())
    asyncio.run(send_queued(utc_now()))
    if problems:
        raise NeedsHuman("; ".join(problems))


def look_after(now: datetime) -> tuple[str, ...]:
    """Warn, and let Prefect know; return what went wrong, in sentences without personal data."""
    watched = watch(now)
    emit(watched.told, now)
    log.info("deadlines told: %s", ", ".join(f"{told.ref} {told.level}" for told in watched.told) or "none")
    renew_older(now)
    return watched.problems


def emit(told: Iterable[Told], now: datetime) -> None:
    """Emit `dsr.deadline.<limit>` for each: resource, level and last day, no personal data (docs/runbook.md)."""
    for one in told:
        emit_event(
            event=f"dsr.deadline.{one.limit}",
            occurred=now,
            resource={"prefect.resource.id": f"dsr.request.{one.ref}", "prefect.resource.name": one.ref},
            payload={"level": one.level, "due": one.due.isoformat()},
            id=uuid5(NAMESPACE_URL, f"dsr:alert:{one.key}"),
        )
