"""A case to which things happen: in the database as the flows write them, and in what the oracle knows of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlmodel import Session, delete, select

from models.cases import add_requests
from models.database import reading, unit_of_work
from models.request_dates import renew
from models.rights import Right
from models.tables import (
    Alert,
    AuditEvent,
    Case,
    ClockEvent,
    Letter,
    LetterState,
    Message,
    MessageState,
    Officer,
    ReferenceCounter,
    Request,
    RequestDates,
    RequestState,
    Stretch,
    Todo,
)
from tasks.mail.note_bounce import note_bounce
from tasks.mail.read_mail import read_mail
from tasks.mail.read_report import Report
from tests.support.clock_oracle import Happened, Walk, day_of
from tests.support.watching import CLAIRE, letter, officers, opened, set_holidays, settle

TABLES = (Alert, Todo, Stretch, RequestDates, Letter, Message, AuditEvent, ClockEvent, Request, Case, ReferenceCounter)  # fmt: skip
numbers = count(1)


@dataclass
class Reply:
    """What became of one request's answer; `open`: the person has none."""

    left: bool = False
    returned: bool = False
    settled: bool = False

    @property
    def open(self) -> bool:
        """Whether the person waits."""
        return not self.left or (self.returned and not self.settled)


@dataclass
class Story:
    """One case with up to two requests. `walk`: its clock as the oracle knows it."""

    case_id: int
    walk: Walk
    monkeypatch: pytest.MonkeyPatch
    replies: dict[Right, Reply] = field(default_factory=lambda: {Right.ACCESS: Reply()})

    @property
    def waiting(self) -> list[Right]:
        """The requests without an answer."""
        return [right for right, reply in self.replies.items() if reply.open]

    def happens(self, event: str, now: datetime) -> None:
        """Let it happen where it can."""
        kind, _, scope = event.partition(" ")
        if kind in {"paused", "resumed", "extended"}:
            self._clock(kind, scope or "identity", now)
        else:
            can: dict[str, Callable[[datetime], None]] = {
                "replied": self._reply, "withdrawn": self._withdraw, "returned": self._return, "settled": self._settle,
                "second": self._second, "holiday": self._holiday,
            }  # fmt: skip
            can[kind](now)

    def _clock(self, kind: str, scope: str, now: datetime) -> None:
        reason = "" if kind == "resumed" else "volume: a reason"
        with unit_of_work() as session:
            event = ClockEvent(case_id=self.case_id, kind=kind, at=now, scope=scope, reason=reason, recorded_by="Claire")  # fmt: skip
            session.add(event)
            renew(session, session.get_one(Case, self.case_id), now)
        self.walk.events.append(Happened(now, kind, scope))

    def _reply(self, now: datetime, outcome: str = "answered") -> None:
        for right, reply in self.replies.items():
            if not reply.left:
                with unit_of_work() as session:
                    request = self._request(session, right)
                    request.replied_at = request.closed_at = now
                    request.state, request.outcome = RequestState.CLOSED, outcome
                    session.add(letter(f"{request.ref}:reply", LetterState.SENT, now, request))
                    renew(session, session.get_one(Case, self.case_id), now)
                reply.left = True
                return

    def _withdraw(self, now: datetime) -> None:
        self._reply(now, "withdrawn")

    def _return(self, now: datetime) -> None:
        """The first reply that is out comes back; the report is noted as the intake notes it."""
        for right, reply in self.replies.items():
            if reply.left and not reply.returned:
                with unit_of_work() as session:
                    key = f"{self._request(session, right).ref}:reply"
                    about = session.exec(select(Letter.message_id).where(Letter.key == key)).one()
                    message = Message(
                        mailbox="privacy@nexoris.com", content_hash=str(next(numbers)), storage_key="", received_at=now,
                        kept_at=now, state=MessageState.MACHINE,
                    )  # fmt: skip
                    session.add(message)
                    session.flush()
                    report = Report("failed", "5.1.1", (), (about,))
                    assert note_bounce(session, message, report, read_mail(b"\r\n"), now) is not None
                reply.returned = True
                return

    def _settle(self, now: datetime) -> None:
        """An officer reaches the person otherwise, for every reply that came back."""
        settle(self.case_id, now)
        for reply in self.replies.values():
            reply.settled = reply.settled or reply.returned

    def _second(self, now: datetime) -> None:
        """The person asks for something else in the same case: the same clock (law.md Q4)."""
        with unit_of_work() as session:
            add_requests(session, session.get_one(Case, self.case_id), [Right.ERASURE], now)
        self.replies.setdefault(Right.ERASURE, Reply())

    def _holiday(self, now: datetime) -> None:
        """A holiday within the next weeks is announced."""
        self.walk.extra.add(day_of(now) + timedelta(days=3 + next(numbers) % 30))
        set_holidays(self.monkeypatch, *sorted(map(str, self.walk.extra)))

    def _request(self, session: Session, right: Right) -> Request:
        of_case = Request.case_id == self.case_id
        return session.exec(select(Request).where(of_case, Request.right == right)).one()


def begin(received: datetime, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Forget the example before, and open a case."""
    with unit_of_work() as session:
        for table in TABLES:
            session.exec(delete(table))  # type: ignore[call-overload]
    with reading() as session:
        known = session.exec(select(Officer)).first()
    if known is None:
        officers(CLAIRE)
    set_holidays(monkeypatch)
    return Story(opened(received)[0], Walk(received), monkeypatch)


def alert_keys() -> list[tuple[str, str, int]]:
    """Right, limit and level of every alert."""
    with reading() as session:
        rows = session.exec(
            select(Request.right, Alert.limit, Alert.level).join(Alert, Alert.request_id == Request.id)
        )  # type: ignore[arg-type]
        return [(right, str(limit), level) for right, limit, level in rows]
