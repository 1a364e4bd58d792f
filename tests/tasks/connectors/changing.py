"""What the tests of changes share: everything a database holds, and the shop's connector."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from shop import table

from models.data_map import SqlSystem
from models.erasure_plan import ErasurePlan
from models.errors import DsrError
from models.records import Identifier
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_connections import database_url
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import plan_erasure
from tasks.connectors.sql_verify import verify_erasure

ANN = [Identifier(kind="email", value="ann@a.example")]
BOB = [Identifier(kind="email", value="bob@b.example")]
EMAIL = {"email": {"column": "email", "fold": True}}
DELETE = {"action": "delete"}
MINIMISE = {"action": "minimise"}

Run = Callable[..., None]
TODAY = date(2026, 11, 23)


def connect(spec: SqlSystem, url: str, **more: Any) -> SqlConnector:
    return SqlConnector(spec, database_url(url, "SHOP"), **more)


def people(columns: str = "id email", **more: Any) -> dict[str, Any]:
    """The table of people: their address is masked by a token, every other personal column has no mask."""
    described = table(columns, **{"identity": EMAIL, "erasure": DELETE, **more})
    described["columns"]["email"] |= {"mask": "token_email", "rectify": True}
    return described


def snapshot(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, without any code of ours."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        names = sorted(sa.inspect(connection).get_table_names())
        return {
            name: sorted(
                (tuple(row) for row in connection.execute(sa.select("*").select_from(sa.table(name)))),
                key=repr,
            )
            for name in names
        }


def carry_out(spec: SqlSystem, url: str, identifiers: list[Identifier] = ANN) -> ErasurePlan:
    connector = connect(spec, url)
    plan = plan_erasure(connector, identifiers, TODAY)
    erase(connector, plan, identifiers, TODAY)
    after = snapshot(url)
    assert {effect.changed for effect in erase(connector, plan, identifiers, TODAY)} <= {False}
    assert snapshot(url) == after
    assert verify_erasure(connector, plan, identifiers).shortfalls == ()
    return plan


def reasons(plan: ErasurePlan) -> set[tuple[str, str, str]]:
    return {(row.table, row.action, row.why) for row in plan.rows}


def refusal(spec: SqlSystem, url: str, kind: type[DsrError]) -> str:
    before = snapshot(url)
    connector = connect(spec, url)
    with pytest.raises(kind) as caught:
        erase(connector, plan_erasure(connector, ANN, TODAY), ANN, TODAY)
    assert snapshot(url) == before
    assert "ann@" not in str(caught.value)
    assert "bob@" not in str(caught.value)
    return str(caught.value)
