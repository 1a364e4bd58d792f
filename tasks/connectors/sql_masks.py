"""What the masks of the map make of a row, and whether a plan's rows are as the plan says; it only reads."""

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from models.data_map import SqlSystem
from models.erasure_plan import ErasurePlan, PlannedRow, RowId, id_of
from models.errors import NeedsHuman, Rejected
from models.records import Shortfall
from tasks.connectors.column_values import same
from tasks.connectors.redaction import redacted
from tasks.connectors.rows import Row
from tasks.connectors.sql_writing import Place, fitting, place, row_id

BATCH = 500


def mask_values(
    place: Place, planned: PlannedRow, row: Row, sought: re.Pattern[str] | None
) -> dict[str, Any]:
    """What each masked column of the row holds once it is masked. Raises `NeedsHuman` where it cannot."""
    return {
        column: fitting(place, column, _masked(place, column, planned, row[column], sought))
        for column in planned.masked
    }


def _masked(
    place: Place, column: str, planned: PlannedRow, value: Any, sought: re.Pattern[str] | None
) -> Any:
    mask = place.table.columns[column].mask
    if mask == "false":
        return False
    if mask == "null" or value is None:
        return None
    if mask == "token_email":
        return token_email(planned.key[name] for name in place.table.key)
    if mask == "redact_identities":
        return _redacted(place, column, value, sought)
    assert mask is not None
    return mask.removeprefix("fixed:")


def _redacted(place: Place, column: str, value: Any, sought: re.Pattern[str] | None) -> Any:
    if not isinstance(value, str | Mapping | list):
        raise NeedsHuman(
            f"{place.name}.{column} is neither text nor JSON: give it another mask than redact_identities"
        )
    try:
        return redacted(value, sought)
    except RecursionError:
        raise NeedsHuman(
            f"{place.name}.{column} is nested too deeply to be redacted: give it another mask"
        ) from None


def token_email(key: Iterable[Any]) -> str:
    """An address that reaches nobody and tells rows apart: `efface+<key>@anonyme.invalid` (RFC 2606)."""
    values = list(key)
    told = "-".join(str(value) for value in values)
    if not all(isinstance(value, int) for value in values):  # a text might itself say who it was
        told = sha256(told.encode()).hexdigest()[:20]
    return f"efface+{told}@anonyme.invalid"


def shortfalls(
    connection: sa.Connection,
    spec: SqlSystem,
    tables: Mapping[str, sa.TableClause],
    plan: ErasurePlan,
    sought: re.Pattern[str] | None,
) -> list[Shortfall]:
    """The planned rows that are not as the plan says, in its order: still there, not masked, or gone."""
    planned = {id_of(spec, row): row for row in plan.rows}
    problems: dict[RowId, Shortfall] = {}
    seen: set[RowId] = set()
    for name in dict.fromkeys(row.table for row in plan.rows):
        there = place(spec, tables, name)
        masked = {column for row in plan.rows if row.table == name for column in row.masked}
        for held in scan(connection, there, {*there.table.key, *masked}):
            key = row_id(name, there.table, held)
            if key in planned:
                seen.add(key)
                if (problem := _problem(there, planned[key], held, sought)) is not None:
                    problems[key] = problem
    for key, row in planned.items():
        if row.action != "delete" and key not in seen:
            problems[key] = Shortfall(table=row.table, key=row.key, problem="gone")
    return [problems[key] for key in planned if key in problems]


def _problem(
    there: Place, planned: PlannedRow, held: Row, sought: re.Pattern[str] | None
) -> Shortfall | None:
    if planned.action == "delete":
        return Shortfall(table=planned.table, key=planned.key, problem="still_there")
    values = mask_values(there, planned, held, sought)
    bare = tuple(column for column, value in values.items() if not same(held[column], value))
    return (
        Shortfall(table=planned.table, key=planned.key, problem="not_masked", columns=bare) if bare else None
    )


def scan(connection: sa.Connection, there: Place, columns: Iterable[str]) -> Iterator[Row]:
    """Every row of the table, these columns only, a batch at a time."""
    wanted = [there.source.c[column] for column in there.table.columns if column in set(columns)]
    try:
        statement = sa.select(*wanted).execution_options(yield_per=BATCH)
        yield from map(dict, connection.execute(statement).mappings())
    except (ValueError, TypeError, ArithmeticError):
        raise Rejected(
            f"table {there.name} holds a value its column's type does not allow: correct it and try again"
        ) from None
