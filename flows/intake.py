"""Intake: keep what the mailboxes have, understand it, and start a run for every new request.

Runs often, and whenever a mailbox rings. Every part may be repeated: bytes are recognised, messages are handled once,
an attempt has one run. Requires one mailbox that answers; the run fails at its end where another does not.
"""

from prefect import flow

from flows.beating import beating
from flows.runtime.clock import utc_now
from flows.start import start_run
from models.cases import find_request
from models.database import reading
from models.tables import WaitsFor
from tasks.mail.handle_mail import Handled
from tasks.mail.take_in import take_in_all
from tasks.ring import ring


@flow(name="intake", flow_run_name="intake", persist_result=False)
@beating("intake")
def take_in() -> None:
    """Empty the mailboxes into cases, holding pen and machine mail."""
    for handled in take_in_all(utc_now()):
        follow_up(handled)


def follow_up(handled: Handled) -> None:
    """Start runs for what is new, ring runs that a reply may have answered."""
    for request_ref in handled.new_requests:
        start_run(request_ref, utc_now())
    for request_ref in handled.wake:
        with reading() as session:
            waits_for = find_request(session, request_ref).waits_for
        if waits_for in {WaitsFor.REQUESTER, WaitsFor.MESSAGE, WaitsFor.CLOCK}:
            ring(request_ref, utc_now())
