"""Take personal data out of one row of ours, or out of storage; dates, counts, rights, outcomes and hashes stay.

Repeating is safe: a file is forgotten before its row says so, in the row's transaction; whoever dies in between finds the
row unchanged and forgets again what is gone. A file that another row names stays until that row lets it go too.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from models import storage
from models.fingerprints import email_digest
from models.tables import (
    Case,
    ClockEvent,
    Decision,
    Download,
    FindingRow,
    Letter,
    Mandate,
    ManualTask,
    Message,
    MessageState,
    Receipt,
    Request,
    Restriction,
    Step,
    StoredPlan,
)

GONE = "purged"
"""What stands in the place of a storage key or a sentence that was purged; nothing is ever stored under it."""
KEYS: tuple[tuple[type[SQLModel], str], ...] = (
    (Download, "storage_key"),
    (FindingRow, "storage_key"),
    (StoredPlan, "storage_key"),
    (ManualTask, "evidence_key"),
    (ManualTask, "brief_key"),
    (Message, "storage_key"),
    (Letter, "storage_key"),
    (Mandate, "storage_key"),
)
STATISTICS = ("kind", "rights", "language", "confidence")


def forget_file(table: type[SQLModel], column: str) -> Callable[[Session, int], None]:
    """Return what forgets the file that `column` of a row names."""

    def clear(session: Session, number: int) -> None:
        row: Any = session.get_one(table, number)
        key = getattr(row, column)
        setattr(row, column, GONE)
        _forget(session, key)

    return clear


def forget_step_file(session: Session, number: int) -> None:
    """Forget the file that a step's result names: a wish, a preview, a look."""
    step = session.get_one(Step, number)
    key = str(step.result["storage_key"])
    step.result = step.result | {"storage_key": GONE}
    _forget(session, key)


def forget_mail(session: Session, number: int) -> None:
    """Forget a message's bytes; of its row stay when it came, its digests and what it was taken for.

    The keyed digest of its sender is one of them: a mailbox that moves delivers old mail once more. The sender of a dismissed message stays for now: it shows what was answered to whom.
    """
    message = session.get_one(Message, number)
    loose_robot = message.state == MessageState.MACHINE and message.case_id is None
    message.sender_digest = "" if loose_robot else message.sender_digest or email_digest(message.sender)
    if message.state != MessageState.DISMISSED or message.case_id is not None:
        message.sender = ""
    message.subject = ""
    message.classification = {
        key: value for key, value in message.classification.items() if key in STATISTICS
    }
    forget_file(Message, "storage_key")(session, number)


def forget_sender(session: Session, number: int) -> None:
    """Take out of a dismissed message's row who wrote it, and why it was dismissed."""
    message = session.get_one(Message, number)
    message.sender = message.sender_digest = message.message_id = ""
    message.reason = GONE


def forget_letter(session: Session, number: int) -> None:
    """Forget a letter that belongs to no case, with its addressee."""
    letter = session.get_one(Letter, number)
    letter.recipient = letter.subject = ""
    forget_file(Letter, "storage_key")(session, number)


def delete_row(table: type[SQLModel]) -> Callable[[Session, int], None]:
    """Return what deletes a row."""
    return lambda session, number: session.delete(session.get_one(table, number))


def nothing_here(session: Session, number: int) -> None:
    """Nothing: somebody else deletes it, see `tasks.keeping.retain.carry_out` and `flows.purge`."""


def forget_person(session: Session, number: int) -> None:
    """Take the person out of a closed case and all its rows; the audit chain holds no personal data and stays whole."""
    case = session.get_one(Case, number)
    case.requester_name = case.requester_address = case.verified_address = case.identity_evidence = ""
    requests = session.exec(select(Request.id).where(Request.case_id == case.id)).all()
    filed = sa.and_(col(Message.case_id) == case.id, col(Message.state) != MessageState.PEN)
    _set(session, Message, filed, sender="", sender_digest="", subject="", message_id="", reason="")
    _set(session, Letter, col(Letter.case_id) == case.id, recipient="", subject="")
    _set(
        session,
        Mandate,
        col(Mandate.case_id) == case.id,
        agent_name="",
        agent_address="",
        purpose="",
        evidence="",
    )
    of_case = col(ClockEvent.case_id) == case.id
    _set(session, ClockEvent, sa.and_(of_case, col(ClockEvent.override_reason) != ""), override_reason=GONE)
    for event in session.exec(select(ClockEvent).where(of_case, col(ClockEvent.reason) != "")):
        ground, _, words = event.reason.partition(": ")  # without any reason a pause would no longer count
        event.reason = f"{ground}: {GONE}" if event.kind == "extended" and words else GONE
    _set(session, Decision, col(Decision.request_id).in_(requests), reason=GONE, answers={})
    _set(session, ManualTask, col(ManualTask.request_id).in_(requests), person="", address="", note="")
    _set(session, Step, col(Step.request_id).in_(requests), result={})
    of_requests = col(Restriction.request_id).in_(requests)
    _set(
        session, Restriction, sa.and_(of_requests, col(Restriction.lifted_because) != ""), lifted_because=GONE
    )
    for receipt in session.exec(select(Receipt).where(col(Receipt.request_id).in_(requests))):
        receipt.record, receipt.detail = receipt.record and f"{GONE}-{receipt.id}", {}


def _set(session: Session, table: type[SQLModel], rows: sa.ColumnElement[bool], **values: Any) -> None:
    session.flush()
    session.connection().execute(sa.update(table).where(rows).values(**values))
    session.expire_all()


def _forget(session: Session, key: str) -> None:
    """Forget the file unless a row still names it; equal bytes are stored once."""
    if not key:
        return
    session.flush()
    named = any(
        session.exec(select(sa.literal(1)).where(getattr(table, column) == key).limit(1)).first()
        for table, column in KEYS
    )
    said = sa.cast(col(Step.result), sa.String)
    if (
        not named
        and not session.exec(select(Step.id).where(said.contains(key, autoescape=True)).limit(1)).first()
    ):
        storage.forget(key)
