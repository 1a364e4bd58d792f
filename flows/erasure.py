"""Erasure (GDPR 17): plan record by record, have exactly that plan approved, carry it out, look again, answer.

Every step happens once per request; this body may run any number of times. It begins when nothing else of the person
needs the data (law.md D22). Requires the systems of the data map, an officer and the mail relay.
"""

from collections.abc import Mapping
from datetime import date

from prefect import flow

from flows.acting import act, look, step
from flows.answering import begin, end, send_reply
from flows.changing import days_done
from flows.erasing import erase
from flows.identity import prove
from flows.telling import tell_recipients
from models.questions import ENDINGS
from models.rights import Right
from models.tables import Decision
from tasks.changes.change_systems import enter_suppression
from tasks.identify import search_identifiers
from tasks.letters.reply_erasure import reply_erasure
from tasks.steps import Lease


@flow(name="erasure", persist_result=False, validate_parameters=False)
def erasure_request(request_ref: str) -> None:
    """Answer one request for erasure; `request_ref` is `DSR-2026-0042/erasure`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    turns = begin(lease)
    if not prove(lease, turns):
        return
    decision, by_hand = erase(lease, turns)
    assert decision is not None  # only an erasure of some tables may have nothing to decide
    if decision.choice in ENDINGS:
        end(lease, decision)
        return
    send_reply(lease, _reply(lease, decision, days_done(by_hand)))


def _reply(lease: Lease, decision: Decision, by_hand: Mapping[str, date]) -> str:
    identifiers = search_identifiers(look(lease)[0])
    told = tell_recipients(lease, Right.ERASURE, identifiers)
    listed = step(lease, "suppress", lambda: enter_suppression(identifiers, "erased", "erasure"))
    reply = step(lease, "reply", lambda: reply_erasure(decision.decided_at, by_hand, told, listed["until"]))
    return str(reply["letter"])
