"""Rectification (GDPR 16): what is wanted, before and after in every system, an officer's word, the change, the reply.

Every step happens once per request; this body may run any number of times. While accuracy is contested the data are
only stored (GDPR 18(1)(a)).
"""

from typing import Any

from prefect import flow

from flows.acting import act, look, step
from flows.answering import Turns, ask_and_wait, begin, end, send_reply, weigh
from flows.asking import Form
from flows.changing import change_by_hand, days_done
from flows.forms import Extra
from flows.identity import prove
from flows.restricting import lift, restrict
from flows.runtime.clock import utc_now
from flows.telling import tell_recipients
from models.grounds import RestrictionCase
from models.map_in_words import said
from models.questions import ENDINGS, Choice, Question
from models.replies import letter_language
from models.rights import Right
from models.tables import Decision
from models.wishes import Preview, Wish, rectifiable_fields
from tasks.changes.change_systems import day
from tasks.changes.read_wish import load_wish, read_wish, store_wish
from tasks.changes.rectify_systems import (
    brief_for,
    databases_in,
    load_preview,
    preview,
    rectify_in,
    store_preview,
)
from tasks.forms.form_texts import officer_language
from tasks.forms.form_texts_changes import change_text
from tasks.identify import search_identifiers
from tasks.letters.ask_change import ask_change
from tasks.letters.reply_changes import lines_for_recipients, reply_rectification
from tasks.search_systems import data_map
from tasks.steps import Lease, result_of

CONTESTED = RestrictionCase.ACCURACY


@flow(name="rectification", persist_result=False, validate_parameters=False)
def rectification_request(request_ref: str) -> None:
    """Answer one request for rectification; `request_ref` is `DSR-2026-0042/rectification`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    turns = begin(lease)
    if not prove(lease, turns):
        return
    decision, wish, shown = _agree(lease, turns)
    lift(lease, turns, CONTESTED)
    if decision.choice in ENDINGS:
        end(lease, decision)
        return
    when = _correct(lease, turns, wish, shown)
    case, _ = look(lease)
    changes = lines_for_recipients(shown.changes, letter_language(case.language))
    told = tell_recipients(lease, Right.RECTIFICATION, search_identifiers(case), changes)
    reply = reply_rectification(decision.decided_at, shown.changes, when, told)
    send_reply(lease, step(lease, "reply", lambda: reply)["letter"])


def _agree(lease: Lease, turns: Turns) -> tuple[Decision, Wish, Preview]:
    """Return what an officer decided, with the wish and the preview it is about."""
    wish = load_wish(step(lease, "read-wish", lambda: read_wish))
    note = ""
    while True:
        turn = next(turns["preview"])
        identifiers = search_identifiers(look(lease)[0])
        kept = step(lease, f"preview-{turn}", lambda: store_preview(preview(wish, identifiers, utc_now())))  # noqa: B023  # used at once
        shown = load_preview(kept)
        decision = weigh(lease, _form(lease, wish, shown, note), turns)
        if decision.choice in ENDINGS:
            return decision, wish, shown
        note = ""
        typed = _typed(decision)
        if decision.choice == Choice.RESTRICT_MEANWHILE:
            restrict(lease, turns, CONTESTED)
        elif decision.choice == Choice.ASK_PERSON:
            wish, note = _ask_person(lease, turn), "message"
        elif decision.choice == Choice.CORRECT and typed == wish:
            return decision, wish, shown
        else:
            note = "changed" if decision.choice == Choice.CORRECT else ""
            wish = load_wish(step(lease, f"wish-{turn}", lambda: store_wish(typed)))  # noqa: B023  # used at once


def _typed(decision: Decision) -> Wish:
    typed = decision.answers.get("values", decision.answers)  # beside the rest, in an earlier release
    names = [one.name for one in rectifiable_fields(data_map())]
    return {name: str(typed[name]) for name in names if typed.get(name)}


def _form(lease: Lease, wish: Wish, shown: Preview, note: str) -> Form:
    restricted = result_of(lease, "restriction") is not None
    changed = any(change.before != change.after for change in shown.changes)
    choices = [Choice.CORRECT] if changed and not shown.problems else []
    choices += [Choice.PREVIEW, Choice.ASK_PERSON]
    choices += [] if restricted else [Choice.RESTRICT_MEANWHILE]
    return Form(
        Question.CHANGE,
        lambda _: tuple(choices),
        lambda scene, sent_back: change_text(scene, shown, restricted, note, sent_back),
        extra=lambda: tuple(
            Extra(one.name, said(one.title, officer_language()), wish.get(one.name, ""))
            for one in rectifiable_fields(data_map())
        ),
    )


def _ask_person(lease: Lease, turn: int) -> Wish:
    asked = step(lease, f"ask-change-{turn}", lambda: ask_change(turn))
    ask_and_wait(lease, asked)
    return load_wish(step(lease, f"read-wish-{turn}", lambda: read_wish))


def _correct(lease: Lease, turns: Turns, wish: Wish, shown: Preview) -> dict[str, Any]:
    """Correct everywhere; return the day in each system."""
    case, _ = look(lease)
    identifiers = search_identifiers(case)
    when = {}
    for name in databases_in(shown):
        done = step(lease, f"rectify-{name}", lambda: rectify_in(name, shown, wish, identifiers))  # noqa: B023  # used at once
        when[name] = day(done, "on")
    by_hand = change_by_hand(
        lease, "rectify", turns, brief_for(wish, shown, identifiers, case.requester_name)
    )
    return when | days_done(by_hand)
