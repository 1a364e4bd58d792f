"""Purge: what the engine no longer needs goes, every night (law.md A3-A5, S4, S8).

Repeating is safe: what is gone is no longer due. In Prefect the runs go before our database says so; a crash in between
means that tomorrow nothing is found there and the row is written.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from prefect import flow
from prefect.exceptions import ObjectNotFound

from flows.beating import beating
from flows.case_clock_artifact import forget_clock
from flows.prefect_api import prefect, runs_of
from flows.runtime.clock import utc_now
from models.database import reading
from models.storage import forget_unfinished
from models.tables import Request
from tasks.keeping.retain import Due, carry_out, due, note_forgotten_run
from tasks.runs import case_ref_of

UNFINISHED = timedelta(days=1)  # no process takes that long to store a file
log = logging.getLogger(__name__)


@flow(name="purge", flow_run_name="purge", persist_result=False)
@beating("purge")
def purge() -> None:
    """Purge everything that is due now."""
    done = purge_due(utc_now())
    log.info("purged: %s", ", ".join(f"{count} {what}" for what, count in sorted(done.items())) or "nothing")


def purge_due(now: datetime) -> Counter[str]:
    """Purge what is due, Prefect's runs too; return how many of each kind."""
    with reading() as session:
        found = due(session, now)
    done = carry_out(found, now) + forget_runs(found, now)
    return done + Counter({"unfinished file": forget_unfinished(now - UNFINISHED)})


def forget_runs(found: Sequence[Due], now: datetime) -> Counter[str]:
    """Delete the runs of closed requests from Prefect, with their states, inputs and logs; return how many requests'."""
    done: Counter[str] = Counter()
    for one in found:
        if one.what == "run":
            _forget_runs_of(one.row)
            note_forgotten_run(one.row, now)
            done["run"] += 1
    return done


def _forget_runs_of(request_id: int) -> None:
    with reading() as session:
        ref = session.get_one(Request, request_id).ref
    forget_clock(case_ref_of(ref))
    with prefect() as client:
        while runs := runs_of(client, ref):
            for run in runs:
                with suppress(ObjectNotFound):
                    client.delete_flow_run(run.id)
