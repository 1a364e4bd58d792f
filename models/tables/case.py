"""The case: one person's correspondence, its receipt date and the events of its clocks."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class ReferenceCounter(SQLModel, table=True):
    """The last number given out in a year; incremented in the transaction that opens the case, so no gaps."""

    __tablename__ = "reference_counter"
    year: int = Field(primary_key=True)
    last: int


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
    opened_at: datetime = instant()
    closed_at: datetime | None = instant(default=None)
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
