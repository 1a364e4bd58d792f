"""Gather what the register says about each request. It looks only; a fixed number of queries, however many requests.

Names and free text stand in columns of their own, and are left out where the case was purged of its person.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy import select as columns_of
from sqlmodel import Session, SQLModel, and_, col, select

from models.calendar import paris_date
from models.deadlines import RULE_VERSION
from models.grounds import Delay
from models.letter_told import told_at
from models.letters import Doubt, LetterKind
from models.register import COLUMNS, Line, Value
from models.tables import (
    Case,
    Challenge,
    ClockEvent,
    Decision,
    FindingRow,
    Letter,
    ManualTask,
    Notification,
    Request,
    RequestDates,
    Stretch,
)
from tasks.keeping.retain_rows import GONE

Table = TypeVar("Table", bound=SQLModel)
CODES = {*Doubt, *Delay}
NAMED = {column.key for column in COLUMNS if column.named}


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows of one period, by request or by case."""

    events: dict[int, list[ClockEvent]]
    letters: dict[int, list[Letter]]
    challenges: dict[int, list[Challenge]]
    findings: dict[int, list[FindingRow]]
    tasks: dict[int, list[ManualTask]]
    decisions: dict[int, list[Decision]]
    told: dict[int, list[Notification]]
    stretches: dict[int, list[Stretch]]


def _known(session: Session, chosen: ColumnElement[bool]) -> _Known:
    def by(table: type[Table], key: str) -> dict[int, list[Table]]:
        """Plain rows with the table's columns: for a long register, a third of the time that objects take."""
        columns = table.__table__.columns  # type: ignore[attr-defined]  # SQLModel does not declare it
        wanted = columns_of(getattr(RequestDates, key)).where(chosen)
        found: dict[int, list[Any]] = defaultdict(list)
        for row in session.execute(columns_of(*columns).where(columns[key].in_(wanted)).order_by(columns.id)):
            found[getattr(row, key)].append(row)
        return found

    return _Known(
        events=by(ClockEvent, "case_id"),
        letters=by(Letter, "case_id"),
        challenges=by(Challenge, "request_id"),
        findings=by(FindingRow, "request_id"),
        tasks=by(ManualTask, "request_id"),
        decisions=by(Decision, "request_id"),
        told=by(Notification, "request_id"),
        stretches=by(Stretch, "request_id"),
    )


def lines(session: Session, since: date, until: date, today: date) -> Iterator[Line]:
    """Yield one line for each request received from `since` to `until`, both included, in the order of receipt."""
    chosen = and_(col(RequestDates.received_on) >= since, col(RequestDates.received_on) <= until)
    known = _known(session, chosen)
    rows = session.exec(
        select(RequestDates, Request, Case)
        .join(Request, col(Request.id) == RequestDates.request_id)
        .join(Case, col(Case.id) == RequestDates.case_id)
        .where(chosen)
        .order_by(col(RequestDates.received_on), col(RequestDates.request_id))
    )
    for dates, request, case in rows:
        line: Line = {
            **_request(dates, request, case),
            **_identity(case, known.challenges[request.id], known.events[case.id]),
            **_clock(dates, known.events[case.id], known.letters[case.id]),
            **_search(known.findings[request.id], known.tasks[request.id]),
            **_decided(known.decisions[request.id]),
            **_told(known.told[request.id]),
            **_reply(request, known.letters[case.id]),
            **_late(dates, known.stretches[request.id], today),
        }
        kept = case.requester_name or case.requester_address
        yield line if kept else {key: value for key, value in line.items() if key not in NAMED}


def _request(dates: RequestDates, request: Request, case: Case) -> dict[str, Value]:
    return {
        "reference": case.ref,
        "received_at": case.received_at,
        "channel": case.channel,
        "received_on": dates.received_on,
        "requester_name": case.requester_name,
        "requester_address": case.requester_address,
        "rule_version": RULE_VERSION,
        "right": request.right,
        "language": case.language,
        "outcome": dates.outcome,
        "refusal_ground": dates.refusal_ground,
        "closed_at": request.closed_at,
        "answered_on": dates.replied_on,
        "answer_days": dates.answer_days,
    }


def _identity(case: Case, challenges: Iterable[Challenge], events: Iterable[ClockEvent]) -> dict[str, Value]:
    doubts = [_code(event.reason) for event in events if event.kind == "paused" and event.scope != "scope"]
    asked = [challenge for challenge in challenges if challenge.purpose == "identity"]
    solved = [challenge.solved_by for challenge in asked if challenge.solved_at]
    method = (
        f"code:{solved[-1]}" if solved else "officer" if case.identity_settled_at else "code" if asked else ""
    )
    return {
        "identity_doubt": ", ".join(filter(None, doubts)),
        "identity_method": method,
        "identity_result": "settled" if case.identity_settled_at else "open" if asked else "",
        "identity_evidence": case.identity_evidence,
    }


