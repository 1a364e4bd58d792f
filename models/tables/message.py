"""Inbound mail: kept first, understood later, and always in exactly one place (DESIGN.md 4.6)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant, json_column


class MessageState(StrEnum):
    """Where a message is. KEPT is the only one that is not final."""

    KEPT = "kept"
    CASE = "case"
    PEN = "pen"
    MACHINE = "machine"
    DISMISSED = "dismissed"


class Message(SQLModel, table=True):
    """One message as it arrived. Unique by (mailbox, Message-ID, content hash)."""

    __table_args__ = (UniqueConstraint("mailbox", "message_id", "content_hash"),)
    id: int = Field(default=None, primary_key=True)
    mailbox: str
    message_id: str = Field(default="", description="as the sender wrote it; empty where there is none")
    content_hash: str
    storage_key: str
    received_at: datetime = instant(description="arrival at the controller (D2)")
    kept_at: datetime = instant()
    state: str = Field(default=MessageState.KEPT, index=True)
    reason: str = Field(default="", description="why it is in the pen, or what machine it is")
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    sender: str = ""
    subject: str = ""
    classification: dict[str, Any] = json_column(default_factory=dict)
    handled_at: datetime | None = instant(default=None)
