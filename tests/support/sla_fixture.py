"""Forty-six cases made by hand, as they stand on Monday 23 November 2026; persons invented.

What is expected of the first forty-four, and how it comes about, is in tests/tasks/test_sla_figures.py; of all of them,
with every number of every section, in tests/support/sla_expected.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from sqlmodel import Session

from models.cases import open_case
from models.request_dates import renew
from models.rights import Right
from models.stretches import note_stretch
from models.tables import (
    Case,
    ClockEvent,
    Decision,
    FindingRow,
    Letter,
    LetterState,
    ManualTask,
    Request,
    RequestState,
    Todo,
    TodoKind,
)

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """What became of one right. `replied`: the day the reply left; `settled`: the day an officer dealt with its return."""

    right: str
    replied: str = ""
    outcome: str = "answered"
    ground: str = ""
    state: str = "review"
    waits: str = "officer"
    came_back: bool = False
    settled: str = ""
    task: bool = False
    found: tuple[tuple[int, str, str], ...] = ()  # round, system, status


@dataclass(frozen=True)
class Made:
    """One case. `clock`: day, kind, reason; `bounced`: kinds of letters of the case that came back."""

    name: str
    received: str
    told: tuple[Told, ...]
    clock: tuple[tuple[str, str, str], ...] = ()
    language: str = "fr"
    channel: str = "mail"
    identified: bool = False
    bounced: tuple[str, ...] = ()
    path: tuple[tuple[str, str, str], ...] = field(default=())  # day, state, whom: stretches before the reply


def answered(name: str, received: str, right: str, replied: str, **more: object) -> Made:
    """A case of one right that was answered, in full unless `outcome` says otherwise."""
    of_request = {key: more.pop(key) for key in ("outcome", "ground", "found") if key in more}
    return Made(name, received, (Told(right, replied, **of_request),), **more)  # type: ignore[arg-type]


def waits(name: str, received: str, right: str, whom: str, **more: object) -> Made:
    """A case of one right that has no answer."""
    of_request = {key: more.pop(key) for key in ("task", "found", "state") if key in more}
    return Made(name, received, (Told(right, waits=whom, **of_request),), **more)  # type: ignore[arg-type]


CASES = (
    # answered in time
    answered("A1", "2025-12-01", "access", "2025-12-10", identified=True, found=((1, "billing", "failed"),)),
    answered("A2", "2025-12-15", "erasure", "2026-01-05"),
    answered("A3", "2026-01-12", "access", "2026-01-12"),
    answered("A4", "2026-02-10", "objection", "2026-02-13"),
    answered("A5", "2026-03-02", "access", "2026-03-10"),
    answered("A6", "2026-03-16", "rectification", "2026-03-30", channel="post"),
    answered("A7", "2026-04-07", "erasure", "2026-04-22"),
    answered("A8", "2026-05-04", "access", "2026-05-08", language="en"),
    answered("A9", "2026-06-01", "portability", "2026-06-23", channel="form"),
    answered("A10", "2026-06-15", "access", "2026-07-15"),  # on the thirtieth day
    answered("A11", "2026-07-06", "restriction", "2026-07-13"),
    answered("A12", "2026-07-20", "consent_withdrawal", "2026-07-21"),
    # nothing held
    answered("B1", "2026-08-03", "access", "2026-08-17", outcome="nothing_held"),
    answered("B2", "2026-08-10", "access", "2026-08-21", outcome="nothing_held", language="en"),
    # February: the law's month ends on Monday 2 March, the 30 days on 4 March
    answered("C1", "2026-02-02", "access", "2026-03-03"),
    answered("C2", "2026-02-02", "erasure", "2026-03-02", language="en"),
    # the law's last day rolls over holidays: Easter (to 7 April), 1 May (to 4 May); the 30 days do not
    answered("D1", "2026-03-05", "access", "2026-04-07"),
    answered("D2", "2026-04-01", "objection", "2026-05-04", channel="phone"),
    # too late for both
    answered("E1", "2026-05-11", "erasure", "2026-06-30"),
    answered("E2", "2026-08-17", "access", "2026-10-26", language="en"),
    # pauses: F1 stops for 10 days, to Sunday 11 October, which rolls to the 12th; F3 is still stopped
    answered(
        "F1", "2026-09-01", "access", "2026-10-12", identified=True,
        clock=(("2026-09-02", "paused", "doubt"), ("2026-09-12", "resumed", "")),
        path=(("2026-09-02", "identity", "requester"), ("2026-09-12", "review", "officer")),
    ),
    answered(
        "F2", "2026-09-07", "erasure", "2026-09-21",
        clock=(("2026-09-08", "paused", "doubt"), ("2026-09-10", "resumed", "")),
    ),
    waits("F3", "2026-11-09", "access", "requester", state="identity", clock=(("2026-11-10", "paused", "doubt"),)),
    # extensions: G1 answered within it, G2 refused within it and so too late (D14), G3 waits
    answered("G1", "2026-06-22", "access", "2026-09-10", clock=(("2026-07-10", "extended", "volume: much"),)),
    answered(
        "G2", "2026-07-01", "erasure", "2026-09-01", outcome="refused", ground="unfounded",
        clock=(("2026-07-15", "extended", "redaction: others"),),
    ),
    waits(
        "G3", "2026-10-05", "access", "officer", clock=(("2026-11-02", "extended", "scattered: units"),),
        found=((1, "billing", "failed"), (2, "billing", "found")),
    ),
    # refused in time
    answered("H1", "2026-09-14", "objection", "2026-09-28", outcome="refused", ground="not_theirs"),
    answered("H2", "2026-10-01", "access", "2026-10-20", outcome="refused", ground="not_proved"),
    # several rights in one case
    Made(
        "I1", "2026-10-12", (Told("access", "2026-10-19"), Told("erasure", "2026-10-26")),
        identified=True, bounced=("acknowledge",),
    ),
    Made("I2", "2026-11-02", (Told("access", "2026-11-09"), Told("erasure", waits="colleague", task=True, found=((1, "elay", "waiting"),)))),
    Made(
        "I3", "2026-11-16",
        (Told("access", waits="requester"), Told("objection", "2026-11-17"), Told("rectification", waits="requester")),
    ),
    # ended otherwise
    answered("J1", "2026-10-15", "erasure", "2026-10-16", outcome="withdrawn"),
    answered("J2", "2026-10-20", "access", "2026-10-22", outcome="not_a_request", language="en"),
    # the reply came back: K1 is unanswered again, K2 was dealt with four days later
    Made("K1", "2026-10-26", (Told("access", "2026-11-05", came_back=True),)),
    Made("K2", "2026-09-21", (Told("access", "2026-10-01", came_back=True, settled="2026-10-05"),), identified=True),
    # unanswered
    waits("L1", "2026-10-24", "erasure", "officer"),  # a Saturday: due today, the law's month ends tomorrow
    waits("L2", "2026-10-19", "access", "colleague", task=True, found=((1, "elay", "failed"),)),
    waits("L3", "2026-10-22", "access", "officer"),  # 30 days ended on Saturday, the law's month rolled to today
    waits("L4", "2026-10-27", "portability", "officer", found=((1, "billing", "found"), (2, "billing", "failed"))),
    waits("L5", "2026-10-28", "erasure", "colleague", task=True, state="discovery", found=((1, "elay", "waiting"),)),
    waits("L6", "2026-11-23", "access", "", state="received", channel="forward"),
    waits("L7", "2025-10-06", "access", ""),  # received before the period, and still unanswered
    waits("L8", "2026-11-13", "erasure", "requester", language="en", channel="form", bounced=("ask_identity",)),
    # received before the period, answered
    answered("M1", "2025-11-10", "access", "2025-11-20"),
)  # fmt: skip

EVERY_CASE = (
    *CASES,
    # stopped for 10 days and extended: three months end on 8 September, with the pause on Friday the 18th. Without the
    # extension the 20th of July would be the last day, and without the pause this answer would be too late
    answered(
        "N1", "2026-06-08", "access", "2026-09-17", identified=True,
        clock=(("2026-06-10", "paused", "doubt"), ("2026-06-20", "resumed", ""), ("2026-07-06", "extended", "volume: much")),
        path=(("2026-06-10", "identity", "requester"), ("2026-06-20", "review", "officer")),
    ),
    # the reply left in time and came back; the officer took it up again and it was answered after both dates
    Made("N2", "2026-08-24", (Told("erasure", "2026-09-10", came_back=True, settled="2026-09-30"),)),
)  # fmt: skip


def write_cases(session: Session, cases: Iterable[Made] = CASES) -> None:
    """Write the cases, in the caller's transaction."""
    for made in cases:
        _write(session, made)


