"""The last days of unanswered requests as an iCalendar feed (RFC 5545), for each officer under an address of their own.

It looks only. The address holds a keyed digest of who the officer is and of their password's hash: nobody can guess it,
it needs no table, a new password makes another, and whoever left has none. Events hold no personal data.
"""

import hmac
from datetime import datetime, timedelta

from icalendar import Calendar, Event
from sqlmodel import Session, col, select

from models.calendar import Language
from models.settings import settings
from models.tables import Officer, Request, RequestDates
from models.tokens import derived_secret, same
from tasks.figures.sla_say import name_of
from tasks.figures.sla_sets import UNANSWERED
from tasks.officers import deciding

TITLES = {"fr": "Échéances RGPD", "en": "GDPR deadlines"}
SUMMARIES = {"fr": "{ref} {right}\u00a0: dernier jour", "en": "{ref} {right}: last day"}
REFRESH = timedelta(hours=1)


def calendar_token(officer: Officer) -> str:
    """Return the officer's token: their number and 64 hexadecimal digits."""
    said = f"{officer.id}:{officer.password_hash}".encode()
    return f"{officer.id}-{hmac.new(derived_secret('calendar feed'), said, 'sha256').hexdigest()}"


def token_of(session: Session, officer_id: int) -> str:
    """Return the token of the officer with that number; empty where they left or are no officer."""
    officer = session.exec(select(Officer).where(Officer.id == officer_id, deciding())).first()
    return calendar_token(officer) if officer else ""


def owner(session: Session, token: str) -> Officer | None:
    """Return whose token it is; None for any other and for officers who left. Every officer's token is compared, in full."""
    found = None
    for officer in session.exec(select(Officer).where(deciding()).order_by(col(Officer.id))):
        if same(calendar_token(officer).encode().hex(), token.encode().hex()):
            found = officer
    return found


def feed(session: Session, now: datetime, language: Language) -> bytes:
    """Return the feed: one all-day event per unanswered request, on the last day to answer (law.md D27, D13).

    An event keeps its UID when the day moves, so that calendars move it (RFC 5545, 3.8.4.7).
    """
    made = Calendar()
    made.add("PRODID", "-//Nexoris//DSR//EN")
    made.add("VERSION", "2.0")
    made.add("METHOD", "PUBLISH")
    made.add("NAME", TITLES[language])
    made.add("X-WR-CALNAME", TITLES[language])
    made.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    rows = session.exec(
        select(RequestDates, Request.ref)
        .join(Request, col(Request.id) == RequestDates.request_id)
        .where(UNANSWERED)
        .order_by(col(RequestDates.reply_due), col(RequestDates.request_id))
    )
    for dates, ref in rows:
        made.add_component(_event(dates, ref, now, language))
    content: bytes = made.to_ical()
    return content


def _event(dates: RequestDates, ref: str, now: datetime, language: Language) -> Event:
    case_ref, _, right = ref.partition("/")
    named = name_of(language, "right", right).lower()
    event = Event()
    event.add("UID", f"{ref.lower().replace('/', '.')}@{settings().mailbox.rpartition('@')[2]}")
    event.add("DTSTAMP", now)
    event.add("DTSTART", dates.reply_due)
    event.add("SUMMARY", SUMMARIES[language].format(ref=case_ref, right=named))
    event.add("URL", f"{settings().public_url.rstrip('/')}/desk/cases/{case_ref}")
    event.add("TRANSP", "TRANSPARENT")  # takes nobody's time
    return event
