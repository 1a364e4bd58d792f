"""Stops what a person objects to or no longer consents to, restricts their data, and lifts that again, as the map says.

Law: R7, R8 and D24 for `stop`, R4 (GDPR Art. 18) for `restrict` and `lift`. Repeating is safe: a row that is stopped
or restricted already keeps the date on which it was, and what is not restricted is not lifted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from models.data_map import NewValue, Table
from models.records import Effect, Identifier
from tasks.connectors.column_values import same
from tasks.connectors.rows import Row, json_value
from tasks.connectors.sql import SqlConnector, find_rows, mapped_tables
from tasks.connectors.sql_connections import changing
from tasks.connectors.sql_writing import Place, fitting, place, set_columns

SAID: dict[str, bool | None] = {"true": True, "false": False, "null": None}
Values = Mapping[str, NewValue]


def stop(connector: SqlConnector, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
    """Sets `stop.set` in each of the person's rows whose table has it, all in one transaction, and reads it back.

    One effect a row, `changed` False where it was stopped before. `now` is aware. Raises `NeedsHuman` where the map's
    value does not fit the column.
    """
    return _set_all(
        connector, identifiers, now, "stopped", lambda table: table.stop.set if table.stop else None
    )


def restrict(connector: SqlConnector, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
    """Sets `restrict.set` as `stop` sets `stop.set`: one effect a row, `changed` False where it was restricted."""
    return _set_all(
        connector,
        identifiers,
        now,
        "restricted",
        lambda table: table.restrict.set if table.restrict else None,
    )


def lift(connector: SqlConnector, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
    """Sets `restrict.lift` in those of the person's rows that are restricted; the others' effects are not `changed`.

    Tell the person before (GDPR Art. 18(3)).
    """
    return _set_all(
        connector, identifiers, now, "lifted", lambda table: table.restrict.lift if table.restrict else None
    )


def _set_all(
    connector: SqlConnector,
    identifiers: Sequence[Identifier],
    now: datetime,
    action: Literal["stopped", "restricted", "lifted"],
    asked: Callable[[Table], Values | None],
) -> list[Effect]:
    effects = []
    with changing(connector) as connection:
        tables = mapped_tables(connection, connector.spec)
        for name, rows in find_rows(connection, connector.spec, tables, identifiers).items():
            there = place(connector.spec, tables, name)
            values = asked(there.table) or {}
            for row in rows if values else ():
                new = fitted(there, values, now)
                due = _restricted(there, row, now) if action == "lifted" else not holds(row, values, new)
                if due:
                    set_columns(connection, there, row, new)
                effects.append(
                    Effect(
                        system=there.system,
                        table=name,
                        key={column: json_value(row[column]) for column in there.table.key},
                        action=action,
                        columns=tuple(values),
                        changed=due,
                    )
                )
    return effects


def fitted(there: Place, values: Values, now: datetime) -> dict[str, Any]:
    """What each column is to hold. Raises `NeedsHuman` where it cannot."""
    return {
        column: fitting(
            there, column, now if value == "now" else SAID.get(value, value.removeprefix("fixed:"))
        )
        for column, value in values.items()
    }


def holds(row: Row, values: Values, new: Mapping[str, Any]) -> bool:
    """Whether each column holds what it should (`new`, as `fitted` gives it); a moment, any moment."""
    return all(
        row[column] is not None if value == "now" else same(row[column], new[column])
        for column, value in values.items()
    )


def _restricted(there: Place, row: Row, now: datetime) -> bool:
    values = there.table.restrict.set if there.table.restrict else {}
    return holds(row, values, fitted(there, values, now))
