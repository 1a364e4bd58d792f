"""One message of the holding pen: an officer reads it and says the same day what it is (law.md V2, Q5).

A message is decided on once; deciding again shows where it went.
"""

import contextlib
import re

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from models.errors import NotFound, Rejected
from models.rights import Right
from models.settings import settings
from models.tables import Channel, MessageState
from tasks.connectors.rows import fold
from tasks.letters.write_letter import is_address
from tasks.mail import pen
from tasks.mail.mandates import mandate_faults
from tasks.mail.pen import Qualified
from tasks.mail.pen_view import PennedMessage, penned_message, raw_penned
from tasks.mail.route_mail import Handled
from tasks.mail.thread_mail import is_colleague
from web import typed
from web.clock import Now
from web.desk import Officer
from web.pages import brief, desk_language, name_of, page, translate
from web.portal import FORM_ERROR
from web.security import csrf_checked
from web.typed import Typed

router = APIRouter(prefix="/desk/pen")
A_PAGE = 200  # messages read as no request, shown at once
REFERENCE = re.compile(r"DSR-\d{4}-\d{4,}")


@router.get("")
def quiet(request: Request, officer: Officer, aside: int = 0) -> Response:
    """List what was read as no request, oldest first; `aside`: how many the last button put away."""
    lines = [line for line in pen.waiting() if line.quiet][:A_PAGE]
    return page(request, "desk/pen_list.html", desk_language(), officer=officer, lines=lines, aside=aside)


@router.post("/aside", dependencies=[Depends(csrf_checked)])
def put_aside(officer: Officer, now: Now, form: Typed) -> Response:
    """Put aside what the page showed: the officer looked through it."""
    seen = [int(number) for number in form.getlist("seen") if isinstance(number, str) and number.isdecimal()]
    count = pen.dismiss_quiet(seen[:A_PAGE], officer.name, now)
    return RedirectResponse(f"/desk/pen?aside={count}", status_code=303)


@router.post("/{number}/look", dependencies=[Depends(csrf_checked)])
def look(officer: Officer, number: int, now: Now) -> Response:
    """Make it something to do today, and show it."""
    del officer  # logged in is enough
    _view(number)
    with contextlib.suppress(Rejected):  # decided on meanwhile: the page says so
        pen.look_at(number, now)
    return RedirectResponse(f"/desk/pen/{number}", status_code=303)


@router.get("/{number}.eml")
def raw(officer: Officer, number: int) -> Response:
    """Hand out the message, byte for byte as it arrived."""
    del officer  # logged in is enough
    _view(number)
    headers = {"Content-Disposition": f'attachment; filename="message-{number}.eml"'}
    try:
        return Response(raw_penned(number), media_type="message/rfc822", headers=headers)
    except NotFound as error:
        raise HTTPException(404) from error


@router.get("/{number}")
def message(request: Request, officer: Officer, number: int, opened: str = "") -> Response:
    """Show the message and the three answers; one that is decided on says where it went, and which case it `opened`."""
    view = _view(number)
    said = typed.said(None, **_prefilled(view)) | {"rights": view.rights}
    return _page(request, officer, view, said, opened=opened if REFERENCE.fullmatch(opened) else "")


@router.post("/{number}/request", dependencies=[Depends(csrf_checked)])
def qualify(request: Request, officer: Officer, number: int, now: Now, form: Typed) -> Response:
    """A request: open a case, or add to the one the message opened itself."""
    view, given = _view(number), typed.mandate(form)
    answer = Qualified(
        rights=typed.rights(form),
        name=typed.line(form, "name"),
        address=_own_address(form, view),
        language=_language(form),
        received_at=typed.moment(form, "received_at"),
        channel=typed.channel(form) or Channel.MAIL,
        mandate=given,
    )
    faults = _faults(form, view, answer)
    if given is not None:
        faults += mandate_faults(given, answer.address)
    elif not answer.address:
        faults.append("address_needed")
    if faults:
        return _page(request, officer, view, typed.said(form), "request", faults)
    try:
        handled = pen.qualify(number, answer, officer.name, now)
    except Rejected as error:
        return _page(request, officer, view, typed.said(form), "request", why=str(error))
    return _shown(number, handled)


