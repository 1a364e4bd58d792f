"""Withdrawal of consent (GDPR 7(3)): everything that rests on it stops at once, and its data go where nothing else holds them.

Every step happens once per request; this body may run any number of times. Stopping needs neither officer nor identity;
erasing does.
"""

from collections.abc import Mapping
from datetime import date

from prefect import flow

from flows.acting import act, look, step
from flows.answering import begin, end, send_reply
from flows.changing import days_done
from flows.erasing import erase
from flows.identity import prove, reach
from flows.stopping import stop_marketing
from flows.telling import tell_recipients
from models.database import reading
from models.questions import ENDINGS
from models.replies import Told, letter_language
from models.rights import Right
from tasks.changes.carry_out_erasure import receipts_of
from tasks.identify import search_identifiers
from tasks.letters.reply_changes import consent_tables, erased_for_recipients, reply_consent
from tasks.steps import Lease


@flow(name="consent-withdrawal", persist_result=False, validate_parameters=False)
def consent_withdrawal_request(request_ref: str) -> None:
    """Answer one withdrawal of consent; `request_ref` is `DSR-2026-0042/consent_withdrawal`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    turns = begin(lease)
    if not reach(lease, turns):
        return
    stopped = stop_marketing(lease, turns, "consent_withdrawal")
    stopping = reply_consent(stopped.since, stopped.when, {}, stopped.listed_until)
    if not prove(lease, turns, lambda: stopping):
        return
    decision, emptied = erase(lease, turns, consent_tables())
    if decision is not None and decision.choice in ENDINGS:
        end(lease, decision)
        return
    by_hand = days_done(emptied)
    told = _tell_recipients(lease, by_hand)
    reply = reply_consent(stopped.since, stopped.when, by_hand, stopped.listed_until, told)
    send_reply(lease, step(lease, "reply", lambda: reply)["letter"])


def _tell_recipients(lease: Lease, by_hand: Mapping[str, date]) -> tuple[Told, ...]:
    """Tell them what was erased (GDPR 19 with 17(1)(b)); nobody where nothing was."""
    case, request = look(lease)
    with reading() as session:
        receipts = receipts_of(session, request)
    erased = erased_for_recipients(receipts, by_hand, letter_language(case.language))
    if not erased:
        return ()
    return tell_recipients(lease, Right.CONSENT_WITHDRAWAL, search_identifiers(case), erased)
