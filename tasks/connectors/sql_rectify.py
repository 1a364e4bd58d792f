"""Corrects a person's data where the map allows it, in one transaction, and reads it back (law.md R2).

Repeating is safe: a column that already holds the new value is left alone. Once the column a person is found by
has changed, a repeat needs the new identifier too; `preview_rectification` tells beforehand what will have been done.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from models.data_map import SqlSystem, identity_kind
from models.errors import NeedsHuman, Rejected
from models.records import Change, Identifier
from tasks.connectors.column_values import same
from tasks.connectors.rows import Row, json_value
from tasks.connectors.sql import SqlConnector, find_rows, find_seeds, mapped_tables
from tasks.connectors.sql_connections import changing, reading
from tasks.connectors.sql_writing import Place, fitting, place, row_id, set_columns


def preview_rectification(
    connector: SqlConnector, identifiers: Sequence[Identifier], changes: Mapping[str, JsonValue]
) -> tuple[Change, ...]:
    """What `rectify` would change, before and after; changes nothing and raises what it would."""
    with reading(connector) as connection:
        wanted = _wanted(connection, connector.spec, identifiers, changes)
        return tuple(_change(there, row, {**row, **values}, values) for there, row, values in wanted)


def rectify(
    connector: SqlConnector, identifiers: Sequence[Identifier], changes: Mapping[str, JsonValue]
) -> tuple[Change, ...]:
    """Sets the columns in every row of the person that has them; one `Change` a row, equal where it was right.

    `changes`: a column's name, or `table.column`, to its new value; dates in ISO 8601. Raises `Rejected` where the
    map does not say `rectify: true`, and `NeedsHuman` where a value does not fit, or would make this person's rows
    and another's look like one person's.
    """
    with changing(connector) as connection:
        wanted = list(_wanted(connection, connector.spec, identifiers, changes))
        done = []
        for there, row, values in wanted:
            new = {column: value for column, value in values.items() if not same(row[column], value)}
            after = set_columns(connection, there, row, new) if new else row
            done.append(_change(there, row, after, values))
    return tuple(done)


def _change(there: Place, before: Row, after: Row, columns: Mapping[str, Any]) -> Change:
    return Change(
        system=there.system,
        table=there.name,
        key={column: json_value(before[column]) for column in there.table.key},
        before={column: json_value(before[column]) for column in columns},
        after={column: json_value(after[column]) for column in columns},
    )


def _wanted(
    connection: sa.Connection,
    spec: SqlSystem,
    identifiers: Sequence[Identifier],
    changes: Mapping[str, JsonValue],
) -> Iterator[tuple[Place, Row, dict[str, Any]]]:
    """Each row with the values its columns are to hold, once all of them are known to be right."""
    by_table = _allowed(spec, changes)
    tables = mapped_tables(connection, spec)
    found = find_rows(connection, spec, tables, identifiers)
    for name, values in by_table.items():
        if found[name]:
            there = place(spec, tables, name)
            fit = {column: fitting(there, column, value) for column, value in values.items()}
            _refuse_another_person(connection, there, found[name], fit)
            yield from ((there, row, fit) for row in found[name])


def _allowed(spec: SqlSystem, changes: Mapping[str, JsonValue]) -> dict[str, dict[str, JsonValue]]:
    """The values by table. Raises `Rejected` where a column may not be rectified; unknown names are not quoted."""
    by_table: dict[str, dict[str, JsonValue]] = {}
    for asked, value in changes.items():
        table_name, _, column_name = asked.rpartition(".")
        places = [
            name
            for name, table in spec.tables.items()
            if table_name in {"", name} and column_name in table.columns
        ]
        allowed = [name for name in places if spec.tables[name].columns[column_name].rectify]
        if not allowed:
            told = f"{places[0]}.{column_name}" if places else "a column that was asked for"
            raise Rejected(f"{told} may not be rectified: see rectify in data_map/{spec.system}.yaml")
        for name in allowed:
            if column_name in spec.tables[name].key:
                raise Rejected(f"{name}.{column_name} is a key and may not be rectified: change it by hand")
            by_table.setdefault(name, {})[column_name] = value
    return by_table


def _refuse_another_person(
    connection: sa.Connection, there: Place, rows: Sequence[Row], values: Mapping[str, Any]
) -> None:
    """A contact point can be nobody else's (law.md I6): another's row must not bear the new one already."""
    own = {row_id(there.name, there.table, row) for row in rows}
    for key, identity in there.table.identity.items():
        new = values.get(identity.column)
        if identity.contact_point and new is not None:
            asked = [Identifier(kind=identity_kind(key), value=str(new))]
            held = find_seeds(connection, there.table, there.source, asked)
            if any(row_id(there.name, there.table, row) not in own for row in held):
                raise NeedsHuman(
                    f"another row of {there.name} already has the new {identity.column}: see whether both are"
                    " one person's, and ask again with both identifiers"
                )
