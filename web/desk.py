"""The officer's door: log in, see every case with its due date, read one case whole.

It only looks, so repeating is safe; decisions are made in Prefect's forms.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models import storage
from models.case_values import CaseLine, CaseView
from models.cases import find_request
from models.data_map_loading import load_data_map
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.rights import Right
from models.settings import settings
from tasks import officers
from tasks.case_view import Which, case_list, case_view
from tasks.colleagues.evidence import evidence_archive
from tasks.exports import downloads
from tasks.letters.send_letters import send_queued
from tasks.mail.read_kept import shown_kept
from tasks.officers import LoggedIn
from web.case_words import case_words
from web.clock import Now
from web.pages import desk_language, page
from web.portal import FORM_ERROR
from web.security import csrf_checked, forgive, take_attempt

router = APIRouter(prefix="/desk")

SESSION_HOURS = 12
CASES_A_PAGE = 100
READ_INLINE = 20  # messages and letters whose text is shown on the case page
_OURS = re.compile(r"/(desk|sla)(/[A-Za-z0-9._-]+)*")


class NotLoggedIn(Exception):
    """Nobody is logged in: the app answers with the log-in page."""


class OnlyFigures(Exception):
    """A manager asked for a case: the app answers with the figures."""


def logged_in(request: Request, now: Now) -> LoggedIn:
    """Return the officer or manager of this session, or raise `NotLoggedIn`."""
    since = datetime.fromtimestamp(request.session.get("since", 0), UTC)
    officer = None
    if "officer" in request.session and now - since < timedelta(hours=SESSION_HOURS):
        officer = officers.known(request.session["officer"])
    if officer is None:
        raise NotLoggedIn
    return officer


def officer_logged_in(request: Request, now: Now) -> LoggedIn:
    """Return the officer of this session, or raise `NotLoggedIn` or, for a manager, `OnlyFigures`."""
    officer = logged_in(request, now)
    if officer.manager:
        raise OnlyFigures
    return officer


Officer = Annotated[LoggedIn, Depends(officer_logged_in)]


def to_login(request: Request) -> Response:
    """Send somebody who is not logged in to the log-in page, and back afterwards."""
    wanted = _ours(request.url.path) if request.method == "GET" else "/desk"
    return RedirectResponse(f"/desk/login?next={wanted}", status_code=303)


@router.get("/login")
def login_page(request: Request, next: str = "/desk") -> Response:  # noqa: A002  # the query's name
    """Show the log-in form."""
    return page(request, "desk/login.html", desk_language(), next=_ours(next), error="", address="")


@router.post("/login", dependencies=[Depends(csrf_checked)])
def login(
    request: Request,
    now: Now,
    *,
    address: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    totp: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/desk",  # noqa: A002  # the query's name
) -> Response:
    """Open a session; every failure looks the same."""
    attempts, client = request.app.state.login_attempts, request.client.host if request.client else ""
    account = address.strip().lower()
    allowed = take_attempt(attempts, client, account, now)
    officer = officers.log_in(account, password, totp, now) if allowed else None
    if officer is None:
        error, status = ("refused", FORM_ERROR) if allowed else ("too_many", 429)
        return page(
            request,
            "desk/login.html",
            desk_language(),
            status,
            next=_ours(next),
            error=error,
            address=address,
        )
    forgive(attempts, client, account)
    request.session.clear()  # a new session: nothing planted before the log-in survives it
    request.session.update(officer=officer.officer_id, since=now.timestamp())
    return RedirectResponse("/sla" if officer.manager else _ours(next), status_code=303)


@router.post("/logout", dependencies=[Depends(csrf_checked)])
def logout(request: Request) -> Response:
    """Close the session."""
    request.session.clear()
    return RedirectResponse("/desk/login", status_code=303)


@router.get("")
def cases(
    request: Request,
    officer: Officer,
    now: Now,
    which: Which = "open",
    q: str = "",
    page_number: int = 1,
) -> Response:
    """List the cases, earliest due first."""
    with reading() as session:
        lines = case_list(session, now, which)
    found = [line for line in lines if _matches(line, q)]
    last = max(1, -(-len(found) // CASES_A_PAGE))
    number = min(max(1, page_number), last)
    return page(
        request,
        "desk/cases.html",
        desk_language(),
        officer=officer,
        lines=found[(number - 1) * CASES_A_PAGE : number * CASES_A_PAGE],
        total=len(found),
        late=sum(line.days_left is not None and line.days_left < 0 for line in found),
        which=which,
        q=q,
        number=number,
        last=last,
    )


@router.get("/cases/{ref}")
def case(
    request: Request, officer: Officer, ref: str, now: Now, link: str = "", opened: str = ""
) -> Response:
    """Show one case whole; `link` says how sending a new one ended, `opened` that the case was just entered."""
    view = _view(ref, now)
    messages = [(line, shown_kept(line.storage_key)) for line in view.messages[-READ_INLINE:]]
    letters = [
        (line, None if line.secret else shown_kept(line.storage_key)) for line in view.letters[-READ_INLINE:]
    ]
    return page(
        request,
        "desk/case.html",
        desk_language(),
        officer=officer,
        case=view,
        messages=messages,
        letters=letters,
        titles=_titles(),
        link=link,
        opened=opened if opened in {"new", "already", "late"} else "",
        links_left=_links_left(view),
        words=case_words(desk_language()),
    )


@router.post("/cases/{ref}/{right}/link", dependencies=[Depends(csrf_checked)])
def new_link(officer: Officer, ref: str, right: Right, now: Now, background: BackgroundTasks) -> Response:
    """Send the person a new link to the copy that is stored."""
    try:
        with unit_of_work() as session:
            downloads.renew(session, find_request(session, f"{ref}/{right}"), officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected:
        return RedirectResponse(f"/desk/cases/{ref}?link=refused", status_code=303)
    background.add_task(send_queued, now)
    return RedirectResponse(f"/desk/cases/{ref}?link=sent", status_code=303)


def _links_left(view: CaseView) -> dict[str, int]:
    """How many new links may still be sent, by right."""
    with reading() as session:
        return {
            request.right: downloads.links_left(session, find_request(session, request.ref))
            for request in view.requests
        }


@router.get("/cases/{ref}/messages/{message_id}.eml")
def raw_message(officer: Officer, ref: str, message_id: int, now: Now) -> Response:
    """Hand out a message of this case, byte for byte as it arrived."""
    del officer  # logged in is enough
    for line in _view(ref, now).messages:
        if line.id == message_id:
            headers = {"Content-Disposition": f'attachment; filename="{ref}-{message_id}.eml"'}
            return Response(_fetched(line.storage_key), media_type="message/rfc822", headers=headers)
    raise HTTPException(404)


@router.get("/cases/{ref}/tasks/{task_id}.zip")
def evidence(officer: Officer, ref: str, task_id: int, now: Now) -> Response:
    """Hand out the files that a colleague attached to an answer, in one archive."""
    del officer  # logged in is enough
    listed = [task for request in _view(ref, now).requests for task in request.tasks]
    if not any(task.id == task_id and task.evidence for task in listed):
        raise HTTPException(404)
    try:
        archive = evidence_archive(task_id)
    except NotFound as error:
        raise HTTPException(404) from error
    headers = {"Content-Disposition": f'attachment; filename="{ref}-{task_id}.zip"'}
    return Response(archive, media_type="application/zip", headers=headers)


def _titles() -> dict[str, str]:
    """What the systems are called, in the officers' language."""
    systems = load_data_map(settings().data_map).systems
    return {key: getattr(system.title, desk_language()) for key, system in systems.items()}


def _view(ref: str, now: datetime) -> CaseView:
    try:
        with reading() as session:
            return case_view(session, ref, now)
    except NotFound as error:
        raise HTTPException(404) from error


def _fetched(storage_key: str) -> bytes:
    try:
        return storage.fetch(storage_key)
    except NotFound as error:
        raise HTTPException(404) from error


def _matches(line: CaseLine, q: str) -> bool:
    wanted = q.strip().casefold()
    return any(wanted in text.casefold() for text in (line.ref, line.requester_name, line.requester_address))


def _ours(path: str) -> str:
    return path if _OURS.fullmatch(path) else "/desk"
