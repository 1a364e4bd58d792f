"""Start the flow run of a request. Starting the same attempt again finds the same run."""

from datetime import datetime

from flows.prefect_api import create_run
from tasks.runs import begin_attempt, note_run


def start_run(request_ref: str, now: datetime, *, instead_of: str = "", why: str = "") -> bool:
    """Begin the next attempt, instead of a dead run where there is one; False where somebody else just did."""
    if not begin_attempt(request_ref, instead_of, why, now):
        return False
    note_run(request_ref, create_run(request_ref, now))
    return True
