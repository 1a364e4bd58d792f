"""What every connector with rows does alike: compare identifiers, make values JSON, build records; pure functions."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from pydantic import JsonValue

from models.calendar import PARIS
from models.data_map import Identity, Retention, Table, end_of_retention, identity_kind
from models.errors import MapIncomplete, NeedsHuman
from models.records import ContactPoint, Identifier, Record

Row = Mapping[str, Any]


def fold(text: str) -> str:
    """Lower case, letter by letter, only where the capital is that letter's own.

    `str.lower` and `str.casefold` make two addresses of different people equal (Kelvin sign and k, ß and ss),
    which would hand one person's rows to another.
    """
    if text.isascii():
        return text.lower()
    return "".join(low if (low := letter.lower()).upper() == letter else letter for letter in text)


def searchable(value: str) -> str | None:
    """The identifier without surrounding space; None where no system can hold it, or where it says nothing."""
    value = value.strip()
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value if value and "\x00" not in value else None


def wanted(table: Table, identifiers: Iterable[Identifier]) -> list[tuple[Identity, str]]:
    """Which columns to search for which values, folded where the column is."""
    return [
        (identity, fold(value) if identity.fold else value)
        for key, identity in table.identity.items()
        for identifier in identifiers
        if identifier.kind == identity_kind(key) and (value := searchable(identifier.value)) is not None
    ]


def matches(identity: Identity, held: Any, value: str) -> bool:
    """Exact comparison with a value of `wanted`, made here whatever a system's own collation found."""
    text = str(held).strip()
    return (fold(text) if identity.fold else text) == value


def unique(rows: Iterable[Row], name: str, table: Table) -> list[Row]:
    """Each row once, by its key. Raises `NeedsHuman` where the key of the map does not tell two rows apart."""
    by_key: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[column] for column in table.key)
        if by_key.setdefault(key, row) != row:
            raise NeedsHuman(
                f"two different rows of {name} have the same key: correct key in the data map and run the search again"
            )
    return list(by_key.values())


def record(name: str, table: Table, row: Row) -> Record:
    """Exported columns only, values as the system holds them (law.md R1.11)."""
    data = {column: json_value(row[column]) for column, held in table.columns.items() if held.export}
    return Record(
        table=name,
        key={column: json_value(row[column]) for column in table.key},
        data=data,
        to_review=tuple(column for column in data if table.columns[column].third_party and data[column]),
        keep_until=keep_until(table.retention, row),
    )


def contact_points(system: str, table: Table, rows: Iterable[Row]) -> list[ContactPoint]:
    """The addresses of the rows that the map calls contact points."""
    return [
        ContactPoint(system=system, kind=identity_kind(key), value=value)
        for row in rows
        for key, identity in table.identity.items()
        if identity.contact_point and (value := str(row[identity.column] or "").strip())
    ]


def keep_until(retention: Retention | None, row: Row) -> date | None:
    """The last day the row may be kept, where its starting date can be read; dates are those of Paris (law.md D10)."""
    start = None if retention is None else row[retention.start]
    if isinstance(start, str):
        try:
            start = datetime.fromisoformat(start)
        except ValueError:
            return None
    if isinstance(start, datetime):
        start = (start.astimezone(PARIS) if start.tzinfo else start).date()
    if retention is None or not isinstance(start, date):
        return None
    try:
        return end_of_retention(retention, start)
    except (ValueError, OverflowError):
        return None  # beyond the year 9999


def json_value(value: Any) -> JsonValue:  # noqa: PLR0911  # one line for each kind of value
    """Dates in ISO 8601, decimals, identifiers and whatever JSON lacks as text, bytes in base64."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [json_value(item) for item in value]
    return str(value)


def refuse_gaps(system: str, unknown: Sequence[str], gone: Sequence[str]) -> None:
    """Raises `MapIncomplete` naming everything on which system and map disagree (DESIGN.md 4.8)."""
    file = f"data_map/{system}.yaml"
    problems = []
    if unknown:
        verb, pronoun = ("is", "it") if len(unknown) == 1 else ("are", "them")
        problems.append(f"{', '.join(unknown)} {verb} not in the map ({file}): add {pronoun}")
    if gone:
        verb, pronoun = ("is", "it") if len(gone) == 1 else ("are", "them")
        problems.append(
            f"{', '.join(gone)} {verb} in the map ({file}) but not in the system: remove {pronoun}"
        )
    if problems:
        raise MapIncomplete(f"{'; '.join(problems)} and run the search again")
