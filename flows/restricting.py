"""Have a person's data only stored, everywhere, and lift that again after telling them (law.md R4; GDPR 18)."""

from datetime import date
from typing import NamedTuple

from flows.acting import look, send_letter, step
from flows.answering import Turns
from flows.changing import change_by_hand, days_done
from flows.runtime.clock import utc_now
from models.database import reading
from models.grounds import RestrictionCase
from models.manual_work import ChangeAction
from tasks.changes.change_systems import change_rows, close_restriction, day, open_restriction, storing_brief
from tasks.changes.lift_restriction import stands_besides
from tasks.identify import search_identifiers
from tasks.letters.reply_changes import announce_end
from tasks.steps import Effect, Lease, result_of


class Restricted(NamedTuple):
    """The day in each system, and when we look again whether the case still applies."""

    when: dict[str, date]
    review_on: date


def restrict(lease: Lease, turns: Turns, case: RestrictionCase) -> Restricted:
    """Restrict in every database, then have colleagues do it where no connector does."""
    identifiers = search_identifiers(look(lease)[0])
    done = step(lease, "restrict", lambda: change_rows("restrict", identifiers, utc_now()))
    noted = step(lease, "restriction", lambda: open_restriction(case))
    by_hand = _by_hand(lease, turns, "restrict")
    when = {name: day(done, "on") for name, rows in done["rows"].items() if rows}
    return Restricted(when | by_hand, day(noted, "review_on"))


def lift(lease: Lease, turns: Turns, case: RestrictionCase) -> None:
    """Tell the person that a restriction ends, then lift it (18(3)); where none was made, nothing happens."""
    noted = result_of(lease, "restriction")
    if noted is None:
        return
    notice = step(lease, "announce-end", lambda: announce_end(case, day(noted, "since")))
    send_letter(lease, notice["letter"])
    if not step(lease, "lift", lambda: _lift_rows(lease)).get("kept"):
        _by_hand(lease, turns, "lift")
    step(lease, "restriction-ends", lambda: close_restriction(str(notice.get("because", ""))))


def _lift_rows(lease: Lease) -> Effect:
    """Lift in every database; where another restriction of the same data stands, its rows stay."""
    case, request = look(lease)
    with reading() as session:
        kept = stands_besides(session, request)
    return (lambda _: {"kept": True}) if kept else change_rows("lift", search_identifiers(case), utc_now())


def _by_hand(lease: Lease, turns: Turns, action: ChangeAction) -> dict[str, date]:
    return days_done(change_by_hand(lease, action, turns, storing_brief(look(lease)[0])))
