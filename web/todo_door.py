"""The desk's list of what to do outside the forms. Each button may be pressed twice."""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.calendar import paris_date
from models.database import reading
from models.errors import NotFound, Rejected
from models.tables import Reached
from tasks.letters.acknowledge import acknowledge_now
from tasks.letters.correspondence import waiting_link
from tasks.letters.hold_letters import drop_held, send_held
from tasks.letters.put_right import reached, send_again
from tasks.letters.send_letters import send_queued
from tasks.ring import ring
from tasks.todo_view import ELSEWHERE, count_quiet, do, letter_of, todo_lines
from web import typed
from web.clock import Now
from web.desk import Officer
from web.pages import desk_language, page
from web.portal import FORM_ERROR
from web.security import csrf_checked
from web.typed import Typed

SAID = frozenset({"settled", "acknowledged", "sent_again", "held_sent", "held_dropped"})

router = APIRouter(prefix="/desk/todo")


@router.get("")
def todo(request: Request, officer: Officer, now: Now, said: str = "") -> Response:
    """Show the list; `said` tells how the last button ended."""
    known = said if said in SAID else ""
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


@router.post("/{number}/again", dependencies=[Depends(csrf_checked)])
def again(request: Request, officer: Officer, number: int, now: Now, background: BackgroundTasks) -> Response:
    """Send a letter again that could not leave."""
    try:
        send_again(letter_of(number), officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected as error:
        return _todo_page(request, officer, now, "refused", str(error))
    background.add_task(send_queued, now)
    return RedirectResponse("/desk/todo?said=sent_again", status_code=303)


@router.post("/{number}/reached", dependencies=[Depends(csrf_checked)])
def note_reached(
    request: Request, officer: Officer, number: int, now: Now, background: BackgroundTasks, form: Typed
) -> Response:
    """Record on which day a letter reached the person otherwise, and wake what waited for it."""
    on, how = typed.day(form, "on"), typed.text(form, "how")
    if on is None or how not in set(Reached):
        return _todo_page(request, officer, now, "refused", "say on which day it reached the person, and how")
    try:
        request_ref = reached(letter_of(number), Reached(how), on, officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected as error:
        return _todo_page(request, officer, now, "refused", str(error))
    if request_ref:
        background.add_task(ring, request_ref, now)
    return RedirectResponse("/desk/todo?said=settled", status_code=303)


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
        ways=tuple(Reached),
        today=paris_date(now),
        said=said,
        why=why,
    )
