"""What an erasure does to each row of a person, decided before anything is touched (law.md R3; GDPR Art. 17(3)).

Pure: the same rows, references and day always give the same plan, so an approval can bind to its digest.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue

from models.controller import PERSONAL, Text
from models.data_map import Hold, Mapped, When, parents_first
from models.errors import NeedsHuman, Rejected
from models.records import Frozen

RowId = tuple[str, tuple[Any, ...]]
"""A table's name and the row's key, in the order of the map's `key`, as JSON values."""


class Held(NamedTuple):
    """A row the person has in the system. `keep_until`: the end of its retention, where it can be computed."""

    id: RowId
    row: Mapping[str, Any]
    keep_until: date | None


class Reference(NamedTuple):
    """`columns` of row `child` hold `to` of row `parent`, which is the person's.

    `child` is None for a row that is not the person's. `followed`: a link of the map, not merely a foreign key.
    """

    child: RowId | None
    parent: RowId
    columns: tuple[str, ...]
    to: tuple[str, ...]
    followed: bool


class PlannedRow(Frozen):
    """One row: what is done, which columns are masked, and why it outlives the erasure where it does.

    `why`: `table`, the table's own action; `hold`, the hold named; `kept_row`, a row below it is kept (`hold` and
    `basis` are that row's); `other_rows`, rows that the plan leaves alone refer to it. `keep_until` is None where no
    date ends it.
    """

    table: str
    key: dict[str, JsonValue]
    action: Literal["delete", "minimise", "keep"]
    masked: tuple[str, ...] = ()
    keep_until: date | None = None
    hold: str = ""
    basis: Text | None = None
    why: Literal["table", "hold", "kept_row", "other_rows"]


class ErasurePlan(Frozen):
    """Every row of the person in one system, children before parents.

    `only`: the tables it is about, where no more is to be erased (a withdrawn consent); None for every table.
    """

    system: str
    rows: tuple[PlannedRow, ...]
    only: tuple[str, ...] | None = None

    def digest(self) -> str:
        """SHA-256, in hex, of everything the plan says: what was approved is what this digest names."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def kept(self) -> tuple[PlannedRow, ...]:
        """The rows that stay, minimised or whole: the ledger names them with date and basis."""
        return tuple(row for row in self.rows if row.action != "delete")


def id_of(system: Mapped, row: PlannedRow) -> RowId:
    """Table and key values, in the map's order whatever a store made of the order of JSON keys."""
    table = system.tables.get(row.table)
    if table is None or set(table.key) != set(row.key):
        raise Rejected(f"the data map of {system.system} changed since the plan was made: plan again")
    return row.table, tuple(row.key[column] for column in table.key)


class _Case(NamedTuple):
    system: Mapped
    only: Collection[str]
    today: date
    above: Mapping[RowId, Sequence[Reference]]
    below: Mapping[RowId, Iterable[RowId]]


def make_plan(
    system: Mapped,
    rows: Mapping[str, Sequence[Held]],
    links: Sequence[Reference],
    today: date,
    only: Collection[str] | None = None,
) -> ErasurePlan:
    """The plan for `rows` (by table), given every reference to one of them; `today` is the date in Paris.

    `only`: the tables to erase from, None for all; rows of the others stay as they are, and count as rows that stay.
    Raises `NeedsHuman`, naming table and column, where the map does not say what to do or says what would break it.
    """
    chosen = _chosen(system, rows, only)
    order = [held for name in reversed(parents_first(system.tables)) for held in rows.get(name, ())]
    above = defaultdict(list)
    for link in links:
        above[link.parent].append(link)
    case = _Case(system, chosen, today, above, _descendants(order, links))
    plan: dict[RowId, PlannedRow] = {}
    while True:  # a row that stays can only make more rows stay, so this ends
        fresh = dict(plan)
        for held in order:
            fresh[held.id] = _decide(case, held, fresh)
        if fresh == plan:
            break
        plan = fresh
    _refuse_broken_references(case.system, links, plan)
    return ErasurePlan(
        system=system.system,
        rows=tuple(plan[held.id] for held in order if held.id[0] in chosen),
        only=None if only is None else tuple(sorted(chosen)),
    )


