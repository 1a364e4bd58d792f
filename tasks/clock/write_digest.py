"""Write one letter to each officer about the deadlines reached now, and to managers where they must know.

Written in the transaction that notes the alerts; a digest has one key per reader, so writing it again adds nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from models.alerts import Threshold, is_paused
from models.calendar import paris_date
from models.deadline_alert import DeadlineAlert
from models.deadlines import Deadlines
from models.letters import LetterKind
from models.settings import settings
from models.tables import Case, Officer, Request
from tasks.clock.what_blocks import due_request
from tasks.letters.write_letter import is_address, write_letter
from tasks.officers import deciding

NAMED = 50  # requests in one letter; the others are counted
WEEK = 7  # days: the first day too late, the eighth, …
ESCALATED = 1  # working days left: from then on managers are told too


class Due(NamedTuple):
    """A request and the threshold to tell; `late`: the days too late that were reached since the last time."""

    case: Case
    request: Request
    dates: Deadlines
    threshold: Threshold
    late: tuple[int, ...] = ()

    @property
    def escalates(self) -> bool:
        """Whether managers are told: from the last working day on; once a week while only the promise can be late."""
        if self.late and is_paused(self.dates):
            return any(day % WEEK == 1 for day in self.late)
        return self.threshold.level <= ESCALATED


class Readers(NamedTuple):
    """Whom a letter can reach. `officers`: number and address; managers are those of the settings."""

    officers: tuple[tuple[int, str], ...]
    managers: tuple[str, ...]

    @property
    def anybody(self) -> bool:
        """Whether there is somebody to tell."""
        return bool(self.officers or self.managers)


def readers(session: Session) -> Readers:
    """Return the officers who are there, and the managers who are not among them."""
    there = session.exec(select(Officer).where(deciding()).order_by(col(Officer.id)))
    officers = tuple((officer.id, officer.address) for officer in there if is_address(officer.address))
    known = {address.lower() for _, address in officers}
    managers = (one for one in settings().managers if is_address(one) and one.lower() not in known)
    return Readers(officers, tuple(dict.fromkeys(managers)))


def write_digest(session: Session, dues: Sequence[Due], key: str, now: datetime) -> None:
    """Queue the letters about `dues`: all to each officer, the urgent ones to managers; without officers, all to them."""
    if not dues:
        return
    officers, managers = readers(session)
    urgent = [due for due in dues if due.escalates or not officers]
    letters: list[tuple[DeadlineAlert, str, str, str]] = []
    if officers:
        context = digest(session, dues, now, escalated=False)
        letters += [(context, to, f"{key}:{number}", settings().officer_language) for number, to in officers]
    if urgent and managers:
        context = digest(session, urgent, now, escalated=True)
        language = settings().report_language
        letters += [(context, to, f"{key}:m{place}", language) for place, to in enumerate(managers)]
    for context, to, own_key, language in letters:
        write_letter(
            session, None, None, LetterKind.DEADLINE_ALERT, context, to, own_key, now, language=language
        )


def digest(session: Session, dues: Sequence[Due], now: datetime, *, escalated: bool) -> DeadlineAlert:
    """Return what a letter says about `dues`. Managers may not open cases: their copy links to the figures only."""
    today = paris_date(now)
    ordered = sorted(dues, key=lambda due: (due.threshold.due, due.request.ref))
    named = [
        due_request(session, due.case, due.request, due.threshold, due.dates, now) for due in ordered[:NAMED]
    ]
    if escalated:
        named = [one.model_copy(update={"case_link": None, "run_link": None}) for one in named]
    more = [(due.threshold.due - today).days for due in ordered[NAMED:]]
    return DeadlineAlert(
        escalated=escalated,
        requests=tuple(named),
        more_late=sum(days < 0 for days in more),
        more_today=more.count(0),
        more_ahead=sum(days > 0 for days in more),
        link=f"{settings().public_url.rstrip('/')}{'/sla' if escalated else '/desk'}",
    )
