"""Lists every e-mail address and phone number that a system holds, row by row; it only reads, so repeating is safe.

For the nightly look at the suppression list (law.md A5). Nothing is gathered: a row is forgotten when the next one comes.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import JsonValue

from models.data_map import Identity, SqlSystem, Table, identity_kind
from models.errors import Rejected
from models.fingerprints import KINDS
from tasks.connectors.csv_file import CsvConnector, only_table, read_rows
from tasks.connectors.protocol import Connector
from tasks.connectors.rows import Row, json_value
from tasks.connectors.sql import SqlConnector, mapped_tables
from tasks.connectors.sql_connections import reading
from tasks.connectors.sql_stop import fitted, holds
from tasks.connectors.sql_writing import Place, place

AT_ONCE = 500  # rows


class Listed(NamedTuple):
    """One address or number in one row. `markets`: the map has a `stop` for the table, and the row is not stopped."""

    table: str
    key: dict[str, JsonValue]
    kind: str
    value: str
    markets: bool


def can_be_listed(connector: Connector) -> bool:
    """Whether the engine reads the system by itself; a manual one it does not."""
    return isinstance(connector, SqlConnector | CsvConnector)


def addresses_in(connector: Connector, now: datetime) -> Iterator[Listed]:
    """Every address and number of the system; nothing of one that cannot be listed.

    Raises what `Connector.discover` raises. Exhaust it, or close it: until then a connection is open.
    """
    if isinstance(connector, SqlConnector):
        yield from _in_database(connector, now)
    elif isinstance(connector, CsvConnector):
        name, table = only_table(connector.spec)
        for row in read_rows(connector):
            yield from _addresses(name, table, row, markets=table.stop is not None)  # text cells do not tell


def _in_database(connector: SqlConnector, now: datetime) -> Iterator[Listed]:
    spec: SqlSystem = connector.spec
    with reading(connector) as connection:
        tables = mapped_tables(connection, spec)
        for name, table in spec.tables.items():
            if not _identities(table):
                continue
            there = place(spec, tables, name)
            stop = table.stop.set if table.stop else {}
            new = fitted(there, stop, now)
            for row in _streamed(connection, there, [*stop]):
                yield from _addresses(name, table, row, markets=bool(stop) and not holds(row, stop, new))


def _streamed(connection: sa.Connection, there: Place, more: list[str]) -> Iterator[Row]:
    names = dict.fromkeys([*there.table.key, *more, *(held.column for _, held in _identities(there.table))])
    columns = [there.source.c[name] for name in names]
    try:
        rows = connection.execute(sa.select(*columns), execution_options={"yield_per": AT_ONCE})
        yield from (dict(row) for row in rows.mappings())
    except (ValueError, TypeError, ArithmeticError):
        raise Rejected(
            f"table {there.name} holds a value its column's type does not allow: correct it, and it is read again"
        ) from None


def _identities(table: Table) -> list[tuple[str, Identity]]:
    kinds = ((identity_kind(key), identity) for key, identity in table.identity.items())
    return [(kind, identity) for kind, identity in kinds if kind in KINDS]


def _addresses(name: str, table: Table, row: dict[str, Any] | Row, *, markets: bool) -> Iterator[Listed]:
    key = {column: json_value(row[column]) for column in table.key}
    for kind, identity in _identities(table):
        if row[identity.column] is not None and str(row[identity.column]).strip():
            yield Listed(name, key, kind, str(row[identity.column]), markets)
