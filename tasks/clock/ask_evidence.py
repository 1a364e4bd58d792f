"""Ask the person for something more that shows who they are, on a doubt an officer writes down (GDPR 12(6), law.md D16).

Never for papers (I4, I5), and never as a routine (I3). Asking writes letter and pause in one transaction.
"""

import re
from typing import Any

from models.case_clock import deadlines_of
from models.letters import LetterKind
from models.questions import EVIDENCE
from models.replies import AskEvidence
from models.tables import Decision, RequestState
from tasks.clock.pauses import answer_by, pause, resume_answered
from tasks.letters.correspondence import requester_facts
from tasks.letters.write_letter import write_letter
from tasks.steps import Effect, Scene
from tasks.waits import newest_answer, newest_message

PAPERS = re.compile(
    r"pi[eè]ces?\s+(?:justificatives?\s+)?d['’\s]\s*identit|papiers?\s+d['’]\s*identit|cartes?\s+(?:nationales?\s+)?d['’]\s*identit"
    r"|carte\s+de\s+s[eé]jour|titre\s+de\s+s[eé]jour|justificatifs?\s+d['’]\s*identit|documents?\s+d['’]\s*identit|\bcni\b"
    r"|passe?port|permis\s+de\s+conduire|acte\s+de\s+naissance|livret\s+de\s+famille"
    r"|\b(?:id|identity)[\s-]*(?:card|paper|document|proof|copy)|driv(?:ing|er['’]?s?)\s+licen[cs]e|birth\s+certificate"
    r"|residence\s+permit|\b(?:copy|scan|photo)\s+of\s+(?:your|an?|the)\s+(?:id|identity)\b",
    re.IGNORECASE,
)
"""What is never asked for: a copy of an identity document (I5)."""


def asks_for_papers(text: str) -> bool:
    """Whether an officer's sentence asks for an identity document."""
    return PAPERS.search(text) is not None


def ask_evidence(decision: Decision) -> Effect:
    """Return the effect that queues the question and stops the clock; its result says how long we wait for an answer.

    The letter goes to the address that wrote, which is not proved: it says nothing about what is held.
    """

    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.IDENTITY
        stops = pause(scene, "identity", decision)
        dates = deadlines_of(scene.session, scene.case, scene.now)
        until = answer_by(dates, scene.now)
        letter = write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.ASK_EVIDENCE,
            AskEvidence(
                **requester_facts(scene.case),
                asked=decision.answers["values"][EVIDENCE],
                answer_by=until,
                commitment=dates.commitment,
                stops_clock=stops,
            ),
            scene.case.requester_address,
            f"{scene.request.ref}:ask-evidence-{decision.round}",
            scene.now,
        )
        return {
            "letter": letter.key,
            "after": newest_message(scene.session, scene.request),
            "answer_by": until.isoformat(),
        }

    return effect


def note_answer(after: int) -> Effect:
    """Return the effect that ends the pauses whose question was answered; its result says whether anything came."""

    def effect(scene: Scene) -> dict[str, Any]:
        resume_answered(scene.session, scene.case, scene.now)
        came = newest_answer(scene.session, scene.request) > after
        return {"why": "answered" if came else "silent"}

    return effect
