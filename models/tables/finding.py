"""What the systems said about a person, the tasks given to colleagues, and proofs of effects."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant, json_column


class FindingRow(SQLModel, table=True):
    """One system's finding in one round of discovery; the records themselves are encrypted in storage."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("request_id", "round", "system"),)
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    round: int
    system: str
    status: str = Field(index=True)
    records: int = 0
    documents: int = 0
    problem: str = ""
    tables: dict[str, Any] = json_column(default_factory=dict, description="table → number of records")
    to_review: int = Field(default=0, description="text fields that may speak of third parties (T2)")
    searched_at: datetime = instant()
    storage_key: str = ""
    sha256: str = ""


class ManualTask(SQLModel, table=True):
    """What a named colleague does by hand in one system, once per request, action and round."""

    __tablename__ = "manual_task"
    __table_args__ = (UniqueConstraint("request_id", "system", "action", "round"),)
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    round: int
    system: str
    action: str = Field(default="search", description="search | stop | restrict | lift | rectify | erase")
    brief_key: str = Field(default="", description="what to do, encrypted; empty for a search")
    person: str
    address: str
    due_on: date
    token_hash: str = Field(unique=True)
    outcome: str = Field(
        default="", index=True, description="found | none | done | not_done; empty while it waits"
    )
    note: str = ""
    evidence_key: str = Field(
        default="", description="uploaded documents, encrypted: a JSON list of Document"
    )
    answered_at: datetime | None = instant(default=None)


class Receipt(SQLModel, table=True):
    """Proof of an effect: what was exported, changed, stopped, deleted, kept (until when, on which basis), verified."""

    __table_args__ = (UniqueConstraint("request_id", "kind", "system", "record"),)
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    kind: str
    system: str = ""
    record: str = Field(default="", description="table and key as JSON, where the effect is one row's")
    detail: dict[str, Any] = json_column(default_factory=dict)
    at: datetime = instant()
