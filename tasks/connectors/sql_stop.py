"""Stops what a person objects to, or no longer consents to, as the map's `stop` says (law.md R7, R8, D24).

Repeating is safe: a row that is stopped already keeps the date on which it was.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.records import Effect, Identifier
from tasks.connectors.column_values import same
from tasks.connectors.rows import Row, json_value
from tasks.connectors.sql import SqlConnector, _tables, _walk
from tasks.connectors.sql_writing import Place, changing, fitting, place, set_columns

SAID: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def stop(connector: SqlConnector, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
    """Sets `stop.set` in each of the person's rows whose table has it, all in one transaction, and reads it back.

    One effect a row, `changed` False where it was stopped before. `now` is aware. Raises `NeedsHuman` where the map's
    value does not fit the column.
    """
    effects = []
    with changing(connector) as connection:
        tables = _tables(connection, connector.spec)
        for name, rows in _walk(connection, connector.spec, tables, identifiers).items():
            there = place(connector.spec, tables, name)
            values = _values(there, now)
            for row in rows if values else ():
                changed = not _stopped(there, row, values)
                if changed:
                    set_columns(connection, there, row, values)
                effects.append(_effect(there, row, changed))
    return effects


def _values(there: Place, now: datetime) -> dict[str, Any]:
    """What each column is to hold."""
    asked = there.table.stop.set if there.table.stop else {}
    return {
        column: fitting(
            there, column, now if value == "now" else SAID.get(value, value.removeprefix("fixed:"))
        )
        for column, value in asked.items()
    }


def _stopped(there: Place, row: Row, values: dict[str, Any]) -> bool:
    """Each column holds what it should; a moment, any moment."""
    assert there.table.stop is not None
    moments = {column for column, value in there.table.stop.set.items() if value == "now"}
    return all(
        row[column] is not None if column in moments else same(row[column], value)
        for column, value in values.items()
    )


def _effect(there: Place, row: Row, changed: bool) -> Effect:
    assert there.table.stop is not None
    return Effect(
        system=there.system,
        table=there.name,
        key={column: json_value(row[column]) for column in there.table.key},
        action="stopped",
        columns=tuple(there.table.stop.set),
        changed=changed,
    )
