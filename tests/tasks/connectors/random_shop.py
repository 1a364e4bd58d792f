"""Random databases with people in them, for property tests: schema, map, rows, and whose rows they are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from shop import TEXT

from models.data_map import SqlSystem
from models.records import Identifier

PEOPLE = ("ann@a.example", "bob@b.example", "joann@a.example")
PHONES = ("+33 1 99 00 99 01", "+33 1 99 00 99 02", "+33 1 99 00 99 03")
NAMES = ("Ann Lee", "Bob Roy", "Joann Kay")
SPELT = ("{}", "<{}>", "vu avec {}, hier", '{{"qui": ["{}"]}}')
ME = [Identifier(kind="email", value=PEOPLE[0].upper()), Identifier(kind="phone", value=PHONES[0])]
TODAY_YEAR = 2026


@dataclass(frozen=True)
class Foreign:
    """A foreign key from `column` to the key of `parent`. `link`: the map follows it."""

    column: str
    parent: str
    link: bool
    enforced: bool
    on_delete: str


@dataclass(frozen=True)
class Shape:
    """One table: a second key column, identity columns, references, masks that are missing, and what the map says."""

    name: str
    composite: bool
    email: bool
    second_email: bool
    phone: bool
    foreign: tuple[Foreign, ...]
    action: str
    holds: tuple[str, ...]
    unmasked: bool
    required: bool


@dataclass
class World:
    shapes: list[Shape]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """On one line: what went wrong stands below it, and a log that is cut must still hold that."""
        printer.text(repr(self))

    def spec(self) -> SqlSystem:
        about = {
            "version": 1,
            "system": "shop",
            "kind": "sql",
            "title": TEXT,
            "recipients": [],
            "dsn_env": "SHOP",
        }
        return SqlSystem.model_validate(
            {**about, "tables": {shape.name: _described(shape, self) for shape in self.shapes}}
        )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Two to four tables; links go to earlier tables, other foreign keys anywhere, circles included."""
    names = [f"t{number}" for number in range(draw(st.integers(2, 4)))]
    world = World([draw(_shape(name, names[:number], names)) for number, name in enumerate(names)])
    for shape in world.shapes:
        count = draw(st.integers(1, 4))
        world.rows[shape.name] = [draw(_row(shape, number)) for number in range(count)]
    for shape in world.shapes:
        for row in world.rows[shape.name]:
            for foreign in shape.foreign:
                targets = [target["id"] for target in world.rows[foreign.parent]]
                row[foreign.column] = draw(st.sampled_from([None, *targets]))
    return world


@st.composite
def _shape(draw: st.DrawFn, name: str, earlier: list[str], everywhere: list[str]) -> Shape:
    foreign = []
    for number in range(draw(st.integers(0, 2)) if earlier else 0):
        parent = draw(st.sampled_from(earlier))
        foreign.append(
            Foreign(f"up{number}", parent, link=True, enforced=draw(st.booleans()), on_delete=draw(DELETING))
        )
    for number in range(draw(st.sampled_from([0, 0, 1]))):
        parent = draw(st.sampled_from(everywhere))
        foreign.append(Foreign(f"ref{number}", parent, link=False, enforced=True, on_delete=draw(DELETING)))
    linked = any(item.link for item in foreign)
    email = draw(st.booleans()) or not linked
    return Shape(
        name=name,
        # a composite key is (id, part); what refers to the table refers to id, which is unique as well
        composite=draw(st.booleans()),
        email=email,
        second_email=email and draw(st.sampled_from([False, False, True])),
        phone=draw(st.booleans()),
        foreign=tuple(foreign),
        action=draw(st.sampled_from(["delete", "delete", "minimise"])),
        holds=tuple(draw(st.lists(st.sampled_from(["flag", "retention", "kept"]), max_size=2, unique=True))),
        unmasked=draw(st.sampled_from([False] * 9 + [True])),
        required=draw(st.sampled_from([False] * 9 + [True])),
    )


DELETING = st.sampled_from(["", "ON DELETE CASCADE", "ON DELETE SET NULL"])
WHO = st.sampled_from([0, 0, 0, 1, 2])


@st.composite
def _row(draw: st.DrawFn, shape: Shape, number: int) -> dict[str, Any]:
    who = draw(WHO)
    row: dict[str, Any] = {"id": number + 1}
    if shape.composite:
        row["part"] = draw(st.sampled_from(["a", "b"]))
    if shape.email:
        row["email"] = draw(
            st.sampled_from([PEOPLE[who], PEOPLE[who].title(), *([] if shape.required else [None])])
        )
    if shape.second_email:
        row["cc"] = PEOPLE[draw(WHO)]
    if shape.phone:
        row["phone"] = draw(st.sampled_from([PHONES[who], PHONES[who], None]))
    spelt, about = draw(st.sampled_from(SPELT)), draw(WHO)
    row["name"] = NAMES[who]
    row["note"] = draw(st.sampled_from([None, "", spelt.format(PEOPLE[about]), spelt.format(PHONES[about])]))
    row["said"] = draw(st.sampled_from([None, {"de": PEOPLE[about].upper(), "n": [PHONES[about], 1]}]))
    row["free"] = draw(st.sampled_from([None, spelt.format(PEOPLE[draw(WHO)])]))
    row["flag"] = draw(st.booleans())
    row["day"] = draw(st.sampled_from(["2014-06-01", "2024-06-01"]))
    return row


