"""Ask a colleague by a letter that holds no personal data: the task stands behind a link of their own.

Asking again in the same round changes nothing: the letter that was written keeps its link.
"""

from models.letters import LetterKind, TaskAction
from models.letters import ManualTask as ManualTaskLetter
from models.manual_work import Brief, HandSystem
from models.settings import settings
from tasks.colleagues.manual_tasks import find_task, open_task, tasks_of
from tasks.letters.correspondence import portal_link
from tasks.letters.write_letter import write_letter
from tasks.steps import Scene


def ask_colleague(
    scene: Scene,
    system: HandSystem,
    round: int,  # noqa: A002  # the column's name
    *,
    action: TaskAction = "search",
    brief: Brief | None = None,
) -> None:
    """Open the task and queue its letter, once per action and round; `NeedsHuman` where the map names nobody."""
    if find_task(scene.session, scene.request, system.system, action, round) is not None:
        return
    token = open_task(scene.session, scene.request, system, round, scene.now, action=action, brief=brief)
    opened = tasks_of(scene.session, scene.request, action, round)[-1]
    language = settings().officer_language
    context = ManualTaskLetter(
        ref=scene.case.ref,
        action=action,
        system_title=getattr(system.title, language),
        due_on=opened.due_on,
        link=portal_link("task", token),
    )
    write_letter(
        scene.session,
        scene.case,
        scene.request,
        LetterKind.MANUAL_TASK,
        context,
        opened.address,
        f"{scene.request.ref}:task-{action}-{system.system}-{round}",
        scene.now,
        language=language,
        secret=True,
    )
