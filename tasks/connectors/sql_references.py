"""Finds what refers to a person's rows: links of the map and every foreign key of the database; it only reads.

A foreign key that the walk does not follow still counts: deleting what another person's row refers to would fail,
or worse, take that row along (ON DELETE CASCADE).
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedForeignKeyConstraint

from models.data_map import SqlSystem
from models.erasure_plan import Reference, RowId
from tasks.connectors.rows import Row
from tasks.connectors.sql import CHUNK
from tasks.connectors.sql_connections import OWN_SCHEMAS
from tasks.connectors.sql_writing import row_id

Found = Mapping[str, Mapping[RowId, Row]]


class _Edge(NamedTuple):
    """`child` is the map's name of the table that refers, None where the map does not describe it."""

    child: str | None
    source: sa.TableClause
    columns: tuple[str, ...]
    parent: str
    to: tuple[str, ...]
    followed: bool


def find_references(
    connection: sa.Connection, spec: SqlSystem, tables: Mapping[str, sa.TableClause], found: Found
) -> list[Reference]:
    """Every reference to a row of `found`, from its own rows and from those of others."""
    references: list[Reference] = []
    for edge in _edges(connection, spec, tables):
        parents = defaultdict(list)
        for parent, row in found.get(edge.parent, {}).items():
            values = [row[column] for column in edge.to]
            if None not in values:
                parents[_told(values)].append((parent, values))
        own = found.get(edge.child, {}) if edge.child else {}
        references += [
            Reference(child, parent, edge.columns, edge.to, edge.followed)
            for child, row in own.items()
            for parent, _ in parents.get(_told([row[column] for column in edge.columns]), ())
        ]
        if parents and not edge.followed:  # what the walk follows it has found
            wanted = [held[0][1] for held in parents.values()]
            references += [
                Reference(None, parent, edge.columns, edge.to, followed=False)
                for values in _of_others(connection, spec, edge, wanted, own)
                for parent, _ in parents.get(_told(values), chain.from_iterable(parents.values()))
            ]
    return references


def _told(values: Sequence[Any]) -> tuple[str, ...]:
    """Comparable whatever the types of two columns: a reference too many keeps a row, one too few breaks it.

    Some databases think letters equal that differ in case, in accents or in the space behind them.
    """
    texts = (unicodedata.normalize("NFKD", str(value)).casefold().rstrip() for value in values)
    return tuple("".join(letter for letter in text if not unicodedata.combining(letter)) for text in texts)


def _of_others(
    connection: sa.Connection,
    spec: SqlSystem,
    edge: _Edge,
    wanted: Sequence[Sequence[Any]],
    own: Mapping[RowId, Row],
) -> Iterator[list[Any]]:
    """The referring values of rows that are not the person's."""
    key = spec.tables[edge.child].key if edge.child else ()
    columns = [edge.source.c[name] for name in dict.fromkeys((*key, *edge.columns))]
    referring = [edge.source.c[name] for name in edge.columns]
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        condition: sa.ColumnElement[bool] = (
            referring[0].in_([values[0] for values in chunk])
            if len(referring) == 1
            else sa.or_(*(sa.and_(*map(sa.ColumnElement.__eq__, referring, values)) for values in chunk))
        )
        for row in map(dict, connection.execute(sa.select(*columns).where(condition)).mappings()):
            if edge.child is None or row_id(edge.child, spec.tables[edge.child], row) not in own:
                yield [row[name] for name in edge.columns]


def _edges(
    connection: sa.Connection, spec: SqlSystem, tables: Mapping[str, sa.TableClause]
) -> Iterator[_Edge]:
    links: set[tuple[str | None, tuple[str, ...], str, tuple[str, ...]]] = {
        (name, (link.column,), link.parent[0], (link.parent[1],))
        for name, table in spec.tables.items()
        for link in table.link
    }
    for name, table in spec.tables.items():
        for link in table.link:
            parent, column = link.parent
            yield _Edge(name, tables[name], (link.column,), parent, (column,), followed=True)
    inspector = sa.inspect(connection)
    own_schema = spec.db_schema or inspector.default_schema_name
    for schema, name, key in _foreign_keys(inspector):
        child = name if schema == own_schema and name in spec.tables else None
        columns, to = tuple(key["constrained_columns"]), tuple(key["referred_columns"])
        parent = key["referred_table"]
        there = (key["referred_schema"] or schema) == own_schema
        if there and parent in spec.tables and (child, columns, parent, to) not in links:
            source = tables[child] if child else _unmapped(inspector, schema, name)
            yield _Edge(child, source, columns, parent, to, followed=False)


def _foreign_keys(inspector: sa.Inspector) -> Iterator[tuple[str, str, ReflectedForeignKeyConstraint]]:
    """Schema and table of each, in every schema: an unmapped one may refer to ours."""
    exact: dict[str, Any] = {}
    if inspector.dialect.name == "postgresql":
        exact = {"postgresql_ignore_search_path": True}
    for schema in inspector.get_schema_names():
        if schema not in OWN_SCHEMAS[inspector.dialect.name]:
            for (_, name), keys in inspector.get_multi_foreign_keys(schema, **exact).items():
                for key in keys:
                    yield schema, name, key


def _unmapped(inspector: sa.Inspector, schema: str, name: str) -> sa.TableClause:
    columns = inspector.get_columns(name, schema)
    return sa.table(name, *(sa.column(column["name"], column["type"]) for column in columns), schema=schema)
