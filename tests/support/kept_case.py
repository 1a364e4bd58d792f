"""A case that left something in every table and every folder of the storage, to see what retention takes of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import fsspec
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from models import audit, storage
from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.rights import Right
from models.settings import settings
from models.tables import (
    Case,
    Challenge,
    ClockEvent,
    Decision,
    Download,
    FindingRow,
    Letter,
    LetterState,
    Mandate,
    ManualTask,
    Message,
    MessageState,
    Receipt,
    Request,
    RequestState,
    Restriction,
    Step,
    StoredPlan,
    Todo,
    TodoKind,
)
from tasks.keeping.retain import carry_out, due
from tests.support.case_rows import NOW, add_case

NUMBERS = count(1)
DAY = timedelta(days=1)
YEARS = 5 * 366 * DAY
OPENED = NOW - 90 * DAY
NAME, SUBJECT = "Camille Durand", "Mes données, Camille Durand"


def keep_case(session: Session, opened: datetime, closed: datetime | None, **more: Any) -> Case:
    """One erasure request with everything a flow may leave; its personal data are in NAME, an address or SUBJECT."""
    unique = next(NUMBERS)
    address = f"camille{unique}@mail.example"
    case, [request] = add_case(session, Right.ERASURE, name=NAME, address=address, received_at=opened)
    case.verified_address, case.identity_evidence = address, f"{NAME} sent back the code"
    case.closed_at = request.closed_at = closed
    request.state = RequestState.CLOSED if closed else RequestState.REVIEW
    request.flow_run_id = f"run-{unique}"
    ended = closed or opened + timedelta(days=1)
    session.add_all(
        [
            _message(case, opened, unique, address),
            _letter(case, LetterKind.ERASURE_REPLY, ended, unique, address),
            _letter(case, LetterKind.ACKNOWLEDGE, opened, unique, address),
            _mandate(case, opened, unique, address),
            Todo(
                key=f"mandate:case-{case.id}",
                kind=TodoKind.MANDATE,
                case_id=case.id,
                noted_at=opened,
                done_at=opened,
            ),
            *_of_request(request, opened, ended, unique, address),
        ]
    )
    if more.get("restricted"):
        session.add(
            Restriction(
                request_id=request.id,
                ground="accuracy",
                since=opened,
                review_on=opened.date(),
                lifted_at=None,
            )
        )
    for kind in more.get("audited", ("identity_established", "erased")):
        audit.record(session, case, "engine", kind, ended, request=request.right)
    session.flush()
    return case


def file(folder: str, unique: int) -> str:
    return storage.keep(folder, f"{folder} of {NAME}, {unique}".encode())


def _message(case: Case, at: datetime, unique: int, address: str) -> Message:
    key = file("mail", unique)
    return Message(
        mailbox="privacy@nexoris.com", content_hash=key, storage_key=key, received_at=at, kept_at=at, handled_at=at,
        message_id=f"<{address}>", body_hash=key, state=MessageState.CASE, case_id=case.id, sender=address,
        subject=SUBJECT, classification={"kind": "request", "rights": ["erasure"], "last_name": "Durand"},
    )  # fmt: skip


def _letter(case: Case, kind: LetterKind, at: datetime, unique: int, address: str) -> Letter:
    return Letter(
        key=f"{case.ref}:{kind}", case_id=case.id, kind=kind, language="fr", recipient=address, subject=SUBJECT,
        message_id=f"<{kind}-{unique}@nexoris.com>", storage_key=file(f"letters-{kind}", unique), sha256="",
        state=LetterState.SENT, written_at=at, sent_at=at,
    )  # fmt: skip


def _mandate(case: Case, at: datetime, unique: int, address: str) -> Mandate:
    return Mandate(
        case_id=case.id, kind="lawyer", agent_name="Maître Durand", agent_address=f"durand-{address}",
        rights=["erasure"], purpose=f"for {NAME}", evidence=f"signed by {NAME}", recorded_by="Claire Martin",
        storage_key=file("mandates", unique), recorded_at=at,
    )  # fmt: skip


def _of_request(request: Request, opened: datetime, ended: datetime, unique: int, address: str) -> list[Any]:
    task = {
        "round": 1,
        "system": "elay",
        "action": "search",
        "person": "Nadia",
        "address": "nadia@nexoris.com",
    }
    return [
        Challenge(
            key=f"{request.ref}:identity-1", request_id=request.id, purpose="identity", sent_to=address,
            token_hash=f"challenge-{unique}", code_hash="", created_at=opened, expires_at=opened,
        ),
        Download(
            request_id=request.id, token_hash=f"download-{unique}", storage_key=file("bundles", unique), sha256="abc",
            size=7, expires_at=ended + timedelta(days=7),
        ),
        FindingRow(
            request_id=request.id, round=1, system="site_db", status="found", records=3, searched_at=opened,
            storage_key=file("findings", unique), sha256="abc",
        ),
        StoredPlan(
            request_id=request.id, round=1, system="site_db", digest="abc", storage_key=file("plans", unique), deletes=2
        ),
        ManualTask(
            request_id=request.id, **task, due_on=opened.date(), token_hash=f"task-{unique}", outcome="found",
            note=f"{NAME} was found", evidence_key=file("manual", unique), brief_key=file("briefs", unique),
        ),
        Step(
            request_id=request.id, name="look-1", done_at=ended, lease_version=1,
            result={"clean": True, "storage_key": file("looks", unique)},
        ),
        Decision(
            request_id=request.id, question="review", round=1, officer="Claire Martin", choice="approve",
            reason=f"{NAME} is known to us", accepted=True, content_hash="abc", answers={"address": address},
            decided_at=ended,
        ),
        Receipt(
            request_id=request.id, kind="erased", system="site_db", record=f'{{"key": "{address}"}}',
            detail={"columns": [NAME]}, at=ended,
        ),
        ClockEvent(case_id=request.case_id, kind="noted", at=opened, recorded_by="Claire Martin", override_reason=NAME),
        ClockEvent(case_id=request.case_id, kind="paused", scope="identity", at=opened, recorded_by="Claire Martin", reason=NAME),
        ClockEvent(case_id=request.case_id, kind="extended", at=opened, recorded_by="Claire Martin", reason=f"volume: {NAME}"),
    ]  # fmt: skip


def purge(now: datetime) -> dict[str, int]:
    with reading() as session:
        found = due(session, now)
    return dict(carry_out(found, now))


def whats(now: datetime) -> set[str]:
    with reading() as session:
        return {one.what for one in due(session, now)}


def files() -> set[str]:
    system, root = fsspec.url_to_fs(settings().storage)
    return {path.rpartition(root)[2] for path in system.find(root)}


def rows_of(session: Session, cases: Iterable[int]) -> dict[str, list[Any]]:
    """Every row of these cases, with all its columns."""
    wanted = list(cases)
    requests = list(session.exec(select(Request.id).where(Request.case_id.in_(wanted))))  # type: ignore[attr-defined]
    held = {}
    for table in SQLModel.metadata.sorted_tables:
        for column, ids in (("case_id", wanted), ("request_id", requests)):
            if column in table.c:
                query = sa.select(table).where(table.c[column].in_(ids)).order_by(*table.primary_key.columns)
                held[f"{table.name}.{column}"] = [tuple(row) for row in session.connection().execute(query)]
    cases_query = sa.select(Case).where(Case.id.in_(wanted))  # type: ignore[attr-defined]
    held["case"] = [repr(case) for case in session.scalars(cases_query)]
    return held


def one_case(closed: datetime | None = NOW, **more: Any) -> int:
    with unit_of_work() as session:
        return keep_case(session, OPENED, closed, **more).id


def loose(state: MessageState, number: int) -> Message:
    key = storage.keep("mail", f"from {NAME} {number}".encode())
    return Message(
        mailbox="privacy@nexoris.com", content_hash=key, storage_key=key, received_at=NOW, kept_at=NOW, handled_at=NOW,
        state=state, sender="camille@mail.example", subject=SUBJECT, reason=f"dismissed by Claire: {NAME}",
    )  # fmt: skip
