"""The mailbox's bell: when something arrives, start the intake flow at once instead of at its next turn.

Only a wake-up: if the bell is lost or rings twice, the schedule and the intake's own idempotence make up for it.
"""

import logging
import time
from datetime import UTC, datetime

import httpx

from models.errors import Retryable, Unavailable
from models.settings import Settings, settings
from tasks.inbox import Inbox
from tasks.keep_mail import open_inbox

WAIT_SECONDS = 300.0
PAUSE_SECONDS = 2.0
KEEPING_SECONDS = 30.0
log = logging.getLogger(__name__)


def main() -> None:
    """Listen for ever."""
    config = settings()
    inbox = open_inbox(config)
    pause = PAUSE_SECONDS
    while True:
        try:
            if inbox.wait(WAIT_SECONDS):
                _start_intake(config)
                _wait_until_kept(inbox)
            pause = PAUSE_SECONDS
        except (Retryable, httpx.HTTPError) as error:
            log.warning("the bell is out of order for %g s: %s", pause, type(error).__name__)
            time.sleep(pause)
            pause = min(pause * 2, WAIT_SECONDS)


def _start_intake(config: Settings) -> None:
    user, _, password = config.prefect_auth.get_secret_value().partition(":")
    with httpx.Client(
        base_url=config.prefect_api, auth=(user, password) if user else None, timeout=30
    ) as api:
        deployment = api.get("/deployments/name/intake/dsr").raise_for_status().json()["id"]
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        api.post(
            f"/deployments/{deployment}/create_flow_run",
            json={"idempotency_key": f"bell {moment}"},
        ).raise_for_status()


def _wait_until_kept(inbox: Inbox) -> None:
    """Give the intake a while before the same messages ring again; `Unavailable` where it does not come to them."""
    until = time.monotonic() + KEEPING_SECONDS
    while inbox.wait(0):
        if time.monotonic() >= until:
            raise Unavailable("the intake does not keep what has arrived: look at its runs in Prefect")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
