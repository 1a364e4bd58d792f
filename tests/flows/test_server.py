"""What our Prefect server does differently: no lost click on SQLite, no values in the log, no page that asks elsewhere."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy.exc import OperationalError

from flows.runtime.server import LockingSqlite, hide_values, policy
from models.settings import Settings

AT_ONCE = 8


async def counted(config: AioSqliteConfiguration) -> int:
    """Let eight transactions read a number and write the next one, all at once; the number in the end."""
    engine = await config.engine()
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE counter (number INTEGER)"))
        await connection.execute(sa.text("INSERT INTO counter VALUES (0)"))

    async def count() -> None:
        async with await config.session(engine) as session, config.begin_transaction(session):
            number = await session.scalar(sa.text("SELECT number FROM counter"))
            await session.execute(sa.text("UPDATE counter SET number = :next"), {"next": number + 1})

    try:
        await asyncio.gather(*(count() for _ in range(AT_ONCE)))
        async with engine.connect() as connection:
            return int(await connection.scalar(sa.text("SELECT number FROM counter")))
    finally:
        await engine.dispose()


def test_transactions_that_read_and_then_write_wait_for_each_other(tmp_path: Path) -> None:
    assert asyncio.run(counted(LockingSqlite(f"sqlite+aiosqlite:///{tmp_path / 'ours.db'}"))) == AT_ONCE


def test_a_failed_statement_is_told_without_its_values() -> None:
    engine = sa.create_engine("sqlite://")
    sa.event.listen(engine, "handle_error", hide_values)
    with engine.connect() as connection, pytest.raises(OperationalError) as failed:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:value)"), {"value": "Camille Durand"})
    assert "Durand" not in str(failed.value)
    engine.dispose()


def test_pages_may_talk_to_their_own_api_only(tmp_path: Path) -> None:
    config = Settings(demo=True, home=tmp_path, prefect_url="https://prefect.nexoris.example/")
    connect = next(rule for rule in policy(config).split("; ") if rule.startswith("connect-src"))
    assert connect == "connect-src 'self' https://prefect.nexoris.example wss://prefect.nexoris.example"
