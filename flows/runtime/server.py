"""Prefect's own server, whose pages may ask no other machine and whose log quotes no values.

Prefect's newer pages load a product analytics library and fetch its settings from its vendor, whatever our settings say;
a Content-Security-Policy makes the browser refuse. Starting again migrates nothing twice.
"""

import uvicorn
from fastapi import FastAPI
from prefect.server.api.server import create_app
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.settings import Settings, settings

PING_SECONDS = 20.0  # websockets, as Prefect's own command sets it


def main() -> None:
    """Serve until SIGTERM."""
    config = settings()
    event.listen(Engine, "handle_error", _hide_values)
    uvicorn.run(
        with_policy(create_app(final=True), policy(config)),
        host="127.0.0.1",
        port=config.prefect_port,
        log_level="warning",
        access_log=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
    )


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


def _hide_values(context: ExceptionContext) -> None:
    """Keep what a failed statement was given, such as a form's text, out of the log."""
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.hide_parameters = True


if __name__ == "__main__":
    main()
