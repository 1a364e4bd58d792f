"""Ask every system of the data map at once, each with a time-out and retries; each ends in a finding (law.md F3).

Searching reads only. Storing a round's findings replaces nothing: one row per request, round and system.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, TypeVar

import stamina
from sqlmodel import Session, col, select

from models.data_map import DataMap, ManualSystem, System
from models.data_map_loading import load_data_map
from models.database import reading
from models.errors import DsrError, Permanent, Rejected, Retryable, Unavailable
from models.records import ContactPoint, Finding, FindingStatus, Identifier, ManualAnswer
from models.request_dates import renew
from models.settings import settings
from models.storage import fetch, keep, sha256
from models.tables import FindingRow, Request, RequestState
from tasks.colleagues.manual_tasks import manual_answer
from tasks.connectors import build_connector
from tasks.connectors.protocol import Connector
from tasks.steps import Scene

Answer = TypeVar("Answer")
FIRST_ROUND = 0
NOT_SEARCHABLE = (
    "not searchable by what we have: it is searched by an address, and none of this person is known"
)


def data_map() -> DataMap:
    """Return the data map as it stands on disk now."""
    return load_data_map(settings().data_map)


def contact_points(identifiers: Sequence[Identifier]) -> tuple[list[ContactPoint], dict[str, str]]:
    """Return the addresses on file that `identifiers` match, and per system that could not be asked, why."""
    points: list[ContactPoint] = []
    problems: dict[str, str] = {}
    systems = data_map().systems
    for name, answer in ask_all(
        {name: opened(spec, lambda c: c.contact_points(identifiers)) for name, spec in systems.items()}
    ).items():
        if isinstance(answer, Exception):
            problems[name] = sentence(answer)
        else:
            points += answer
    return points, problems


def search(request: Request, identifiers: Sequence[Identifier], now: datetime) -> list[Finding]:
    """Search every system; a failure is a finding too, with one sentence that names no person.

    A manual system answers with what the colleague said, or that they have not yet. Without identifiers no other system
    can be searched: that is not the same as holding nothing.
    """
    systems = data_map().systems
    asked = {
        name: opened(spec, lambda c: c.discover(identifiers, now), request)
        for name, spec in systems.items()
        if identifiers or isinstance(spec, ManualSystem)
    }
    answers = dict.fromkeys(systems, Rejected(NOT_SEARCHABLE)) | ask_all(asked)
    return [
        Finding(system=name, status=FindingStatus.FAILED, searched_at=now, problem=sentence(answer))
        if isinstance(answer, Exception)
        else answer
        for name, answer in answers.items()
    ]


def opened(
    spec: System, ask: Callable[[Connector], Answer], request: Request | None = None
) -> Callable[[], Answer]:
    def colleague() -> ManualAnswer | None:
        with reading() as session:
            return manual_answer(session, request, spec.system, FIRST_ROUND) if request else None

    def attempt() -> Answer:
        return ask(build_connector(spec, os.environ, answer=colleague))

    return stamina.retry(on=Retryable, attempts=settings().system_attempts, wait_max=5)(attempt)


def ask_all(asked: dict[str, Callable[[], Answer]]) -> dict[str, Answer | Exception]:
    """Run all side by side; a silent one is given up after its time and left behind, never waited for."""
    pool = ThreadPoolExecutor(max_workers=max(1, len(asked)), thread_name_prefix="system")
    futures = {name: pool.submit(ask) for name, ask in asked.items()}
    wait(futures.values(), timeout=settings().system_timeout_seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    outcomes: dict[str, Answer | Exception] = {}
    for name, future in futures.items():
        outcome = _outcome(future)
        outcomes[name] = outcome
    return outcomes


def _outcome(future: Future[Answer]) -> Answer | Exception:
    if not future.done():
        return Unavailable(
            f"no answer within {settings().system_timeout_seconds:g} s: see that it is reachable"
        )
    error = future.exception()
    if error is None:
        return future.result()
    return error if isinstance(error, Exception) else Unavailable(type(error).__name__)


def store_findings(round_number: int, findings: Sequence[Finding]) -> Callable[[Scene], dict[str, Any]]:
    """Return the effect that records a round's findings; the records themselves go encrypted to storage."""

    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.DISCOVERY
        for finding in findings:
            content = finding.model_dump_json().encode()
            scene.session.add(
                FindingRow(
                    request_id=scene.request.id,
                    round=round_number,
                    system=finding.system,
                    status=finding.status,
                    records=len(finding.records),
                    documents=len(finding.documents),
                    problem=finding.problem,
                    tables=dict(Counter(record.table for record in finding.records)),
                    to_review=sum(len(record.to_review) for record in finding.records),
                    searched_at=finding.searched_at,
                    storage_key=keep("findings", content),
                    sha256=sha256(content),
                )
            )
        statuses = {finding.system: finding.status.value for finding in findings}
        scene.audit("systems_searched", round=round_number, systems=statuses)
        renew(scene.session, scene.case, scene.now)  # under the case's lock, which the audit took
        return {"systems": statuses}

    return effect


def finding_rows(session: Session, request: Request, round_number: int) -> list[FindingRow]:
    """Return a round's findings in the order of the data map, without their records."""
    rows = session.exec(
        select(FindingRow)
        .where(FindingRow.request_id == request.id, FindingRow.round == round_number)
        .order_by(col(FindingRow.id))
    )
    return list(rows)


def load_findings(rows: Sequence[FindingRow]) -> list[Finding]:
    """Return findings with their records; `Permanent` where the stored bytes are not those recorded."""
    findings = []
    for row in rows:
        content = fetch(row.storage_key)
        if sha256(content) != row.sha256:
            raise Permanent(f"the stored finding of {row.system} was changed: search again")
        findings.append(Finding.model_validate_json(content))
    return findings


def sentence(error: Exception) -> str:
    """Return what may be shown and logged of an error."""
    return str(error) if isinstance(error, DsrError) else f"unexpected {type(error).__name__}"
