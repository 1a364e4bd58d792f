"""Writes to a mapped database: rows by their key, values that fit their column, each read back.

Repeating is safe: nothing here decides what to write, and a row that is not exactly the one that was found is not
touched.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from models.data_map import SqlSystem, Table
from models.erasure_plan import RowId
from models.errors import NeedsHuman, Rejected
from tasks.connectors.column_values import fit, same
from tasks.connectors.rows import Row, json_value
from tasks.connectors.sql import select_rows
from tasks.connectors.sql_connections import refused


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


def count_alike(connection: sa.Connection, place: Place, row: Row) -> int:
    """How many rows have this row's key. Raises `NeedsHuman` unless they are all this very row.

    A table without a primary key can hold two, and then only identical ones may be changed together.
    """
    held = select_rows(connection, place.table, place.source, place.at(row))
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
    read = select_rows(connection, place.table, place.source, place.at(now))
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
    if select_rows(connection, place.table, place.source, place.at(row)):
        raise Rejected(f"{place.system}: a row of {place.name} is still there: see its triggers")


def _execute(connection: sa.Connection, place: Place, statement: sa.Update | sa.Delete, count: int) -> None:
    try:
        changed = connection.execute(statement).rowcount
    except OperationalError:
        raise
    except DBAPIError as error:
        raise refused(f"{place.system}: {place.name}", error) from None
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
