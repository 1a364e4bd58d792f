"""The mailboxes' bell: when something arrives, start the intake flow at once instead of at its next turn.

Only a wake-up: if the bell is lost or rings twice, the schedule and the intake's own idempotence make up for it.
"""

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from typing import Never

import httpx
import stamina

from models.errors import Unavailable
from models.mailbox_settings import MailboxSettings
from models.settings import Settings, settings
from tasks.mail.inbox import Inbox
from tasks.mail.keep_mail import open_inbox

WAIT_SECONDS = 300.0
PAUSE_SECONDS = 2.0
KEEPING_SECONDS = 30.0
log = logging.getLogger(__name__)


def main() -> None:
    """Listen to every mailbox for ever, each in a thread of its own."""
    config = settings()
    stamina.instrumentation.set_on_retry_hooks([_tell])
    pool = ThreadPoolExecutor(len(config.mailboxes))
    ended = next(as_completed([pool.submit(_listen, config, mailbox) for mailbox in config.mailboxes]))
    log.critical("a bell broke", exc_info=ended.exception())
    os._exit(1)  # the other threads never end


def _listen(config: Settings, mailbox: MailboxSettings) -> Never:
    """Ring whenever something arrives. After a failure, whatever it is, listen again: longer and longer later."""
    patiently = stamina.retry(
        on=Exception, attempts=None, timeout=None, wait_initial=PAUSE_SECONDS, wait_max=WAIT_SECONDS
    )
    inbox = patiently(open_inbox)(mailbox)
    while True:
        patiently(_ring_once)(config, mailbox, inbox)


def _tell(details: stamina.instrumentation.RetryDetails) -> None:
    mailbox = next(given for given in details.args if isinstance(given, MailboxSettings))
    error = details.caused_by
    why = error if isinstance(error, Unavailable) else type(error).__name__
    log.warning("the bell of %s is out of order for %.0f s: %s", mailbox.address, details.wait_for, why)


def _ring_once(config: Settings, mailbox: MailboxSettings, inbox: Inbox) -> None:
    del mailbox  # it is for the log
    if inbox.wait(WAIT_SECONDS):
        _start_intake(config)
        _wait_until_kept(inbox)


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
