"""The request: one right exercised in a case, run by one Prefect flow run; its steps and decisions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant, json_column


class RequestState(StrEnum):
    """Where a request stands, as people say it."""

    RECEIVED = "received"
    IDENTITY = "identity"
    DISCOVERY = "discovery"
    REVIEW = "review"
    EXECUTION = "execution"
    VERIFICATION = "verification"
    DELIVERY = "delivery"
    CLOSED = "closed"


class WaitsFor(StrEnum):
    """Whom a request waits for."""

    NOBODY = ""
    REQUESTER = "requester"
    OFFICER = "officer"
    COLLEAGUE = "colleague"
    SIBLING = "sibling"
    MESSAGE = "message"
    CLOCK = "clock"
    RELAY = "relay"


class Request(SQLModel, table=True):
    """One right of one case. `lease_version` fences: a writer whose version is older is refused (DESIGN.md 4.4)."""

    __table_args__ = (UniqueConstraint("case_id", "right"),)
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", index=True)
    ref: str = Field(unique=True, description="DSR-2026-0042/access: what Prefect is given")
    right: str
    state: str = Field(default=RequestState.RECEIVED, index=True)
    waits_for: str = WaitsFor.NOBODY
    waits_on: str = Field(default="", description="the question or row the flow is suspended on")
    outcome: str = Field(default="", description="answered | nothing_held | …")
    opened_at: datetime = instant()
    replied_at: datetime | None = instant(default=None)
    closed_at: datetime | None = instant(default=None)
    attempt: int = Field(default=0, description="flow runs started for this request")
    flow_run_id: str = Field(default="", description="the newest flow run")
    lease_version: int = 0
    lease_until: datetime | None = instant(default=None)
    failures: int = Field(default=0, description="in a row; resets when a step is done")
    retry_at: datetime | None = instant(default=None)
    problem: str = Field(default="", description="what the last failure said; no personal data")


class Step(SQLModel, table=True):
    """One idempotent piece of a flow: the row is written in the transaction of its effect."""

    __table_args__ = (UniqueConstraint("request_id", "name"),)
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    name: str
    done_at: datetime = instant()
    lease_version: int
    result: dict[str, Any] = json_column(default_factory=dict)


class Decision(SQLModel, table=True):
    """What a named officer answered in a form, accepted or sent back with the reason; never changed."""

    __table_args__ = (UniqueConstraint("request_id", "question", "round"),)
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    question: str = Field(description="a `Question`: identity, review, plan, change, weighing, …")
    round: int
    officer: str
    choice: str
    reason: str
    accepted: bool
    sent_back_because: str = ""
    content_hash: str = Field(description="SHA-256 of what the officer was shown")
    answers: dict[str, Any] = json_column(default_factory=dict)
    decided_at: datetime = instant()