def _clock(dates: RequestDates, events: Sequence[ClockEvent], letters: Iterable[Letter]) -> dict[str, Value]:
    said = [
        " ".join(filter(None, (event.kind, event.scope, _code(event.reason), _stamp(event.at))))
        for event in events
    ]
    reasons = [event.reason for event in events if event.kind == "extended"]
    notice = next((letter for letter in letters if letter.kind == LetterKind.EXTENSION), None)
    return {
        "clock": "; ".join(said),
        "paused_days": dates.paused_days,
        "commitment": dates.commitment,
        "statutory": dates.statutory,
        "extended_until": dates.statutory if dates.extended else None,
        "extension_ground": dates.extension_ground,
        "extension_reason": "; ".join(reasons),
        "extension_told_at": told_at(notice) if notice else None,
        "extension_hash": notice.sha256 if notice else "",
    }


def _search(findings: Sequence[FindingRow], tasks: Iterable[ManualTask]) -> dict[str, Value]:
    """Each system's newest search, by the engine or by a colleague."""
    newest = {finding.system: finding for finding in findings}
    people = {task.system: task for task in tasks if task.action == "search"}
    said = [
        f"{system} {finding.status} {_stamp(finding.searched_at)} ({'colleague' if system in people else 'engine'})"
        for system, finding in newest.items()
    ]
    return {
        "searched": "; ".join(said),
        "searched_by": "; ".join(
            f"{system}: {task.person}" for system, task in people.items() if task.person
        ),
        "third_parties": sum(finding.to_review for finding in newest.values()) if newest else None,
    }


def _decided(decisions: Iterable[Decision]) -> dict[str, Value]:
    """The accepted decisions; of what was withheld, how many places in which system."""
    taken = [decision for decision in decisions if decision.accepted]
    places = [str(place) for decision in taken for place in decision.answers.get("withhold", [])]
    withheld = Counter(place.partition(".")[0] for place in places)
    return {
        "withheld": "; ".join(f"{system} {count}" for system, count in sorted(withheld.items())),
        "decisions": "; ".join(_decision(decision) for decision in taken),
        "decided_by": "; ".join(decision.officer for decision in taken),
        "reasons": "; ".join(decision.reason for decision in taken if decision.reason not in {"", GONE}),
    }


def _decision(decision: Decision) -> str:
    ground = str(decision.answers.get("ground", ""))
    parts = (decision.question, decision.choice, ground, _stamp(decision.decided_at))
    return " ".join(part for part in parts if part)


def _told(rows: Sequence[Notification]) -> dict[str, Value]:
    told = [row.recipient for row in rows if not row.not_told_because]
    others = [f"{row.recipient} ({row.not_told_because})" for row in rows if row.not_told_because]
    return {
        "recipients_told": len(told),
        "recipients_not_told": len(others),
        "recipients": "; ".join([*told, *others]),
    }


def _reply(request: Request, letters: Iterable[Letter]) -> dict[str, Value]:
    reply = next((letter for letter in letters if letter.key == f"{request.ref}:reply"), None)
    if reply is None:
        return {"sent_at": request.replied_at}
    refused = reply.kind == LetterKind.REFUSAL
    return {
        "sent_at": reply.sent_at,
        "sent_by": reply.reached_by or _sent_by(reply),
        "sent_hash": reply.sha256,
        "returned_at": reply.bounced_at,
        "refused_at": told_at(reply) if refused else None,
    }


def _sent_by(letter: Letter) -> str:
    if letter.sent_at is None:
        return ""
    return "mail" if letter.recipient or letter.smtp_reply else "post"


def _late(dates: RequestDates, stretches: Iterable[Stretch], today: date) -> dict[str, Value]:
    """Which date was missed, and whom the request waited for longest until then (empty: the engine itself).

    An extension gives no more time to refuse (law.md D14).
    """
    answered = dates.replied_on or today
    lawful = dates.refusal_latest if dates.outcome == "refused" else dates.statutory
    late = "law" if answered > lawful else "promise" if answered > dates.commitment else ""
    ordered = sorted(stretches, key=lambda one: one.waits_for)
    waited = {
        whom: sum(
            ((paris_date(one.until) if one.until else today) - paris_date(one.since)).days for one in some
        )
        for whom, some in groupby(ordered, key=lambda one: one.waits_for)
    }
    longest = max(waited, key=lambda whom: waited[whom], default="")
    return {"late": late, "late_because": (longest or "engine") if late and waited else ""}


def _code(reason: str) -> str:
    """The code a reason begins with; free text has none."""
    code = reason.partition(":")[0]
    return code if code in CODES else ""


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"
