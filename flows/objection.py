"""Objection (GDPR 21): marketing stops at once in every tool, whoever asks; anything else is stored only, then weighed.

Every step happens once per request; this body may run any number of times. Marketing needs no officer (law.md R7a),
unless a machine may have asked: it stops all the same, and the officer sends the reply (RFC 3834).
"""

from prefect import flow

from flows.acting import act, step
from flows.answering import begin, end, send_reply, weigh
from flows.asking import Form
from flows.identity import prove, reach
from flows.restricting import lift, restrict
from flows.stopping import stop_marketing
from models.calendar import paris_date
from models.grounds import RestrictionCase
from models.questions import ENDINGS, Choice, Question
from tasks.changes.read_objection import read_objection
from tasks.forms.form_texts_changes import weighing_text
from tasks.letters.reply_changes import reply_objection
from tasks.steps import Lease

WHILE_WEIGHING = RestrictionCase.BALANCING


@flow(name="objection", persist_result=False, validate_parameters=False)
def objection_request(request_ref: str) -> None:
    """Answer one objection; `request_ref` is `DSR-2026-0042/objection`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    turns = begin(lease)
    if not reach(lease, turns):
        return
    stopped = stop_marketing(lease, turns, "objection")
    marketing = reply_objection(stopped.since, stopped.when, stopped.listed_until, marketing=True)
    if step(lease, "read-objection", lambda: read_objection)["marketing"]:
        unasked = reply_objection(
            stopped.since, stopped.when, stopped.listed_until, marketing=True, automatic=True
        )
        send_reply(lease, step(lease, "reply", lambda: unasked)["letter"])
        return
    if not prove(lease, turns, lambda: marketing):
        return
    restricted = restrict(lease, turns, WHILE_WEIGHING)
    decision = weigh(lease, _form(), turns)
    if decision.choice == Choice.UPHOLD:
        upheld = reply_objection(
            paris_date(decision.decided_at), restricted.when, stopped.listed_until, marketing=False
        )
        send_reply(lease, step(lease, "reply", lambda: upheld)["letter"])
        return
    lift(lease, turns, WHILE_WEIGHING)
    if decision.choice in ENDINGS:
        end(lease, decision)
        return
    send_reply(lease, step(lease, "reply", lambda: marketing)["letter"])


def _form() -> Form:
    return Form(Question.WEIGHING, lambda _: (Choice.UPHOLD, Choice.MARKETING_ONLY), weighing_text)
