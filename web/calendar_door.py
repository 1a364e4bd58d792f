"""The officers' calendar feed: a page that shows the officer their address, and the feed itself. It only looks."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from models.database import reading
from models.settings import settings
from tasks.clock.calendar_feed import feed, owner, token_of
from web.clock import Now
from web.desk import Officer
from web.pages import desk_language, page

router = APIRouter()


@router.get("/desk/calendar")
def address(request: Request, officer: Officer) -> Response:
    """Show the officer the address of their feed."""
    with reading() as session:
        token = token_of(session, officer.officer_id)
    link = f"{settings().public_url.rstrip('/')}/calendar/{token}.ics"
    return page(request, "desk/calendar.html", desk_language(), officer=officer, link=link)


@router.get("/calendar/{token}.ics")
def calendar(token: str, now: Now) -> Response:
    """Hand out the feed to whoever holds an officer's address; 404 for any other."""
    with reading() as session:
        if owner(session, token) is None:
            raise HTTPException(404)
        content = feed(session, now, desk_language())
    headers = {"Content-Disposition": 'inline; filename="dsr.ics"'}
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)
