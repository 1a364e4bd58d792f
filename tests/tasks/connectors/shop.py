"""A small database of people, on SQLite or PostgreSQL, and the data map that describes it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.data_map import SqlSystem
from models.errors import MapIncomplete
from models.records import Finding, Identifier
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_connections import database_url

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


TEXT = {"fr": "x", "en": "x"}


def table(columns: str, *, key: str = "id", **more: Any) -> dict[str, Any]:
    held = {name: {"category": "contact" if name == "email" else "technical"} for name in columns.split()}
    return {"title": TEXT, "key": key.split(), "purpose": "p", "source": "s", "columns": held, **more}


def system(tables: dict[str, Any], **more: Any) -> SqlSystem:
    about = {"version": 1, "system": "shop", "kind": "sql", "title": TEXT, "recipients": []}
    return SqlSystem.model_validate({**about, "dsn_env": "SHOP", "tables": tables, **more})


EMAIL = {"email": {"column": "email", "fold": True, "contact_point": True}}


PEOPLE = table("id email", identity=EMAIL)


def find(spec: SqlSystem, url: str, value: str = "ann@a.example", kind: str = "email") -> Finding:
    connector = SqlConnector(spec, database_url(url, "SHOP"))
    return connector.discover([Identifier(kind=kind, value=value)], NOW)


def keys(finding: Finding) -> list[tuple[Any, ...]]:
    return [(record.table, *record.key.values()) for record in finding.records]


def gaps(spec: SqlSystem, url: str) -> str:
    with pytest.raises(MapIncomplete) as caught:
        SqlConnector(spec, database_url(url, "SHOP")).check(NOW)
    return str(caught.value)
