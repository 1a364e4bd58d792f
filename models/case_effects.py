"""What was planned and done in the systems for one request, as frozen values for the officer's page and `--json`.

Values only; `tasks/changes/case_effects.py` fills them.
"""

from datetime import date, datetime

from pydantic import ConfigDict, Field, JsonValue

from models.controller import Text
from models.records import Frozen


class Seen(Frozen):
    """A value read off a table's row."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class ReceiptView(Seen):
    """`record`: table and key as JSON, where the effect is one row's."""

    kind: str
    system: str
    record: str
    detail: dict[str, JsonValue]
    at: datetime


class DoneView(Seen):
    """Receipts of one system that say the same, together. `keys` are those of `table`; empty for a whole system."""

    system: str
    kind: str
    at: datetime
    table: str = ""
    keys: tuple[dict[str, JsonValue], ...] = ()
    columns: tuple[str, ...] = ()
    until: date | None = None
    basis: Text | None = None
    changed: bool = True
    counts: dict[str, JsonValue] = Field(default_factory=dict)
    problem: str = ""


class PlannedView(Seen):
    """Records of one table that a plan treats alike. `action`: delete, minimise or keep."""

    table: str
    keys: tuple[dict[str, JsonValue], ...]
    action: str
    columns: tuple[str, ...]
    until: date | None
    basis: Text | None
    why: str


class SystemPlan(Seen):
    """What a round would do in one system. `lines` are None where the plan itself was purged."""

    system: str
    digest: str
    deletes: int
    minimises: int
    keeps: int
    lines: tuple[PlannedView, ...] | None
    refused: str = ""


class PlanView(Seen):
    """One round's erasure plan. `problems`: why systems have none; `by_hand`: systems that people empty.

    `approved_by` is empty while, or where, nobody approved this round; a second officer confirmed or declined.
    """

    round: int
    drawn_at: datetime
    systems: tuple[SystemPlan, ...]
    problems: dict[str, str]
    by_hand: tuple[str, ...]
    approved_by: str
    approved_at: datetime | None
    confirmed_by: str
    declined_by: str


class LeftView(Seen):
    """What the newest look after an erasure found in one place.

    `problem`: `mention`, where a text of somebody else's record names the person, or what is not as planned.
    """

    system: str
    problem: str
    table: str
    columns: tuple[str, ...]
    keys: tuple[dict[str, JsonValue], ...]


class RestrictionView(Seen):
    """Data that are, or were, only stored. `ground`: accuracy, unlawful, claims or balancing (GDPR 18(1))."""

    ground: str
    since: datetime
    review_on: date
    announced_at: datetime | None
    lifted_at: datetime | None
    lifted_because: str
