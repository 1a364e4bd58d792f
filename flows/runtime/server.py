"""Prefect's own server with three corrections. Starting again migrates nothing twice.

Its pages may ask no other machine: the newer ones fetch the settings of a product analytics library from its vendor,
whatever our settings say, until a Content-Security-Policy makes the browser refuse. Its log quotes no values of failed
statements. On SQLite a transaction that will write takes the lock when it begins: otherwise two at once fail with
"database is locked" at once, and an officer's click or a bell is lost.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from prefect.server.api.server import create_app
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import set_database_config
from prefect.settings import get_current_settings
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.settings import Settings, settings

PING_SECONDS = 20.0  # websockets, as Prefect's own command sets it


def main() -> None:
    """Serve until SIGTERM."""
    config = settings()
    event.listen(Engine, "handle_error", hide_values)
    database = get_current_settings().server.database.connection_url
    if database and database.get_secret_value().startswith("sqlite"):
        set_database_config(LockingSqlite(connection_url=database.get_secret_value()))
    uvicorn.run(
        with_policy(create_app(final=True), policy(config)),
        host="127.0.0.1",
        port=config.prefect_port,
        log_level="warning",
        access_log=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
    )


class LockingSqlite(AioSqliteConfiguration):
    """SQLite whose transactions wait for the write lock, up to Prefect's 60 s, instead of failing in their middle."""

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = False
    ) -> AsyncIterator[AsyncSessionTransaction]:
        """Begin as Prefect does for updates."""
        del with_for_update
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def policy(config: Settings) -> str:
    """Return what Prefect's pages may load: their own files and their own API."""
    api = config.prefect_url.rstrip("/")
    return (
        "default-src 'self'; script-src 'self' 'unsafe-eval' blob:; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' {api} {api.replace('http', 'ws', 1)}; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def with_policy(app: FastAPI, content: str) -> ASGIApp:
    """Add the policy to every answer."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = content
            await send(message)

        await app(scope, receive, send_with_policy)

    return answer


def hide_values(context: ExceptionContext) -> None:
    """Keep what a failed statement was given, such as a form's text, out of the log."""
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.hide_parameters = True


if __name__ == "__main__":
    main()
