"""Ask the colleagues who search systems by hand, once per request, and tell when nobody has to be waited for."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from models.calendar import end_of_day
from models.data_map import ManualSystem
from models.tables import ManualTask, Request
from tasks.colleagues.manual_letters import ask_colleague
from tasks.search_systems import FIRST_ROUND, data_map
from tasks.steps import Scene


def ask_colleagues(scene: Scene) -> dict[str, Any]:
    """Open a search for every manual system and queue its letter, which holds no personal data."""
    asked = [spec for spec in data_map().systems.values() if isinstance(spec, ManualSystem)]
    for spec in asked:
        ask_colleague(scene, spec, FIRST_ROUND)
    return {"systems": [spec.system for spec in asked]}


def colleagues_done(session: Session, request: Request, now: datetime) -> bool:
    """Whether every colleague has answered, or had time enough: then the officer sees who is missing.

    All actions count; of several rounds of one action in one system the newest, which took the place of the others.
    """
    tasks = session.exec(
        select(ManualTask).where(ManualTask.request_id == request.id).order_by(col(ManualTask.round))
    )
    newest = {(task.system, task.action): task for task in tasks}
    return all(settled(task, now) for task in newest.values())


def settled(task: ManualTask, now: datetime) -> bool:
    """Whether the task is answered or past its last day in Paris (law.md D10)."""
    return task.outcome != "" or end_of_day(task.due_on) <= now
