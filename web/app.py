"""The web app: portal, colleagues' tasks, the officer's desk, and in the demo a mailbox. Starting it changes nothing."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware

from models.database import reading
from models.errors import DsrError
from models.settings import settings
from models.tokens import derived_secret
from tasks.clock.heartbeat import silent
from web import (
    calendar_door,
    checks,
    clock_door,
    demo_mail,
    desk,
    findings,
    hand_door,
    letter_door,
    metrics_door,
    pen_door,
    portal,
    register_door,
    sla_door,
    tasks_door,
    todo_door,
)
from web.clock import Now
from web.pages import FOLDER, page, portal_language
from web.security import LoginAttempts, with_body_limit, with_headers

_log = logging.getLogger(__name__)
SESSION_SECONDS = desk.SESSION_HOURS * 3600
EXPLAINED = {403, 404, 413}


def create_app() -> FastAPI:
    """Return the app. It reads `settings()`; whoever starts it switches the access log off: paths hold tokens."""
    app = FastAPI(title="DSR", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_settled)
    https = settings().public_url.startswith("https://")
    app.state.login_attempts = LoginAttempts()
    app.add_middleware(
        SessionMiddleware,
        secret_key=derived_secret("session cookie").hex(),
        session_cookie="__Host-dsr" if https else "dsr",
        max_age=SESSION_SECONDS,
        same_site="lax",
        https_only=https,
    )
    app.add_middleware(with_body_limit)
    app.add_middleware(with_headers, https=https)
    app.add_exception_handler(desk.NotLoggedIn, _to_login)
    app.add_exception_handler(desk.OnlyFigures, _to_figures)
    app.add_exception_handler(HTTPException, _explain)
    app.add_exception_handler(RequestValidationError, _not_found)
    app.add_exception_handler(DsrError, _try_later)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    app.add_api_route("/", home)
    app.add_api_route("/healthz", health)
    app.add_api_route("/livez", alive)
    app.include_router(portal.router)
    app.include_router(tasks_door.router)
    app.include_router(todo_door.router)
    app.include_router(pen_door.router)
    app.include_router(letter_door.router)
    app.include_router(clock_door.router)
    app.include_router(hand_door.router)  # before the desk: /desk/cases/new is no case
    app.include_router(desk.router)
    app.include_router(findings.router)
    app.include_router(sla_door.router)
    app.include_router(register_door.router)
    app.include_router(calendar_door.router)
    app.include_router(metrics_door.router)
    app.include_router(checks.router)
    if settings().demo:
        app.include_router(demo_mail.router)
    return app


@asynccontextmanager
async def _settled(_app: FastAPI) -> AsyncIterator[None]:
    """Take what the program itself is made of out of the garbage collector's rounds: one of them held a page up for 170 ms."""
    gc.collect()
    gc.freeze()
    yield


def home(request: Request) -> Response:
    """Say how to write to us."""
    return page(request, "home.html", portal_language(request))


def health(now: Now) -> Response:
    """Say whether the database answers and every clockwork flow runs: 200, or 503 with who is silent since when.

    An engine that was never started is silent; whoever waits for the web app alone asks `/livez`.
    """
    try:
        quiet = {one.flow: one.since.isoformat() if one.since else "never" for one in silent(now)}
    except SQLAlchemyError:
        return JSONResponse({"database": "unreachable"}, status_code=503)
    return JSONResponse({"database": "ok", **({"silent": quiet} if quiet else {})}, 503 if quiet else 200)


def alive() -> Response:
    """Say whether the web app and its database answer, whatever the engine does: for whoever starts them."""
    try:
        with reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return JSONResponse({"database": "unreachable"}, status_code=503)
    return JSONResponse({"database": "ok"})


def _to_login(request: Request, _error: Exception) -> Response:
    return desk.to_login(request)


def _to_figures(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/sla", status_code=303)


def _not_found(request: Request, _error: Exception) -> Response:
    return _explain(request, HTTPException(404))


def _try_later(request: Request, error: Exception) -> Response:
    _log.error("a page could not be shown: %s", error)
    return _explain(request, HTTPException(503))


def _explain(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = str(status) if status in EXPLAINED else "other"
    values = {"reason": reason, "phrase": HTTPStatus(status).phrase}
    return page(request, "error.html", portal_language(request), status, **values)
