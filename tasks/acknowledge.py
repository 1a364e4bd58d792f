"""Acknowledge a case in writing, once, with the dates until which the periods run (law.md D23)."""

from typing import Any

from models.case_clock import deadlines_of
from models.cases import requests_of
from models.letters import Acknowledge, LetterKind
from models.rights import Right
from tasks.correspondence import requester_facts
from tasks.steps import Scene
from tasks.write_letter import write_letter


def acknowledge(scene: Scene) -> dict[str, Any]:
    """Queue the acknowledgement of the whole case; its key is the case's, so that a second request adds none."""
    dates = deadlines_of(scene.session, scene.case, scene.now)
    context = Acknowledge(
        **requester_facts(scene.case),
        rights=tuple(Right(request.right) for request in requests_of(scene.session, scene.case)),
        commitment=dates.commitment,
        statutory_due=dates.statutory_due,
    )
    letter = write_letter(
        scene.session,
        scene.case,
        None,
        LetterKind.ACKNOWLEDGE,
        context,
        scene.case.requester_address,
        f"{scene.case.ref}:acknowledge",
        scene.now,
    )
    return {"letter": letter.key}
