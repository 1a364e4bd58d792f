"""The case: one person's correspondence, its receipt date and the events of its clocks."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from models.tables.columns import instant, json_column


class ReferenceCounter(SQLModel, table=True):
    """The last number given out in a year; incremented in the transaction that opens the case, so no gaps."""

    __tablename__ = "reference_counter"
    year: int = Field(primary_key=True)
    last: int


class Channel(StrEnum):
    """How a request reached the company; every channel counts (law.md Q2)."""

    MAIL = "mail"
    POST = "post"
    PHONE = "phone"
    FORWARD = "forward"
    FORM = "form"
    COUNTER = "counter"


class Case(SQLModel, table=True):
    """One requester, one thread, one receipt date, one identity check, one pair of clocks."""

    id: int = Field(default=None, primary_key=True)
    ref: str = Field(unique=True, description="DSR-2026-0042")
    received_at: datetime = instant(index=True, description="arrival at the controller, law.md D2")
    mailbox: str
    requester_address: str = Field(index=True, description="as written in the message; not proof of anything")
    requester_name: str = ""
    language: str = Field(description="two letters, of the letters we send; the officer can change it")
    verified_address: str = Field(
        default="", description="the address on file that answered the one-time code (I6, S5)"
    )
    identity_evidence: str = Field(
        default="", description="how identity was established, in one sentence without secrets"
    )
    identity_settled_at: datetime | None = instant(
        default=None, description="from then on no request of the case asks who it is"
    )
    channel: str = Field(default=Channel.MAIL, description="how it reached the company (law.md Q2, A1)")
    recorded_by: str = Field(default="", description="the officer who entered it by hand; empty: intake")
    reply_token: str = Field(default="", index=True, description="in the reply address privacy+TOKEN@")
    reminders: int = Field(default=0, description="reminders and complaints since it was opened (law.md D21)")
    reminded_at: datetime | None = instant(default=None)
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(default=None)
    clock_shown: str = Field(
        default="", description="SHA-256 of the clock as Prefect shows it; empty: not at all"
    )
    audit_count: int = 0
    audit_head: str = Field(default="", description="hash of the newest audit event")


class ClockEvent(SQLModel, table=True):
    """received, paused, resumed or extended (law.md 1.3); dates are computed from these and never stored."""

    __tablename__ = "clock_event"
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    kind: str
    at: datetime = instant()
    scope: str = Field(default="", description="identity | scope, for pauses")
    reason: str = Field(default="", description="doubt reason of a pause (I2), reason of an extension (D12)")
    override_reason: str = Field(default="", description="why a late query still pauses (D16)")
    recorded_by: str


class Mandate(SQLModel, table=True):
    """Somebody acts for the person: who, for what, until when, and whether they may receive the answer (law.md I13, I14).

    The case's requester is the person whose data it is about. Without `may_receive` only that person is answered.
    """

    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", unique=True)
    kind: str = Field(description="agent | lawyer | parent | guardian | heir | portal")
    agent_name: str
    agent_address: str = ""
    rights: list[Any] = json_column(default_factory=list)
    purpose: str = Field(default="", description="its precise object, in the mandate's words")
    valid_until: date | None = None
    may_receive: bool = False
    evidence: str = Field(default="", description="what proves it, in one sentence")
    storage_key: str = Field(default="", description="the scanned mandate, encrypted; empty: none was kept")
    recorded_by: str
    recorded_at: datetime = instant()
    checked_by: str = ""
    checked_at: datetime | None = instant(default=None)
