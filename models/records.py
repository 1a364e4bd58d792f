"""What a connector brings back about one person: records, documents, or why it could not look.

Values only, serialisable as JSON; they cross from connectors to the officer's form and the export bundle.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator


class Frozen(BaseModel):
    """A value: equal by content, refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Identifier(Frozen):
    """Something to search a person by. `kind` is a seed kind of the data map: email, phone, visitor_id …"""

    kind: str
    value: str


class FindingStatus(StrEnum):
    """How the search of one system ended (law.md F3: each system is searched, or says why not)."""

    FOUND = "found"
    NONE = "none"
    FAILED = "failed"
    WAITING = "waiting"


class Record(Frozen):
    """One row of one table about the person, only columns that the data map exports.

    `data` maps column to value as the system holds it (law.md R1.11: faithful). `to_review` names the columns
    whose text may speak of third parties (T2). `keep_until` is the end of retention where the map can compute it.
    """

    table: str
    key: dict[str, JsonValue]
    data: dict[str, JsonValue]
    to_review: tuple[str, ...] = ()
    keep_until: date | None = None


class Document(Frozen):
    """A source document. `name` comes from a foreign system and is never a path to trust."""

    name: str
    media_type: str
    content: bytes
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class ContactPoint(Frozen):
    """An address already on file (law.md I6), where a one-time code may go."""

    system: str
    kind: str
    value: str


class ManualAnswer(Frozen):
    """What the named person answered about a system only people can search: documents, or that there is nothing.

    `answered_by` and `note` are evidence for the officer; neither leaves with the reply.
    """

    outcome: Literal["found", "none"]
    note: str = ""
    documents: tuple[Document, ...] = ()
    answered_at: datetime
    answered_by: str

    @model_validator(mode="after")
    def _evidence(self) -> "ManualAnswer":
        if (self.outcome == "found") != bool(self.documents):
            raise ValueError("attach the documents where something was found, and none where nothing was")
        return self


class Finding(Frozen):
    """The records of one person in one system, or the statement that there are none, or why it could not be searched."""

    system: str
    status: FindingStatus
    searched_at: datetime
    records: tuple[Record, ...] = ()
    documents: tuple[Document, ...] = ()
    contact_points: tuple[ContactPoint, ...] = ()
    problem: str = Field(
        default="", description="one sentence: what failed and what to do; names columns, never persons"
    )


class Effect(Frozen):
    """What was done to one row. `changed` is False where it was so already; `columns` are those set or masked."""

    system: str
    table: str
    key: dict[str, JsonValue]
    action: Literal["deleted", "minimised", "kept", "stopped", "restricted", "lifted"]
    columns: tuple[str, ...] = ()
    keep_until: date | None = None
    changed: bool


class Change(Frozen):
    """A rectified row: the columns asked for, before and after, as the system holds them (law.md R2)."""

    system: str
    table: str
    key: dict[str, JsonValue]
    before: dict[str, JsonValue]
    after: dict[str, JsonValue]


class Mention(Frozen):
    """A column, outside what the plan keeps, where an identifier still stands: a person decides (law.md T2)."""

    table: str
    key: dict[str, JsonValue]
    column: str


class Shortfall(Frozen):
    """A row that is not as the plan says. `columns` are those whose mask is missing."""

    table: str
    key: dict[str, JsonValue]
    problem: Literal["still_there", "not_masked", "gone", "not_planned"]
    columns: tuple[str, ...] = ()


class Verification(Frozen):
    """What reading everything again after an erasure showed (DESIGN.md 4.9). `rows`: how many were searched."""

    system: str
    rows: int
    shortfalls: tuple[Shortfall, ...] = ()
    mentions: tuple[Mention, ...] = ()

    @property
    def erased(self) -> bool:
        """The plan is carried out; mentions do not speak against it, they wait for a person."""
        return not self.shortfalls
