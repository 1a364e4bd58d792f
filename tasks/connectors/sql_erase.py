"""Carries out a planned erasure in one transaction, children before parents, by primary key (law.md R3).

Repeating is safe: the plan is made afresh inside the transaction and must be the one that was approved; where it
has been carried out already, nothing changes and the same effects are returned.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from models.erasure_plan import ErasurePlan, PlannedRow, RowId, id_of
from models.errors import Rejected
from models.records import Effect, Identifier
from tasks.connectors.rows import Row
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_connections import changing
from tasks.connectors.sql_masks import shortfalls
from tasks.connectors.sql_plan import View, look
from tasks.connectors.sql_writing import delete_row, set_columns

DONE: Mapping[str, Any] = {"delete": "deleted", "minimise": "minimised", "keep": "kept"}


def erase(
    connector: SqlConnector, plan: ErasurePlan, identifiers: Sequence[Identifier], today: date
) -> list[Effect]:
    """Carries the plan out, whole or not at all, and reads each row back; the effects in the plan's order.

    Raises `Rejected` where a fresh plan is no longer the one approved, `Unavailable` where trying again may help.
    """
    if plan.system != connector.system:
        raise Rejected(f"the plan is one for {plan.system}, not for {connector.system}: plan again")
    with changing(connector) as connection:
        view = look(connection, connector.spec, identifiers, today, plan.only)
        changed: set[RowId] = set()
        if view.plan.digest() == plan.digest():
            changed = _apply(connection, view)
        elif view.doomed or view.masks or shortfalls(connection, view.spec, view.tables, plan, view.sought):
            raise Rejected(_changed(plan, view.plan))
    return [_effect(plan.system, row, id_of(connector.spec, row) in changed) for row in plan.rows]


def _changed(approved: ErasurePlan, fresh: ErasurePlan) -> str:
    """Which tables' rows the two plans do not treat alike."""
    alike = [row for row in approved.rows if row in fresh.rows]
    tables = sorted({row.table for row in (*approved.rows, *fresh.rows) if row not in alike})
    where = f" ({', '.join(tables)})" if tables else ""
    return (
        f"the data in {approved.system} changed since the approval{where}, so nothing was erased:"
        " look at the new plan and approve it"
    )


def _effect(system: str, row: PlannedRow, changed: bool) -> Effect:
    return Effect(
        system=system, table=row.table, key=row.key, action=DONE[row.action], columns=row.masked,
        keep_until=row.keep_until, changed=changed,
    )  # fmt: skip


def _apply(connection: sa.Connection, view: View) -> set[RowId]:
    """Masks first, so that a kept row lets go what it may; then the deletions. Returns the rows changed."""
    for row, values in view.masks.items():
        set_columns(connection, view.place(row), view.rows[row], values)
    doomed = dict.fromkeys(view.doomed)
    for row, now in _untied(connection, view, doomed).items():
        delete_row(connection, view.place(row), now)
    return {*view.masks, *doomed}


def _untied(connection: sa.Connection, view: View, doomed: Mapping[RowId, None]) -> dict[RowId, Row]:
    """The rows to delete, none referring any more to one that is deleted before it.

    Links of the map never do; a foreign key the walk does not follow may (two rows that refer to each other).
    """
    turn = {row: number for number, row in enumerate(doomed)}
    rows = {row: view.rows[row] for row in doomed}
    for link in view.references:
        if link.child in turn and link.parent in turn and turn[link.parent] < turn[link.child]:
            there = view.place(link.child)
            empty = {
                column: None
                for column in link.columns
                if column not in there.table.key and (link.child[0], column) not in view.required
            }
            if empty:
                rows[link.child] = set_columns(connection, there, rows[link.child], empty)
    return rows
