"""The one contract of every system (DESIGN.md section 3), and a second one of those that can also be changed.

A `Connector` reads and changes nothing; what a `Changeable` does twice changes nothing more than once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from pydantic import JsonValue

from models.erasure_plan import ErasurePlan
from models.records import Change, ContactPoint, Effect, Finding, Identifier, Verification


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


class Changeable(Protocol):
    """A system whose rows we can stop, restrict, rectify and erase ourselves; elsewhere a named person does it.

    Each method raises what `Connector` raises, and `NeedsHuman` where the data map does not say what to do or says
    what the system cannot hold. No error quotes data. A change happens whole or not at all.
    """

    @property
    def system(self) -> str:
        """The key of the system in the data map."""
        ...

    def identities_on_file(self, identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
        """The identifiers, and those the person's own rows add, to verify by; ask before erasing."""
        ...

    def plan_erasure(
        self, identifiers: Sequence[Identifier], today: date, *, only: Collection[str] | None = None
    ) -> ErasurePlan:
        """What erasing means, row by row (law.md R3), in every table or in these `only`; changes nothing."""
        ...

    def erase(self, plan: ErasurePlan, identifiers: Sequence[Identifier], today: date) -> list[Effect]:
        """Carries out the approved plan; `Rejected` where it is no longer the plan."""
        ...

    def verify_erasure(
        self, plan: ErasurePlan, identifiers: Sequence[Identifier], on_file: Sequence[Identifier] = ()
    ) -> Verification:
        """Reads everything again (DESIGN.md 4.9)."""
        ...

    def preview_rectification(
        self, identifiers: Sequence[Identifier], changes: Mapping[str, JsonValue]
    ) -> tuple[Change, ...]:
        """What `rectify` would change; changes nothing."""
        ...

    def rectify(
        self, identifiers: Sequence[Identifier], changes: Mapping[str, JsonValue]
    ) -> tuple[Change, ...]:
        """Sets what the map allows to be rectified (law.md R2)."""
        ...

    def stop(self, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
        """Stops what the person objects to (law.md R7, R8)."""
        ...

    def restrict(self, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
        """Marks the person's rows as only to be stored (law.md R4)."""
        ...

    def lift(self, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
        """Takes that mark off again; the person was told before (GDPR Art. 18(3))."""
        ...
