"""What a named colleague is asked to do by hand in one system, and which answers count (law.md F3; R2-R4, R7, R8).

Pure values and rules.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from models.data_map import CsvSystem, ManualSystem
from models.letters import Line, TaskAction
from models.records import Document, Frozen, Identifier

MAX_FILES = 20
MAX_BYTES = 25_000_000
MAX_NOTE = 4_000  # characters
MIN_NOTE = 10  # characters that say what was done, or why it was not
STOP_WORKING_DAYS = 3  # law.md D24: the longest a stop may take, in all tools

HandSystem = ManualSystem | CsvSystem
ChangeAction = Literal["stop", "restrict", "lift", "rectify", "erase"]
ChangeOutcome = Literal["done", "none", "not_done", ""]


class Brief(Frozen):
    """What to do for whom; personal data, so it is stored encrypted.

    `lines`: one fact each, in the officer's language: what becomes what, or what must be kept and until when.
    """

    identifiers: tuple[Identifier, ...]
    name: Line = ""
    lines: tuple[Line, ...] = ()
    note: Line = ""


class ManualOutcome(Frozen):
    """What became of a change by hand. `outcome` is empty and `answered_at` None while nobody has answered."""

    system: str
    outcome: ChangeOutcome
    note: str
    person: str
    answered_at: datetime | None


class TaskAnswer(StrEnum):
    """What became of a colleague's answer; all but RECORDED change nothing."""

    RECORDED = "recorded"
    ALREADY = "already"
    UNKNOWN = "unknown"
    NO_OUTCOME = "no_outcome"
    FILES_MISSING = "files_missing"
    FILES_UNEXPECTED = "files_unexpected"
    TOO_MANY_FILES = "too_many_files"
    TOO_LARGE = "too_large"
    NOTE_MISSING = "note_missing"
    NOTE_TOO_LONG = "note_too_long"


AnswerField = Literal["outcome", "files", "note"]
FIELD_OF: Mapping[TaskAnswer, AnswerField] = MappingProxyType(
    {
        TaskAnswer.NO_OUTCOME: "outcome",
        TaskAnswer.FILES_MISSING: "files",
        TaskAnswer.FILES_UNEXPECTED: "files",
        TaskAnswer.TOO_MANY_FILES: "files",
        TaskAnswer.TOO_LARGE: "files",
        TaskAnswer.NOTE_MISSING: "note",
        TaskAnswer.NOTE_TOO_LONG: "note",
    }
)


def outcomes_of(action: str) -> tuple[str, ...]:
    """Return the answers that an action may have."""
    return ("found", "none") if action == "search" else ("done", "none", "not_done")


def faults_in(
    action: str, outcome: str, note: str, documents: Sequence[Document]
) -> dict[AnswerField, TaskAnswer]:
    """Return what is wrong with an answer, one fault per field of the page.

    A search that found something proves it with files; a change, done or not, is told in at least `MIN_NOTE`
    characters, and files are welcome.
    """
    searched = action == "search"
    faults = {
        TaskAnswer.NO_OUTCOME: outcome not in outcomes_of(action),
        TaskAnswer.FILES_MISSING: searched and outcome == "found" and not documents,
        TaskAnswer.FILES_UNEXPECTED: searched and outcome == "none" and bool(documents),
        TaskAnswer.TOO_MANY_FILES: len(documents) > MAX_FILES,
        TaskAnswer.TOO_LARGE: sum(len(document.content) for document in documents) > MAX_BYTES,
        TaskAnswer.NOTE_MISSING: outcome in {"done", "not_done"} and len(note.strip()) < MIN_NOTE,
        TaskAnswer.NOTE_TOO_LONG: len(note.strip()) > MAX_NOTE,
    }
    found: dict[AnswerField, TaskAnswer] = {}
    for fault in (fault for fault, present in faults.items() if present):
        found.setdefault(FIELD_OF[fault], fault)
    return found


def working_days(system: HandSystem, action: TaskAction) -> int:
    """Return the working days a colleague has: the system's own, and for a stop three at most (law.md D24)."""
    days = system.due_working_days
    return min(days, STOP_WORKING_DAYS) if action == "stop" else days
