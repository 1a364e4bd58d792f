"""The rows of one invented request, table by table, as the engine itself would have left them. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from models.alerts import reply_due
from models.calendar import PARIS, add_working_days, paris_date
from models.deadlines import Clock, Deadlines
from models.records import FindingStatus
from models.request_dates import month_number, systems_text
from models.rights import Right
from models.tables import LetterState, RequestState, WaitsFor

Row = dict[str, Any]
SYSTEMS = ("site_db", "billing", "elay")
BY_HAND = "elay"
COLLEAGUE_DAYS = 5  # working days
# State, whom it waits for, and the share of the time to answer that it takes.
PATH = (
    (RequestState.RECEIVED, WaitsFor.NOBODY, 0.01),
    (RequestState.IDENTITY, WaitsFor.REQUESTER, 0.24),
    (RequestState.DISCOVERY, WaitsFor.NOBODY, 0.02),
    (RequestState.DISCOVERY, WaitsFor.COLLEAGUE, 0.36),
    (RequestState.REVIEW, WaitsFor.OFFICER, 0.31),
    (RequestState.EXECUTION, WaitsFor.NOBODY, 0.03),
    (RequestState.DELIVERY, WaitsFor.RELAY, 0.03),
)
DISCOVERY = 0.27  # of the way: from here on the systems are being searched
COLLEAGUE_DONE = 0.63


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one request. `progress`: how far along `PATH` it is, 1 once answered."""

    right: Right
    clock: Clock
    dates: Deadlines
    replied_at: datetime | None
    progress: float
    outcome: str
    ground: str
    identified: bool
    bounced: bool
    failed: bool


def case_row(number: int, stories: list[Story], language: str, channel: str) -> Row:
    """Return a case; its requests' stories say whether it is closed."""
    received = stories[0].clock.received
    ended = [story.replied_at for story in stories if story.replied_at]
    return {
        "ref": f"DSR-{paris_date(received).year}-{number:04d}",
        "received_at": received,
        "mailbox": "privacy@nexoris.com",
        "requester_address": f"person-{number}@invented.example",
        "requester_name": f"Personne inventée {number}",
        "language": language,
        "channel": channel,
        "identity_settled_at": received + timedelta(days=1) if stories[0].identified else None,
        "opened_at": received,
        "closed_at": max(ended) if len(ended) == len(stories) else None,
    }


def request_row(case: Row, story: Story) -> Row:
    """Return the request as it stands."""
    state, waits_for = where(story)
    return {
        "case_id": case["id"],
        "ref": f"{case['ref']}/{story.right}",
        "right": story.right,
        "state": state,
        "waits_for": waits_for,
        "outcome": story.outcome,
        "opened_at": case["opened_at"],
        "replied_at": story.replied_at,
        "closed_at": story.replied_at,
    }


def where(story: Story) -> tuple[RequestState, WaitsFor]:
    """Return the state of a request and whom it waits for."""
    if story.replied_at:
        return RequestState.CLOSED, WaitsFor.NOBODY
    passed = 0.0
    for state, waits_for, part in PATH:
        passed += part
        if story.progress < passed:
            return state, waits_for
    return RequestState.DELIVERY, WaitsFor.RELAY


def clock_rows(case_id: int, story: Story) -> Iterator[Row]:
    """Yield what happened to the case's clock."""

    def event(kind: str, at: datetime, **more: str) -> Row:
        return {
            "case_id": case_id,
            "kind": kind,
            "at": at,
            "recorded_by": "engine",
            "scope": "",
            "reason": "",
        } | more

    yield event("received", story.clock.received)
    for pause in story.clock.pauses:
        yield event("paused", _noon(pause.asked), scope=pause.kind, reason=pause.doubt_reason)
        if pause.answered:
            yield event("resumed", _noon(pause.answered), scope=pause.kind)
    extension = story.clock.extension
    if extension and extension.notice_sent_on:
        yield event("extended", _noon(extension.notice_sent_on), reason=extension.reason)


