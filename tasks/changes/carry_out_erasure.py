"""Carry an approved erasure out in one system, and look again everywhere afterwards (law.md R3; DESIGN.md 4.9).

A system's rows change in one transaction of its own; doing it again changes nothing more. The ledger's entry is written
before our own database says that it happened, so that no erasure is ever missing there.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session, col, select

from models.calendar import paris_date
from models.data_map import CsvSystem, ManualSystem
from models.erasure_plan import ErasurePlan, PlannedRow
from models.errors import NeedsHuman, Rejected
from models.ledger import entry_of, write_entry
from models.records import Change, Frozen, Identifier, Mention, Record, Shortfall
from models.records import Effect as RowEffect
from models.storage import fetch, keep
from models.tables import Receipt, Request, RequestState
from tasks.changes.plan_erasure import Drawn, Round
from tasks.connectors import build_connector
from tasks.connectors.redaction import contains, pattern
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_change import SqlChanger
from tasks.search_systems import data_map, sentence
from tasks.steps import Effect, Scene

KINDS = {"delete": "erased", "minimise": "minimised", "keep": "kept"}


class Leftover(Frozen):
    """What looking again found in one system. `problem`: why it could not be looked at, or not be changed."""

    system: str
    rows: int = 0
    shortfalls: tuple[Shortfall, ...] = ()
    mentions: tuple[Mention, ...] = ()
    problem: str = ""


class Looked(Frozen):
    """What looking again found everywhere."""

    systems: tuple[Leftover, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing of the person is left but what the plan keeps."""
        return not any(one.shortfalls or one.mentions or one.problem for one in self.systems)

    @property
    def only_mentions(self) -> bool:
        """Whether a person may call it done: what is left stands in rows of others (law.md T2)."""
        return not any(one.shortfalls or one.problem for one in self.systems)


def record_id(row: PlannedRow | Record | Mention | Shortfall | Change | RowEffect) -> str:
    """Return table and key of a row as one JSON text, as receipts name it."""
    return json.dumps({"table": row.table, "key": row.key}, sort_keys=True)


def erase_in(
    name: str, drawn: Drawn, identifiers: Sequence[Identifier], request_ref: str, now: datetime
) -> Effect:
    """Erase in one database now, and return the effect that records it: a receipt for each record.

    A `Rejected` plan (the data changed since the approval) becomes a step that says so: it is planned again. Unless it
    was carried out before the data changed, and the crash of that run took the record with it.
    """
    changer = changer_of(name)
    try:
        changer.erase(drawn.plan, identifiers, paris_date(now))
    except Rejected as error:
        if not _carried_out(changer, drawn, identifiers):
            return _refused(name, str(error))
    write_entry(entry_of(request_ref, drawn.plan, identifiers, now))
    return receipts(name, drawn.plan)


def _carried_out(changer: SqlChanger, drawn: Drawn, identifiers: Sequence[Identifier]) -> bool:
    """Whether every row is as the plan says; rows that came since are found by looking again.

    A plan is carried out whole or not at all: where none of its rows is left, an earlier attempt erased them.
    """
    if not any(row.action == "delete" or row.masked for row in drawn.plan.rows):
        return False
    try:
        verified = changer.verify_erasure(drawn.plan, identifiers, drawn.on_file)
    except Rejected:
        return False
    return not any(short.problem in {"still_there", "not_masked"} for short in verified.shortfalls)


def changer_of(name: str) -> SqlChanger:
    """Return the changing side of a database; `NeedsHuman` where the map says that it is none any more."""
    connector = build_connector(data_map().systems[name], os.environ)
    if not isinstance(connector, SqlConnector):
        raise NeedsHuman(f"{name} is no database any more: plan again")
    return SqlChanger(connector)


def _refused(name: str, why: str) -> Effect:
    def effect(scene: Scene) -> dict[str, Any]:
        scene.audit("erasure_refused", system=name, problem=why)
        return {"refused": why}

    return effect


def receipts(name: str, plan: ErasurePlan) -> Effect:
    """Return the effect that writes a receipt for each record of the plan.

    A record whose newest receipt says the same already gets no other; what became of it is what the newest one says.
    """

    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.EXECUTION
        known = {one.record: one.kind for one in newest(receipts_of(scene.session, scene.request, name))}
        for row in plan.rows:
            if known.get(record_id(row)) != KINDS[row.action]:
                scene.session.add(_receipt(scene, name, row))
        counts = {kind: sum(KINDS[row.action] == kind for row in plan.rows) for kind in KINDS.values()}
        scene.audit("erased", system=name, plan=plan.digest(), records=counts)
        return {"refused": "", **counts}

    return effect


