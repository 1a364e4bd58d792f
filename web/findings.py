"""The officer's view of what was found: the records of one finding as they would be sent, its documents as downloads.

It only looks; the first look is written to the audit log before anything is shown.
"""

from datetime import datetime
from functools import partial
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from models.errors import NotFound
from tasks.exports.bundle_page import as_cards, show_cell, visible
from tasks.officers import LoggedIn
from tasks.read_finding import SeenFinding, read_finding
from web.clock import Now
from web.desk import Officer
from web.pages import desk_language, page

router = APIRouter(prefix="/desk/cases/{ref}/data/{finding_id}")


@router.get("")
def data(request: Request, officer: Officer, ref: str, finding_id: int, now: Now) -> Response:
    """Show the records, and first what may speak of other people."""
    return page(
        request,
        "desk/data.html",
        desk_language(),
        officer=officer,
        ref=ref,
        seen=_seen(ref, finding_id, officer, now),
        cell=partial(show_cell, language=desk_language()),
        as_cards=as_cards,
        visible=visible,
    )


@router.get("/documents/{number}")
def document(officer: Officer, ref: str, finding_id: int, number: int, now: Now) -> Response:
    """Hand out the `number`-th document byte for byte: to be saved, never to be opened by the browser."""
    documents = _seen(ref, finding_id, officer, now).documents
    if not 1 <= number <= len(documents):
        raise HTTPException(404)
    found = documents[number - 1]
    name = quote(found.path.rpartition("/")[2], safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}  # RFC 6266, 4.1
    return Response(found.content, media_type="application/octet-stream", headers=headers)


def _seen(ref: str, finding_id: int, officer: LoggedIn, now: datetime) -> SeenFinding:
    try:
        return read_finding(ref, finding_id, officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
