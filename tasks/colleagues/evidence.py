"""A colleague's attached files as one archive that opens harmlessly; it only reads."""

from pydantic import TypeAdapter

from models.database import reading
from models.errors import NotFound
from models.records import Document
from models.storage import fetch
from models.tables import ManualTask
from tasks.exports.safe_archive import safe_name, write_zip

_documents = TypeAdapter(tuple[Document, ...])


def evidence_archive(task_id: int) -> bytes:
    """Return the files of a task as a ZIP archive, under safe names; `NotFound` where there are none (any more)."""
    with reading() as session:
        task = session.get(ManualTask, task_id)
    if task is None or task.answered_at is None or not task.evidence_key:
        raise NotFound(f"task {task_id} has no files: they were never attached, or were purged")
    documents = _documents.validate_json(fetch(task.evidence_key))
    files = {
        safe_name(document.name, number): document.content for number, document in enumerate(documents, 1)
    }
    return write_zip(files, task.answered_at)
