"""Ring the bell of a suspended flow run: what it waited for is in our database (DESIGN.md 4.3).

Ringing twice is safe: Prefect refuses to resume a run that is not suspended, and `recover` rings again where nobody heard.
"""

import logging
from datetime import datetime

import httpx
from sqlmodel import select

from models.database import reading
from models.settings import settings
from models.tables import Request, WaitsFor

TIMEOUT_SECONDS = 5.0

_log = logging.getLogger(__name__)


def ring(request_ref: str, now: datetime) -> bool:
    """Whether Prefect accepted to resume the flow run of this request.

    Not where it waits for an officer: a form is answered in the form, never by a bell.
    """
    del now  # every task takes it; a bell has no time of its own
    with reading() as session:
        request = session.exec(select(Request).where(Request.ref == request_ref)).first()
    if request is None or not request.flow_run_id or request.waits_for in {WaitsFor.NOBODY, WaitsFor.OFFICER}:
        return False
    user, _, password = settings().prefect_auth.get_secret_value().partition(":")
    try:
        response = httpx.post(
            f"{settings().prefect_api}/flow_runs/{request.flow_run_id}/resume",
            json={},
            auth=(user, password) if user else None,
            timeout=TIMEOUT_SECONDS,
        )
        response.raise_for_status()
        accepted = bool(response.json()["status"] == "ACCEPT")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        accepted = False
    if not accepted:
        _log.warning("%s was not resumed: `recover` rings again", request_ref)
    return accepted
