"""What watching deadlines needs: derived dates to search by, time spent, alerts told, heartbeats, reports sent."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.tables.columns import instant


def _few(name: str, condition: str, *columns: str) -> Index:
    """An index of the few rows that fulfil the condition."""
    return Index(name, *columns, postgresql_where=text(condition), sqlite_where=text(condition))


class RequestDates(SQLModel, table=True):
    """The dates of one request as lists, dashboard and reports search them.

    Derived from the clock events and renewed with them; `watch_deadlines` compares and renews every open one. Never the
    truth: what is written in letters and decided by is computed (DESIGN.md 4.7). Holds no personal data.
    """

    __tablename__ = "request_dates"
    __table_args__ = (
        Index(
            "ix_request_dates_answered",
            "received_on",
            "received_month",
            "right",
            "in_promise",
            "in_law",
            "answer_days",
            "language",
            "systems",
        ),
        Index(
            "ix_request_dates_kind",
            "received_on",
            "outcome",
            "channel",
            "identity_checked",
            "right",
            "language",
            "systems",
        ),
        _few("ix_request_dates_unanswered", "replied_on IS NULL", "right", "language"),
        _few("ix_request_dates_refused", "outcome = 'refused'", "received_on", "refusal_ground"),
        _few("ix_request_dates_extended", "extension_ground <> ''", "received_on", "extension_ground"),
    )
    request_id: int = Field(primary_key=True, foreign_key="request.id")
    case_id: int = Field(foreign_key="case.id", index=True)
    right: str
    language: str
    channel: str
    received_on: date
    received_month: int = Field(description="since the year 0: 12 × year + month - 1")
    commitment: date
    statutory: date = Field(description="in force: the extended one after an extension")
    binding: date = Field(index=True)
    reply_due: date = Field(description="the date alerts act on")
    refusal_latest: date
    paused_days: int = 0
    pause_open: bool = False
    extended: bool = False
    extension_ground: str = ""
    replied_on: date | None = None
    answer_days: int | None = Field(default=None, description="calendar days from receipt to reply")
    in_promise: bool | None = Field(default=None, description="answered within the 30 days")
    in_law: bool | None = Field(default=None, description="answered within what the law allows")
    outcome: str = ""
    refusal_ground: str = ""
    identity_checked: bool = False
    systems: str = Field(
        default="", description="which found something, failed or wait for a colleague: `,elay,site_db,`"
    )
    computed_on: date


class Stretch(SQLModel, table=True):
    """A time in which a request stood in one state and waited for one side; open ones have no end."""

    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    state: str
    waits_for: str = ""
    since: datetime = instant(index=True)
    until: datetime | None = instant(default=None)


class Alert(SQLModel, table=True):
    """One threshold of one request, told once per epoch of its clock; rows are added and never changed, but for `told_at`."""

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True, description="request, limit, epoch, level")
    request_id: int = Field(foreign_key="request.id", index=True)
    limit: str
    level: int
    epoch: str
    due: date
    reached_on: date
    noted_at: datetime = instant()
    digest: str = Field(
        default="", description="key of the letter that told it; empty: a later threshold covers it"
    )


class Heartbeat(SQLModel, table=True):
    """When a clockwork flow last ran to its end; `every` in seconds."""

    flow: str = Field(primary_key=True)
    every: int
    ended_at: datetime = instant()


class SentReport(SQLModel, table=True):
    """A report to management, once per kind and period."""

    __tablename__ = "sent_report"
    key: str = Field(primary_key=True, description="week:2026-W47 or month:2026-11")
    letter_key: str = ""
    written_at: datetime = instant()
