"""What the engine no longer needs of its own records, and why (law.md A3-A5, I10, S4, S8); it only asks, so repeating is safe.

Nothing of a case is due while any of its requests is open, whatever its age. Who the person is stays while a restriction
is not lifted: they must be told before it ends (GDPR Art. 18(3)).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta
from sqlmodel import Session, SQLModel, col

from models.calendar import paris_date
from models.letters import LetterKind
from models.settings import settings
from models.tables import (
    Case,
    Challenge,
    Download,
    FindingRow,
    Letter,
    LetterState,
    Mandate,
    ManualTask,
    Message,
    MessageState,
    Reappearance,
    Request,
    Restriction,
    Step,
    StoredPlan,
    Suppression,
    Todo,
)
from tasks.keeping.retain_rows import (
    GONE,
    delete_row,
    forget_file,
    forget_letter,
    forget_mail,
    forget_person,
    forget_sender,
    forget_step_file,
    nothing_here,
)

Place = Literal["storage", "database", "prefect"]
PROOF = {
    *(kind for kind in LetterKind if kind.endswith("_reply")),
    *(LetterKind.NOTHING_HELD, LetterKind.REFUSAL, LetterKind.NOT_A_REQUEST, LetterKind.WITHDRAWN),
    *(LetterKind.EXTENSION, LetterKind.RESTRICTION_ENDS),
}
"""The letters that answer a person: what shows years later that we did (A3, S8; GDPR 12(3), 12(4), 18(3))."""
ENDED = (LetterState.SENT, LetterState.FAILED, LetterState.UNCERTAIN, LetterState.DROPPED)
FILED = (MessageState.CASE, MessageState.MACHINE, MessageState.DISMISSED)


@dataclass(frozen=True)
class Rule:
    """`find` selects reference of the case (empty: none) and number of the row; `clear` does what is due to one row."""

    because: str
    delete_from: Place
    find: Callable[[datetime], sa.Select[Any]]
    clear: Callable[[Session, int], None]


def after_close(now: datetime) -> datetime:
    """Cases closed at this instant or before are past `keep_after_close_days`."""
    return now - timedelta(days=settings().keep_after_close_days)


def after_proof(now: datetime) -> datetime:
    """Cases closed at this instant or before are past `proof_years` (A4)."""
    return now - relativedelta(years=settings().proof_years)


def _closed(before: datetime) -> sa.ColumnElement[bool]:
    still_open = sa.exists().where(col(Request.case_id) == Case.id, col(Request.closed_at).is_(None))
    return sa.and_(col(Case.closed_at) <= before, ~still_open.correlate(Case))


def _unrestricted() -> sa.ColumnElement[bool]:
    mine = sa.select(col(Request.id)).where(col(Request.case_id) == Case.id).correlate(Case)
    return ~sa.exists().where(col(Restriction.request_id).in_(mine), col(Restriction.lifted_at).is_(None))


def _of_request(table: type[SQLModel], before: datetime) -> sa.Select[Any]:
    """Rows of a table that belongs to requests, of cases closed since."""
    row: Any = table
    return (
        sa.select(col(Case.ref), row.id)
        .select_from(row)
        .join(Request, row.request_id == Request.id)
        .join(Case, col(Case.id) == Request.case_id)
        .where(_closed(before))
    )


def _of_case(table: type[SQLModel], before: datetime) -> sa.Select[Any]:
    row: Any = table
    return (
        sa.select(col(Case.ref), row.id)
        .select_from(row)
        .join(Case, Case.id == row.case_id)
        .where(_closed(before))
    )


def _stored(column: Any) -> sa.ColumnElement[bool]:
    return sa.and_(column != GONE, column != "")


def _bundles(now: datetime) -> sa.Select[Any]:
    """Counted from the newest link: it opens nothing any more, and no new one can be sent once the bundle is gone."""
    offered = timedelta(days=max(0, settings().bundle_days - settings().download_days))
    over = col(Download.expires_at) <= now - offered
    return _of_request(Download, now).where(over, _stored(Download.storage_key))


def _challenges(now: datetime) -> sa.Select[Any]:
    """Not while a bundle can still be fetched: its codes are counted."""
    kept = sa.exists().where(col(Download.request_id) == Challenge.request_id, _stored(Download.storage_key))
    return _of_request(Challenge, after_close(now)).where(~kept.correlate(Challenge), _unrestricted())


def _mail(now: datetime) -> sa.Select[Any]:
    return _of_case(Message, after_close(now)).where(
        _stored(Message.storage_key),
        col(Message.state).in_(FILED),
        col(Message.handled_at) <= after_close(now),
    )


def _letters(now: datetime) -> sa.Select[Any]:
    return _of_case(Letter, after_close(now)).where(
        _stored(Letter.storage_key),
        col(Letter.kind).not_in(PROOF),
        col(Letter.state).in_(ENDED),
        col(Letter.written_at) <= after_close(now),
    )


def _proofs(now: datetime) -> sa.Select[Any]:
    return _of_case(Letter, after_proof(now)).where(
        _stored(Letter.storage_key), col(Letter.state).in_(ENDED), col(Letter.written_at) <= after_proof(now)
    )


def _persons(now: datetime) -> sa.Select[Any]:
    known = (Case.requester_name, Case.requester_address, Case.verified_address, Case.identity_evidence)
    agent = sa.exists().where(col(Mandate.case_id) == Case.id, col(Mandate.agent_name) != "")
    some = sa.or_(*(col(column) != "" for column in known), agent.correlate(Case))
    return sa.select(col(Case.ref), col(Case.id)).where(_closed(after_proof(now)), some, _unrestricted())


def _mandates(now: datetime) -> sa.Select[Any]:
    return _of_case(Mandate, after_close(now)).where(_stored(Mandate.storage_key))


def _todos(now: datetime) -> sa.Select[Any]:
    """What is done, or was left undone until even the proofs went."""
    over = sa.or_(col(Todo.done_at) <= after_close(now), col(Todo.noted_at) <= after_proof(now))
    return _of_case(Todo, after_close(now)).where(over)


def _loose_todos(now: datetime) -> sa.Select[Any]:
    return sa.select(sa.literal(""), col(Todo.id)).where(
        col(Todo.case_id).is_(None), col(Todo.done_at) <= after_close(now)
    )


def _step_files(now: datetime) -> sa.Select[Any]:
    said = sa.cast(col(Step.result), sa.String)
    named = sa.and_(said.like('%"storage_key"%'), said.not_like(f'%"storage_key": "{GONE}"%'))
    return _of_request(Step, after_close(now)).where(named)


def _runs(now: datetime) -> sa.Select[Any]:
    query = sa.select(col(Case.ref), col(Request.id)).join(Request, col(Request.case_id) == Case.id)
    return query.where(_closed(after_close(now)), col(Request.flow_run_id) != "")


def _files(table: type[SQLModel], column: str) -> Callable[[datetime], sa.Select[Any]]:
    return lambda now: _of_request(table, after_close(now)).where(_stored(getattr(table, column)))


def _loose_mail(now: datetime) -> sa.Select[Any]:
    return sa.select(sa.literal(""), col(Message.id)).where(
        col(Message.case_id).is_(None),
        _stored(Message.storage_key),
        col(Message.state).in_((MessageState.MACHINE, MessageState.DISMISSED)),
        col(Message.handled_at) <= after_close(now),
    )


def _loose_senders(now: datetime) -> sa.Select[Any]:
    return sa.select(sa.literal(""), col(Message.id)).where(
        col(Message.case_id).is_(None),
        col(Message.sender) != "",
        col(Message.state) == MessageState.DISMISSED,
        col(Message.handled_at) <= after_proof(now),
    )


def _loose_letters(now: datetime) -> sa.Select[Any]:
    return sa.select(sa.literal(""), col(Letter.id)).where(
        col(Letter.case_id).is_(None),
        _stored(Letter.storage_key),
        col(Letter.state).in_(ENDED),
        col(Letter.written_at) <= after_close(now),
    )


def _suppressions(now: datetime) -> sa.Select[Any]:
    waiting = sa.select(col(Reappearance.suppression_id)).where(col(Reappearance.settled_at).is_(None))
    return sa.select(sa.literal(""), col(Suppression.id)).where(
        col(Suppression.scope) == "erased",
        col(Suppression.review_on) < paris_date(now),
        col(Suppression.id).not_in(waiting),
    )


def _file(because: str, table: type[SQLModel], column: str) -> Rule:
    return Rule(because, "storage", _files(table, column), forget_file(table, column))


CLOSED, PROVED = "the case is closed for {close} days", "the case is closed for {proof} years"
RULES = {
    "bundle": Rule(
        "its newest link was sent {bundle} days ago (S4)",
        "storage",
        _bundles,
        forget_file(Download, "storage_key"),
    ),
    "challenge": Rule(f"{CLOSED} (I10)", "database", _challenges, delete_row(Challenge)),
    "finding": _file(f"{CLOSED} (S8)", FindingRow, "storage_key"),
    "plan": _file(f"{CLOSED} (S8)", StoredPlan, "storage_key"),
    "step_file": Rule(f"{CLOSED} (S8)", "storage", _step_files, forget_step_file),
    "task_evidence": _file(f"{CLOSED} (I10)", ManualTask, "evidence_key"),
    "task_brief": _file(f"{CLOSED} (I10)", ManualTask, "brief_key"),
    "mandate": Rule(f"{CLOSED} (I10)", "storage", _mandates, forget_file(Mandate, "storage_key")),
    "todo": Rule(CLOSED, "database", _todos, delete_row(Todo)),
    "mail": Rule(f"{CLOSED} (A3)", "storage", _mail, forget_mail),
    "letter": Rule(f"{CLOSED} (A3)", "storage", _letters, forget_file(Letter, "storage_key")),
    "reply": Rule(f"{PROVED} (A4)", "storage", _proofs, forget_file(Letter, "storage_key")),
    "person": Rule(f"{PROVED} (A4)", "database", _persons, forget_person),
    "run": Rule(CLOSED, "prefect", _runs, nothing_here),
    "loose_todo": Rule("it was done {close} days ago", "database", _loose_todos, delete_row(Todo)),
    "loose_mail": Rule("it was set aside {close} days ago", "storage", _loose_mail, forget_mail),
    "loose_sender": Rule(
        "it was dismissed {proof} years ago (A4)", "database", _loose_senders, forget_sender
    ),
    "loose_letter": Rule("it was written {close} days ago", "storage", _loose_letters, forget_letter),
    "suppression": Rule("its review date has passed (A5)", "database", _suppressions, nothing_here),
}
"""In the order they are carried out: a bundle before the codes that open it."""
