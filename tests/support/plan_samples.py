"""Small systems, rows and references to plan an erasure with."""

from datetime import date
from typing import Any

from models.data_map import SqlSystem
from models.erasure_plan import ErasurePlan, Held, Reference, RowId, make_plan

TODAY = date(2026, 11, 23)
TEXT = {"fr": "x", "en": "x"}
BASIS = {"fr": "article 17, paragraphe 3", "en": "Article 17(3)"}


def hold(name: str, action: str, mask_anyway: tuple[str, ...] = (), **when: Any) -> dict[str, Any]:
    return {"name": name, "when": when, "action": action, "basis": BASIS, "mask_anyway": mask_anyway}


def table(columns: str, *holds: dict[str, Any], action: str = "delete", **more: Any) -> dict[str, Any]:
    """`email` is personal with a mask, `name` personal without one, `boss` a foreign key with a mask."""
    held: dict[str, dict[str, Any]] = {column: {"category": "technical"} for column in columns.split()}
    known = {"email": {"category": "contact", "mask": "null"}, "name": {"category": "identity"}}
    known["boss"] = {"category": "technical", "mask": "null"}
    held |= {column: known[column] for column in held if column in known}
    erasure = {"action": action, "holds": holds}
    return {
        "title": TEXT,
        "key": ["id"],
        "purpose": "p",
        "source": "s",
        "columns": held,
        "erasure": erasure,
        **more,
    }


def shop(**tables: Any) -> SqlSystem:
    about = {
        "version": 1,
        "system": "shop",
        "kind": "sql",
        "title": TEXT,
        "recipients": [],
        "dsn_env": "SHOP",
    }
    return SqlSystem.model_validate({**about, "tables": tables})


def row(name: str, key: int, until: date | None = None, **values: Any) -> Held:
    return Held((name, (key,)), {"id": key, **values}, until)


def link(
    child: RowId | None, parent: RowId, column: str = "up", to: str = "id", *, followed: bool = True
) -> Reference:
    return Reference(child, parent, (column,), (to,), followed)


def plan(
    system: SqlSystem,
    rows: list[Held],
    links: list[Reference] | None = None,
    today: date = TODAY,
    only: list[str] | None = None,
) -> ErasurePlan:
    by_table: dict[str, list[Held]] = {}
    for held in rows:
        by_table.setdefault(held.id[0], []).append(held)
    return make_plan(system, by_table, links or [], today, only)


def told(made: ErasurePlan) -> list[tuple[str, Any, str, str]]:
    return [(item.table, *item.key.values(), item.action, item.why) for item in made.rows]


UP = {"link": {"column": "up", "to": "contacts.id"}}
DEALS_UP = {"link": {"column": "up", "to": "deals.id"}}
RUNNING = hold("ten_years", "keep", ("email",), retention_running=True)
TEN_YEARS = {"retention": {"start": "issued", "keep": "10y", "from_year_end": True}}


def site(*contact_holds: dict[str, Any], deal_holds: tuple[dict[str, Any], ...] = ()) -> SqlSystem:
    return shop(
        contacts=table("id email litigation", *contact_holds),
        deals=table("id up", *deal_holds, **UP),
        invoices=table("id up email issued", RUNNING, **DEALS_UP, **TEN_YEARS),
    )


CHAIN = [
    link(("invoices", (1,)), ("deals", (1,))),
    link(("invoices", (2,)), ("deals", (2,))),
    link(("deals", (1,)), ("contacts", (1,))),
    link(("deals", (2,)), ("contacts", (1,))),
]
ROWS = [
    row("contacts", 1, litigation=False),
    row("deals", 1),
    row("deals", 2),
    row("invoices", 1, date(2034, 12, 31), issued=date(2024, 6, 1)),
    row("invoices", 2, date(2024, 12, 31), issued=date(2014, 6, 1)),
]
