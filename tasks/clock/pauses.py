"""Stop and restart the month: questions about identity (law.md D16) and about scope (D17), and nothing else (D18).

A pause is recorded in the transaction that queues its letter, a resumption once for each open pause: repeating either
adds nothing. What a pause does to the dates is computed from these events whenever they are read (1.3).
"""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from models import audit
from models.calendar import add_working_days, paris_date
from models.case_clock import deadlines_of
from models.cases import lock_case
from models.deadlines import QUERY_WORKING_DAYS, Deadlines, PauseVerdict, Scope
from models.letters import LetterKind
from models.questions import OVERRIDE
from models.request_dates import renew
from models.tables import UNPROVED, WRITTEN, Case, ClockEvent, Decision, Letter, Message
from tasks.siblings import settle_identity
from tasks.steps import Scene

ANSWER_WITHIN = timedelta(days=14)
LEAST = timedelta(days=2)
INSTANT = timedelta(microseconds=1)  # events of a clock are read in the order of their instants
LETTER_OF: dict[Scope, LetterKind] = {
    "identity": LetterKind.ASK_EVIDENCE,
    "scope": LetterKind.ASK_SCOPE,
}


def too_late_to_pause(dates: Deadlines, now: datetime) -> bool:
    """Whether a question asked now stops the clock only where a person decides so and says why (1.3)."""
    first_late = add_working_days(dates.received_on, dates.query_working_days + 1, dates.extra_holidays)
    return paris_date(now) >= first_late


def pause(scene: Scene, scope: Scope, decision: Decision) -> bool:
    """Record that the requester is asked, and why; return whether the month stands still from now on.

    After an answer that was not sufficient it never started again, where the next question follows at once (D16).
    """
    event = ClockEvent(
        case_id=scene.case.id,
        kind="paused",
        at=_from_when(scene, scope),
        scope=scope,
        reason=decision.reason,
        override_reason=str(decision.answers.get("values", {}).get(OVERRIDE, "")),
        recorded_by=decision.officer,
    )
    scene.session.add(event)
    scene.session.flush()
    renew(scene.session, scene.case, scene.now)
    newest = open_pauses(deadlines_of(scene.session, scene.case, scene.now), scope)
    stops = any(verdict.outcome == "counted" for verdict in newest)
    effect = "stands_still" if stops else "runs_on"
    scene.audit("clock_paused", actor=decision.officer, scope=scope, clock=effect)
    return stops


def _from_when(scene: Scene, scope: Scope) -> datetime:
    insufficient = _newest(scene.session, scene.case, "resumed", scope)
    if insufficient is None:
        return scene.now
    at_once = add_working_days(paris_date(insufficient.at), QUERY_WORKING_DAYS)
    return insufficient.at + INSTANT if paris_date(scene.now) <= at_once else scene.now


def open_pauses(dates: Deadlines, scope: Scope) -> list[PauseVerdict]:
    """Return the pauses of one kind that no sufficient answer has ended."""
    return [
        verdict for verdict in dates.pauses if verdict.pause.kind == scope and verdict.pause.answered is None
    ]


def answer_by(dates: Deadlines, now: datetime) -> date:
    """Return until when we wait for an answer before an officer looks again: never past what we can keep to."""
    today = paris_date(now)
    return max(min(today + ANSWER_WITHIN, dates.safe_send_by), today + LEAST)


def resume(
    session: Session, case: Case, scope: Scope, at: datetime, now: datetime, by: str = "engine"
) -> bool:
    """Record that what was asked is there since `at`; False where no pause of that kind is open."""
    if _open_pause(session, case, scope) is None:
        return False
    lock_case(session, case)
    paused = _open_pause(session, case, scope)  # another process may have been faster
    if paused is None:
        return False
    since = max(at, paused.at + INSTANT)
    event = ClockEvent(case_id=case.id, kind="resumed", at=since, scope=scope, recorded_by=by)
    session.add(event)
    session.flush()
    renew(session, case, now)
    audit.record(session, case, by, "clock_resumed", now, scope=scope)
    return True


def settle(scene: Scene) -> None:
    """Note that the case asks nobody any more who the requester is: what stopped the clock for that has ended (D16)."""
    settle_identity(scene.case, scene.now)
    resume(scene.session, scene.case, "identity", scene.now, scene.now)


def resume_answered(session: Session, case: Case, now: datetime) -> list[Scope]:
    """End each open pause whose question the requester has answered, from the day their message arrived."""
    ended: list[Scope] = []
    for scope in LETTER_OF:
        answer = answer_to(session, case, scope)
        if answer is not None and resume(session, case, scope, answer.received_at, now):
            ended.append(scope)
    return ended


def answer_to(session: Session, case: Case, scope: Scope) -> Message | None:
    """Return the first message that a person wrote after the newest question of this kind; None while there is none."""
    asked = asked_on(session, case, scope)
    if asked is None:
        return None
    return session.exec(
        select(Message)
        .where(
            Message.case_id == case.id,
            col(Message.state).in_(WRITTEN),
            col(Message.joined).not_in(UNPROVED),
            col(Message.handled_at) > asked,
        )
        .order_by(col(Message.id))
        .limit(1)
    ).first()


def asked_on(session: Session, case: Case, scope: Scope) -> datetime | None:
    """Return when the newest question of this kind was written; None where none was."""
    return session.exec(
        select(func.max(Letter.written_at)).where(Letter.case_id == case.id, Letter.kind == LETTER_OF[scope])
    ).one()


def _open_pause(session: Session, case: Case, scope: Scope) -> ClockEvent | None:
    paused, resumed = (_newest(session, case, kind, scope) for kind in ("paused", "resumed"))
    if paused is None or (resumed is not None and resumed.at > paused.at):
        return None
    return paused


def _newest(session: Session, case: Case, kind: str, scope: Scope) -> ClockEvent | None:
    return session.exec(
        select(ClockEvent)
        .where(ClockEvent.case_id == case.id, ClockEvent.kind == kind, ClockEvent.scope == scope)
        .order_by(col(ClockEvent.at).desc(), col(ClockEvent.id).desc())
        .limit(1)
    ).first()
