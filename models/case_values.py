"""Everything about a case as frozen values: what the officer's page shows and `dsr case show --json` prints.

Values only; `tasks/case_view.py` fills them.
"""

from datetime import date, datetime

from pydantic import Field, JsonValue

from models.case_effects import (
    DoneView,
    LeftView,
    PlanView,
    ReceiptView,
    RestrictionView,
    Seen,
)


class DatesView(Seen):
    """Days in Paris, last day included. `days_left` is None once every request is answered; below zero is late."""

    received_on: date
    commitment: date
    statutory: date
    binding: date
    days_left: int | None
    explanation: tuple[str, ...]


class ExtensionView(Seen):
    """The two further months. `ground` and `reason` as told to the person; `counts`: whether the law lets it count.

    `told_at` is None while nobody told the person; `waits`: the notice may still leave by itself.
    """

    ground: str
    reason: str
    told_at: datetime | None
    recorded_by: str
    counts: bool
    waits: bool
    promise_broken: bool


class StepView(Seen):
    name: str
    done_at: datetime


class FindingView(Seen):
    id: int
    round: int
    system: str
    status: str
    records: int
    documents: int
    to_review: int
    problem: str
    searched_at: datetime


class DecisionView(Seen):
    question: str
    round: int
    officer: str
    choice: str
    reason: str
    accepted: bool
    sent_back_because: str
    content_hash: str
    decided_at: datetime


class OfferView(Seen):
    """The download on offer; `size` in bytes."""

    size: int
    sha256: str
    expires_at: datetime
    opened_at: datetime | None
    downloaded_at: datetime | None
    downloads: int


class TaskLine(Seen):
    """`evidence`: there are files of the colleague to download."""

    id: int
    system: str
    action: str
    round: int
    person: str
    due_on: date
    outcome: str
    note: str
    answered_at: datetime | None
    evidence: bool


class RequestView(Seen):
    """One right of the case. `findings` are those of the newest round of discovery, then `earlier`, newest first.

    `plans` are newest first, `done` sums `receipts` up, `left` is what the newest look after an erasure found.
    """

    ref: str
    right: str
    state: str
    waits_for: str
    waits_on: str
    outcome: str
    problem: str
    opened_at: datetime
    replied_at: datetime | None
    closed_at: datetime | None
    flow_run_url: str
    steps: tuple[StepView, ...]
    findings: tuple[FindingView, ...]
    earlier: tuple[FindingView, ...]
    tasks: tuple[TaskLine, ...]
    decisions: tuple[DecisionView, ...]
    plans: tuple[PlanView, ...]
    done: tuple[DoneView, ...]
    left: tuple[LeftView, ...]
    restriction: RestrictionView | None
    receipts: tuple[ReceiptView, ...]
    download: OfferView | None

    @property
    def searched(self) -> int:
        """How many systems gave an answer, of `len(findings)`."""
        return sum(finding.status in {"found", "none"} for finding in self.findings)


class MandateView(Seen):
    """Who acts for the person (law.md I13). `checked_by` is empty where nobody has checked it, or it does not hold."""

    kind: str
    agent_name: str
    agent_address: str
    purpose: str
    valid_until: date | None
    may_receive: bool
    recorded_by: str
    checked_by: str


class MessageLine(Seen):
    id: int
    received_at: datetime
    sender: str
    subject: str
    state: str
    storage_key: str = Field(exclude=True)


class LetterLine(Seen):
    id: int
    kind: str
    language: str
    recipient: str
    subject: str
    state: str
    secret: bool
    attempts: int
    written_at: datetime
    sent_at: datetime | None
    bounced_at: datetime | None
    bounce: str
    sha256: str
    storage_key: str = Field(exclude=True)


class AuditLine(Seen):
    number: int
    at: datetime
    actor: str
    kind: str
    detail: dict[str, JsonValue]


class CaseView(Seen):
    """`audit_broken` says where the hash chain does not hold; empty is good."""

    ref: str
    received_at: datetime
    mailbox: str
    requester_name: str
    requester_address: str
    language: str
    channel: str
    recorded_by: str
    verified_address: str
    identity_evidence: str
    mandate: MandateView | None
    reminders: int
    reminded_at: datetime | None
    closed_at: datetime | None
    dates: DatesView
    extension: ExtensionView | None
    requests: tuple[RequestView, ...]
    messages: tuple[MessageLine, ...]
    letters: tuple[LetterLine, ...]
    audit: tuple[AuditLine, ...]
    audit_broken: str


class RequestLine(Seen):
    right: str
    state: str
    waits_for: str
    problem: str


class CaseLine(Seen):
    """A case in the list. `days_left` as in `DatesView`. `bounced`: how many letters came back."""

    ref: str
    requester_name: str
    requester_address: str
    received_at: datetime
    closed_at: datetime | None
    binding: date
    days_left: int | None
    channel: str
    reminders: int
    bounced: int
    mandate: bool
    requests: tuple[RequestLine, ...]
