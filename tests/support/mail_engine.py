"""One engine among several in a test, as far as its mail goes: intake, the first step of its flows, its letters."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import col, select

from models import audit
from models.database import reading
from models.tables import Case, Letter, Message, Request, Step, Todo
from tasks.letters.acknowledge import acknowledge
from tasks.letters.send_letters import send_queued
from tasks.letters.tell_officers import tell_officers
from tasks.mail.take_in import take_in_all
from tasks.steps import claim, do_once


@dataclass(frozen=True)
class MailEngine:
    """One engine with home, database and mailbox of its own."""

    address: str
    enter: Callable[[], None]
    """Make this the engine whose settings the process has."""

    def turn(self) -> None:
        """Everything it does by itself: intake, the flow's first step for each request, and `recover`'s letters."""
        self.enter()
        now = datetime.now(UTC)
        list(take_in_all(now))
        with reading() as session:
            done = select(Step.request_id).where(Step.name == "acknowledge")
            fresh = session.exec(select(Request.ref).where(col(Request.id).not_in(done))).all()
        for ref in fresh:
            do_once(claim(ref, "run", now), "acknowledge", acknowledge, now)
        tell_officers(now)
        asyncio.run(send_queued(now))

    def cases(self) -> list[Case]:
        return self._rows(Case)

    def messages(self) -> list[Message]:
        return self._rows(Message)

    def open_todos(self) -> list[str]:
        return sorted(todo.kind for todo in self._rows(Todo) if todo.done_at is None)

    def letters(self, kind: str = "acknowledge") -> list[Letter]:
        return [letter for letter in self._rows(Letter) if letter.kind == kind]

    def _rows(self, table: type) -> list:  # type: ignore[type-arg]  # of that table
        self.enter()
        with reading() as session:
            assert audit.verify(session) == []
            return sorted(session.exec(select(table)), key=lambda row: row.id)
