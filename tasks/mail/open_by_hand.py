"""Open a case from what came by post, telephone, a colleague's forward, at the counter or by a form (law.md Q2, D2, D3).

A form's key is in the Message-ID of what is kept, so sending a form twice opens one case; the counter's lock in
`open_case` lets two senders of it see each other. What looks like a request that is open already is asked about first.
"""

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from models import audit
from models.by_hand import HAND_CHANNELS, ByHand, Opened
from models.calendar import paris_date
from models.case_clock import deadlines_of
from models.cases import open_case, requests_of
from models.database import reading, unit_of_work
from models.errors import Rejected
from models.settings import settings
from models.storage import keep, sha256
from models.tables import Case, Message, MessageState, Request
from tasks.connectors.rows import fold
from tasks.letters.write_letter import is_address
from tasks.mail.mandates import mandate_faults, record_mandate
from tasks.mail.paper_mail import as_mail, message_id_of
from tasks.mail.read_mail import read_mail

MAX_BYTES, MAX_FILES, MAX_NOTES = 20_000_000, 20, 20_000
GDPR_APPLIES = datetime(2018, 5, 25, tzinfo=UTC)
SAYS = {
    "rights": "say which right it exercises: --right access, --right erasure …",
    "channel": "say how it came: post, phone, forward, counter or form",
    "future": "it cannot have arrived in the future: correct the date",
    "too_old": "it arrived before the GDPR applied, on 25 May 2018: correct the date",
    "who": "give a name or an address: nobody can be answered without either",
    "address": "the person's address cannot be used in e-mail: correct it, or leave it empty and answer by post",
    "notes": "shorten the notes to 20,000 characters",
    "files": "attach at most 20 files, 20 MB together",
    "agent_name": "name whoever acts for the person",
    "agent_address": "the agent's address cannot be used in e-mail: correct it or leave it empty",
    "agent_is_person": "the agent's address is not the person's: leave the person's empty where you do not know it",
}


class LooksKnown(Rejected):
    """A request that is open already looks the same; `refs` are their cases."""

    def __init__(self, refs: list[str]) -> None:
        """`refs`: the cases to compare with."""
        listed = ", ".join(refs)
        super().__init__(
            f"it looks like {listed}: compare, and repeat with --another where it is another one"
        )
        self.refs = refs


def faults_in(given: ByHand, now: datetime) -> list[str]:
    """Return what is wrong with it, as keys of `SAYS`."""
    found = {
        "rights": not given.rights,
        "channel": given.channel not in HAND_CHANNELS,
        "future": given.received_at > now,
        "too_old": given.received_at < GDPR_APPLIES,
        "who": not (given.name or given.address),
        "address": bool(given.address) and not is_address(given.address),
        "notes": len(given.notes) > MAX_NOTES,
        "files": len(given.files) > MAX_FILES or sum(len(file.content) for file in given.files) > MAX_BYTES,
    }
    faults = [name for name, wrong in found.items() if wrong]
    return faults + (mandate_faults(given.mandate, given.address) if given.mandate else [])


def open_by_hand(given: ByHand, officer: str, now: datetime) -> Opened:
    """Open the case; the same key again returns the first one. `Rejected` says what is wrong, `LooksKnown` which cases.

    Its periods run from the arrival at the company, even where they are over: then `late` says so.
    """
    if faults := faults_in(given, now):
        raise Rejected("; ".join(SAYS[fault] for fault in faults))
    key = given.key or sha256(given.model_dump_json(exclude={"another"}).encode())
    with reading() as session:
        if (known := _opened_before(session, key, now)) is not None:
            return known
    with unit_of_work() as session:
        case = Case(
            ref="",
            received_at=given.received_at,
            mailbox=settings().mailbox,
            requester_address=given.address,
            requester_name=given.name,
            language=given.language if given.language in settings().letter_languages else "en",
            channel=given.channel,
            recorded_by=officer,
            opened_at=now,
        )
        requests = open_case(session, case, dict.fromkeys(given.rights), now)
        known = _opened_before(session, key, now)
        twins = [] if given.another else _twins(session, case, requests)
        if known is None and not twins:
            _file(session, case, given, key, officer, now)
            return _as_opened(session, case, now)
        session.rollback()
    if known is None:
        raise LooksKnown(twins)
    return known


def _file(session: Session, case: Case, given: ByHand, key: str, officer: str, now: datetime) -> None:
    raw = as_mail(given, case.mailbox, key)
    message = Message(
        mailbox=case.mailbox,
        message_id=message_id_of(key),
        content_hash=sha256(raw),
        storage_key=keep("mail", raw),
        received_at=given.received_at,
        kept_at=now,
        handled_at=now,
        state=MessageState.CASE,
        case_id=case.id,
        sender=given.address,
        subject=read_mail(raw).subject,
        classification={"kind": "request", "rights": [*given.rights], "language": case.language},
    )
    session.add(message)
    detail = {"channel": given.channel, "message": message.content_hash}
    audit.record(session, case, officer, "opened_by_hand", now, **detail)
    if given.mandate:
        record_mandate(session, case, given.mandate, officer, now)


def _opened_before(session: Session, key: str, now: datetime) -> Opened | None:
    found = select(Case).join(Message).where(Message.message_id == message_id_of(key))
    case = session.exec(found).first()
    return _as_opened(session, case, now).model_copy(update={"already": True}) if case else None


def _as_opened(session: Session, case: Case, now: datetime) -> Opened:
    return Opened(
        ref=case.ref,
        requests=tuple(request.ref for request in requests_of(session, case)),
        late=deadlines_of(session, case, now).statutory_due < paris_date(now),
        received_at=case.received_at,
    )


def _twins(session: Session, case: Case, requests: list[Request]) -> list[str]:
    """Other cases of the same name or address in which one of these rights is open."""
    wanted = {request.right for request in requests}
    others = session.exec(
        select(Case, Request.right)
        .join(Request)
        .where(col(Request.closed_at).is_(None), Case.id != case.id, col(Request.right).in_(wanted))
        .order_by(col(Case.id))
    )
    return list(dict.fromkeys(other.ref for other, _ in others if _same_person(other, case)))


def _same_person(one: Case, other: Case) -> bool:
    mine = {fold(one.requester_address), fold(one.verified_address)} - {""}
    named = " ".join(one.requester_name.casefold().split())
    return fold(other.requester_address) in mine or (
        bool(named) and named == " ".join(other.requester_name.casefold().split())
    )
