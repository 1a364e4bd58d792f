"""What a named colleague does by hand in one system, through a link of their own (law.md F3; R2-R4, R7, R8).

One task per request, system, action and round; it is answered once, and answering again says so and changes nothing.
Briefs and documents are stored under their digest before the row says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models import audit, storage
from models.calendar import add_working_days, paris_date
from models.data_map import CsvSystem, ManualSystem
from models.data_map_loading import load_data_map
from models.database import reading, unit_of_work
from models.errors import NeedsHuman
from models.letters import TaskAction
from models.manual_work import Brief, HandSystem, TaskAnswer, faults_in, working_days
from models.records import Document, Identifier, ManualAnswer
from models.settings import settings
from models.tables import Case, ManualTask, Request, Restriction
from models.tokens import new_token, token_hash
from tasks.keeping.retain_rows import GONE

_documents = TypeAdapter(tuple[Document, ...])


@dataclass(frozen=True, slots=True)
class TaskView:
    """What the colleague needs. After the answer, nothing about the person is in it any more."""

    case_ref: str
    request_ref: str
    right: str
    action: str
    system: str
    title: str
    instruction: str
    person: str
    due_on: date
    brief: Brief
    answered: bool


def open_task(  # noqa: PLR0913  # a task is all of these
    session: Session,
    request: Request,
    system: HandSystem,
    round: int,  # noqa: A002  # the column's name
    now: datetime,
    *,
    action: TaskAction = "search",
    brief: Brief | None = None,
) -> str:
    """Add the task and return its link's token; `NeedsHuman` where the map names nobody for the system.

    Opening it again returns a new token: the link sent before stops working. A later round does the same to the
    links of earlier rounds that nobody answered, so that the newest letter is the one that counts.
    """
    if system.responsible is None:
        raise NeedsHuman(
            f"nobody is named who changes {system.system} by hand: add responsible (name and email) and instruction "
            f"to data_map/{system.system}.yaml"
        )
    token = new_token()
    task = find_task(session, request, system.system, action, round)
    kind = "task_opened_again" if task else "task_opened"
    if task is None:
        task = ManualTask(
            request_id=request.id,
            round=round,
            system=system.system,
            action=action,
            person=system.responsible.name,
            address=system.responsible.email,
            due_on=add_working_days(paris_date(now), working_days(system, action)),
            token_hash="",
        )
        _end_links_before(session, task)
    task.token_hash = token_hash(token)
    if brief is not None:
        task.brief_key = storage.keep("briefs", brief.model_dump_json().encode())
    session.add(task)
    session.flush()
    case = session.get_one(Case, request.case_id)
    detail = {"request": request.right, "system": task.system, "action": action, "round": round}
    audit.record(session, case, "engine", kind, now, **detail)
    return token


def _end_links_before(session: Session, newer: ManualTask) -> None:
    earlier = select(ManualTask).where(
        ManualTask.request_id == newer.request_id,
        ManualTask.system == newer.system,
        ManualTask.action == newer.action,
        ManualTask.round < newer.round,
        ManualTask.outcome == "",
    )
    for task in session.exec(earlier.with_for_update()):
        task.token_hash = token_hash(new_token())


def look_task(token: str) -> TaskView | None:
    """Return the task behind a link; None where the link is unknown or ended with the request."""
    with reading() as session:
        task = session.exec(_by_token(token)).first()
        request = session.get_one(Request, task.request_id) if task else None
        if task is None or request is None or _is_over(session, task, request):
            return None
        case = session.get_one(Case, request.case_id)
    title, instruction = _described(task)
    answered = task.answered_at is not None
    return TaskView(
        case_ref=case.ref,
        request_ref=request.ref,
        right=request.right,
        action=task.action,
        system=task.system,
        title=title,
        instruction=instruction,
        person=task.person,
        due_on=task.due_on,
        brief=Brief(identifiers=()) if answered else _brief(task, case),
        answered=answered,
    )


def _is_over(session: Session, task: ManualTask, request: Request) -> bool:
    """Whether the task ended with its request: only a restriction may be lifted after the close (GDPR 18(3))."""
    if request.closed_at is None:
        return False
    lifted_since = select(Restriction.id).where(
        Restriction.request_id == request.id, col(Restriction.lifted_at) > request.closed_at
    )
    return task.action != "lift" or session.exec(lifted_since).first() is None


def _brief(task: ManualTask, case: Case) -> Brief:
    """Return what was asked; a search without words of its own looks for the requester.

    Retention purges the briefs of a closed case; whose restriction is to be lifted, the case itself says.
    """
    if task.brief_key not in {"", GONE}:
        return Brief.model_validate_json(storage.fetch(task.brief_key))
    addresses = dict.fromkeys(filter(None, (case.verified_address, case.requester_address)))
    if task.brief_key == GONE:
        addresses = dict.fromkeys(list(addresses)[:1])
    identifiers = tuple(Identifier(kind="email", value=address) for address in addresses)
    return Brief(identifiers=identifiers, name=case.requester_name)


def _described(task: ManualTask) -> tuple[str, str]:
    """Return title and instruction in the officer's language; the bare key where the map no longer has the system.

    A manual system's instruction tells how to search it, a CSV system's how to change the tool behind it.
    """
    spec = load_data_map(settings().data_map).systems.get(task.system)
    if spec is None:
        return task.system, ""
    language = settings().officer_language
    says_how = ManualSystem if task.action == "search" else CsvSystem
    instruction = spec.instruction if isinstance(spec, says_how) else None
    return getattr(spec.title, language), getattr(instruction, language, "")


def answer_task(
    token: str, outcome: str, note: str, documents: Sequence[Document], now: datetime
) -> TaskAnswer:
    """Record a colleague's answer once, where `models.manual_work.faults_in` finds no fault; files are its evidence."""
    with reading() as session:
        known = session.exec(_by_token(token)).first()
    if known is None:
        return TaskAnswer.UNKNOWN
    faults = faults_in(known.action, outcome, note, documents)
    if faults:
        return next(iter(faults.values()))
    evidence_key = storage.keep("manual", _documents.dump_json(tuple(documents))) if documents else ""
    with unit_of_work() as session:
        task = session.exec(_by_token(token).with_for_update()).first()
        request = session.get_one(Request, task.request_id) if task else None
        if task is None or request is None or _is_over(session, task, request):
            return TaskAnswer.UNKNOWN
        if task.answered_at is not None:
            return TaskAnswer.ALREADY
        task.outcome, task.note, task.answered_at = outcome, note.strip(), now
        task.evidence_key = evidence_key
        audit.record(
            session,
            session.get_one(Case, request.case_id),
            task.person,
            "task_answered",
            now,
            request=request.right,
            system=task.system,
            action=task.action,
            round=task.round,
            outcome=outcome,
            documents=len(documents),
        )
    return TaskAnswer.RECORDED


