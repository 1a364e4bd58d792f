"""The requester's door: confirm who you are with a code, fetch your copy with another (law.md I6, S2-S5).

Repeating is safe: a code counts once. A link that is unknown and one that is too old get the same answer.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from tasks import challenges
from tasks.challenges import Answer, IdentityView
from tasks.exports import downloads
from tasks.exports.downloads import DownloadView
from tasks.letters.send_letters import send_queued
from tasks.ring import ring
from web.clock import Now
from web.pages import page, portal_language
from web.security import csrf_checked

router = APIRouter()
FORM_ERROR = 422


def dead_link(request: Request) -> Response:
    """Say that a link does not work; nothing in it tells whether it ever did."""
    return page(request, "portal/dead_link.html", portal_language(request), status=404)


@router.get("/identity/{token}")
def identity(request: Request, token: str, now: Now) -> Response:
    """Ask for the code."""
    view = challenges.look(token, now)
    return _identity_page(request, view) if view else dead_link(request)


@router.post("/identity/{token}", dependencies=[Depends(csrf_checked)])
def confirm(
    request: Request, token: str, now: Now, background: BackgroundTasks, code: Annotated[str, Form()] = ""
) -> Response:
    """Try the code; the right one wakes what waited for it."""
    answer = challenges.answer(token, code, now)
    view = challenges.look(token, now)
    if view is None:
        return dead_link(request)
    if answer is Answer.ACCEPTED:
        background.add_task(_ring_all, view.request_refs, now)
    return _identity_page(request, view, "wrong" if answer is Answer.WRONG else "")


def _ring_all(request_refs: tuple[str, ...], now: datetime) -> None:
    for request_ref in request_refs:
        ring(request_ref, now)


def _identity_page(request: Request, view: IdentityView, error: str = "") -> Response:
    language = portal_language(request, view.language)
    template = "identity_done" if view.solved else "identity" if view.attempts_left else "identity_void"
    status = FORM_ERROR if error else 200
    return page(request, f"portal/{template}.html", language, status, view=view, error=error)


@router.get("/download/{token}")
def download(request: Request, token: str, now: Now, sent: str = "") -> Response:
    """Explain what lies behind the link and how to get it."""
    view = downloads.look(token, now)
    return _download_page(request, view, token, notice=sent) if view else dead_link(request)


@router.post("/download/{token}/code", dependencies=[Depends(csrf_checked)])
def send_code(request: Request, token: str, now: Now, background: BackgroundTasks) -> Response:
    """Send a fresh code to the verified address."""
    if downloads.look(token, now) is None:
        return dead_link(request)
    letter_id = downloads.send_code(token, now)
    if letter_id is not None:
        background.add_task(send_queued, now)
    notice = "wait" if letter_id is None else "yes"
    language = portal_language(request) if "lang" in request.query_params else ""
    suffix = f"&lang={language}" if language else ""
    return RedirectResponse(f"/download/{token}?sent={notice}{suffix}", status_code=303)


@router.post("/download/{token}", dependencies=[Depends(csrf_checked)])
def take(request: Request, token: str, now: Now, code: Annotated[str, Form()] = "") -> Response:
    """Hand out the bundle for the right code."""
    view = downloads.look(token, now)
    if view is None:
        return dead_link(request)
    taken = downloads.take(token, code, now)
    if isinstance(taken, bytes):
        name = f"{view.case_ref}-{view.right}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(taken, media_type="application/zip", headers=headers)
    view = downloads.look(token, now)
    return _download_page(request, view, token, error=taken.value) if view else dead_link(request)


def _download_page(
    request: Request, view: DownloadView, token: str, *, notice: str = "", error: str = ""
) -> Response:
    language = portal_language(request, view.language)
    status = FORM_ERROR if error else 200
    query = f"?lang={language}" if "lang" in request.query_params else ""
    known = notice if notice in {"yes", "wait"} else ""
    return page(
        request,
        "portal/download.html",
        language,
        status,
        view=view,
        token=token,
        query=query,
        notice=known,
        error=error,
    )
