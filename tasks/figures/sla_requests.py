"""List the requests behind a figure, without names. It looks only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from models.alerts import Standing
from models.sla import Filter
from models.tables import Request, RequestDates
from tasks.figures.sla_sets import NOW, condition, standing_is

MOST_ROWS = 100_000  # of an export


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a list. `standing` is empty once it is answered; dates are days in Paris.

    `reply_due`: the date that alerts act on, which an extension moves and `binding` does not know.
    """

    case_ref: str
    right: str
    language: str
    channel: str
    received_on: date
    commitment: date
    statutory: date
    binding: date
    reply_due: date
    replied_on: date | None
    answer_days: int | None
    standing: str
    state: str
    waits_for: str
    paused_days: int
    pause_open: bool
    extended: bool
    extension_ground: str
    outcome: str
    refusal_ground: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Some of the requests behind a figure, earliest date first, and how many there are."""

    total: int
    lines: tuple[Line, ...]


def requests_behind(  # noqa: PLR0913  # a page of a list is all of these
    session: Session,
    wanted: Filter,
    today: date,
    figure: str,
    value: str = "",
    *,
    offset: int = 0,
    limit: int = MOST_ROWS,
) -> Listed:
    """Return the requests that the figure counts under this filter; `Rejected` where there is no such figure."""
    chosen = condition(figure, value, wanted, today)
    total = session.execute(select(func.count()).select_from(RequestDates).where(chosen)).scalar_one()
    first = RequestDates.reply_due if figure in NOW else RequestDates.binding  # of many, by the index
    flags = [standing_is(each, today).label(each.value) for each in Standing]
    rows = session.execute(
        select(RequestDates, col(Request.ref), col(Request.state), col(Request.waits_for), *flags)
        .join(Request, col(Request.id) == RequestDates.request_id)
        .where(chosen)
        .order_by(col(first), col(RequestDates.request_id))
        .offset(offset)
        .limit(limit)
    ).all()
    return Listed(total, tuple(_line(row) for row in rows))


def _line(row: Sequence[Any]) -> Line:
    dates, ref, state, waits_for, *flags = row
    standing = next((each.value for each, here in zip(Standing, flags, strict=True) if here), "")
    return Line(
        case_ref=ref.partition("/")[0],
        right=dates.right,
        language=dates.language,
        channel=dates.channel,
        received_on=dates.received_on,
        commitment=dates.commitment,
        statutory=dates.statutory,
        binding=dates.binding,
        reply_due=dates.reply_due,
        replied_on=dates.replied_on,
        answer_days=dates.answer_days,
        standing="" if dates.replied_on else standing,
        state=state,
        waits_for=waits_for,
        paused_days=dates.paused_days,
        pause_open=dates.pause_open and not dates.replied_on,
        extended=dates.extended,
        extension_ground=dates.extension_ground,
        outcome=dates.outcome,
        refusal_ground=dates.refusal_ground,
    )
