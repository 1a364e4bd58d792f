"""Searches a database along the data map; it only reads, in one read-only snapshot, so repeating is safe.

The walk starts from identity columns and goes from parent to child only: never to siblings, never up to a
company and down to the colleagues (DESIGN.md 4.8). What the map does not describe stops the search.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedForeignKeyConstraint
from sqlalchemy.engine.reflection import Inspector, ObjectKind

from models.data_map import SqlSystem, Table, parents_first
from models.errors import MapIncomplete, Rejected
from models.records import ContactPoint, Finding, FindingStatus, Identifier
from tasks.connectors.rows import Row, contact_points, fold, matches, record, refuse_gaps, unique, wanted
from tasks.connectors.sql_connections import OWN_SCHEMAS, Database, reading

CHUNK = 500
KINDS = ObjectKind.TABLE | ObjectKind.MATERIALIZED_VIEW  # a materialised view is a second copy


@dataclass(frozen=True)
class SqlConnector(Database):
    """A database as a `Connector`."""

    def check(self, now: datetime) -> None:  # noqa: ARG002  # the Protocol's
        """Reaches the database and compares it with the data map."""
        with reading(self) as connection:
            mapped_tables(connection, self.spec)

    def contact_points(self, identifiers: Sequence[Identifier]) -> list[ContactPoint]:
        """Addresses on file in the rows that the identifiers match directly (law.md I6)."""
        with reading(self) as connection:
            tables = mapped_tables(connection, self.spec)
            return list(_contact_points(connection, self.spec, tables, identifiers))

    def discover(self, identifiers: Sequence[Identifier], now: datetime) -> Finding:
        """Every row of the person, parents before children, ordered by key."""
        with reading(self) as connection:
            tables = mapped_tables(connection, self.spec)
            found = find_rows(connection, self.spec, tables, identifiers)
            points = tuple(_contact_points(connection, self.spec, tables, identifiers))
        records = tuple(
            record(name, self.spec.tables[name], row) for name, rows in found.items() for row in rows
        )
        return Finding(
            system=self.system,
            status=FindingStatus.FOUND if records else FindingStatus.NONE,
            searched_at=now,
            records=records,
            contact_points=points,
        )


def mapped_tables(connection: sa.Connection, spec: SqlSystem) -> dict[str, sa.TableClause]:
    """The mapped tables with the types the database declares. Raises `MapIncomplete` on any difference."""
    inspector = sa.inspect(connection)
    _refuse_history(connection, spec)
    columns = {key[1]: held for key, held in inspector.get_multi_columns(spec.db_schema, kind=KINDS).items()}
    foreign = {key[1]: held for key, held in inspector.get_multi_foreign_keys(spec.db_schema).items()}
    unknown = list(_other_schemas(inspector, spec))
    gone = [f"table {name}" for name in spec.tables if name not in columns]
    for name, held in sorted(columns.items()):
        if name in spec.ignore_tables:
            continue
        if name not in spec.tables:
            unknown.append(f"table {name}")
            continue
        more, less = _differences(name, spec, held, foreign.get(name, []))
        unknown += more
        gone += less
    for key, primary in inspector.get_multi_pk_constraint(spec.db_schema).items():
        real = primary["constrained_columns"] if key[1] in spec.tables else []
        if real and set(real) != set(spec.tables[key[1]].key):
            unknown.append(f"primary key {key[1]}({', '.join(real)})")
    refuse_gaps(spec.system, unknown, gone)
    return {
        name: sa.table(name, *(sa.column(c["name"], c["type"]) for c in columns[name]), schema=spec.db_schema)
        for name in spec.tables
    }


def _refuse_history(connection: sa.Connection, spec: SqlSystem) -> None:
    """MariaDB can keep every former state of a table: nothing is erased there, and reflection does not name it."""
    if connection.dialect.name not in {"mysql", "mariadb"}:
        return
    tables = sa.table(
        "tables", *map(sa.column, ("table_schema", "table_name", "table_type")), schema="information_schema"
    )
    statement = sa.select(tables.c.table_name).where(
        tables.c.table_type == "SYSTEM VERSIONED",
        tables.c.table_schema.not_in({*OWN_SCHEMAS["mariadb"], *spec.ignore_schemas}),
    )
    if names := sorted(set(connection.execute(statement).scalars()) - set(spec.ignore_tables)):
        raise MapIncomplete(
            f"table {', '.join(names)} of {spec.system} keeps all that is deleted or changed: list it under"
            f" ignore_tables in data_map/{spec.system}.yaml and describe a manual system for it"
        )


def _other_schemas(inspector: Inspector, spec: SqlSystem) -> Iterator[str]:
    """Tables outside the schema of this map: personal data could stand there unseen."""
    known = {spec.db_schema or inspector.default_schema_name, *spec.ignore_schemas}
    known |= OWN_SCHEMAS[inspector.dialect.name]
    for schema in inspector.get_schema_names():
        if schema not in known:
            for name in inspector.get_table_names(schema):
                yield f"table {schema}.{name}"


def _differences(
    name: str,
    spec: SqlSystem,
    columns: Iterable[ReflectedColumn],
    foreign_keys: Iterable[ReflectedForeignKeyConstraint],
) -> tuple[list[str], list[str]]:
    """What the database has beyond the map, and what the map has beyond the database."""
    table = spec.tables[name]
    real = {column["name"] for column in columns}
    unknown = [f"column {name}.{column}" for column in sorted(real - set(table.columns))]
    gone = [f"column {name}.{column}" for column in table.columns if column not in real]
    links = {(link.column, *link.parent) for link in table.link}
    declared = set()
    for foreign in foreign_keys:
        ours, theirs, other = (
            foreign["constrained_columns"],
            foreign["referred_columns"],
            foreign["referred_table"],
        )
        declared |= {(own, other, their) for own, their in zip(ours, theirs, strict=False)}
        followed = len(ours) == 1 and (ours[0], other, theirs[0]) in links
        if not followed and other not in spec.ignore_tables and not set(ours) <= set(table.not_followed):
            unknown.append(f"foreign key {name}({', '.join(ours)}) to {other}({', '.join(theirs)})")
    gone += [
        f"foreign key {name}({link.column}) to {link.parent[0]}({link.parent[1]})"
        for link in table.link
        if link.enforced and (link.column, *link.parent) not in declared
    ]
    return unknown, gone


def find_rows(
    connection: sa.Connection,
    spec: SqlSystem,
    tables: Mapping[str, sa.TableClause],
    identifiers: Sequence[Identifier],
) -> dict[str, list[Row]]:
    """The person's rows by table, parents before children, each table's ordered by key."""
    found: dict[str, list[Row]] = {}
    for name in parents_first(spec.tables):
        table, source = spec.tables[name], tables[name]
        rows = find_seeds(connection, table, source, identifiers)
        for link in table.link:
            parent, column = link.parent
            values = [row[column] for row in found[parent] if row[column] is not None]
            for start in range(0, len(values), CHUNK):
                rows += select_rows(
                    connection, table, source, source.c[link.column].in_(values[start : start + CHUNK])
                )
        found[name] = sorted(unique(rows, name, table), key=partial(_order, table))
    return found


def find_seeds(
    connection: sa.Connection, table: Table, source: sa.TableClause, identifiers: Sequence[Identifier]
) -> list[Row]:
    """The rows of one table whose identity columns hold one of the identifiers, each as often as it does."""
    rows: list[Row] = []
    for identity, value in wanted(table, identifiers):
        column: sa.ColumnElement[Any] = sa.func.trim(sa.cast(source.c[identity.column], sa.String))
        condition: sa.ColumnElement[bool] = column == value
        if not value.isascii():  # databases disagree about such letters: read all, compare here
            condition = column.is_not(None)
        elif identity.fold:
            condition = sa.func.lower(column) == value
        rows += [
            row
            for row in select_rows(connection, table, source, condition)
            if matches(identity, row[identity.column], value)
        ]
    return rows


def select_rows(
    connection: sa.Connection, table: Table, source: sa.TableClause, condition: sa.ColumnElement[bool]
) -> list[Row]:
    """The rows that fulfil the condition, with the columns of the map. Raises `Rejected` on a value nobody can read."""
    columns = [source.c[name] for name in table.columns]
    try:
        return [dict(row) for row in connection.execute(sa.select(*columns).where(condition)).mappings()]
    except (ValueError, TypeError, ArithmeticError):
        raise Rejected(
            f"table {source.name} holds a value its column's type does not allow: correct it and run the search again"
        ) from None


def _order(table: Table, row: Row) -> list[tuple[str, Any]]:
    return [(type(row[column]).__name__, row[column]) for column in table.key]


def _contact_points(
    connection: sa.Connection,
    spec: SqlSystem,
    tables: Mapping[str, sa.TableClause],
    identifiers: Sequence[Identifier],
) -> Iterator[ContactPoint]:
    seen = set()
    for name, table in spec.tables.items():
        if not any(identity.contact_point for identity in table.identity.values()):
            continue
        rows = unique(find_seeds(connection, table, tables[name], identifiers), name, table)
        for point in contact_points(spec.system, table, rows):
            if (place := (point.kind, fold(point.value))) not in seen:
                seen.add(place)
                yield point
