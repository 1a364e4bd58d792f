"""Looks at what erasing a person means, row by row, and writes it down as a plan; it only reads, so repeating is safe."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from models.controller import Category
from models.data_map import SqlSystem, identity_kind
from models.erasure_plan import ErasurePlan, Held, Reference, RowId, id_of, make_plan
from models.errors import NeedsHuman
from models.records import Identifier
from tasks.connectors.column_values import same
from tasks.connectors.redaction import NAME, pattern
from tasks.connectors.rows import Row, keep_until, matches, wanted
from tasks.connectors.sql import SqlConnector, find_rows, mapped_tables
from tasks.connectors.sql_connections import reading
from tasks.connectors.sql_masks import mask_values
from tasks.connectors.sql_references import find_references
from tasks.connectors.sql_writing import Place, place, row_id


@dataclass(frozen=True)
class View:
    """One look at the system: the person's rows, what they become, and what takes their identifiers out."""

    spec: SqlSystem
    tables: Mapping[str, sa.TableClause]
    rows: Mapping[RowId, Row]
    references: Sequence[Reference]
    sought: re.Pattern[str] | None
    plan: ErasurePlan
    masks: Mapping[RowId, Mapping[str, Any]]
    required: AbstractSet[tuple[str, str]]

    @property
    def doomed(self) -> list[RowId]:
        """Rows to delete, in the order to delete them."""
        return [id_of(self.spec, row) for row in self.plan.rows if row.action == "delete"]

    def place(self, row: RowId) -> Place:
        """The table of a row."""
        return place(self.spec, self.tables, row[0])


def identities_on_file(connector: SqlConnector, identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers, and those that the person's own rows add: other addresses, phones, names (kind `name`).

    They serve to verify and to redact. Do not search for rows by them: a phone may be a whole company's.
    Ask before erasing; afterwards the system no longer knows.
    """
    with reading(connector) as connection:
        found = find_rows(connection, connector.spec, mapped_tables(connection, connector.spec), identifiers)
    return _identities(connector.spec, found, identifiers)


def plan_erasure(
    connector: SqlConnector,
    identifiers: Sequence[Identifier],
    today: date,
    *,
    only: Collection[str] | None = None,
) -> ErasurePlan:
    """What erasing this person means, row by row; changes nothing. `today` is the date in Paris.

    `only`: the tables to erase from (law.md R8: what rests on the withdrawn consent), None for all. No table at all
    gives a plan without rows. Rows of other tables stay as they are, and what they refer to is minimised.
    Raises `MapIncomplete` where map and database differ, and `NeedsHuman` where the map does not say what to do
    or says something the database cannot hold.
    """
    with reading(connector) as connection:
        return look(connection, connector.spec, identifiers, today, only).plan


def look(
    connection: sa.Connection,
    spec: SqlSystem,
    identifiers: Sequence[Identifier],
    today: date,
    only: Collection[str] | None,
) -> View:
    """The person's rows as they are now, and the plan for them."""
    tables = mapped_tables(connection, spec)
    found = find_rows(connection, spec, tables, identifiers)
    by_id = {
        name: {row_id(name, spec.tables[name], row): row for row in rows} for name, rows in found.items()
    }
    references = find_references(connection, spec, tables, by_id)
    held = {
        name: [Held(key, row, keep_until(spec.tables[name].retention, row)) for key, row in rows.items()]
        for name, rows in by_id.items()
    }
    plan = make_plan(spec, held, references, today, only)
    rows = {key: row for named in by_id.values() for key, row in named.items()}
    sought = pattern(_identities(spec, found, identifiers), name_parts=True)
    required = _required(connection, spec)
    masks = {}
    for planned in plan.rows:
        key = id_of(spec, planned)
        values = mask_values(place(spec, tables, planned.table), planned, rows[key], sought)
        _refuse_null(spec, planned.table, values, required)
        if new := {name: value for name, value in values.items() if not same(rows[key][name], value)}:
            masks[key] = new
    return View(spec, tables, rows, references, sought, plan, masks, required)


def _identities(
    spec: SqlSystem, found: Mapping[str, Sequence[Row]], identifiers: Sequence[Identifier]
) -> tuple[Identifier, ...]:
    known = dict.fromkeys(identifiers)
    for name, rows in found.items():
        known |= dict.fromkeys(_on_file(spec, name, rows, identifiers))
    return tuple(known)


def _on_file(
    spec: SqlSystem, name: str, rows: Sequence[Row], identifiers: Sequence[Identifier]
) -> Iterator[Identifier]:
    """Only from rows that the person was found by, and of tables where a row is one person's."""
    table = spec.tables[name]
    kinds = [identity_kind(key) for key in table.identity]
    if len(set(kinds)) < len(kinds):
        return
    sought = wanted(table, identifiers)
    names = [key for key, column in table.columns.items() if column.category == Category.IDENTITY]
    for row in rows:
        if any(matches(identity, row[identity.column], value) for identity, value in sought):
            values = [(identity_kind(key), identity.column) for key, identity in table.identity.items()]
            for kind, column in [*values, *((NAME, column) for column in names)]:
                value = row[column]
                if isinstance(value, str) and value.strip():  # a bare number says nothing in a text
                    yield Identifier(kind=kind, value=value.strip())


def _required(connection: sa.Connection, spec: SqlSystem) -> set[tuple[str, str]]:
    """Table and column that must hold a value."""
    columns = sa.inspect(connection).get_multi_columns(spec.db_schema, filter_names=list(spec.tables))
    return {
        (name, column["name"])
        for (_, name), held in columns.items()
        for column in held
        if not column["nullable"]
    }


def _refuse_null(
    spec: SqlSystem, name: str, values: Mapping[str, Any], required: AbstractSet[tuple[str, str]]
) -> None:
    for column, value in values.items():
        if value is None and (name, column) in required:
            raise NeedsHuman(
                f"the database wants a value in {name}.{column}: give it another mask than null"
                f" in data_map/{spec.system}.yaml and plan again"
            )
