"""Take an officer's answer to a question: accepted and recorded, or sent back with the reason (DESIGN.md 4.11).

One row per question and round, written once and never changed; taking the same round again returns what was recorded.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from models.alerts import reply_due
from models.case_clock import deadlines_of
from models.cases import find_request
from models.choice_words import choice_of
from models.database import unit_of_work
from models.letters import DecisionQuestion, DecisionWaiting, LetterKind
from models.questions import Choice, Question
from models.rights import Right
from models.settings import settings
from models.tables import Case, Decision, Officer, Request
from tasks.connectors.rows import fold
from tasks.forms.judge_answer import Answered, Asked, fitting_ground, problem
from tasks.identify import on_file
from tasks.letters.correspondence import case_link, run_link
from tasks.letters.write_letter import write_letter
from tasks.officers import deciding
from tasks.steps import Scene

QUESTIONS: dict[Question, DecisionQuestion] = {question: question.value for question in Question}


def digest(shown: str) -> str:
    """Return the SHA-256 of what an officer was shown."""
    return hashlib.sha256(shown.encode()).hexdigest()


def take_answer(asked: Asked, answered: Answered) -> Callable[[Scene], dict[str, Any]]:
    """Return the effect that records the answer of one round; its result says accepted, choice and why not.

    Whether an address is on file is looked up before the effect's transaction: systems can be slow.
    """
    choice = choice_of(answered.choice)
    needs_address = choice in {Choice.SEND_CODE, Choice.ESTABLISHED}
    known_address = not needs_address or on_file(answered.address)

    def effect(scene: Scene) -> dict[str, Any]:
        given, theirs = fold(answered.address), fold(scene.case.requester_address)
        own = choice is Choice.ESTABLISHED and bool(given) and given == theirs
        why = problem(scene, asked, answered, address_is_good=known_address or own)
        ground = fitting_ground(scene, choice, answered.ground)
        scene.session.add(
            Decision(
                request_id=scene.request.id,
                question=asked.question,
                round=asked.round,
                officer=answered.officer,
                choice=choice or "",
                reason=answered.reason,
                accepted=not why,
                sent_back_because=why,
                content_hash=asked.content_hash,
                answers={
                    "address": answered.address,
                    "withhold": list(answered.withhold),
                    "ground": ground or "",
                    "values": dict(answered.values),
                },
                decided_at=scene.now,
            )
        )
        kind = "decision_sent_back" if why else "decided"
        known = answered.officer if not why else "engine"
        scene.audit(
            kind,
            actor=known,
            question=asked.question,
            round=asked.round,
            choice=choice or "",
            content_hash=asked.content_hash,
            ground=ground or "",
            why=why,
        )
        return {"accepted": not why, "choice": choice or "", "sent_back_because": why}

    return effect


def rounds_so_far(session: Session, request: Request, question: Question) -> int:
    """Return how many answers to `question` were taken, accepted or not."""
    return session.exec(
        select(func.count()).where(Decision.request_id == request.id, Decision.question == question)
    ).one()


def accepted(session: Session, request: Request, question: Question) -> list[Decision]:
    """Return the accepted decisions on `question`, oldest first."""
    return list(
        session.exec(
            select(Decision)
            .where(
                Decision.request_id == request.id,
                Decision.question == question,
                col(Decision.accepted).is_(True),
            )
            .order_by(col(Decision.round))
        )
    )


def why_sent_back(session: Session, request: Request, question: Question) -> str:
    """Return why the newest answer was sent back; empty where it was accepted or there is none."""
    newest = session.exec(
        select(Decision)
        .where(Decision.request_id == request.id, Decision.question == question)
        .order_by(col(Decision.round).desc())
    ).first()
    return newest.sent_back_because if newest else ""


def officer_names(session: Session, not_by: str = "") -> list[str]:
    """Return the officers who may decide, in the order they joined; all but `not_by`."""
    names = session.exec(select(Officer.name).where(deciding()).order_by(col(Officer.id)))
    return [name for name in names if name != not_by]


def codes_in_use(session: Session) -> bool:
    """Whether any officer confirms decisions with a one-time code: otherwise no form asks for one."""
    enrolled = select(Officer.id).where(deciding(), Officer.totp_secret != "")
    return session.exec(enrolled).first() is not None


def tell_officers(question: Question, round_number: int) -> Callable[[Scene], dict[str, Any]]:
    """Return the effect that queues an e-mail with a link to every officer: a decision waits."""

    def effect(scene: Scene) -> dict[str, Any]:
        return {"officers": _write_to_all(scene, QUESTIONS[question], f"{question}-{round_number}")}

    return effect


def tell_stuck(request_ref: str, now: datetime) -> None:
    """Queue an e-mail to every officer: this request cannot go on by itself. Once per lease, however often it fails."""
    with unit_of_work() as session:
        request = find_request(session, request_ref)
        case = session.get_one(Case, request.case_id)
        _write_to_all(Scene(session, case, request, now), "problem", f"problem-{request.lease_version}")


def _write_to_all(scene: Scene, question: DecisionQuestion, key: str) -> int:
    context = DecisionWaiting(
        ref=scene.case.ref,
        right=Right(scene.request.right),
        question=question,
        due=reply_due(deadlines_of(scene.session, scene.case, scene.now)),
        prefect_link=run_link(scene.request),
        case_link=case_link(scene.case),
    )
    officers = scene.session.exec(select(Officer).where(deciding())).all()
    for officer in officers:
        write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.DECISION_WAITING,
            context,
            officer.address,
            f"{scene.request.ref}:{key}:{officer.id}",
            scene.now,
            language=settings().officer_language,
        )
    return len(officers)
