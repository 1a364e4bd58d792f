"""The clock of one case: an officer extends its period, with the reason the person reads (law.md D11, D12).

It can be done once; trying again says so.
"""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.case_clock import deadlines_of
from models.cases import find_case
from models.database import reading
from models.errors import NotFound, Rejected
from models.letters import one_line
from tasks.clock.extend_case import can_extend, delay_words, extend_case
from tasks.forms.decide import codes_in_use
from tasks.letters.send_letters import send_queued
from web.clock import Now
from web.desk import Officer
from web.pages import desk_language, page
from web.portal import FORM_ERROR
from web.security import csrf_checked

router = APIRouter(prefix="/desk/cases")
LONGEST_REASON = 1_000  # characters


@router.get("/{ref}/extension")
def extension(request: Request, officer: Officer, ref: str, now: Now, said: str = "") -> Response:
    """Show what an extension does to the dates, and the form."""
    return _page(request, officer, ref, now, done=said == "done")


@router.post("/{ref}/extension", dependencies=[Depends(csrf_checked)])
def extend(
    request: Request,
    officer: Officer,
    ref: str,
    now: Now,
    background: BackgroundTasks,
    *,
    ground: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Extend, and send the notice."""
    reason = one_line(reason)[:LONGEST_REASON]
    try:
        extend_case(ref, ground, reason, officer.name, now, code)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected as error:
        return _page(request, officer, ref, now, ground=ground, reason=reason, why=str(error))
    background.add_task(send_queued, now)
    return RedirectResponse(f"/desk/cases/{ref}/extension?said=done", status_code=303)


def _page(
    request: Request,
    officer: Officer,
    ref: str,
    now: Now,
    *,
    ground: str = "",
    reason: str = "",
    why: str = "",
    done: bool = False,
) -> Response:
    try:
        with reading() as session:
            case = find_case(session, ref)
            dates, possible = deadlines_of(session, case, now), can_extend(session, case, now)
            codes = codes_in_use(session)
    except NotFound as error:
        raise HTTPException(404) from error
    return page(
        request,
        "desk/extend.html",
        desk_language(),
        FORM_ERROR if why else 200,
        officer=officer,
        ref=ref,
        dates=dates,
        possible=possible,
        done=done and (dates.extended or dates.extension == "not_told"),
        grounds=delay_words(desk_language()),
        codes=codes,
        said={"ground": ground, "reason": reason},
        why=why,
    )