def _chosen(system: Mapped, rows: Mapping[str, Sequence[Held]], only: Collection[str] | None) -> set[str]:
    """The tables to erase from. Raises where the map has no such table, or no rule for one with rows."""
    chosen = set(system.tables if only is None else only)
    if unknown := sorted(chosen - system.tables.keys()):
        raise Rejected(f"data_map/{system.system}.yaml has no table {', '.join(unknown)}: plan again")
    undecided = sorted(name for name in chosen if rows.get(name) and system.tables[name].erasure is None)
    if undecided:
        raise NeedsHuman(
            f"{', '.join(undecided)}: say in data_map/{system.system}.yaml how to erase (key erasure) and plan again"
        )
    return chosen


def _descendants(order: Iterable[Held], links: Iterable[Reference]) -> dict[RowId, set[RowId]]:
    """All generations below each row along the links of the map. `order`: children before parents."""
    parents = defaultdict(list)
    for link in links:
        if link.followed and link.child is not None:
            parents[link.child].append(link.parent)
    below: dict[RowId, set[RowId]] = defaultdict(set)
    for held in order:
        for parent in parents[held.id]:
            below[parent] |= {held.id} | below[held.id]
    return below


def _decide(case: _Case, held: Held, plan: Mapping[RowId, PlannedRow]) -> PlannedRow:
    """The first hold that matches wins; then the table's action, unless a row that stays refers to this one."""
    name = held.id[0]
    table = case.system.tables[name]
    key = dict(zip(table.key, held.id[1], strict=True))
    if name not in case.only:
        return PlannedRow(table=name, key=key, action="keep", why="table")
    assert table.erasure is not None
    for hold in table.erasure.holds:
        met, until = _met(case, hold.when, held, plan)
        if met:
            return PlannedRow(
                table=name, key=key, action=hold.action, masked=_masked_by(case.system, name, hold),
                keep_until=until, hold=hold.name, basis=hold.basis, why="hold",
            )  # fmt: skip
    if table.erasure.action == "minimise":
        masked = _masks(case.system, name, "is to be kept with less in it")
        return PlannedRow(table=name, key=key, action="minimise", masked=masked, why="table")
    others, staying = _referring(case, held, plan)
    if not others and not staying:
        return PlannedRow(table=name, key=key, action="delete", why="table")
    below = sorted({row.table for row in staying})
    reason = f"rows of {', '.join(below)} that stay" if below else "rows that this plan leaves alone"
    masked = _masks(case.system, name, f"cannot be deleted, because {reason} belong to it")
    smaller = PlannedRow(table=name, key=key, action="minimise", masked=masked, why="other_rows")
    if others:
        return smaller
    last = max(staying, key=lambda row: row.keep_until or date.max)
    return smaller.model_copy(
        update={"why": "kept_row", "keep_until": last.keep_until, "hold": last.hold, "basis": last.basis}
    )


def _referring(
    case: _Case, held: Held, plan: Mapping[RowId, PlannedRow]
) -> tuple[bool, Sequence[PlannedRow]]:
    """Whether rows the plan leaves alone refer to this one, and the planned rows that do and stay."""
    others, staying = False, []
    for link in case.above.get(held.id, ()):
        if link.child is None or link.child[0] not in case.only:
            others = True
        elif link.child != held.id and link.child in plan and _stays(case.system, plan[link.child], link):
            staying.append(plan[link.child])
    return others, staying


def _stays(system: Mapped, child: PlannedRow, link: Reference) -> bool:
    """False where the child goes, or lets its parent go: a foreign key that is masked refers to nothing."""
    columns = system.tables[child.table].columns
    masked = any(column in child.masked and columns[column].mask == "null" for column in link.columns)
    return child.action != "delete" and (link.followed or not masked)