def dates_row(case: Row, story: Story, request: Row, findings: Sequence[Row], now: datetime) -> Row:
    """Return the dates as `models.request_dates` derives them."""
    dates, replied_on = story.dates, paris_date(story.replied_at) if story.replied_at else None
    extension = story.clock.extension
    lawful = dates.refusal_notice_latest if story.outcome == "refused" else dates.statutory_in_force
    return {
        "request_id": request["id"],
        "case_id": case["id"],
        "right": story.right,
        "language": case["language"],
        "channel": case["channel"],
        "received_on": dates.received_on,
        "received_month": month_number(dates.received_on),
        "commitment": dates.commitment,
        "statutory": dates.statutory_in_force,
        "binding": dates.binding,
        "reply_due": reply_due(dates),
        "refusal_latest": dates.refusal_notice_latest,
        "paused_days": dates.paused_days,
        "pause_open": False,
        "extended": dates.extended,
        "extension_ground": extension.reason if extension and dates.extended else "",
        "replied_on": replied_on,
        "answer_days": (replied_on - dates.received_on).days if replied_on else None,
        "in_promise": replied_on <= dates.commitment if replied_on else None,
        "in_law": replied_on <= lawful if replied_on else None,
        "outcome": story.outcome,
        "refusal_ground": story.ground,
        "identity_checked": case["identity_settled_at"] is not None,
        "systems": systems_text(
            found["system"] for found in findings if found["status"] != FindingStatus.NONE
        ),
        "computed_on": paris_date(now),
    }


def stretch_rows(story: Story, request: Row, now: datetime) -> Iterator[Row]:
    """Yield the stretches of time, the running one without an end."""
    begun = story.clock.received
    whole = ((story.replied_at or now) - begun) / story.progress
    for state, waits_for, part in PATH:
        ends = begun + part * whole
        over = story.replied_at is not None or ends < now
        yield {
            "request_id": request["id"],
            "state": state,
            "waits_for": waits_for,
            "since": begun,
            "until": ends if over else None,
        }
        if not over:
            return
        begun = ends


def finding_rows(chance: random.Random, story: Story, request: Row, now: datetime) -> Iterator[Row]:
    """Yield one round of discovery, once it has begun."""
    if story.progress < DISCOVERY:
        return
    for system in SYSTEMS:
        status = "none" if story.outcome == "nothing_held" or chance.random() < 0.3 else "found"
        if story.failed and system == "billing":
            status = "failed"
        if system == BY_HAND and story.progress < COLLEAGUE_DONE:
            status = "waiting"
        yield {
            "request_id": request["id"],
            "round": 1,
            "system": system,
            "status": status,
            "records": chance.randint(1, 9) if status == "found" else 0,
            "tables": {},
            "problem": "the system does not answer" if status == "failed" else "",
            "searched_at": min(now, story.clock.received + timedelta(days=2)),
        }


def task_row(story: Story, request: Row) -> Row:
    """Return the task of the colleague who searches by hand."""
    done = story.progress >= COLLEAGUE_DONE
    return {
        "request_id": request["id"],
        "round": 0,
        "system": BY_HAND,
        "action": "search",
        "person": "Elay administrator",
        "address": "elay@nexoris.com",
        "due_on": add_working_days(story.dates.received_on, COLLEAGUE_DAYS),
        "token_hash": _digest("task", request["ref"]),
        "outcome": "none" if done else "",
        "answered_at": story.clock.received + timedelta(days=5) if done else None,
    }


def letter_rows(case: Row, story: Story, request: Row) -> Iterator[Row]:
    """Yield the letters of one request; the first one may have come back."""
    received = story.clock.received
    kinds = [("ask_identity", received + timedelta(minutes=5))]
    if story.replied_at:
        kinds.append((_reply_kind(story), story.replied_at))
    for kind, sent_at in kinds:
        key = f"{request['ref']}:{kind if kind == 'ask_identity' else 'reply'}"
        came_back = story.bounced and kind == "ask_identity"
        yield {
            "key": key,
            "case_id": case["id"],
            "request_id": request["id"],
            "kind": kind,
            "language": case["language"],
            "recipient": case["requester_address"],
            "subject": "",
            "message_id": f"<{_digest('letter', key)}@invented.example>",
            "storage_key": "",
            "sha256": "",
            "secret": False,
            "state": LetterState.SENT,
            "written_at": sent_at,
            "sent_at": sent_at,
            "bounced_at": sent_at + timedelta(minutes=3) if came_back else None,
            "bounce": "5.1.1" if came_back else "",
        }


def _reply_kind(story: Story) -> str:
    if story.outcome == "answered":
        return (
            "erasure_reply"
            if story.right is Right.ERASURE
            else f"{story.right}_reply".replace("_withdrawal", "")
        )
    return "refusal" if story.outcome == "refused" else story.outcome


def _digest(*parts: str) -> str:
    return sha256(":".join(("invented", *parts)).encode()).hexdigest()


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=PARIS)
