"""Ask the colleagues who search systems by hand, once per request, each by a letter with a link of their own."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from models.calendar import end_of_day
from models.data_map import ManualSystem
from models.letters import LetterKind
from models.letters import ManualTask as ManualTaskLetter
from models.settings import settings
from models.tables import ManualTask, Request
from tasks.correspondence import portal_link
from tasks.manual_tasks import open_task
from tasks.search_systems import FIRST_ROUND, data_map
from tasks.steps import Scene
from tasks.write_letter import write_letter


def ask_colleagues(scene: Scene) -> dict[str, Any]:
    """Open a task for every manual system and queue its letter, which holds no personal data."""
    language = settings().officer_language
    asked = [spec for spec in data_map().systems.values() if isinstance(spec, ManualSystem)]
    for spec in asked:
        token = open_task(scene.session, scene.request, spec, FIRST_ROUND, scene.now)
        task = scene.session.exec(
            select(ManualTask).where(
                ManualTask.request_id == scene.request.id, ManualTask.system == spec.system
            )
        ).one()
        context = ManualTaskLetter(
            ref=scene.case.ref,
            system_title=getattr(spec.title, language),
            due_on=task.due_on,
            link=portal_link("task", token),
        )
        write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.MANUAL_TASK,
            context,
            spec.responsible.email,
            f"{scene.request.ref}:task-{spec.system}",
            scene.now,
            language=language,
            secret=True,
        )
    return {"systems": [spec.system for spec in asked]}


def colleagues_done(session: Session, request: Request, now: datetime) -> bool:
    """Whether every colleague has answered, or had time enough: then the officer sees who is missing."""
    waiting = session.exec(
        select(ManualTask).where(ManualTask.request_id == request.id, ManualTask.outcome == "")
    )
    return all(end_of_day(task.due_on) <= now for task in waiting)