def _described(shape: Shape, world: World) -> dict[str, Any]:
    masks = {
        "email": "token_email",
        "cc": "null",
        "phone": "null",
        "name": "fixed:Effacé",
        "note": "redact_identities",
        "said": "redact_identities",
    }
    categories = {
        "email": "contact",
        "cc": "contact",
        "phone": "contact",
        "name": "identity",
        "note": "free_text",
        "said": "free_text",
    }
    columns: dict[str, dict[str, Any]] = {}
    for column in _columns(shape):
        columns[column] = {"category": categories.get(column, "technical")}
        if column in masks and not (column == "name" and shape.unmasked):
            columns[column]["mask"] = masks[column]
    identity = {"email": {"column": "email", "fold": True}} if shape.email else {}
    identity |= {"email#2": {"column": "cc", "fold": True}} if shape.second_email else {}
    identity |= {"phone": {"column": "phone"}} if shape.phone else {}
    return {
        "title": TEXT, "key": ["id", "part"] if shape.composite else ["id"], "purpose": "p", "source": "s",
        "columns": columns, "identity": identity,
        "link": [{"column": f.column, "to": f"{f.parent}.id", "enforced": f.enforced} for f in shape.foreign if f.link],
        "not_followed": [f.column for f in shape.foreign if not f.link],
        "retention": {"start": "day", "keep": "10y", "from_year_end": True},
        "erasure": {"action": shape.action, "holds": list(_holds(shape, world))},
    }  # fmt: skip


def _holds(shape: Shape, world: World) -> Iterator[dict[str, Any]]:
    below = _below(shape.name, world)
    for name in shape.holds:
        if name == "flag":
            yield {"name": name, "when": {"column": "flag", "is": True}, "action": "keep", "basis": "b"}
        elif name == "retention":
            anyway = ["note", *(["phone"] if shape.phone else [])]
            yield {
                "name": name,
                "when": {"retention_running": True},
                "action": "keep",
                "basis": "b",
                "mask_anyway": anyway,
            }
        elif below:
            yield {"name": name, "when": {"has_kept": below[-1]}, "action": "minimise", "basis": "b"}


def _below(name: str, world: World) -> list[str]:
    found = [name]
    for shape in world.shapes:
        if any(foreign.link and foreign.parent in found for foreign in shape.foreign):
            found.append(shape.name)
    return found[1:]


def _columns(shape: Shape) -> dict[str, str]:
    columns = {"id": "INTEGER NOT NULL"}
    columns |= {"part": "VARCHAR(9) NOT NULL"} if shape.composite else {}
    columns |= {"email": "VARCHAR(60)" + " NOT NULL" * shape.required} if shape.email else {}
    columns |= {"cc": "VARCHAR(60)" + " NOT NULL" * shape.required} if shape.second_email else {}
    columns |= {"phone": "VARCHAR(60)"} if shape.phone else {}
    columns |= {
        "name": "VARCHAR(60)",
        "note": "TEXT",
        "said": "JSON",
        "free": "TEXT",
        "flag": "BOOLEAN",
        "day": "DATE",
    }
    return columns | {foreign.column: "INTEGER" for foreign in shape.foreign}


def build(world: World, connection: sa.Connection) -> None:
    """The empty database filled: foreign keys are declared with the tables on SQLite, afterwards elsewhere."""
    later = connection.dialect.name != "sqlite"
    for shape in world.shapes:
        parts = [f"{column} {kind}" for column, kind in _columns(shape).items()]
        parts += ["PRIMARY KEY (id, part)", "UNIQUE (id)"] if shape.composite else ["PRIMARY KEY (id)"]
        parts += [] if later else [_constraint(foreign) for foreign in shape.foreign if foreign.enforced]
        connection.execute(sa.text(f"CREATE TABLE {shape.name} ({', '.join(parts)})"))
    for name, rows in world.rows.items():
        for row in rows:
            values = {**row, "said": None if row["said"] is None else json.dumps(row["said"])}
            names = ", ".join(f":{column}" for column in values)
            connection.execute(sa.text(f"INSERT INTO {name} ({', '.join(values)}) VALUES ({names})"), values)
    for shape in world.shapes if later else ():
        for foreign in shape.foreign:
            if foreign.enforced:
                connection.execute(sa.text(f"ALTER TABLE {shape.name} ADD {_constraint(foreign)}"))


def _constraint(foreign: Foreign) -> str:
    return f"FOREIGN KEY ({foreign.column}) REFERENCES {foreign.parent} (id) {foreign.on_delete}"


def mine(world: World) -> set[tuple[str, int]]:
    """Table and id of the person's rows: found by address or phone, or below such a row."""
    found: set[tuple[str, int]] = set()
    for shape in world.shapes:  # parents come first
        for row in world.rows[shape.name]:
            addresses = {str(row.get(column)).lower() for column in ("email", "cc")}
            above = {(f.parent, row[f.column]) for f in shape.foreign if f.link}
            if PEOPLE[0] in addresses or row.get("phone") == PHONES[0] or above & found:
                found.add((shape.name, row["id"]))
    return found
