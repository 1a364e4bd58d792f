"""A colleague's door: whom to look for, in which system, what to do, and what became of it. The answer counts once."""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response
from pathvalidate import sanitize_filename

from models.manual_work import (
    FIELD_OF,
    MAX_BYTES,
    MAX_FILES,
    MAX_NOTE,
    MIN_NOTE,
    AnswerField,
    TaskAnswer,
    faults_in,
)
from models.records import Document
from tasks.colleagues.manual_tasks import TaskView, answer_task, look_task
from tasks.ring import ring
from web.clock import Now
from web.pages import desk_language, page
from web.portal import FORM_ERROR, dead_link
from web.security import csrf_checked

router = APIRouter()
MAX_NAME = 120
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")
_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@router.get("/task/{token}")
def task(request: Request, token: str) -> Response:
    """Show what to do."""
    view = look_task(token)
    return _task_page(request, view) if view else dead_link(request)


@router.post("/task/{token}", dependencies=[Depends(csrf_checked)])
def answered(
    request: Request,
    token: str,
    now: Now,
    background: BackgroundTasks,
    *,
    outcome: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Record what the colleague found or did, and wake what waited for it."""
    documents = [document(file) for file in files or [] if file.filename]
    note = _NO_TEXT.sub("", note)
    answer = answer_task(token, outcome, note, documents, now)
    view = look_task(token)
    if view is None:
        return dead_link(request)
    if answer is TaskAnswer.RECORDED:
        background.add_task(ring, view.request_ref, now)
    faults = faults_in(view.action, outcome, note, documents) if answer in FIELD_OF else {}
    return _task_page(request, view, faults, outcome, note)


def document(file: UploadFile) -> Document:
    """An uploaded file under a harmless name: its last part, without controls, at most 120 characters."""
    last = re.split(r"[/\\]", file.filename or "")[-1]
    name = sanitize_filename(_NO_TEXT.sub("", last), platform="universal", max_len=MAX_NAME).strip(". ")
    media_type = (file.content_type or "").lower()
    known = media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream"
    return Document(name=name or "document", media_type=known, content=file.file.read())


def _task_page(
    request: Request,
    view: TaskView,
    faults: Mapping[AnswerField, TaskAnswer] | None = None,
    outcome: str = "",
    note: str = "",
) -> Response:
    limits = {"max_files": MAX_FILES, "max_bytes": MAX_BYTES, "max_note": MAX_NOTE, "min_note": MIN_NOTE}
    template = "task/done.html" if view.answered else "task/task.html"
    return page(
        request,
        template,
        desk_language(),
        FORM_ERROR if faults else 200,
        view=view,
        faults=faults or {},
        outcome=outcome,
        note=note,
        **limits,
    )
