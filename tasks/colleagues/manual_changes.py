"""Have systems changed by hand that no connector changes: stop, restrict, lift, rectify, erase (law.md R2-R4, R7, R8).

Asking twice for the same action and round opens no second task and writes no second letter.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from sqlmodel import Session

from models.data_map import CsvSystem, ManualSystem, System
from models.manual_work import Brief, ChangeAction, ChangeOutcome, ManualOutcome
from models.tables import Request
from tasks.colleagues.manual_letters import ask_colleague
from tasks.colleagues.manual_search import settled
from tasks.colleagues.manual_tasks import tasks_of
from tasks.search_systems import data_map
from tasks.steps import Effect, Scene


def ask_changes(action: ChangeAction, brief_for: Callable[[System], Brief | None], round: int) -> Effect:  # noqa: A002  # the column's name
    """Return the effect that opens a task and queues a letter for each system that people change.

    `brief_for` says what to do there, or None where nothing is; it is asked for manual and CSV systems only. The
    result is `{"systems": [...]}`. A CSV system that needs a change and names no `responsible` is `NeedsHuman`.
    """

    def effect(scene: Scene) -> dict[str, Any]:
        asked = []
        for system in data_map().systems.values():
            if not isinstance(system, ManualSystem | CsvSystem):
                continue
            brief = brief_for(system)
            if brief is not None:
                ask_colleague(scene, system, round, action=action, brief=brief)
                asked.append(system.system)
        return {"systems": asked}

    return effect


def changes_done(session: Session, request: Request, action: ChangeAction, round: int, now: datetime) -> bool:  # noqa: A002  # the column's name
    """Whether every change of this round is answered, or its last day is over: then the flow goes on without it."""
    return all(settled(task, now) for task in tasks_of(session, request, action, round))


def change_answers(
    session: Session,
    request: Request,
    action: ChangeAction,
    round: int,  # noqa: A002  # the column's name
) -> list[ManualOutcome]:
    """Return what became of each change of this round; `outcome` is empty where nobody has answered."""
    return [
        ManualOutcome(
            system=task.system,
            outcome=cast("ChangeOutcome", task.outcome),
            note=task.note,
            person=task.person,
            answered_at=task.answered_at,
        )
        for task in tasks_of(session, request, action, round)
    ]
