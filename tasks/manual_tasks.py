"""Searches that a named colleague does by hand, through a link of their own (law.md F3: each system is searched).

One task per request, system and round; it is answered once, and answering again says so and changes nothing.
Documents are stored under their digest before the row says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import TypeAdapter
from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

from models import audit, storage
from models.calendar import add_working_days, paris_date
from models.data_map import ManualSystem
from models.data_map_loading import load_data_map
from models.database import reading, unit_of_work
from models.records import Document, ManualAnswer
from models.settings import settings
from models.tables import Case, ManualTask, Request
from models.tokens import new_token, token_hash

MAX_FILES = 20
MAX_BYTES = 25_000_000
MAX_NOTE = 4_000  # characters
OUTCOMES = frozenset({"found", "none"})

_documents = TypeAdapter(tuple[Document, ...])


class TaskAnswer(StrEnum):
    """What became of a colleague's answer; all but RECORDED change nothing."""

    RECORDED = "recorded"
    ALREADY = "already"
    UNKNOWN = "unknown"
    NO_OUTCOME = "no_outcome"
    FILES_MISSING = "files_missing"
    FILES_UNEXPECTED = "files_unexpected"
    NOTE_TOO_LONG = "note_too_long"
    TOO_MANY_FILES = "too_many_files"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class TaskView:
    """What the colleague needs. After the answer, no name and no address are shown any more."""

    case_ref: str
    request_ref: str
    right: str
    system: str
    title: str
    instruction: str
    person: str
    due_on: date
    look_for_name: str
    look_for: tuple[str, ...]
    answered: bool


def open_task(session: Session, request: Request, system: ManualSystem, round: int, now: datetime) -> str:  # noqa: A002  # the column's name
    """Add the task and return its link's token.

    Opening it again, for a reminder, returns a new token: the link sent before stops working.
    """
    token = new_token()
    task = session.exec(_of(request, system.system, round).with_for_update()).first()
    if task is None:
        task = ManualTask(
            request_id=request.id,
            round=round,
            system=system.system,
            person=system.responsible.name,
            address=system.responsible.email,
            due_on=add_working_days(paris_date(now), system.due_working_days),
            token_hash=token_hash(token),
        )
        kind = "task_opened"
    else:
        task.token_hash = token_hash(token)
        kind = "task_opened_again"
    session.add(task)
    session.flush()
    case = session.get_one(Case, request.case_id)
    audit.record(session, case, "engine", kind, now, request=request.right, system=system.system, round=round)
    return token


def look_task(token: str) -> TaskView | None:
    """Return the task behind a link; None where the link is unknown or the request closed."""
    with reading() as session:
        task = session.exec(_by_token(token)).first()
        request = session.get_one(Request, task.request_id) if task else None
        if task is None or request is None or request.closed_at is not None:
            return None
        case = session.get_one(Case, request.case_id)
    title, instruction = _described(task.system)
    answered = task.answered_at is not None
    addresses = dict.fromkeys(filter(None, (case.verified_address, case.requester_address)))
    return TaskView(
        case_ref=case.ref,
        request_ref=request.ref,
        right=request.right,
        system=task.system,
        title=title,
        instruction=instruction,
        person=task.person,
        due_on=task.due_on,
        look_for_name="" if answered else case.requester_name,
        look_for=() if answered else tuple(addresses),
        answered=answered,
    )


def _described(system: str) -> tuple[str, str]:
    """Return title and instruction in the officer's language; the bare key where the map no longer has the system."""
    spec = load_data_map(settings().data_map).systems.get(system)
    if not isinstance(spec, ManualSystem):
        return system, ""
    language = settings().officer_language
    return getattr(spec.title, language), getattr(spec.instruction, language)


def answer_task(
    token: str, outcome: str, note: str, documents: Sequence[Document], now: datetime
) -> TaskAnswer:
    """Record a colleague's answer once: `found` with 1 to 20 files of 25 MB together, or `none` without any."""
    refused = _refused(outcome, note.strip(), documents)
    if refused:
        return refused
    with reading() as session:
        if session.exec(_by_token(token)).first() is None:
            return TaskAnswer.UNKNOWN
    evidence_key = storage.keep("manual", _documents.dump_json(tuple(documents))) if documents else ""
    with unit_of_work() as session:
        task = session.exec(_by_token(token).with_for_update()).first()
        request = session.get_one(Request, task.request_id) if task else None
        if task is None or request is None or request.closed_at is not None:
            return TaskAnswer.UNKNOWN
        if task.answered_at is not None:
            return TaskAnswer.ALREADY
        task.outcome, task.note, task.evidence_key, task.answered_at = (
            outcome,
            note.strip(),
            evidence_key,
            now,
        )
        audit.record(
            session,
            session.get_one(Case, request.case_id),
            task.person,
            "task_answered",
            now,
            request=request.right,
            system=task.system,
            round=task.round,
            outcome=outcome,
            documents=len(documents),
        )
    return TaskAnswer.RECORDED


def _refused(outcome: str, note: str, documents: Sequence[Document]) -> TaskAnswer | None:
    faults = {
        TaskAnswer.NO_OUTCOME: outcome not in OUTCOMES,
        TaskAnswer.FILES_MISSING: outcome == "found" and not documents,
        TaskAnswer.FILES_UNEXPECTED: outcome == "none" and bool(documents),
        TaskAnswer.NOTE_TOO_LONG: len(note) > MAX_NOTE,
        TaskAnswer.TOO_MANY_FILES: len(documents) > MAX_FILES,
        TaskAnswer.TOO_LARGE: sum(len(document.content) for document in documents) > MAX_BYTES,
    }
    return next((fault for fault, present in faults.items() if present), None)


def manual_answer(session: Session, request: Request, system: str, round: int) -> ManualAnswer | None:  # noqa: A002  # the column's name
    """Return what the colleague answered, or None while the task is missing or waits."""
    task = session.exec(_of(request, system, round)).first()
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


def _of(request: Request, system: str, round: int) -> SelectOfScalar[ManualTask]:  # noqa: A002  # the column's name
    return select(ManualTask).where(
        ManualTask.request_id == request.id, ManualTask.system == system, ManualTask.round == round
    )


def _by_token(token: str) -> SelectOfScalar[ManualTask]:
    return select(ManualTask).where(ManualTask.token_hash == token_hash(token))
