"""Restriction (GDPR 18): an officer says which of the four cases applies; the data are then only stored, everywhere.

Every step happens once per request; this body may run any number of times. Before it is lifted the person is told.
"""

from prefect import flow

from flows.acting import act, look, step
from flows.answering import begin, end, send_reply, weigh
from flows.asking import Form
from flows.identity import prove
from flows.restricting import restrict
from flows.telling import tell_recipients
from models.grounds import RestrictionCase
from models.questions import Choice, Question
from models.rights import Right
from tasks.forms.form_texts_changes import weighing_text
from tasks.identify import search_identifiers
from tasks.letters.reply_changes import reply_restriction
from tasks.steps import Lease


@flow(name="restriction", persist_result=False, validate_parameters=False)
def restriction_request(request_ref: str) -> None:
    """Answer one request for restriction; `request_ref` is `DSR-2026-0042/restriction`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    turns = begin(lease)
    if not prove(lease, turns):
        return
    form = Form(Question.WEIGHING, lambda _: (Choice.RESTRICT,), weighing_text)
    decision = weigh(lease, form, turns)
    if decision.choice != Choice.RESTRICT:
        end(lease, decision)
        return
    case = RestrictionCase(decision.answers["ground"])
    restricted = restrict(lease, turns, case)
    told = tell_recipients(lease, Right.RESTRICTION, search_identifiers(look(lease)[0]))
    reply = step(
        lease,
        "reply",
        lambda: reply_restriction(case, decision.decided_at, restricted.when, restricted.review_on, told),
    )
    send_reply(lease, reply["letter"])
