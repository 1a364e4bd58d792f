"""A letter to be printed and posted, and the day on which it was. Saying it again keeps the first day."""

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.calendar import paris_date
from models.errors import NotFound, Rejected
from tasks.letters.post_letter import paper_letter, posted
from tasks.ring import ring
from web import typed
from web.clock import Now
from web.desk import Officer
from web.pages import desk_language, page
from web.portal import FORM_ERROR
from web.security import csrf_checked
from web.typed import Typed

router = APIRouter(prefix="/desk/letters")


@router.get("/{number}")
def letter(request: Request, officer: Officer, number: int, now: Now) -> Response:
    """Show the letter as it is printed, and ask for the day."""
    return _page(request, officer, number, now)


@router.post("/{number}/posted", dependencies=[Depends(csrf_checked)])
def note_posted(
    request: Request, officer: Officer, number: int, now: Now, background: BackgroundTasks, form: Typed
) -> Response:
    """Record when it was posted, and wake what waited for it."""
    on = typed.day(form, "on")
    if on is None:
        return _page(request, officer, number, now, wrong=True)
    try:
        request_ref = posted(number, on, officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected:
        return _page(request, officer, number, now, wrong=True)
    if request_ref:
        background.add_task(ring, request_ref, now)
    return RedirectResponse(f"/desk/letters/{number}", status_code=303)


def _page(request: Request, officer: Officer, number: int, now: Now, *, wrong: bool = False) -> Response:
    try:
        shown = paper_letter(number)
    except NotFound as error:
        raise HTTPException(404) from error
    return page(
        request,
        "desk/letter.html",
        desk_language(),
        FORM_ERROR if wrong else 200,
        officer=officer,
        letter=shown,
        today=paris_date(now),
        wrong=wrong,
    )
