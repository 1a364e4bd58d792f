"""The audit log: one hash chain per case, written in the transaction of what it tells of."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant, json_column


class AuditEvent(SQLModel, table=True):
    """One thing that happened. Never updated, never deleted while the case is kept."""

    __tablename__ = "audit_event"
    __table_args__ = (UniqueConstraint("case_id", "number"),)
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    number: int
    at: datetime = instant()
    actor: str = Field(description="engine | requester | an officer's name")
    kind: str
    detail: dict[str, Any] = json_column(default_factory=dict)
    previous: str
    hash: str
