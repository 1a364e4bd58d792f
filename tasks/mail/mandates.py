"""Mandates: recorded once per case, checked once by an officer (law.md I13 to I19).

The case's requester stays the person whose data it is about: an agent's address proves nothing and gets no data. What
holds personal data goes to the address on file that the person proved (I15); the agent is told that the request arrived.
"""

from datetime import datetime

from sqlmodel import Session, select

from models import audit
from models.cases import find_case
from models.database import unit_of_work
from models.errors import NotFound, Rejected
from models.letters import one_line
from models.mandates import MandateGiven
from models.records import Document
from models.storage import fetch, keep
from models.tables import Case, Mandate, Todo, TodoKind
from tasks.connectors.rows import fold
from tasks.keeping.retain_rows import GONE
from tasks.letters.write_letter import is_address
from tasks.todos import note


def mandate_of(session: Session, case: Case) -> Mandate | None:
    """Return the case's mandate, checked or not."""
    return session.exec(select(Mandate).where(Mandate.case_id == case.id)).first()


def acknowledge_to(session: Session, case: Case) -> str:
    """Return where the acknowledgement goes: to whoever wrote, the agent where there is one; empty: by post."""
    mandate = mandate_of(session, case)
    return mandate.agent_address if mandate and mandate.agent_address else case.requester_address


def mandate_faults(given: MandateGiven, person_address: str) -> list[str]:
    """Return what is wrong with a mandate: agent_name, agent_address, agent_is_person."""
    faults = []
    if not given.agent_name:
        faults.append("agent_name")
    if given.agent_address and not is_address(given.agent_address):
        faults.append("agent_address")
    elif given.agent_address and fold(given.agent_address) == fold(person_address):
        faults.append("agent_is_person")
    return faults


def record_mandate(session: Session, case: Case, given: MandateGiven, officer: str, now: datetime) -> Mandate:
    """Record the case's mandate in the caller's transaction and note that it is to be checked.

    `Rejected` where the case has one already, or where the agent's address would pass for the person's.
    """
    if mandate_of(session, case) is not None:
        raise Rejected(f"{case.ref} has a mandate already: look at the case")
    if mandate_faults(given, case.requester_address):
        raise Rejected("give the agent's name, and an address of their own that is not the person's")
    document = given.document.model_dump_json().encode() if given.document else b""
    mandate = Mandate(
        case_id=case.id,
        **given.model_dump(exclude={"rights", "document", "kind"}),
        kind=str(given.kind),
        rights=[str(right) for right in given.rights],
        storage_key=keep("mandates", document) if document else "",
        recorded_by=officer,
        recorded_at=now,
    )
    session.add(mandate)
    session.flush()
    note(session, TodoKind.MANDATE, now, case=case)
    audit.record(
        session, case, officer, "mandate_recorded", now, acts_as=given.kind, may_receive=given.may_receive
    )
    return mandate


def check_mandate(case_ref: str, why: str, officer: str, now: datetime, *, holds: bool) -> None:
    """Record what `officer` makes of the mandate, and why, in one sentence; checked already stays as it is.

    A mandate that does not hold leaves the request as it is: the person can still be answered, or the officer refuses it.
    """
    with unit_of_work() as session:
        case = find_case(session, case_ref)
        found = select(Mandate).where(Mandate.case_id == case.id).with_for_update()
        mandate = session.exec(found).first()
        if mandate is None:
            raise NotFound(f"{case_ref} has no mandate: record it first")
        if mandate.checked_by:
            return
        if not why.strip():
            raise Rejected("say in one sentence why the mandate holds or not: it is kept with the case")
        mandate.evidence = one_line(f"{mandate.evidence} · {why}" if mandate.evidence else why)
        if holds:
            mandate.checked_by, mandate.checked_at = officer, now
        todo = session.exec(select(Todo).where(Todo.key == f"{TodoKind.MANDATE}:case-{case.id}")).first()
        if todo is not None and todo.done_at is None:
            todo.done_at, todo.done_by = now, officer
        audit.record(session, case, officer, "mandate_checked", now, holds=holds)


def mandate_scan(session: Session, case: Case) -> Document:
    """Return the copy of the mandate; `NotFound` where none was kept, or it was purged."""
    mandate = mandate_of(session, case)
    if mandate is None or mandate.storage_key in {"", GONE}:
        raise NotFound(f"{case.ref} has no copy of a mandate: look at what it says in words")
    return Document.model_validate_json(fetch(mandate.storage_key))