def manual_answer(session: Session, request: Request, system: str, round: int) -> ManualAnswer | None:  # noqa: A002  # the column's name
    """Return what the colleague found, or None while the search is missing or waits."""
    task = find_task(session, request, system, "search", round)
    if task is None or task.answered_at is None:
        return None
    documents = _documents.validate_json(storage.fetch(task.evidence_key)) if task.evidence_key else ()
    return ManualAnswer(
        outcome="found" if task.outcome == "found" else "none",
        note=task.note,
        documents=documents,
        answered_at=task.answered_at,
        answered_by=task.person,
    )


def tasks_of(session: Session, request: Request, action: str, round: int) -> list[ManualTask]:  # noqa: A002  # the column's name
    """Return one round's tasks of an action, in the order they were opened."""
    return list(session.exec(_of(request, action, round).order_by(col(ManualTask.id))))


def find_task(
    session: Session,
    request: Request,
    system: str,
    action: str,
    round: int,  # noqa: A002  # the column's name
) -> ManualTask | None:
    """Return the one task of a system, action and round."""
    return session.exec(_of(request, action, round).where(ManualTask.system == system)).first()


def _of(request: Request, action: str, round: int) -> SelectOfScalar[ManualTask]:  # noqa: A002  # the column's name
    return select(ManualTask).where(
        ManualTask.request_id == request.id, ManualTask.action == action, ManualTask.round == round
    )


def _by_token(token: str) -> SelectOfScalar[ManualTask]:
    return select(ManualTask).where(ManualTask.token_hash == token_hash(token))