def at(day: str) -> datetime:
    """Ten in the morning, UTC."""
    return datetime.combine(date.fromisoformat(day), time(10), UTC)


def _write(session: Session, made: Made) -> None:
    received = at(made.received)
    case = Case(
        ref="",
        received_at=received,
        mailbox="privacy@nexoris.com",
        requester_address=f"{made.name.lower()}@people.example",
        requester_name=f"Secret Name {made.name}",
        language=made.language,
        channel=made.channel,
        identity_settled_at=received if made.identified else None,
        opened_at=received,
    )
    requests = open_case(session, case, [Right(told.right) for told in made.told], received)
    for day, kind, reason in made.clock:
        session.add(
            ClockEvent(
                case_id=case.id, kind=kind, at=at(day), scope="identity", reason=reason, recorded_by="x"
            )
        )
    for told, request in zip(made.told, requests, strict=True):
        _tell(session, case, request, told, made)
    for kind in made.bounced:
        _letter(session, case, None, kind, f"{case.ref}:{kind}", received, came_back=True)
    renew(session, case, NOW)


def _tell(session: Session, case: Case, request: Request, told: Told, made: Made) -> None:
    for day, state, whom in made.path:
        request.state, request.waits_for = state, whom
        note_stretch(session, request, at(day))
    if told.replied:
        _reply(session, case, request, told)
    else:
        request.state, request.waits_for = told.state, told.waits
        note_stretch(session, request, at(made.received))
    for number, system, status in told.found:
        session.add(
            FindingRow(
                request_id=request.id, round=number, system=system, status=status, searched_at=case.opened_at
            )
        )
    if told.task:
        task = ManualTask(
            request_id=request.id, round=0, system="elay", person="Elay", address="elay@nexoris.com",
            due_on=TODAY, token_hash=request.ref,
        )  # fmt: skip
        session.add(task)


