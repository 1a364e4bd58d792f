"""Replay every later erasure on a database that was restored from a backup, and verify it (law.md F14).

Repeating is safe: an erasure is carried out again only where rows it changed stand again and still are that person's,
which the digests of the ledger tell; a second replay finds nothing. Keep the restored system closed until it ends. Mentions
in texts of others are told by the replay that erases, not by a later one: then nobody knows any more what to look for.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Literal, NamedTuple, TypeVar

import stamina
from pydantic import AwareDatetime, Field, JsonValue

from models.calendar import paris_date
from models.data_map import SqlSystem
from models.data_map_loading import load_data_map
from models.erasure_plan import ErasurePlan, PlannedRow, RowId, id_of
from models.errors import DsrError, NotFound, Rejected, Retryable
from models.fingerprints import Fingerprint
from models.ledger import LedgerEntry, LedgerRow, entries_since, marks, write_evidence
from models.records import Effect, Frozen, Identifier, Mention, Shortfall, Verification
from models.settings import settings
from tasks.connectors import build_connector
from tasks.connectors.listing import addresses_in
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import identities_on_file, plan_erasure
from tasks.connectors.sql_verify import verify_erasure

Why = Literal[
    "not_proven", "came_later", "still_there", "not_masked", "not_planned", "mention", "not_in_map", "failed"
]
SAY: Mapping[Why, str] = {
    "not_proven": "the erasure changed this row, and nothing shows that it is still the same person's",
    "came_later": "the person is found here, but nothing else of the erasure came back: it may be a new record",
    "still_there": "it was deleted then and could not be deleted now",
    "not_masked": "it was masked then and is not masked now",
    "not_planned": "the person is still found here after the erasure",
    "mention": "a text of somebody else names the person",
    "not_in_map": "the data map no longer describes this row",
    "failed": "the erasure could not be carried out again",
}


class Done(Frozen):
    """A row that was erased or minimised again."""

    request_ref: str
    table: str
    key: dict[str, JsonValue]


class Left(Frozen):
    """What a person must look at. `say`: why, in one sentence without personal data."""

    request_ref: str
    why: Why
    say: str
    table: str = ""
    key: dict[str, JsonValue] = Field(default_factory=dict)
    columns: tuple[str, ...] = ()


class Report(Frozen):
    """What a replay did. `fine`: how many rows of the ledger were as the erasure left them, or gone."""

    system: str
    since: date
    at: AwareDatetime
    entries: int
    erased: tuple[Done, ...] = ()
    minimised: tuple[Done, ...] = ()
    fine: int = 0
    by_hand: tuple[Left, ...] = ()


class Part(NamedTuple):
    """What one entry adds to the report."""

    erased: tuple[Done, ...] = ()
    minimised: tuple[Done, ...] = ()
    fine: int = 0
    by_hand: tuple[Left, ...] = ()


Result = TypeVar("Result")


def rescrub(system: str, since: date, now: datetime) -> Report:
    """Replay the erasures in `system` from the day `since` on, the backup's in Paris; store the report as evidence.

    Raises `NotFound` where there is no such system or no ledger, `Rejected` where it is no database, and what the
    ledger raises. One erasure that cannot be replayed is reported and does not stop the others.
    """
    connector = _connector(system)
    entries = [entry for entry in entries_since(since) if entry.system == system]
    wanted = {mark for entry in entries for mark in _sought(entry)}
    known = _retried(partial(_rediscover, connector, wanted, now))
    parts = []
    for entry in entries:
        identifiers = list(dict.fromkeys(who for mark in _sought(entry) for who in known.get(mark, ())))
        parts.append(_replay(connector, entry, identifiers, paris_date(now)))
    report = Report(
        system=system, since=since, at=now, entries=len(entries),
        erased=tuple(done for part in parts for done in part.erased),
        minimised=tuple(done for part in parts for done in part.minimised),
        fine=sum(part.fine for part in parts),
        by_hand=tuple(left for part in parts for left in part.by_hand),
    )  # fmt: skip
    write_evidence(report, now)
    return report


def _connector(system: str) -> SqlConnector:
    spec = load_data_map(settings().data_map).systems.get(system)
    if spec is None:
        raise NotFound(f"data_map has no system {system}: write the name of one of its files")
    if not isinstance(spec, SqlSystem):
        raise Rejected(f"{system} is no database: let who is responsible for it repeat the erasures by hand")
    connector = build_connector(spec, os.environ)
    assert isinstance(connector, SqlConnector)
    return connector


def _retried(ask: Callable[[], Result]) -> Result:
    return stamina.retry(on=Retryable, attempts=settings().system_attempts, wait_max=5)(ask)()


def _sought(entry: LedgerEntry) -> list[Fingerprint]:
    """What to search by. A phone may be a whole company's: it serves only where the ledger has no address."""
    addresses = [mark for mark in entry.digests if mark.kind == "email"]
    return addresses or list(entry.digests)


