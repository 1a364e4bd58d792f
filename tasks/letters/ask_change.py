"""Ask the person what exactly is to be corrected; the periods go on running (law.md D18)."""

from datetime import timedelta
from typing import Any

from models.calendar import paris_date
from models.case_clock import deadlines_of
from models.letters import LetterKind
from models.replies import AskChange
from tasks.letters.correspondence import requester_facts
from tasks.letters.write_letter import write_letter
from tasks.steps import Effect, Scene
from tasks.waits import newest_message

ANSWER_WITHIN = timedelta(days=7)


def ask_change(turn: int) -> Effect:
    """Return the effect that queues the question; its result says after which message an answer counts."""

    def effect(scene: Scene) -> dict[str, Any]:
        dates = deadlines_of(scene.session, scene.case, scene.now)
        answer_by = min(paris_date(scene.now) + ANSWER_WITHIN, dates.safe_send_by)
        letter = write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.ASK_CHANGE,
            AskChange(**requester_facts(scene.case), answer_by=answer_by),
            scene.case.verified_address or scene.case.requester_address,
            f"{scene.request.ref}:ask-change-{turn}",
            scene.now,
        )
        return {
            "letter": letter.key,
            "after": newest_message(scene.session, scene.request),
            "answer_by": answer_by.isoformat(),
        }

    return effect
