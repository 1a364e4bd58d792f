"""Management's door: the figures of deadlines, the requests behind each, and their exports.

It only looks. Managers and officers may; pages show no name and no address.
"""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from models.calendar import Language, paris_date
from models.database import reading
from models.errors import Rejected
from models.rights import Right
from models.sla import last_months
from tasks.clock.heartbeat import WATCHER, silent
from tasks.figures.sla_csv import figures_csv, list_csv
from tasks.figures.sla_figures import figures
from tasks.figures.sla_pdf import report_pdf
from tasks.figures.sla_requests import requests_behind
from tasks.figures.sla_say import (
    between,
    chips_of,
    date_name,
    day_name,
    duration,
    month_name,
    name_of,
    number,
    per_cent,
    say,
    selection_of,
    systems,
)
from tasks.figures.sla_sections import NOW, sections
from tasks.figures.sla_sets import NOW as NOW_FIGURES
from tasks.letters.unsent_letters import PATIENCE, stuck_letters
from tasks.officers import LoggedIn
from web.clock import Now
from web.desk import logged_in
from web.pages import desk_language, page
from web.sla_charts import SIZES, chart_path, read_chart
from web.sla_filter import LANGUAGES, filter_of, query_of

router = APIRouter(prefix="/sla")
Person = Annotated[LoggedIn, Depends(logged_in)]
ROWS_A_PAGE, MOST_PAGES = 100, 100_000
ANSWERED_FIGURES = frozenset({"answered", "promise_kept", "law_kept", "days", "stage", "waited"})
TREND = "months"  # the section that stands beside the two shares
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def language_of(request: Request) -> Language:
    """The language asked for, else the officers'."""
    wished = request.query_params.get("lang")
    return next((known for known in LANGUAGES if known == wished), desk_language())


Spoken = Annotated[Language, Depends(language_of)]


@router.get("")
def dashboard(request: Request, person: Person, now: Now, language: Spoken) -> Response:
    """Show every figure with its chart and its table."""
    today = paris_date(now)
    wanted, usable = filter_of(request.query_params, today)
    with reading() as session:
        found = figures(session, wanted, today)
        stuck = stuck_letters(session, now)
    shown = sections(found, language)
    quiet = silent(now)
    return _page(
        request,
        "sla/dashboard.html",
        language,
        person,
        figures=found,
        now_sections=[section for section in shown if section.key in NOW],
        trend=next(section for section in shown if section.key == TREND),
        period_sections=[section for section in shown if section.key not in {*NOW, TREND}],
        wanted=wanted,
        usable=usable,
        asked=wanted != last_months(today),
        chips=chips_of(wanted, language),
        period=between(wanted, language),
        selection=selection_of(wanted, language),
        silent=quiet,
        stale=next((one for one in quiet if one.flow == WATCHER), None),
        unsent=stuck,
        patience=int(PATIENCE.total_seconds()) // 60,
        rights=tuple(Right),
        systems=systems(language),
        chart_path=chart_path,
        month=partial(month_name, language),
        per_cent=partial(per_cent, language),
        duration=partial(duration, language),
    )


@router.get("/requests")
def behind(  # noqa: PLR0917  # what FastAPI hands in
    request: Request,
    person: Person,
    now: Now,
    language: Spoken,
    figure: str = "received",
    value: str = "",
    page_number: int = 1,
) -> Response:
    """List the requests behind one figure, the earliest date first."""
    wanted, usable = filter_of(request.query_params, paris_date(now))
    page_number = min(max(1, page_number), MOST_PAGES)
    offset = (page_number - 1) * ROWS_A_PAGE
    try:
        with reading() as session:
            listed = requests_behind(
                session, wanted, paris_date(now), figure, value, offset=offset, limit=ROWS_A_PAGE
            )
    except Rejected as error:
        raise HTTPException(404) from error
    return _page(
        request,
        "sla/requests.html",
        language,
        person,
        listed=listed,
        figure=figure,
        value=value,
        wanted=wanted,
        usable=usable,
        selection=selection_of(wanted, language, today_only=figure in NOW_FIGURES),
        columns=columns_of(figure),
        page_number=page_number,
        last=max(1, -(-listed.total // ROWS_A_PAGE)),
    )


def columns_of(figure: str) -> tuple[str, ...]:
    """Return the columns of a list: no day of reply where nothing is answered, nobody to wait for where all are."""
    first = ("reference", "right", "received_on", "reply_due", "statutory")
    if figure in NOW_FIGURES:
        return (*first, "standing", "state", "whom")
    ended = ("replied_on", "answer_days", "standing")
    return (*first, *ended) if figure in ANSWERED_FIGURES else (*first, *ended, "state", "whom")


@router.get("/requests.csv")
def behind_csv(
    request: Request, person: Person, now: Now, language: Spoken, figure: str = "received", value: str = ""
) -> Response:
    """Hand out the same list, whole."""
    del person  # logged in is enough
    wanted, _ = filter_of(request.query_params, paris_date(now))
    try:
        with reading() as session:
            listed = requests_behind(session, wanted, paris_date(now), figure, value)
    except Rejected as error:
        raise HTTPException(404) from error
    return _file(list_csv(listed.lines, language), "text/csv", f"requests-{figure}-{paris_date(now)}.csv")


@router.get("/figures.csv")
def numbers(request: Request, person: Person, now: Now, language: Spoken) -> Response:
    """Hand out the figures as CSV."""
    del person  # logged in is enough
    wanted, _ = filter_of(request.query_params, paris_date(now))
    with reading() as session:
        found = figures(session, wanted, paris_date(now))
    return _file(figures_csv(found, language), "text/csv", f"sla-{paris_date(now)}.csv")


@router.get("/report.pdf")
def report(request: Request, person: Person, now: Now, language: Spoken) -> Response:
    """Hand out the figures as PDF."""
    del person  # logged in is enough
    wanted, _ = filter_of(request.query_params, paris_date(now))
    with reading() as session:
        found = figures(session, wanted, paris_date(now))
    return _file(report_pdf(found, language), "application/pdf", f"sla-{paris_date(now)}.pdf")


@router.get("/chart/{token}.svg")
def chart(person: Person, token: str, size: str = "panel") -> Response:
    """Draw the chart that a page of ours described; its numbers are in the signed token, so nothing is counted again."""
    del person  # logged in is enough
    picture = read_chart(token, size if size in SIZES else "panel")
    if picture is None:
        raise HTTPException(404)
    return Response(picture, media_type="image/svg+xml", headers={"Content-Security-Policy": SVG_POLICY})


def _page(request: Request, template: str, language: Language, person: LoggedIn, **values: Any) -> Response:
    other = next(known for known in LANGUAGES if known != language)
    place = {name: values[name] for name in ("figure", "value", "page_number") if name in values}
    return page(
        request,
        template,
        language,
        person=person,
        s=partial(say, language),
        q=partial(query_of, language),
        other_language=other,
        same_in_other_language=query_of(other, values["wanted"], **place) or f"lang={other}",
        reset=f"/sla?lang={language}",
        sla_name=partial(name_of, language),
        sla_day=partial(day_name, language),
        sla_date=partial(date_name, language),
        sla_number=partial(number, language),
        **values,
    )


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
