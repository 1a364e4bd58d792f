"""Writes to a mapped database: one transaction, rows by their key, values that fit their column.

Repeating is safe: nothing here decides what to write, a transaction is whole or did not happen, and a row that
is not exactly the one that was found is not touched.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.pool import NullPool

from models.data_map import SqlSystem, Table
from models.erasure_plan import RowId
from models.errors import NeedsHuman, Rejected, Unavailable
from tasks.connectors.column_values import fit, same
from tasks.connectors.rows import Row, json_value
from tasks.connectors.sql import SqlConnector, _rows


class Place(NamedTuple):
    """A table as the map and as the database describe it."""

    system: str
    name: str
    table: Table
    source: sa.TableClause

    def at(self, row: Row) -> sa.ColumnElement[bool]:
        """The condition that only the row's key fulfils."""
        return sa.and_(
            *(
                self.source.c[key].is_(None) if row[key] is None else self.source.c[key] == row[key]
                for key in self.table.key
            )
        )


def place(spec: SqlSystem, tables: Mapping[str, sa.TableClause], name: str) -> Place:
    """The table called `name`."""
    return Place(spec.system, name, spec.tables[name], tables[name])


def row_id(name: str, table: Table, row: Row) -> RowId:
    """Table and key of a row."""
    return name, tuple(json_value(row[column]) for column in table.key)


@contextmanager
def changing(connector: SqlConnector) -> Iterator[sa.Connection]:
    """One transaction, committed where the block ends without an error, else as if it had never begun.

    Raises `Unavailable` where the database cannot be reached or another writer was faster: try again, unchanged.
    Raises `Rejected` where it refuses. A driver's own words may quote rows, so they are left out of every error.
    """
    system = connector.system
    try:
        with _engine(connector).connect() as connection:
            if connection.dialect.name == "postgresql":
                limit = connector.statement_seconds * 1000
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {limit:d}")
                connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
            else:
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")
                connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is deleted leaves the file too
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
    except (OperationalError, InterfaceError) as error:
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_READONLY":
            raise Rejected(f"{system} may only be read: give its account the right to change rows") from None
        raise Unavailable(
            f"{system} could not be changed: see that its database runs, is reachable and is not busy"
        ) from None
    except DBAPIError as error:
        raise _refused(system, error) from None


def _refused(place: str, error: DBAPIError) -> Rejected:
    kind = type(error.orig).__name__
    return Rejected(f"{place} refused the change ({kind}): see its constraints and the rights of its account")


def _engine(connector: SqlConnector) -> sa.Engine:
    if connector.url.get_backend_name() == "sqlite":
        file = Path(str(connector.url.database)).resolve().as_uri()

        def connect() -> sqlite3.Connection:  # mode=rw: a missing file is an error, never a new file
            return sqlite3.connect(
                f"{file}?mode=rw", uri=True, timeout=connector.connect_seconds, isolation_level=None
            )

        return sa.create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    return sa.create_engine(
        connector.url,
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="REPEATABLE READ",
        connect_args={"connect_timeout": connector.connect_seconds},
    )


def count_alike(connection: sa.Connection, place: Place, row: Row) -> int:
    """How many rows have this row's key. Raises `NeedsHuman` unless they are all this very row.

    A table without a primary key can hold two, and then only identical ones may be changed together.
    """
    held = _rows(connection, place.table, place.source, place.at(row))
    if not held or any(json_value(other) != json_value(row) for other in held):
        raise NeedsHuman(
            f"a row of {place.name} cannot be told apart by its key: correct key in data_map/{place.system}.yaml"
        )
    return len(held)


def set_columns(connection: sa.Connection, place: Place, row: Row, values: Mapping[str, Any]) -> Row:
    """Sets the columns of one row, reads them back, and returns the row as it is now."""
    count = count_alike(connection, place, row)
    written = {column: sa.null() if value is None else value for column, value in values.items()}
    _execute(connection, place, sa.update(place.source).where(place.at(row)).values(written), count)
    now = {**row, **values}
    read = _rows(connection, place.table, place.source, place.at(now))
    wrong = {column for held in read for column, value in values.items() if not same(held[column], value)}
    if len(read) != count or wrong:
        raise Rejected(
            f"{place.system}: {place.name} did not take the change of {', '.join(sorted(wrong or values))}:"
            " see its triggers"
        )
    return read[0]


def delete_row(connection: sa.Connection, place: Place, row: Row) -> None:
    """Deletes one row and looks that it is gone."""
    count = count_alike(connection, place, row)
    _execute(connection, place, sa.delete(place.source).where(place.at(row)), count)
    if _rows(connection, place.table, place.source, place.at(row)):
        raise Rejected(f"{place.system}: a row of {place.name} is still there: see its triggers")


def _execute(connection: sa.Connection, place: Place, statement: sa.Update | sa.Delete, count: int) -> None:
    try:
        changed = connection.execute(statement).rowcount
    except OperationalError:
        raise
    except DBAPIError as error:
        raise _refused(f"{place.system}: {place.name}", error) from None
    except (StatementError, ValueError, TypeError, ArithmeticError):
        raise NeedsHuman(f"{place.name} cannot hold the new value: give another one") from None
    if changed != count:
        raise Rejected(f"{place.system}: {place.name} changed another number of rows: see its triggers")


def fitting(place: Place, column: str, value: JsonValue | datetime) -> Any:
    """The value as the column holds it. Raises `NeedsHuman` where it cannot."""
    kind = place.source.c[column].type
    try:
        return fit(kind, value)
    except ValueError:
        raise NeedsHuman(
            f"{place.name}.{column} is of type {type(kind).__name__} and cannot hold the new value: give another one"
        ) from None