def _receipt(scene: Scene, name: str, row: PlannedRow) -> Receipt:
    return Receipt(
        request_id=scene.request.id,
        kind=KINDS[row.action],
        system=name,
        record=record_id(row),
        detail={
            "columns": list(row.masked),
            "until": row.keep_until.isoformat() if row.keep_until else "",
            "hold": row.hold,
            "basis": row.basis.model_dump() if row.basis else None,
        },
        at=scene.now,
    )


def receipts_of(session: Session, request: Request, system: str = "") -> list[Receipt]:
    """Return the receipts of a request, oldest first; of one system where it is named."""
    wanted = select(Receipt).where(Receipt.request_id == request.id).order_by(col(Receipt.id))
    return list(session.exec(wanted.where(Receipt.system == system) if system else wanted))


def newest(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Return the receipt that says what became of each record: of several plans, the last one's."""
    return list({(one.system, one.record): one for one in receipts if one.kind in KINDS.values()}.values())


def look_again(
    drawn: Round, identifiers: Sequence[Identifier], said: Mapping[str, str], now: datetime
) -> Looked:
    """Read every planned row again and search the identifiers in every mapped text.

    `said`: what the colleagues answered, by system: done, none, not_done, or empty where they did not.
    """
    found = []
    for name, spec in data_map().systems.items():
        if name in drawn.plans or name in drawn.by_hand:
            try:
                by_hand = isinstance(spec, ManualSystem)
                found.append(
                    _said(name, said) if by_hand else _look(name, drawn.plans[name], identifiers, now)
                )
            except Exception as error:  # noqa: BLE001  # whatever fails here is told to a person, and tried again
                found.append(Leftover(system=name, problem=sentence(error)))
    return Looked(systems=tuple(found))


def _said(name: str, said: Mapping[str, str]) -> Leftover:
    problem = {"done": "", "none": "", "not_done": "could not be erased by hand: read the note"}
    return Leftover(
        system=name, problem=problem.get(said.get(name, ""), "nobody has answered yet: ask again")
    )


def _look(name: str, drawn: Drawn, identifiers: Sequence[Identifier], now: datetime) -> Leftover:
    spec = data_map().systems[name]
    connector = build_connector(spec, os.environ)
    if isinstance(connector, SqlConnector):
        verified = SqlChanger(connector).verify_erasure(drawn.plan, identifiers, drawn.on_file)
        return Leftover(
            system=name, rows=verified.rows, shortfalls=verified.shortfalls, mentions=verified.mentions
        )
    assert isinstance(spec, CsvSystem)
    found = connector.discover(identifiers, now).records
    planned = {record_id(row): row for row in drawn.plan.rows}
    sought = pattern([*identifiers, *drawn.on_file])
    short = [_short(spec, one, planned.get(record_id(one)), sought) for one in found]
    return Leftover(system=name, rows=len(found), shortfalls=tuple(one for one in short if one))


def _short(
    spec: CsvSystem, found: Record, planned: PlannedRow | None, sought: re.Pattern[str] | None
) -> Shortfall | None:
    """What is not as planned with a row that the person is still found by in an export."""
    if planned is None or planned.action == "delete":
        problem: Literal["not_planned", "still_there"] = "still_there" if planned else "not_planned"
        return Shortfall(table=found.table, key=found.key, problem=problem)
    columns = spec.tables[found.table].columns
    bare = tuple(
        column
        for column in planned.masked
        if (value := str(found.data.get(column) or "").strip())
        and (columns[column].mask == "null" or contains(value, sought))
    )
    return Shortfall(table=found.table, key=found.key, problem="not_masked", columns=bare) if bare else None


def store_look(turn: int, looked: Looked) -> Effect:
    """Return the effect that records a look: counts in the receipts, the rows themselves encrypted in storage."""

    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.VERIFICATION
        for one in looked.systems:
            counts = {"rows": one.rows, "left": len(one.shortfalls), "mentions": len(one.mentions)}
            detail = {**counts, "problem": one.problem}
            scene.session.add(
                Receipt(
                    request_id=scene.request.id,
                    kind="verified",
                    system=one.system,
                    record=f"look {turn}",
                    detail=detail,
                    at=scene.now,
                )
            )
            scene.audit("looked_again", system=one.system, found=detail)
        return {"clean": looked.clean, "storage_key": keep("looks", looked.model_dump_json().encode())}

    return effect


def load_look(step: Mapping[str, Any]) -> Looked:
    """Return what a look found, as it was stored."""
    return Looked.model_validate_json(fetch(str(step["storage_key"])))