def _met(case: _Case, when: When, held: Held, plan: Mapping[RowId, PlannedRow]) -> tuple[bool, date | None]:
    """Whether the condition holds, and until when where a date ends it."""
    name = held.id[0]
    if when.column is not None:
        return _is(held.row[when.column], when.is_, f"{name}.{when.column}"), None
    if when.has_kept is not None:
        kept = [
            plan[child].keep_until
            for child in case.below.get(held.id, ())
            if child[0] == when.has_kept and child in plan and plan[child].action != "delete"
        ]
        return bool(kept), None if None in kept else max((day for day in kept if day), default=None)
    retention = case.system.tables[name].retention
    assert retention is not None
    if held.keep_until is None and held.row[retention.start] is not None:
        raise NeedsHuman(
            f"{name}.{retention.start} holds something that is no date: correct it and plan again"
        )
    # without a starting date the period has not begun, and so has not ended
    return held.keep_until is None or held.keep_until >= case.today, held.keep_until


def _is(held: Any, wanted: bool | int | str | None, place: str) -> bool:
    """Compares as a person reads: 1 is true, and 3 is "3". What is neither yes nor no is for a person."""
    if held is None:
        return False
    if isinstance(wanted, bool):
        said = {"1": True, "true": True, "t": True, "0": False, "false": False, "f": False}
        value = said.get(str(held).strip().lower())
        if value is None:
            raise NeedsHuman(
                f"{place} holds something that is neither true nor false: correct the hold and plan again"
            )
        return value is wanted
    return bool(held == wanted) or str(held).strip() == str(wanted).strip()


def _masked_by(system: Mapped, name: str, hold: Hold) -> tuple[str, ...]:
    if hold.action == "minimise":
        return _masks(system, name, f"is to be kept with less in it ({hold.name})")
    return _maskable(system, name, hold.mask_anyway)


def _masks(system: Mapped, name: str, because: str) -> tuple[str, ...]:
    """The columns that minimising masks. Raises `NeedsHuman` while a personal column has no mask."""
    columns = system.tables[name].columns
    bare = [key for key, column in columns.items() if column.category in PERSONAL and column.mask is None]
    if bare:
        raise NeedsHuman(
            f"a row of {name} {because}, but nothing says what takes the place of {', '.join(bare)}: write a mask"
            f" in data_map/{system.system}.yaml and plan again"
        )
    return _maskable(system, name, [key for key, column in columns.items() if column.mask is not None])


def _maskable(system: Mapped, name: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Raises `NeedsHuman` where a mask would hide what tells the row apart or what keeps it."""
    table = system.tables[name]
    masked = tuple(dict.fromkeys(columns))
    needed = set(table.key)
    for hold in table.erasure.holds if table.erasure else ():
        needed |= {hold.when.column} if hold.when.column else set()
        needed |= {table.retention.start} if hold.when.retention_running and table.retention else set()
    if fixed := needed & set(masked):
        raise NeedsHuman(
            f"{name}: the key and what a hold looks at cannot be masked: remove the mask of"
            f" {', '.join(sorted(fixed))} in data_map/{system.system}.yaml and plan again"
        )
    return masked


def _refuse_broken_references(
    system: Mapped, links: Iterable[Reference], plan: Mapping[RowId, PlannedRow]
) -> None:
    """A mask must not change what a row that stays refers to, nor point it elsewhere."""
    for link in links:
        child = plan[link.child] if link.child is not None else None
        if child is not None and not _stays(system, child, link):
            continue
        changed = [f"{link.parent[0]}.{column}" for column in link.to if column in plan[link.parent].masked]
        if child is not None:
            changed += [f"{child.table}.{column}" for column in link.columns if column in child.masked]
        if changed:
            whose = f"a row of {child.table}" if child is not None else "another row"
            raise NeedsHuman(
                f"{whose} stays and belongs to a row of {link.parent[0]}, and masking {', '.join(changed)} would part"
                f" them: remove that mask in data_map/{system.system}.yaml and plan again"
            )
