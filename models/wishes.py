"""What a person wants corrected: fields that the data map allows to rectify, under one name in every system (law.md R2).

Pure. The same thing (an e-mail address) stands in several tables: it is asked for once and corrected everywhere.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from models.controller import Text
from models.data_map import DataMap, ManualSystem, Table, identity_kind
from models.records import Change, Frozen

Wish = dict[str, str]
"""Field name to the value wanted; empty: as it is."""


@dataclass(frozen=True, slots=True)
class RectifiableField:
    """`name` is made from the English title; `places` are (system, table, column).

    `kind`: what the map searches people by in one of these columns (email, phone, …); empty where it is none.
    """

    name: str
    kind: str
    title: Text
    places: tuple[tuple[str, str, str], ...]


class Preview(Frozen):
    """What would change, before and after, and why some systems cannot."""

    changes: tuple[Change, ...] = ()
    problems: dict[str, str] = Field(default_factory=dict)


def rectifiable_fields(mapped: DataMap) -> tuple[RectifiableField, ...]:
    """Return the fields that may be corrected, in the order of the map."""
    titles: dict[str, Text] = {}
    kinds: dict[str, str] = {}
    places: dict[str, list[tuple[str, str, str]]] = {}
    for system, spec in mapped.systems.items():
        for table, held in {} if isinstance(spec, ManualSystem) else spec.tables.items():
            for name, column in held.columns.items():
                if column.rectify:
                    title = column.title or Text(fr=name, en=name)
                    key = _name(title.en)
                    titles.setdefault(key, title)
                    kinds[key] = kinds.get(key) or _kind(held, name)
                    places.setdefault(key, []).append((system, table, name))
    return tuple(
        RectifiableField(key, kinds[key], titles[key], tuple(found)) for key, found in places.items()
    )


def _kind(table: Table, column: str) -> str:
    """The kind of identifier that the map finds in a column, or nothing."""
    found = (identity_kind(key) for key, identity in table.identity.items() if identity.column == column)
    return next(found, "")


def _name(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def wanted_in(system: str, wish: Mapping[str, str], mapped: DataMap) -> dict[str, str]:
    """Return `table.column` to the new value, for one system."""
    return {
        f"{table}.{column}": wish[one.name]
        for one in rectifiable_fields(mapped)
        if wish.get(one.name)
        for place, table, column in one.places
        if place == system
    }
