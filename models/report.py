"""The weekly and monthly report to management: which period is due, and what the letter must know.

Pure values, as in `models/letters.py`; numbers and words only, no personal data.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from models.letters import Context, Count, Line, Link, Words
from models.records import Frozen

Cid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+$")]
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """A week or month that is over, both days included. `key`: `week:2026-W47` or `month:2026-11`."""

    kind: Literal["week", "month"]
    since: date
    until: date

    @property
    def key(self) -> str:
        """What its report is known by."""
        if self.kind == "week":
            year, week, _ = self.since.isocalendar()
            return f"week:{year:04d}-W{week:02d}"
        return f"month:{self.since:%Y-%m}"


def last_week(today: date) -> Period:
    """Return the week (ISO 8601, from Monday) that ended last before `today`."""
    monday = today - timedelta(days=today.weekday())
    return Period("week", monday - WEEK, monday - timedelta(days=1))


def last_month(today: date) -> Period:
    """Return the month that ended last before `today`."""
    until = today.replace(day=1) - timedelta(days=1)
    return Period("month", until.replace(day=1), until)


class ReportSection(Frozen):
    """One table, and its chart as the Content-ID of a picture that goes with the letter; empty where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Words
    note: Line
    head: tuple[Words, ...] = Field(min_length=1)
    rows: tuple[tuple[Words, ...], ...]
    picture: Cid | Literal[""] = ""
    described: Line = ""

    @property
    def lines(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The rows, each cell with the name of its column."""
        return tuple(tuple(zip(self.head, row, strict=True)) for row in self.rows)


class ReportPart(Frozen):
    """Sections about the same time. `title` says which: today, the period, the last twelve months."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Words
    sections: tuple[ReportSection, ...] = Field(min_length=1)


class Report(Context):
    """To managers: how the requests stand on `as_of`. `period`: which week or month, in words; `late`: overdue now.

    `broken`: past the 30 days and inside the law. `enclosed`: what time the PDF is about. `link`: the page of figures.
    """

    period: Words
    as_of: date
    late: Count
    broken: Count
    waiting: Count
    parts: tuple[ReportPart, ...] = Field(min_length=1)
    enclosed: Words
    link: Link
