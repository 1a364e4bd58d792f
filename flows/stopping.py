"""Stop marketing for a person in every tool, at once and whoever asks (law.md R7a, R8, D24)."""

from datetime import date
from typing import NamedTuple

from flows.acting import look, step
from flows.answering import Turns
from flows.changing import change_by_hand, days_done
from flows.runtime.clock import utc_now
from models.data_map import ManualSystem
from models.manual_work import Brief
from tasks.changes.change_systems import change_rows, day, enter_suppression
from tasks.identify import stop_identifiers
from tasks.keeping.suppress import Reason
from tasks.steps import Lease


class Stopped(NamedTuple):
    """`since`: the day on which our own databases stopped. `when`: the day in each tool. `listed_until`: see A5."""

    since: date
    when: dict[str, date]
    listed_until: date


def stop_marketing(lease: Lease, turns: Turns, reason: Reason) -> Stopped:
    """Enter the suppression list and stop in every database, then have colleagues stop where no connector does."""
    case, _ = look(lease)
    identifiers = stop_identifiers(case)
    listed = step(lease, "suppress", lambda: enter_suppression(identifiers, "marketing", reason))
    stopped = step(lease, "stop", lambda: change_rows("stop", identifiers, utc_now()))
    brief = Brief(identifiers=tuple(identifiers), name=case.requester_name)
    by_hand = change_by_hand(
        lease, "stop", turns, lambda system: brief if isinstance(system, ManualSystem) else None
    )
    since = day(stopped, "on")
    when = dict.fromkeys(stopped["systems"], since) | days_done(by_hand, none_too=True)
    return Stopped(since, when, day(listed, "until"))
