"""Find reappeared: every night, look through the systems for people who must not be in them (law.md A5).

Each system by itself, so that one that is away hides nothing in another; repeating it notes and tells nothing twice.
"""

import asyncio
import logging
import os
from datetime import datetime

from prefect import flow

from flows.beating import beating
from flows.runtime.clock import utc_now
from models.errors import DsrError, NeedsHuman
from tasks.keeping.find_reappeared import look_into
from tasks.letters.send_letters import send_queued
from tasks.search_systems import data_map

log = logging.getLogger(__name__)


@flow(name="find-reappeared", flow_run_name="find-reappeared", persist_result=False)
@beating("find-reappeared")
def find_reappeared() -> None:
    """Look through every system; the run fails, after all are done, where one could not be read."""
    problems = look_everywhere(utc_now())
    asyncio.run(send_queued(utc_now()))
    if problems:
        raise NeedsHuman("; ".join(problems))


def look_everywhere(now: datetime) -> list[str]:
    """Look through every system; return what went wrong, in sentences without personal data."""
    problems = []
    for name, spec in data_map().systems.items():
        try:
            letters = look_into(spec, os.environ, now)
        except DsrError as error:
            problems.append(f"{name} was not looked through: {error}")
        else:
            log.info("%s: %s", name, f"{len(letters)} letters about new finds" if letters else "nothing new")
    return problems
