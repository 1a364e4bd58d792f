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


WRITTEN = (MessageState.CASE, MessageState.PEN)
"""Where a message is that a person may have written: what machines answered in a case waits for nobody and asks nothing."""

UNPROVED = ("reference", "sender")
"""What joins a message to a case and proves nothing: anybody can write a reference, and a sender's address."""


class Message(SQLModel, table=True):
    """One message as it arrived, once per mailbox and exact bytes (which hold the Message-ID)."""

    __table_args__ = (UniqueConstraint("mailbox", "content_hash"),)
    id: int = Field(default=None, primary_key=True)
    mailbox: str
    message_id: str = Field(
        default="", index=True, description="as the sender wrote it; empty where there is none"
    )
    content_hash: str = Field(description="SHA-256 of the raw bytes")
    body_hash: str = Field(
        default="", description="of subject, texts and files: tells a redelivery from a reused Message-ID"
    )
    storage_key: str
    received_at: datetime = instant(description="arrival at the controller (D2)")
    kept_at: datetime = instant()
    state: str = Field(default=MessageState.KEPT, index=True)
    reason: str = Field(default="", description="why it is in the pen, or what machine it is")
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    sender: str = ""
    sender_digest: str = Field(
        default="", description="keyed: recognises a redelivery once the sender is forgotten"
    )
    subject: str = ""
    classification: dict[str, Any] = json_column(default_factory=dict)
    handled_at: datetime | None = instant(default=None)
    attempts: int = Field(
        default=0, description="times somebody began to read it, or found its file unreadable"
    )
    joined: str = Field(
        default="",
        description="what joined it to its case: token, reply, reference, sender, officer; empty: it opened the case",
    )
    quiet: bool = Field(
        default=False, description="in the pen, read as no request: looked through once a week, no to-do"
    )
    automatic: str = Field(
        default="",
        description="why nothing may be answered automatically (RFC 3834); empty: a person wrote it",
    )


class Bringing(SQLModel, table=True):
    """A large message on its way from a mailbox to us: its row goes when it is kept, and stays where that killed us."""

    mailbox: str = Field(primary_key=True)
    uid: str = Field(primary_key=True)
    attempts: int = 0
