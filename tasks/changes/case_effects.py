"""What was planned and done in the systems for one request, read off its rows and stored plans.

Only looks: reading again changes nothing. What retention has purged is left out.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from models.case_effects import DoneView, LeftView, PlannedView, PlanView, RestrictionView, SystemPlan
from models.controller import Text
from models.erasure_plan import PlannedRow
from models.errors import DsrError
from models.questions import Choice, Question
from models.storage import fetch
from models.tables import Decision, Receipt, Request, Restriction, Step, StoredPlan
from tasks.changes.carry_out_erasure import load_look
from tasks.changes.plan_erasure import Drawn

UNREADABLE = (DsrError, ValueError)  # purged, or written in a form of long ago
FACTS = {"columns", "until", "hold", "basis", "changed", "problem", "sha256", "request"}
"""What a receipt's detail says in words of its own; the rest are counts."""


class _Drawing(NamedTuple):
    """A round of planning: its number, its step, and the moment the next one began."""

    number: int
    step: Step
    until: datetime | None


def planned_lines(rows: Iterable[PlannedRow]) -> tuple[PlannedView, ...]:
    """Return a plan's rows, those of one table that fare alike together; what goes stands last."""
    alike: dict[tuple[Any, ...], list[PlannedRow]] = {}
    for row in sorted(rows, key=lambda row: row.action == "delete"):
        basis = row.basis and (row.basis.fr, row.basis.en)
        alike.setdefault((row.table, row.action, row.masked, row.keep_until, row.why, basis), []).append(row)
    return tuple(
        PlannedView(
            table=same[0].table,
            keys=tuple(row.key for row in same),
            action=same[0].action,
            columns=same[0].masked,
            until=same[0].keep_until,
            basis=same[0].basis,
            why=same[0].why,
        )
        for same in alike.values()
    )


def plans_of(
    steps: Sequence[Step], stored: Iterable[StoredPlan], decisions: Sequence[Decision]
) -> tuple[PlanView, ...]:
    """Return the rounds of planning of a request, newest first, and who approved which."""
    plans = list(stored)
    results = {step.name: step.result for step in steps}
    return tuple(
        _plan(drawing, [plan for plan in plans if plan.round == drawing.number], decisions, results)
        for drawing in reversed(_drawings(steps))
    )


def _drawings(steps: Sequence[Step]) -> list[_Drawing]:
    drawn = [(number, step) for step in steps if (number := _number(step, "draw")) is not None]
    ends = [*(step.done_at for _, step in drawn[1:]), None]
    return [_Drawing(number, step, until) for (number, step), until in zip(drawn, ends, strict=False)]


def _number(step: Step, kind: str) -> int | None:
    """The round of a step such as `draw-2`; None where it is another kind of step."""
    name, _, number = step.name.rpartition("-")
    return int(number) if name == kind and number.isdecimal() else None


def _plan(
    drawing: _Drawing,
    stored: Iterable[StoredPlan],
    decisions: Iterable[Decision],
    results: Mapping[str, Mapping[str, Any]],
) -> PlanView:
    number, step, until = drawing
    taken = {
        decision.question: decision
        for decision in decisions
        if decision.accepted
        and step.done_at <= decision.decided_at
        and (until is None or decision.decided_at < until)
    }
    plan, second = taken.get(Question.PLAN), taken.get(Question.SECOND)
    approved = plan if plan and plan.choice == Choice.ERASE else None
    confirmed, declined = (
        second.officer if second and second.choice == choice else ""
        for choice in (Choice.CONFIRM, Choice.DECLINE)
    )
    return PlanView(
        round=number,
        drawn_at=step.done_at,
        systems=tuple(
            SystemPlan(
                system=row.system,
                digest=row.digest,
                deletes=row.deletes,
                minimises=row.minimises,
                keeps=row.keeps,
                lines=_lines(row),
                refused=str(results.get(f"erase-{number}-{row.system}", {}).get("refused", "")),
            )
            for row in stored
        ),
        problems=dict(step.result.get("problems", {})),
        by_hand=tuple(step.result.get("by_hand", ())),
        approved_by=approved.officer if approved else "",
        approved_at=approved.decided_at if approved else None,
        confirmed_by=confirmed,
        declined_by=declined,
    )


def _lines(row: StoredPlan) -> tuple[PlannedView, ...] | None:
    try:
        return planned_lines(Drawn.model_validate_json(fetch(row.storage_key)).plan.rows)
    except UNREADABLE:
        return None


def done_of(receipts: Iterable[Receipt]) -> tuple[DoneView, ...]:
    """Return receipts summed up: those of one system that say the same, together; of several looks, the newest."""
    alike: dict[tuple[str, str, str], list[Receipt]] = {}
    for receipt in receipts:
        if receipt.kind == "verified":
            alike[(receipt.system, receipt.kind, "")] = [receipt]
        else:
            table = _record(receipt).get("table", "")
            same = f"{table} {sorted(receipt.detail.items(), key=str)}"
            alike.setdefault((receipt.system, receipt.kind, same), []).append(receipt)
    return tuple(_done(same) for _, same in sorted(alike.items(), key=lambda one: one[0][0]))


def _record(receipt: Receipt) -> dict[str, Any]:
    """The table and key that a receipt names; nothing where it is about a whole system."""
    record = json.loads(receipt.record) if receipt.record.startswith("{") else {}
    return record if isinstance(record.get("key"), dict) and "table" in record else {}


def _done(same: Sequence[Receipt]) -> DoneView:
    last, records = same[-1], [_record(receipt) for receipt in same]
    detail = last.detail
    return DoneView(
        system=last.system,
        kind=last.kind,
        at=max(receipt.at for receipt in same),
        table=str(records[0].get("table", "")),
        keys=tuple(record["key"] for record in records if record),
        columns=tuple(detail.get("columns", ())),
        until=date.fromisoformat(detail["until"]) if detail.get("until") else None,
        basis=Text.model_validate(detail["basis"]) if detail.get("basis") else None,
        changed=bool(detail.get("changed", True)),
        counts={name: value for name, value in detail.items() if name not in FACTS},
        problem=str(detail.get("problem", "")),
    )


def left_of(steps: Iterable[Step]) -> tuple[LeftView, ...]:
    """Return what the newest look after an erasure found, place by place."""
    looks = [(number, step) for step in steps if (number := _number(step, "look")) is not None]
    if not looks:
        return ()
    _, newest = max(looks, key=lambda look: look[0])
    try:
        looked = load_look(newest.result)
    except UNREADABLE:
        return ()
    places: dict[tuple[str, str, str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for one in looked.systems:
        for short in one.shortfalls:
            places.setdefault((one.system, short.problem, short.table, short.columns), []).append(short.key)
        for found in one.mentions:
            places.setdefault((one.system, "mention", found.table, (found.column,)), []).append(found.key)
    return tuple(
        LeftView(system=system, problem=problem, table=table, columns=columns, keys=tuple(keys))
        for (system, problem, table, columns), keys in places.items()
    )


def restriction_of(session: Session, request: Request) -> RestrictionView | None:
    """Return the restriction that a request opened."""
    row = session.exec(select(Restriction).where(col(Restriction.request_id) == request.id)).first()
    return RestrictionView.model_validate(row) if row else None
