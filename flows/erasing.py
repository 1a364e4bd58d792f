"""Erase a person's data: draw a plan, have it approved, carry it out, look again until nothing is left that should go.

Shared by erasure and the withdrawal of consent. Each round is stored before it is shown; running the body again finds
the rounds, what was carried out, and what was found.
"""

from datetime import timedelta
from typing import NamedTuple

from flows.acting import look, step, wait_until
from flows.answering import Turns, confirmed, weigh
from flows.asking import Form, decide
from flows.changing import ByHand, change_by_hand
from flows.runtime.clock import utc_now
from models.data_map import System
from models.database import reading
from models.manual_work import Brief
from models.questions import Choice, Question
from models.settings import settings
from models.tables import Decision, WaitsFor
from tasks.changes.carry_out_erasure import erase_in, load_look, look_again, receipts, store_look
from tasks.changes.plan_erasure import (
    Drawn,
    Round,
    Tables,
    draw,
    is_database,
    joined,
    load_plans,
    store_plans,
)
from tasks.forms.form_texts_erasure import brief_lines, leftover_text, plan_text
from tasks.identify import search_identifiers
from tasks.siblings import BEFORE_ERASURE, may_erase
from tasks.steps import Lease, result_of
from tasks.waits import message_since, until


class Outcome(NamedTuple):
    """What was decided, and which systems people emptied when. ERASE: all of it was carried out and verified.

    `decision` is None where there was nothing to erase, and so nothing to decide.
    """

    decision: Decision | None
    by_hand: ByHand


def erase(lease: Lease, turns: Turns, only: Tables | None = None) -> Outcome:
    """Erase what an officer approves, of a person who is proved; `only` limits it to some tables.

    Whether nothing at all is held is an officer's to say; that nothing is in some tables nobody need approve.
    """
    _come_last(lease)
    note, by_hand = "", ByHand()
    carried: dict[str, Drawn] = {}
    while True:
        turn = next(turns["plan-round"])
        drawn = _draw(lease, turn, only)
        if only is not None and drawn.empty and not carried:
            return Outcome(None, by_hand)
        decision = weigh(lease, _plan_form(drawn, note), turns)
        if decision.choice == Choice.SEARCH_AGAIN:
            continue
        if decision.choice != Choice.ERASE:
            return Outcome(decision, by_hand)
        note = _hold_back(lease, drawn, decision, turns) or _carry_out(lease, drawn, carried)
        if note:
            continue
        by_hand |= change_by_hand(lease, "erase", turns, lambda system: _brief(lease, system, drawn, by_hand))  # noqa: B023  # used at once
        for name in (name for name in drawn.plans if not is_database(name)):
            step(lease, f"receipts-{turn}-{name}", lambda: receipts(name, drawn.plans[name].plan))  # noqa: B023  # used at once
        if _look_until_clean(lease, turns, Round(turn, carried, {}, tuple(by_hand)), by_hand):
            return Outcome(decision, by_hand)


def _come_last(lease: Lease) -> None:
    """Wait until no other request needs the data; decided once, so that what comes later cannot stop it halfway."""
    if result_of(lease, "comes-last") is None:
        wait_until(
            lease,
            WaitsFor.SIBLING,
            BEFORE_ERASURE,
            lambda session, request: may_erase(session, request) or None,
        )
    step(lease, "comes-last", lambda: lambda _scene: None)


def _draw(lease: Lease, turn: int, only: Tables | None) -> Round:
    case, request = look(lease)
    done = step(
        lease,
        f"draw-{turn}",
        lambda: store_plans(draw(turn, search_identifiers(case), utc_now(), only)),
    )
    with reading() as session:
        return load_plans(session, request, turn, done)


def _plan_form(drawn: Round, note: str) -> Form:
    choices = (Choice.SEARCH_AGAIN,) if drawn.problems else (Choice.ERASE, Choice.SEARCH_AGAIN)
    return Form(
        Question.PLAN,
        lambda _: choices,
        lambda scene, sent_back: plan_text(scene, drawn, note, sent_back),
    )


def _hold_back(lease: Lease, drawn: Round, decision: Decision, turns: Turns) -> str:
    """Why the approval does not count yet: a second officer, or a message that came in the days of grace."""
    if drawn.second_officer and not confirmed(lease, decision, turns):
        return "declined"
    go_ahead = f"go-{drawn.turn}"
    if result_of(lease, go_ahead) is None:
        moment = decision.decided_at + timedelta(days=settings().grace_days)
        wait_until(
            lease,
            WaitsFor.CLOCK,
            until(moment),
            lambda session, request: (
                utc_now() >= moment or message_since(session, request, decision.decided_at) or None
            ),
        )
    go = step(
        lease,
        go_ahead,
        lambda: lambda scene: {"message": message_since(scene.session, scene.request, decision.decided_at)},
    )
    return "message" if go["message"] else ""


def _carry_out(lease: Lease, drawn: Round, carried: dict[str, Drawn]) -> str:
    """Erase in every database; return why it has to be planned again, or nothing. `carried` grows by what was done."""
    identifiers, note = search_identifiers(look(lease)[0]), ""
    for name, one in drawn.plans.items():
        if is_database(name):
            done = step(
                lease,
                f"erase-{drawn.turn}-{name}",
                lambda: erase_in(name, one, identifiers, lease.request_ref, utc_now()),  # noqa: B023  # used at once
            )
            note = done["refused"] or note
            if done["refused"]:
                continue
        carried[name] = joined(carried.get(name), one)
    return note


def _brief(lease: Lease, system: System, drawn: Round, done: ByHand) -> Brief | None:
    """What a colleague is to erase; nothing where it is done, or where the file holds nothing of the person.

    Of a file we see ourselves whether it is done: what a later plan still finds there is asked for again.
    """
    one = drawn.plans.get(system.system)
    rows = one.plan.rows if one else ()
    to_do = any(row.action == "delete" or row.masked for row in rows)
    if not (to_do if system.system in done else rows or system.system in drawn.by_hand):
        return None
    case, _ = look(lease)
    lines = brief_lines(system.system, one.plan) if one else ()
    return Brief(identifiers=tuple(search_identifiers(case)), name=case.requester_name, lines=lines)


def _look_until_clean(lease: Lease, turns: Turns, carried: Round, by_hand: ByHand) -> bool:
    """Look everywhere again; True when nothing is left or what is left is about others, False to plan again."""
    identifiers = search_identifiers(look(lease)[0])
    said = {name: one.outcome for name, one in by_hand.items()}
    while True:
        turn = next(turns["look"])
        seen = step(
            lease,
            f"look-{turn}",
            lambda: store_look(turn, look_again(carried, identifiers, said, utc_now())),  # noqa: B023  # used at once
        )
        if seen["clean"]:
            return True
        looked = load_look(seen)
        choices = (Choice.SEARCH_AGAIN, Choice.PLAN_AGAIN, *([Choice.LEAVE] if looked.only_mentions else []))
        form = Form(
            Question.LEFTOVER,
            lambda _: choices,  # noqa: B023  # used at once
            lambda scene, sent_back: leftover_text(scene, looked, {}, sent_back),  # noqa: B023  # used at once
        )
        decision = decide(lease, form, next(turns[Question.LEFTOVER]))
        if decision.choice != Choice.SEARCH_AGAIN:
            return decision.choice == Choice.LEAVE
