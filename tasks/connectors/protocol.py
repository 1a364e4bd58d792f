"""The one contract of every system (DESIGN.md section 3); it reads and changes nothing, so repeating is safe."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from models.records import ContactPoint, Finding, Identifier


class Connector(Protocol):
    """A system that can be searched for a person.

    Each method raises `MapIncomplete` where the system holds something the data map does not name, `Unavailable`
    where it cannot be reached in time, and `Rejected` where it answers something that cannot be used. An
    identifier is only ever compared, never interpreted: a hostile one finds nothing and raises nothing.
    """

    @property
    def system(self) -> str:
        """The key of the system in the data map."""
        ...

    def check(self, now: datetime) -> None:
        """Reaches the system and compares it with the data map (DESIGN.md 4.8)."""
        ...

    def contact_points(self, identifiers: Sequence[Identifier]) -> list[ContactPoint]:
        """Addresses on file of whoever the identifiers match (law.md I6).

        Pass only identifiers of the person to be proved: an address the sender merely supplies matches itself.
        """
        ...

    def discover(self, identifiers: Sequence[Identifier], now: datetime) -> Finding:
        """Everything the system holds under these identifiers, or that there is nothing (law.md R1, F3)."""
        ...
