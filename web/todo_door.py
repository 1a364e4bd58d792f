"""The desk's list of what to do outside the forms. Each button may be pressed twice."""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.database import reading
from models.errors import NotFound, Rejected
from tasks.letters.acknowledge import acknowledge_now
from tasks.letters.correspondence import waiting_link
from tasks.letters.hold_letters import drop_held, send_held
from tasks.letters.send_letters import send_queued
from tasks.ring import ring
from tasks.todo_view import ELSEWHERE, count_quiet, do, todo_lines
from web.clock import Now
from web.desk import Officer
from web.pages import desk_language, page
from web.portal import FORM_ERROR
from web.security import csrf_checked

router = APIRouter(prefix="/desk/todo")


@router.get("")
def todo(request: Request, officer: Officer, now: Now, said: str = "") -> Response:
    """Show the list; `said` tells how the last button ended."""
    known = said if said in {"settled", "acknowledged", "held_sent", "held_dropped"} else ""
    return _todo_page(request, officer, now, known)


@router.post("/{number}/done", dependencies=[Depends(csrf_checked)])
def done(request: Request, officer: Officer, number: int, now: Now) -> Response:
    """Note that an entry is done."""
    try:
        do(number, officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected as error:
        return _todo_page(request, officer, now, "refused", str(error))
    return RedirectResponse("/desk/todo?said=settled", status_code=303)


@router.post("/acknowledge", dependencies=[Depends(csrf_checked)])
def acknowledge(
    request: Request,
    officer: Officer,
    now: Now,
    background: BackgroundTasks,
    case: Annotated[str, Form()] = "",
) -> Response:
    """Send the acknowledgement that was withheld."""
    try:
        acknowledge_now(case, officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected as error:
        return _todo_page(request, officer, now, "refused", str(error))
    background.add_task(send_queued, now)
    return RedirectResponse("/desk/todo?said=acknowledged", status_code=303)


@router.post("/held/{letter}/{what}", dependencies=[Depends(csrf_checked)])
def held(
    request: Request,
    officer: Officer,
    now: Now,
    background: BackgroundTasks,
    letter: int,
    what: Literal["send", "drop"],
) -> Response:
    """Send a reply that was withheld, or end its request without one."""
    try:
        if what == "send":
            send_held(letter, officer.name, now)
            background.add_task(send_queued, now)
        else:
            background.add_task(ring, drop_held(letter, officer.name, now), now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected as error:
        return _todo_page(request, officer, now, "refused", str(error))
    return RedirectResponse(
        f"/desk/todo?said=held_{'sent' if what == 'send' else 'dropped'}", status_code=303
    )


def _todo_page(request: Request, officer: Officer, now: Now, said: str, why: str = "") -> Response:
    with reading() as session:
        lines = todo_lines(session, now)
    return page(
        request,
        "desk/todo.html",
        desk_language(),
        FORM_ERROR if why else 200,
        officer=officer,
        lines=lines,
        quiet=count_quiet(),
        forms=waiting_link(),
        late=sum(line.late for line in lines),
        elsewhere=ELSEWHERE,
        said=said,
        why=why,
    )
