"""Requests that came by another way than the mailbox, and mandates (law.md Q2, D2, D3, I13 to I19).

A form counts once: its key goes with it. A case has one mandate, checked once.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from models.by_hand import HAND_CHANNELS, ByHand, Opened
from models.calendar import paris_date
from models.cases import find_case
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.mandates import AgentKind
from models.records import Document
from models.rights import Right
from models.tables import Channel
from models.tokens import new_token
from tasks.mail.mandates import check_mandate, mandate_faults, mandate_of, mandate_scan, record_mandate
from tasks.mail.open_by_hand import MAX_BYTES, LooksKnown, faults_in, open_by_hand
from web import typed
from web.clock import Now
from web.desk import Officer
from web.pages import desk_language, page
from web.portal import FORM_ERROR
from web.security import csrf_checked
from web.typed import Typed

router = APIRouter(prefix="/desk/cases")


@router.get("/new")
def new_case(request: Request, officer: Officer) -> Response:
    """Show the empty form, with a key of its own."""
    return _form(request, officer, typed.said(None, language="fr", key=new_token()))


@router.post("/new", dependencies=[Depends(csrf_checked)])
def opened(request: Request, officer: Officer, now: Now, form: Typed) -> Response:
    """Open the case, once however often the form is sent; show what to correct, or which cases look the same."""
    channel, received_at = typed.channel(form), typed.moment(form, "received_at")
    faults = typed.mandate_faults(form)
    if channel is None or received_at is None:
        missing = {"channel": channel, "received": received_at}
        faults += [name for name, value in missing.items() if value is None]
    given = ByHand(
        rights=typed.rights(form),
        channel=channel or Channel.POST,
        received_at=received_at or now,
        name=typed.line(form, "name"),
        address=typed.line(form, "address"),
        postal=typed.lines(form, "postal"),
        language=typed.text(form, "language"),
        notes=typed.text(form, "notes"),
        files=typed.files(form, "files"),
        mandate=typed.mandate(form),
        key=typed.text(form, "key"),
        another=bool(typed.text(form, "another")),
    )
    faults += [fault for fault in faults_in(given, now) if fault not in faults]
    if faults:
        return _form(request, officer, typed.said(form), faults, files_again=bool(given.files))
    try:
        case = open_by_hand(given, officer.name, now)
    except LooksKnown as error:
        return _form(request, officer, typed.said(form), twins=error.refs, files_again=bool(given.files))
    return RedirectResponse(f"/desk/cases/{case.ref}?{_told(case)}", status_code=303)


def _told(case: Opened) -> str:
    return f"opened={'already' if case.already else 'late' if case.late else 'new'}"


def _form(
    request: Request,
    officer: Officer,
    said: dict[str, object],
    faults: list[str] | None = None,
    twins: list[str] | None = None,
    *,
    files_again: bool = False,
) -> Response:
    return page(
        request,
        "desk/case_new.html",
        desk_language(),
        FORM_ERROR if faults or twins else 200,
        officer=officer,
        said=said,
        faults=faults or [],
        twins=twins or [],
        files_again=files_again,
        max_bytes=MAX_BYTES,
        rights=list(Right),
        channel_words=typed.channel_words(HAND_CHANNELS),
        language_words=typed.language_words(),
        field_of=typed.FIELD_OF,
    )


@router.get("/{ref}/mandate")
def mandate(request: Request, officer: Officer, ref: str, now: Now, saved: bool = False) -> Response:
    """Show the case's mandate, or the form to record one."""
    return _mandate(request, officer, ref, now, typed.said(), saved=saved)


@router.post("/{ref}/mandate", dependencies=[Depends(csrf_checked)])
def recorded(request: Request, officer: Officer, ref: str, now: Now, form: Typed) -> Response:
    """Record a mandate for a case that is open already."""
    given, faults = typed.mandate(form), typed.mandate_faults(form)
    if given is None and not faults:
        faults = ["agent_kind"]
    try:
        with unit_of_work() as session:
            case = find_case(session, ref)
            if given is not None:
                faults += mandate_faults(given, case.requester_address)
            if given is not None and not faults:
                record_mandate(session, case, given, officer.name, now)
    except NotFound as error:
        raise HTTPException(404) from error
    except Rejected as error:
        return _mandate(request, officer, ref, now, typed.said(form), why=str(error))
    if faults:
        return _mandate(request, officer, ref, now, typed.said(form), faults)
    return RedirectResponse(f"/desk/cases/{ref}/mandate?saved=true", status_code=303)


@router.post("/{ref}/mandate/verdict", dependencies=[Depends(csrf_checked)])
def checked(
    request: Request,
    officer: Officer,
    ref: str,
    now: Now,
    why: Annotated[str, Form()] = "",
    verdict: Annotated[str, Form()] = "",
) -> Response:
    """Record whether the mandate holds."""
    reason = why.strip()[: typed.LONGEST_LINE]
    if not reason or verdict not in {"holds", "fails"}:
        return _mandate(request, officer, ref, now, typed.said(), ["reason"])
    try:
        check_mandate(ref, reason, officer.name, now, holds=verdict == "holds")
    except NotFound as error:
        raise HTTPException(404) from error
    return RedirectResponse(f"/desk/cases/{ref}/mandate?saved=true", status_code=303)


@router.get("/{ref}/mandate/scan")
def scan(officer: Officer, ref: str) -> Response:
    """Hand out the copy of the mandate, never to be shown inside the page."""
    del officer  # logged in is enough
    try:
        with reading() as session:
            document = mandate_scan(session, find_case(session, ref))
    except NotFound as error:
        raise HTTPException(404) from error
    return as_download(document, f"{ref}-mandate")


def as_download(document: Document, name: str) -> Response:
    """A file as a download under a name of ours: what somebody sent in is never opened by the browser."""
    ending = document.name.rpartition(".")[2].lower()
    known = ending if ending.isascii() and ending.isalnum() and len(ending) <= 5 else "bin"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{known}"'}
    return Response(document.content, media_type="application/octet-stream", headers=headers)


def _mandate(
    request: Request,
    officer: Officer,
    ref: str,
    now: Now,
    said: dict[str, object],
    faults: list[str] | None = None,
    *,
    why: str = "",
    saved: bool = False,
) -> Response:
    try:
        with reading() as session:
            case = find_case(session, ref)
            found = mandate_of(session, case)
    except NotFound as error:
        raise HTTPException(404) from error
    return page(
        request,
        "desk/mandate.html",
        desk_language(),
        FORM_ERROR if faults or why else 200,
        officer=officer,
        ref=ref,
        case=case,
        mandate=found,
        over=bool(found and found.valid_until and found.valid_until < paris_date(now)),
        said=said,
        faults=faults or [],
        why=why,
        saved=saved,
        kinds=list(AgentKind),
        rights=list(Right),
        field_of=typed.FIELD_OF,
    )
