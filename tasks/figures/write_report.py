"""Write the report to management for each week and month that is over and has none yet, into the outbox.

Repeating is safe, at the same moment too: a report is claimed by its period's unique key in the transaction that queues
its letters. Only the newest week and month are ever due, so a long pause of the engine brings one of each at most.
"""

from datetime import date, datetime

from sqlmodel import Session, col, func, select

from models.calendar import Language, paris_date
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.report import Period, Report, last_month, last_week
from models.settings import settings
from models.sla import Filter, last_months
from models.tables import RequestDates, SentReport
from models.upsert import insert
from tasks.figures.report_letter import Facts, report_of
from tasks.figures.sla_figures import figures
from tasks.letters.attach import Attached
from tasks.letters.write_letter import is_address, write_letter


def due(session: Session, today: date) -> tuple[Period, ...]:
    """Return the week and the month that ended last, where they are not reported yet and anything was received by then."""
    first = session.exec(select(func.min(col(RequestDates.received_on)))).one()
    known = set(session.exec(select(SentReport.key)))
    periods = (last_week(today), last_month(today))
    return tuple(one for one in periods if first and first <= one.until and one.key not in known)


def write_reports(now: datetime) -> tuple[tuple[Period, Report], ...]:
    """Queue the letters of every report that is due; return what this call wrote.

    Without an address in DSR_MANAGERS a report has no letters and is still written: it goes to Prefect.
    """
    with reading() as session:
        periods = due(session, paris_date(now))
    written = []
    for period in periods:
        report, attachments = build(period, now)
        if _queue(period, report, attachments, now):
            written.append((period, report))
    return tuple(written)


def build(period: Period, now: datetime) -> tuple[Report, tuple[Attached, ...]]:
    """Return the report on `period` as it stands now, in DSR_REPORT_LANGUAGE, with its pictures and the PDF."""
    today = paris_date(now)
    with reading() as session:
        of_period = figures(session, Filter(period.since, period.until), today)
        of_year = figures(session, last_months(today), today)
    link = f"{settings().public_url.rstrip('/')}/sla"
    domain = settings().mailbox.rpartition("@")[2]
    return report_of(Facts(period, of_period, of_year), language(), link, domain)


def language() -> Language:
    """The language of reports."""
    return "en" if settings().report_language == "en" else "fr"


def _queue(period: Period, report: Report, attachments: tuple[Attached, ...], now: datetime) -> bool:
    """Claim the report and queue its letters; False where somebody else did."""
    managers = [address for address in dict.fromkeys(settings().managers) if is_address(address)]
    keys = [f"report:{period.key}:m{place}" for place in range(len(managers))]
    row = {"key": period.key, "letter_key": keys[0] if keys else "", "written_at": now}
    with unit_of_work() as session:
        claim = insert(session, SentReport).values(row).on_conflict_do_nothing()
        if session.execute(claim.returning(col(SentReport.key))).first() is None:
            return False
        for key, address in zip(keys, managers, strict=True):
            write_letter(
                session, None, None, LetterKind.REPORT, report, address, key, now,
                language=language(), attachments=attachments,
            )  # fmt: skip
    return True


def unreachable() -> str:
    """Say what keeps reports from their readers; empty where nothing does."""
    bad = sum(not is_address(address) for address in settings().managers)
    return f"{bad} of DSR_MANAGERS are no addresses that a letter can reach: correct them" if bad else ""