@router.post("/{number}/case", dependencies=[Depends(csrf_checked)])
def join(request: Request, officer: Officer, number: int, now: Now, form: Typed) -> Response:
    """More of a case: file the message with it."""
    view = _view(number)
    ref = typed.line(form, "other_ref").upper() or typed.line(form, "case_ref")
    if not ref:
        return _page(request, officer, view, typed.said(form), "case", ["case"])
    answer = Qualified(rights=typed.rights(form), case_ref=ref, reason=typed.line(form, "reason"))
    try:
        handled = pen.qualify(number, answer, officer.name, now)
    except NotFound:
        return _page(request, officer, view, typed.said(form), "case", ["case"])
    except Rejected as error:
        return _page(request, officer, view, typed.said(form), "case", why=str(error))
    return _shown(number, handled)


@router.post("/{number}/dismiss", dependencies=[Depends(csrf_checked)])
def dismiss(request: Request, officer: Officer, number: int, now: Now, form: Typed) -> Response:
    """Nothing to do: put the message aside."""
    view, reason = _view(number), typed.line(form, "reason")
    if not reason:
        return _page(request, officer, view, typed.said(form), "dismiss", ["reason"])
    try:
        pen.dismiss(number, reason, now, officer.name)
    except Rejected as error:
        return _page(request, officer, view, typed.said(form), "dismiss", why=str(error))
    return RedirectResponse(f"/desk/pen/{number}", status_code=303)


def _shown(number: int, handled: Handled) -> Response:
    """To where the message is shown as decided on; the case is named where something was opened."""
    opened = f"?opened={handled.case_ref}" if handled.new_requests else ""
    return RedirectResponse(f"/desk/pen/{number}{opened}", status_code=303)


def _faults(form: FormData, view: PennedMessage, answer: Qualified) -> list[str]:
    found = {
        "rights": not answer.rights,
        "received": bool(typed.text(form, "received_at")) and answer.received_at is None,
        "later": answer.received_at is not None and answer.received_at > view.received_at,
        "address": bool(answer.address) and not is_address(answer.address),
    }
    return [name for name, wrong in found.items() if wrong] + typed.mandate_faults(form)


def _own_address(form: FormData, view: PennedMessage) -> str:
    """The person's address: with a mandate, the sender's is the agent's and does not count."""
    address = typed.line(form, "address")
    return "" if typed.mandate(form) and fold(address) == fold(view.sender) else address


def _language(form: FormData) -> str:
    chosen = typed.text(form, "language")
    return chosen if chosen in settings().letter_languages else ""


def _prefilled(view: PennedMessage) -> dict[str, str]:
    forwarded = is_colleague(view.sender)
    return {
        "name": view.name,
        "address": view.reply_to or ("" if forwarded or settings().is_own(view.sender) else view.sender),
        "language": view.language if view.language in settings().letter_languages else "en",
        "channel": Channel.FORWARD if forwarded else Channel.MAIL,
        "case_ref": view.cases[0].ref if view.cases else "",
    }


def _case_words(view: PennedMessage) -> list[tuple[str, str]]:
    language = desk_language()
    return [
        (
            one.ref,
            translate(
                language,
                "pen.case_line",
                ref=one.ref,
                rights=name_of(language, list(one.rights)),
                when=brief(language, one.received_at),
            ),
        )
        for one in view.cases
    ]


def _view(number: int) -> PennedMessage:
    try:
        return penned_message(number)
    except NotFound as error:
        raise HTTPException(404) from error


def _page(  # noqa: PLR0917  # a page that comes back is all of these
    request: Request,
    officer: Officer,
    view: PennedMessage,
    said: dict[str, object],
    which: str = "",
    faults: list[str] | None = None,
    why: str = "",
    opened: str = "",
) -> Response:
    """The page; `which` form came back with `faults`, or because of `why`."""
    if view.state != MessageState.PEN:
        view, which = _view(view.number), ""
    return page(
        request,
        "desk/pen.html",
        desk_language(),
        FORM_ERROR if faults or why else 200,
        officer=officer,
        view=view,
        waits=view.state == MessageState.PEN,
        said=said,
        which=which,
        faults=faults or [],
        why=why,
        opened=opened,
        rights=list(Right),
        language_words=typed.language_words(),
        channel_words=typed.channel_words(Channel),
        case_words=_case_words(view),
        field_of=typed.FIELD_OF,
    )
