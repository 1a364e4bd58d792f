"""Withdrawal of consent (GDPR 7(3)): everything that rests on it stops at once, and its data go where nothing else holds them.

Every step happens once per request; this body may run any number of times. Stopping needs neither officer nor identity;
erasing does.
"""

from prefect import flow

from flows.acting import act, step
from flows.answering import begin, end, send_reply
from flows.changing import days_done
from flows.erasing import erase
from flows.identity import prove
from flows.stopping import stop_marketing
from models.questions import ENDINGS
from tasks.reply_changes import consent_tables, reply_consent
from tasks.steps import Lease


@flow(name="consent-withdrawal", persist_result=False, validate_parameters=False)
def consent_withdrawal_request(request_ref: str) -> None:
    """Answer one withdrawal of consent; `request_ref` is `DSR-2026-0042/consent_withdrawal`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    turns = begin(lease)
    stopped = stop_marketing(lease, turns, "consent_withdrawal")
    stopping = reply_consent(stopped.since, stopped.when, {}, stopped.listed_until)
    if not prove(lease, turns, lambda: stopping):
        return
    outcome = erase(lease, turns, consent_tables())
    if outcome.decision.choice in ENDINGS:
        end(lease, outcome.decision)
        return
    by_hand = days_done(outcome.by_hand)
    reply = reply_consent(stopped.since, stopped.when, by_hand, stopped.listed_until)
    send_reply(lease, step(lease, "reply", lambda: reply)["letter"])
