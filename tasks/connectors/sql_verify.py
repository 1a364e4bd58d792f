"""Looks again after an erasure: each planned row, and every text of every mapped table; it only reads, so repeating is safe.

The search is a scan of the mapped tables: fine up to about a million rows.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa

from models.erasure_plan import ErasurePlan, RowId, id_of
from models.errors import Rejected
from models.records import Identifier, Mention, Shortfall, Verification
from tasks.connectors.redaction import contains, pattern
from tasks.connectors.rows import json_value
from tasks.connectors.sql import SqlConnector, find_rows, mapped_tables
from tasks.connectors.sql_connections import reading
from tasks.connectors.sql_masks import scan, shortfalls
from tasks.connectors.sql_writing import Place, place, row_id

NO_TEXT = (sa.Integer, sa.Numeric, sa.Boolean, sa.Date, sa.DateTime, sa.Time, sa.Interval, sa.Uuid)


def verify_erasure(
    connector: SqlConnector,
    plan: ErasurePlan,
    identifiers: Sequence[Identifier],
    on_file: Sequence[Identifier] = (),
) -> Verification:
    """Whether the plan is carried out, and where an identifier still stands (DESIGN.md 4.9).

    `identifiers` are those the plan was made for; `on_file` what `identities_on_file` told before the erasure:
    looked for in texts only. A row that is kept whole may bear them. Any other row the person is still found by is
    a shortfall; any other text is a mention. Of a plan for some tables `only`, the others are not searched: their
    rows rest on another basis. Raises `Rejected` where the map changed since the plan.
    """
    if plan.system != connector.system:
        raise Rejected(f"the plan is one for {plan.system}, not for {connector.system}: verify it there")
    spec = connector.spec
    planned = {id_of(spec, row): row for row in plan.rows}
    chosen = tuple(spec.tables) if plan.only is None else plan.only
    sought = pattern([*identifiers, *on_file])
    with reading(connector) as connection:
        tables = mapped_tables(connection, spec)
        short = shortfalls(connection, spec, tables, plan, sought)
        new: dict[RowId, Shortfall] = {}
        for name, rows in find_rows(connection, spec, tables, identifiers).items():
            for row in rows if name in chosen else ():
                key = row_id(name, spec.tables[name], row)
                if key not in planned:
                    told = {column: json_value(row[column]) for column in spec.tables[name].key}
                    new[key] = Shortfall(table=name, key=told, problem="not_planned")
        # kept whole, or told of already; of a minimised row only the columns with a mask are
        settled: dict[RowId, Collection[str] | None] = dict.fromkeys(new)
        settled |= {key: row.masked if row.action == "minimise" else None for key, row in planned.items()}
        count, mentions = 0, list[Mention]()
        for name in chosen:
            for found in _search(connection, place(spec, tables, name), sought, settled):
                count += 1
                mentions += found
    return Verification(
        system=plan.system, rows=count, shortfalls=(*short, *new.values()), mentions=tuple(mentions)
    )


def _search(
    connection: sa.Connection,
    there: Place,
    sought: re.Pattern[str] | None,
    settled: Mapping[RowId, Collection[str] | None],
) -> Iterator[list[Mention]]:
    """The mentions in each row of the table. `settled`: rows, or columns of rows, that need no telling."""
    texts = [column.name for column in there.source.columns if not isinstance(column.type, NO_TEXT)]
    for row in scan(connection, there, {*there.table.key, *texts}):
        done = settled.get(row_id(there.name, there.table, row), ())
        told = {column: json_value(row[column]) for column in there.table.key}
        yield [
            Mention(table=there.name, key=told, column=column)
            for column in texts
            if done is not None and column not in done and contains(row[column], sought)
        ]
