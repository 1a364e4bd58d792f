"""What other programs ask: may this address be contacted (law.md A5), and must its data wait for a deletion (D22).

Asking changes nothing. Whoever asks is known by a bearer token; nothing they send is kept or logged. How often they
asked lives in memory, as one process serves the web app.
"""

import secrets
from collections.abc import Callable, Coroutine
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import ConfigDict, Field, model_validator
from sqlmodel import Session
from starlette.exceptions import HTTPException

from models.database import reading
from models.errors import Rejected
from models.fingerprints import LONGEST_EMAIL, LONGEST_PHONE
from models.records import Frozen
from models.settings import settings
from tasks.keeping.deletion_holds import is_held
from tasks.keeping.suppress import is_suppressed

MOST_CONTACTS = 500
MINUTE = "60"  # seconds: after a minute without a question, as many as ever may be asked
SUPPRESSION, HOLDS = "/suppression/check", "/holds/check"
USAGE = {
    SUPPRESSION: 'send JSON: {"email": "name@domain"}, {"phone": "+33 1 23 45 67 89"}, both, '
    f'or {{"contacts": [...]}} with one to {MOST_CONTACTS} of them',
    HOLDS: 'send JSON: {"email": "name@domain"}',
}


class Contact(Frozen):
    """One person's address, number, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    email: str | None = Field(None, max_length=LONGEST_EMAIL)
    phone: str | None = Field(None, max_length=LONGEST_PHONE)

    @model_validator(mode="after")
    def _says_something(self) -> "Contact":
        if self.email is None and self.phone is None:
            raise ValueError("give an address or a number")
        return self


class Contacts(Frozen):
    contacts: Annotated[list[Contact], Field(min_length=1, max_length=MOST_CONTACTS)]


class Address(Frozen):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    email: str = Field(max_length=LONGEST_EMAIL)


class KnownCallers(APIRoute):
    """A route that reads a question only from a known caller, and says everything in JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's own."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            caller = _caller(request)
            if caller is None:
                why = "send one of DSR_CHECK_TOKENS as Authorization: Bearer …"
                return JSONResponse({"error": why}, 401, {"WWW-Authenticate": "Bearer"})
            request.state.caller = caller
            try:
                return await handle(request)
            except RequestValidationError:
                return JSONResponse({"error": USAGE[request.url.path]}, 422)
            except HTTPException as refused:
                if refused.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for a body that is no JSON
                    return JSONResponse({"error": USAGE[request.url.path]}, 422)
                return JSONResponse({"error": refused.detail}, refused.status_code, refused.headers)

        return answer


router = APIRouter(route_class=KnownCallers)


@router.post(SUPPRESSION)
def suppression(request: Request, question: Contact | Contacts) -> dict[str, Any]:
    """Say of each contact whether it is suppressed and in which scopes: `marketing`, `erased`."""
    if isinstance(question, Contact):
        _count(request, 1)
        with reading() as session:
            return _answer(session, question)
    _count(request, len(question.contacts))
    with reading() as session:
        return {"contacts": [_answer(session, contact, n) for n, contact in enumerate(question.contacts, 1)]}


@router.post(HOLDS)
def holds(request: Request, question: Address) -> dict[str, bool]:
    """Say whether the data of this address must wait: its person asked to see or receive them."""
    _count(request, 1)
    try:
        with reading() as session:
            return {"held": is_held(session, question.email)}
    except Rejected as error:
        raise HTTPException(422, str(error)) from None


def _answer(session: Session, contact: Contact, number: int = 0) -> dict[str, Any]:
    scopes: set[str] = set()
    try:
        if contact.email is not None:
            scopes |= is_suppressed(session, "email", contact.email)
        if contact.phone is not None:
            scopes |= is_suppressed(session, "phone", contact.phone)
    except Rejected as error:
        raise HTTPException(422, f"contact {number}: {error}" if number else str(error)) from None
    return {"suppressed": bool(scopes), "scopes": sorted(scopes)}


def _caller(request: Request) -> str | None:
    """Which token was sent, by its place in the settings; None for any other. Every token is compared, in full."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    tokens = [token.get_secret_value() for token in settings().check_tokens]
    same = [bool(t) and secrets.compare_digest(t.encode(), sent.strip().encode()) for t in tokens]
    return str(same.index(True)) if scheme.lower() == "bearer" and any(same) else None


def _count(request: Request, contacts: int) -> None:
    most = settings().checks_per_minute
    if contacts > most:
        raise HTTPException(
            422, f"ask for at most {most} contacts at a time: DSR_CHECKS_PER_MINUTE allows no more"
        )
    if not _limiter().hit(RateLimitItemPerMinute(most), request.state.caller, cost=contacts):
        raise HTTPException(
            429, f"at most {most} contacts a minute: wait {MINUTE} seconds", {"Retry-After": MINUTE}
        )


@cache
def _limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
