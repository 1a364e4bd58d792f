"""Makes a value fit the type of its column, or refuses; pure, so repeating is safe."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import JsonValue

from models.calendar import paris_date

Kind = sa.types.TypeEngine[Any]


def fit(kind: Kind, value: JsonValue | datetime) -> Any:
    """The value as a column of this type holds it; None is no value. Raises `ValueError` where it cannot.

    A moment is written in UTC where the column knows no time zone, as the day in Paris where it is a date, and in
    whole seconds.
    """
    try:
        return value if value is None or isinstance(kind, sa.JSON | sa.types.NullType) else _fit(kind, value)
    except (TypeError, ArithmeticError, KeyError):
        raise ValueError("does not fit") from None


def same(held: Any, value: Any) -> bool:
    """Equal as databases hold values: some pad a text with spaces, some have no truth but 1."""
    if isinstance(held, str) and isinstance(value, str):
        return held.rstrip(" ") == value.rstrip(" ")
    return bool(held == value)


def _fit(kind: Kind, value: Any) -> Any:
    if isinstance(value, bool):
        if isinstance(kind, sa.String):
            return _from_text(kind, "true" if value else "false")
        return _read(kind, {sa.Boolean: bool, sa.Integer: int, sa.Numeric: int}, value)
    if isinstance(value, datetime):
        return _moment(kind, value)
    if isinstance(value, str):
        return _from_text(kind, value)
    fits = sa.ARRAY if isinstance(value, list | dict) else sa.Integer | sa.Numeric
    if not isinstance(kind, fits):
        raise TypeError
    return value


def _from_text(kind: Kind, value: str) -> Any:
    value.encode()
    length = getattr(kind, "length", None)
    if "\x00" in value or (isinstance(kind, sa.String) and length is not None and len(value) > length):
        raise ValueError("does not fit")
    if isinstance(kind, sa.DateTime):
        moment = datetime.fromisoformat(value)
        return _moment(kind, moment) if moment.tzinfo or kind.timezone else moment
    readers: dict[type[Kind], Callable[[str], Any]] = {
        sa.String: str, sa.Boolean: _truth, sa.Integer: int, sa.Float: float, sa.Numeric: Decimal,
        sa.Date: date.fromisoformat, sa.Uuid: UUID,
    }  # fmt: skip
    if isinstance(kind, sa.ARRAY | sa.LargeBinary | sa.Time | sa.Interval):
        raise TypeError
    known = any(isinstance(kind, reader) for reader in readers)
    return _read(kind, readers, value) if known else value  # a type of one database only checks for itself


def _read(kind: Kind, readers: Mapping[type[Kind], Callable[[Any], Any]], value: Any) -> Any:
    for known, read in readers.items():
        if isinstance(kind, known):
            return read(value)
    raise TypeError


def _moment(kind: Kind, value: datetime) -> Any:
    if value.tzinfo is None:
        raise TypeError
    whole = value.replace(microsecond=0)
    if isinstance(kind, sa.DateTime):
        return whole if kind.timezone else whole.astimezone(UTC).replace(tzinfo=None)
    if isinstance(kind, sa.Date):
        return paris_date(value)
    if isinstance(kind, sa.String):
        return _from_text(kind, whole.isoformat())
    raise TypeError


def _truth(value: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[value.strip().lower()]
