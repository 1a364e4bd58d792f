"""The SQL connector that also changes, as one `Changeable`; each method's own module says why repeating it is safe."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import JsonValue

from models.erasure_plan import ErasurePlan
from models.records import Change, Effect, Identifier, Verification
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_erase import erase
from tasks.connectors.sql_plan import identities_on_file, plan_erasure
from tasks.connectors.sql_rectify import preview_rectification, rectify
from tasks.connectors.sql_stop import lift, restrict, stop
from tasks.connectors.sql_verify import verify_erasure


@dataclass(frozen=True)
class SqlChanger:
    """`connector` searches; the rights of its database account decide whether it may change as well."""

    connector: SqlConnector

    @property
    def system(self) -> str:
        """The key of the system in the data map."""
        return self.connector.system

    def identities_on_file(self, identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
        """See `tasks.connectors.sql_plan`."""
        return identities_on_file(self.connector, identifiers)

    def plan_erasure(
        self, identifiers: Sequence[Identifier], today: date, *, only: Collection[str] | None = None
    ) -> ErasurePlan:
        """See `tasks.connectors.sql_plan`."""
        return plan_erasure(self.connector, identifiers, today, only=only)

    def erase(self, plan: ErasurePlan, identifiers: Sequence[Identifier], today: date) -> list[Effect]:
        """See `tasks.connectors.sql_erase`."""
        return erase(self.connector, plan, identifiers, today)

    def verify_erasure(
        self, plan: ErasurePlan, identifiers: Sequence[Identifier], on_file: Sequence[Identifier] = ()
    ) -> Verification:
        """See `tasks.connectors.sql_verify`."""
        return verify_erasure(self.connector, plan, identifiers, on_file)

    def preview_rectification(
        self, identifiers: Sequence[Identifier], changes: Mapping[str, JsonValue]
    ) -> tuple[Change, ...]:
        """See `tasks.connectors.sql_rectify`."""
        return preview_rectification(self.connector, identifiers, changes)

    def rectify(
        self, identifiers: Sequence[Identifier], changes: Mapping[str, JsonValue]
    ) -> tuple[Change, ...]:
        """See `tasks.connectors.sql_rectify`."""
        return rectify(self.connector, identifiers, changes)

    def stop(self, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
        """See `tasks.connectors.sql_stop`."""
        return stop(self.connector, identifiers, now)

    def restrict(self, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
        """See `tasks.connectors.sql_stop`."""
        return restrict(self.connector, identifiers, now)

    def lift(self, identifiers: Sequence[Identifier], now: datetime) -> list[Effect]:
        """See `tasks.connectors.sql_stop`."""
        return lift(self.connector, identifiers, now)
