"""Every way to end a request without doing what it asks for, and the one way to take longer (law.md D11-D15, X7).

Each effect writes its letter in the step's transaction, under a key of its own: doing it again adds nothing.
"""

from typing import Any

from sqlmodel import select

from models.calendar import paris_date
from models.case_clock import deadlines_of, notice_key
from models.cases import requests_of
from models.grounds import Delay, Refusal
from models.letters import LetterKind, RequesterLetter
from models.questions import Choice
from models.replies import ExtensionLetter, NotARequest, RefusalLetter, Withdrawn
from models.request_dates import renew
from models.rights import Right
from models.tables import ClockEvent, Decision, RequestState
from tasks.letters.correspondence import requester_facts
from tasks.letters.write_letter import write_letter
from tasks.steps import Effect, Scene

OUTCOMES = {
    Choice.REFUSE: "refused",
    Choice.WITHDRAWN: "withdrawn",
    Choice.NOT_A_REQUEST: "not_a_request",
}


def end_otherwise(decision: Decision) -> Effect:
    """Return the effect that queues the refusal, the confirmation of a withdrawal, or 'this was no request'.

    A refusal after the statutory date is recorded as late, not blocked (D14).
    """

    def effect(scene: Scene) -> dict[str, Any]:
        kind, context = _reply(scene, decision)
        outcome = OUTCOMES[Choice(decision.choice)]
        dates = deadlines_of(scene.session, scene.case, scene.now)
        late = outcome == "refused" and paris_date(scene.now) > dates.refusal_notice_latest
        scene.audit("ended_otherwise", outcome=outcome, ground=decision.answers.get("ground", ""), late=late)
        return write_reply(scene, kind, context, outcome)

    return effect


def _reply(scene: Scene, decision: Decision) -> tuple[LetterKind, RequesterLetter]:
    facts, right = requester_facts(scene.case), Right(scene.request.right)
    match decision.choice:
        case Choice.WITHDRAWN:
            return LetterKind.WITHDRAWN, Withdrawn(**facts, right=right)
        case Choice.NOT_A_REQUEST:
            return LetterKind.NOT_A_REQUEST, NotARequest(**facts, reason=decision.reason)
    refusal = RefusalLetter(
        **facts,
        right=right,
        ground=Refusal(decision.answers["ground"]),
        reason=decision.reason,
        decided_on=paris_date(decision.decided_at),
    )
    return LetterKind.REFUSAL, refusal


def write_reply(scene: Scene, kind: LetterKind, context: RequesterLetter, outcome: str) -> dict[str, Any]:
    """Queue the reply to a request, to the proved address where there is one, and note the outcome."""
    scene.request.state, scene.request.outcome = RequestState.DELIVERY, outcome
    letter = write_letter(
        scene.session,
        scene.case,
        scene.request,
        kind,
        context,
        scene.case.verified_address or scene.case.requester_address,
        f"{scene.request.ref}:reply",
        scene.now,
    )
    return {"letter": letter.key, "outcome": outcome}


def extend(decision: Decision) -> Effect:
    """Return the effect that extends the case's period, as an officer decided in a form."""
    delay = Delay(decision.answers["ground"])
    return lambda scene: {"letter": extend_period(scene, delay, decision.reason, decision.officer)}


def extend_period(scene: Scene, delay: Delay, reason: str, officer: str) -> str:
    """Decide once that the case's period is extended, queue the notice with its reason, and return the letter's key.

    It is in force when that letter has told the person, and not before (D11 to D13).
    """
    of_case = ClockEvent.case_id == scene.case.id
    known = scene.session.exec(select(ClockEvent).where(of_case, ClockEvent.kind == "extended")).first()
    before = deadlines_of(scene.session, scene.case, scene.now)
    if known is None:
        event = ClockEvent(
            case_id=scene.case.id,
            kind="extended",
            at=scene.now,
            reason=f"{delay}: {reason}",
            recorded_by=officer,
        )
        scene.session.add(event)
        scene.session.flush()
        broken = paris_date(scene.now) > before.extension_notice_promised_by
        scene.audit("extended", actor=officer, ground=delay, promise_broken=broken)
    still_open = (one for one in requests_of(scene.session, scene.case) if one.closed_at is None)
    context = ExtensionLetter(
        **requester_facts(scene.case),
        rights=tuple(Right(request.right) for request in still_open),
        delay=delay,
        reason=reason,
        promised=before.commitment,
        new_due=before.extended_cautious,
    )
    letter = write_letter(
        scene.session,
        scene.case,
        scene.request,
        LetterKind.EXTENSION,
        context,
        scene.case.verified_address or scene.case.requester_address,
        notice_key(scene.case),
        scene.now,
    )
    renew(scene.session, scene.case, scene.now)
    return letter.key
