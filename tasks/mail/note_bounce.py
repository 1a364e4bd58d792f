"""Note what a delivery report says about one of our letters: the officer sees which came back, and decides what to do.

Anybody can write such a report: it flags a letter and stops nothing. Our Message-IDs cannot be guessed; a report that
names an address alone is linked as "probably", until a sure one says better. Noting again keeps the first day and the
one thing to do.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, or_, select

from models import audit
from models.request_dates import renew
from models.tables import Case, Letter, LetterState, Message, TodoKind
from tasks.mail.read_mail import ParsedMail
from tasks.mail.read_report import Report
from tasks.todos import note

RECENT = timedelta(days=5)  # relays give up after five days at most (RFC 5321 4.5.4.1)
PROBABLY = "probably: only the address matches"
log = logging.getLogger(__name__)


def note_bounce(
    session: Session, message: Message, report: Report, mail: ParsedMail, now: datetime
) -> Letter | None:
    """Link `message`, which holds `report`, to its letter and case, in the caller's transaction; None where it speaks of no letter.

    A lasting failure sets `Letter.bounced_at` and becomes something to do; a delay or a success is only recorded.
    """
    letter, sure = _by_message_id(session, (*report.message_ids, mail.in_reply_to, *mail.references)), True
    if letter is None:
        letter, sure = _by_address(session, report.addresses, now), False
    if letter is None:
        return None
    doubtful = letter.bounced_at is None or (sure and PROBABLY in letter.bounce)
    if report.outcome == "failed" and doubtful:
        letter.bounced_at, letter.bounce = now, _in_words(report, sure=sure)
        session.add(letter)
    if letter.case_id is None:
        log.warning("letter %s to an officer: delivery %s", letter.id, report.outcome)
        return letter
    case = session.get_one(Case, letter.case_id)
    message.case_id = case.id
    audit.record(
        session,
        case,
        "engine",
        "delivery_report",
        now,
        letter=letter.kind,
        message=message.content_hash,
        outcome=report.outcome,
        status=report.status,
        sure=sure,
    )
    if report.outcome == "failed":
        todo = note(session, TodoKind.BOUNCED, now, case=case, message=message, letter=letter)
        if doubtful and todo.done_at is not None:  # what an officer put aside was the doubtful report
            todo.done_at, todo.done_by, todo.told_at, todo.noted_at = None, "", None, now
            todo.message_id = message.id
        renew(session, case, now)  # a reply that came back is no answer, from now on
    return letter


def _by_message_id(session: Session, message_ids: Sequence[str]) -> Letter | None:
    """Our letter with the first of these Message-IDs that is ours, its row locked."""
    wanted = [found for found in dict.fromkeys(message_ids) if found]
    if not wanted:
        return None
    query = select(Letter).where(col(Letter.message_id).in_(wanted)).with_for_update()
    letters = {letter.message_id: letter for letter in session.exec(query)}
    return next((letters[found] for found in wanted if found in letters), None)


def _by_address(session: Session, addresses: Sequence[str], now: datetime) -> Letter | None:
    """The letter that went to one of these addresses lately; the newest of a case, none where several cases wrote there."""
    if not addresses:
        return None
    query = (
        select(Letter)
        .where(
            func.lower(Letter.recipient).in_(addresses),
            col(Letter.state).in_([LetterState.SENT, LetterState.UNCERTAIN]),
            or_(col(Letter.sent_at) > now - RECENT, col(Letter.written_at) > now - RECENT),
        )
        .order_by(col(Letter.id).desc())
        .with_for_update()
    )
    letters = list(session.exec(query))
    return letters[0] if len({letter.case_id for letter in letters}) == 1 else None


def _in_words(report: Report, *, sure: bool) -> str:
    code = report.status or "no status code"
    return code if sure else f"{code} ({PROBABLY})"
