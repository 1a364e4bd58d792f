"""Lift restrictions: every morning those whose announced day has come, and a word to the officers on those to review.

Each restriction by itself, so that one that fails keeps no other waiting; repeating it lifts and tells nothing twice
(law.md R4; GDPR 18(3)).
"""

import asyncio
import logging
from datetime import datetime

from prefect import flow

from flows.beating import beating
from flows.runtime.clock import utc_now
from models.database import reading
from models.errors import NeedsHuman
from tasks.changes.lift_restriction import due_to_lift, lift_restriction, tell_reviews
from tasks.letters.send_letters import send_queued
from tasks.search_systems import sentence

log = logging.getLogger(__name__)


@flow(name="lift-restrictions", flow_run_name="lift-restrictions", persist_result=False)
@beating("lift-restrictions")
def lift_restrictions() -> None:
    """Lift and remind; the run fails, after all are done, where a restriction could not be lifted."""
    problems = look_after(utc_now())
    asyncio.run(send_queued(utc_now()))
    if problems:
        raise NeedsHuman("; ".join(problems))


def look_after(now: datetime) -> list[str]:
    """Lift what is due and write the reminders; return what went wrong, in sentences without personal data."""
    problems = []
    with reading() as session:
        due = due_to_lift(session, now)
    for request_ref in due:
        try:
            lifted = lift_restriction(request_ref, now)
        except Exception as error:  # noqa: BLE001  # whatever fails here is told, and keeps no other waiting
            problems.append(f"{request_ref}: the restriction still stands: {sentence(error)}")
        else:
            log.info("%s: %s", request_ref, "the restriction is lifted" if lifted else "was lifted meanwhile")
    to_review = tell_reviews(now)
    log.info("to be reviewed: %s", ", ".join(to_review) or "none")
    return problems