def _reply(session: Session, case: Case, request: Request, told: Told) -> None:
    replied = at(told.replied)
    request.replied_at = request.closed_at = replied
    request.state, request.waits_for, request.outcome = RequestState.CLOSED, "", told.outcome
    note_stretch(session, request, replied)
    if told.ground:
        session.add(
            Decision(
                request_id=request.id, question="review", round=1, officer="Dana", choice="refuse", reason="because",
                accepted=True, content_hash="", answers={"ground": told.ground}, decided_at=replied,
            )
        )  # fmt: skip
    key = f"{request.ref}:reply"
    letter = _letter(session, case, request, f"{told.right}_reply", key, replied, came_back=told.came_back)
    if told.settled:
        letter.reached_on, letter.reached_by = date.fromisoformat(told.settled), "phone"
    if told.came_back:
        session.add(
            Todo(
                key=f"bounced:letter-{letter.id}", kind=TodoKind.BOUNCED, case_id=case.id, letter_id=letter.id,
                noted_at=replied, done_at=at(told.settled) if told.settled else None,
            )
        )  # fmt: skip


def _letter(
    session: Session,
    case: Case,
    request: Request | None,
    kind: str,
    key: str,
    sent: datetime,
    *,
    came_back: bool,
) -> Letter:
    letter = Letter(
        key=key, case_id=case.id, request_id=request.id if request else None, kind=kind, language=case.language,
        recipient=case.requester_address, subject="", message_id=key, storage_key="", sha256="",
        state=LetterState.SENT, written_at=sent, sent_at=sent, bounced_at=sent if came_back else None,
    )  # fmt: skip
    session.add(letter)
    session.flush()
    return letter