def _rediscover(
    connector: SqlConnector, wanted: set[Fingerprint], now: datetime
) -> Mapping[Fingerprint, Sequence[Identifier]]:
    """The addresses and numbers that stand in identity columns and have one of the digests."""
    found: dict[Fingerprint, list[Identifier]] = defaultdict(list)
    for listed in addresses_in(connector, now):
        for mark in wanted.intersection(marks(listed.kind, listed.value)):
            found[mark].append(Identifier(kind=listed.kind, value=listed.value.strip()))
    return found


def _replay(
    connector: SqlConnector, entry: LedgerEntry, identifiers: Sequence[Identifier], today: date
) -> Part:
    then, strange = _as_planned(connector.spec, entry)
    try:
        part = _erase_again(connector, entry, then, identifiers, today)
    except DsrError as error:
        part = Part(by_hand=(Left(request_ref=entry.request_ref, why="failed", say=str(error)),))
    left = [_left(entry, "not_in_map", row) for row in strange]
    return part._replace(by_hand=(*left, *part.by_hand))


def _as_planned(spec: SqlSystem, entry: LedgerEntry) -> tuple[ErasurePlan, list[LedgerRow]]:
    """The entry as the plan it was made from, without the rows that the map no longer describes."""
    mapped: list[LedgerRow] = []
    strange: list[LedgerRow] = []
    for row in entry.rows:
        table = spec.tables.get(row.table)
        masks = {name for name, column in table.columns.items() if column.mask} if table else set()
        known = table is not None and set(row.key) == set(table.key) and masks.issuperset(row.masked)
        (mapped if known else strange).append(row)
    only = None if entry.only is None else tuple(name for name in entry.only if name in spec.tables)
    rows = tuple(PlannedRow(**dict(row), why="table") for row in mapped)
    return ErasurePlan(system=spec.system, rows=rows, only=only), strange


def _erase_again(
    connector: SqlConnector,
    entry: LedgerEntry,
    then: ErasurePlan,
    identifiers: Sequence[Identifier],
    today: date,
) -> Part:
    """Erase again where a row of the ledger stands again as this person's, then look at everything once more.

    Such a row proves a state from before the erasure, and so is whatever else stands there of that person. Without
    one, what is found may have come later, and nothing is touched.
    """
    spec = connector.spec
    verify = partial(verify_erasure, connector)
    before = _differing(spec, _retried(partial(verify, then, identifiers)))
    plan = _retried(partial(plan_erasure, connector, identifiers, today, only=then.only))
    own = {id_of(spec, row): row for row in plan.rows}
    if not own.keys() & before.keys():
        named = {id_of(spec, row) for row in then.rows}
        left = [_left(entry, "not_proven", short) for short in before.values()]
        left += [_left(entry, "came_later", row) for key, row in own.items() if key not in named]
        return Part(fine=len(then.rows) - len(before), by_hand=tuple(left))
    on_file = _retried(partial(identities_on_file, connector, identifiers))
    effects = _retried(partial(erase, connector, plan, identifiers, today))
    done = [effect for effect in effects if effect.changed]
    after = _retried(partial(verify, plan, identifiers, on_file))
    short = _differing(spec, after) | _differing(spec, _retried(partial(verify, then, identifiers)))
    left = [_left(entry, _why(one) if key in own else "not_proven", one) for key, one in short.items()]
    left += [_left(entry, "not_planned", one) for one in after.shortfalls if one.problem == "not_planned"]
    left += [_left(entry, "mention", mention) for mention in after.mentions]
    again = {(effect.table, str(effect.key)) for effect in done}
    fine = [
        row for row in then.rows if id_of(spec, row) not in before and (row.table, str(row.key)) not in again
    ]
    return Part(
        erased=tuple(_done(entry, effect) for effect in done if effect.action == "deleted"),
        minimised=tuple(_done(entry, effect) for effect in done if effect.action != "deleted"),
        fine=len(fine),
        by_hand=tuple(left),
    )


def _differing(spec: SqlSystem, seen: Verification) -> dict[RowId, Shortfall]:
    """The planned rows that are not as the plan says; one that is gone is as good as erased."""
    return {
        (short.table, tuple(short.key[column] for column in spec.tables[short.table].key)): short
        for short in seen.shortfalls
        if short.problem in {"still_there", "not_masked"}
    }


def _why(short: Shortfall) -> Why:
    return "not_masked" if short.problem == "not_masked" else "still_there"


def _done(entry: LedgerEntry, effect: Effect) -> Done:
    return Done(request_ref=entry.request_ref, table=effect.table, key=effect.key)


def _left(entry: LedgerEntry, why: Why, row: LedgerRow | PlannedRow | Shortfall | Mention) -> Left:
    columns = (row.column,) if isinstance(row, Mention) else getattr(row, "columns", ())
    return Left(
        request_ref=entry.request_ref, why=why, say=SAY[why], table=row.table, key=row.key, columns=columns
    )
