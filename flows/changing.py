"""Have systems changed by colleagues, and go on only when each change is done or an officer attests it.

Every round of asking is a step with a number of its own; running the body again finds the rounds that were asked.
"""

from collections.abc import Callable
from datetime import date

from flows.acting import look, send_queued_now, step
from flows.answering import Turns, wait_for_colleagues
from flows.asking import Form, decide
from models.calendar import paris_date
from models.data_map import System
from models.database import reading
from models.manual_work import Brief, ChangeAction, ManualOutcome
from models.questions import Choice, Question
from models.tables import Decision
from tasks.colleagues.manual_changes import ask_changes, change_answers
from tasks.forms.form_texts_changes import by_hand_text
from tasks.steps import Lease

DONE = {"done", "none"}
ByHand = dict[str, ManualOutcome]
"""System to what its colleague, or an officer instead, says was done there."""


def change_by_hand(
    lease: Lease, action: ChangeAction, turns: Turns, brief_for: Callable[[System], Brief | None]
) -> ByHand:
    """Return what became of the action in each system that people change: done, or none of the person's data there."""
    settled: ByHand = {}
    while True:
        turn = next(turns[action])

        def still(system: System) -> Brief | None:
            return None if system.system in settled else brief_for(system)  # noqa: B023  # used at once

        step(lease, f"ask-{action}-{turn}", lambda: ask_changes(action, still, turn))  # noqa: B023  # used at once
        send_queued_now()
        wait_for_colleagues(lease, f"colleagues-{action}-{turn}")
        with reading() as session:
            answers = change_answers(session, look(lease)[1], action, turn)
        settled |= {answer.system: answer for answer in answers if answer.outcome in DONE}
        missing = [answer for answer in answers if answer.outcome not in DONE]
        if not missing:
            return settled
        decision = decide(lease, _form(action, missing), next(turns[Question.BY_HAND]))
        if decision.choice == Choice.ATTEST:
            return settled | {one.system: _attested(one, decision) for one in missing}


def _attested(one: ManualOutcome, decision: Decision) -> ManualOutcome:
    return one.model_copy(
        update={"outcome": "done", "note": decision.reason, "answered_at": decision.decided_at}
    )


def days_done(by_hand: ByHand, *, none_too: bool = False) -> dict[str, date]:
    """Return the day on which each system was changed; with `none_too`, also those that held nothing."""
    return {
        name: paris_date(one.answered_at)
        for name, one in by_hand.items()
        if one.answered_at and (none_too or one.outcome == "done")
    }


def _form(action: ChangeAction, missing: list[ManualOutcome]) -> Form:
    return Form(
        Question.BY_HAND,
        lambda _: (Choice.ASK_AGAIN, Choice.ATTEST),
        lambda scene, sent_back: by_hand_text(scene, action, missing, sent_back),
    )
