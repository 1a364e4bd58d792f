"""A system only a named person can search: waits for their answer, then hands it on; asking again changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.calendar import add_working_days, paris_date
from models.data_map import ManualSystem
from models.records import ContactPoint, Finding, FindingStatus, Identifier, ManualAnswer


@dataclass(frozen=True)
class ManualConnector:
    """`answer` looks up what was answered for this case; `asked_at` is when the person was asked, else now."""

    spec: ManualSystem
    answer: Callable[[], ManualAnswer | None]
    asked_at: datetime | None = None

    @property
    def system(self) -> str:
        """The key of the system in the data map."""
        return self.spec.system

    def check(self, now: datetime) -> None:
        """Nothing to reach: the map itself says who answers."""

    def contact_points(self, identifiers: Sequence[Identifier]) -> list[ContactPoint]:  # noqa: ARG002  # the Protocol's
        """None: an address somebody typed is not one on file (law.md I6)."""
        return []

    def discover(self, identifiers: Sequence[Identifier], now: datetime) -> Finding:  # noqa: ARG002  # the Protocol's
        """What the person answered, or WAITING with who must answer and until when."""
        answer = self.answer()
        if answer is None:
            due = add_working_days(paris_date(self.asked_at or now), self.spec.due_working_days)
            person = self.spec.responsible
            return Finding(
                system=self.system,
                status=FindingStatus.WAITING,
                searched_at=now,
                problem=f"{person.name} <{person.email}> must search {self.system} and answer by {due.isoformat()}",
            )
        return Finding(
            system=self.system,
            status=FindingStatus.FOUND if answer.outcome == "found" else FindingStatus.NONE,
            searched_at=answer.answered_at,
            documents=answer.documents,
        )
