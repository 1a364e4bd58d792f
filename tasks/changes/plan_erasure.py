"""Draw up what an erasure will do, system by system, for an officer to approve exactly that (law.md R3; Art. 17(3)).

Drawing only reads. A round's plans are stored once, encrypted; their digests are what the approval names.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from models.calendar import paris_date
from models.data_map import CsvSystem, ManualSystem, System
from models.erasure_plan import ErasurePlan, Held, make_plan
from models.errors import Permanent
from models.records import Finding, FindingStatus, Frozen, Identifier
from models.settings import settings
from models.storage import fetch, keep, sha256
from models.tables import Request, RequestState, StoredPlan
from tasks.connectors.protocol import Connector
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_change import SqlChanger
from tasks.search_systems import ask_all, data_map, opened, sentence
from tasks.steps import Effect, Scene

Tables = Mapping[str, Collection[str]]
"""System to the tables an erasure is limited to."""


class Drawn(Frozen):
    """One system's plan; `on_file`: identifiers its own rows add, to verify by afterwards."""

    plan: ErasurePlan
    on_file: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """A round's plans by system, why others have none, and the systems that people empty by hand.

    `second_officer`: another officer must confirm it; decided when it is drawn, so that no setting undoes a round.
    """

    turn: int
    plans: dict[str, Drawn]
    problems: dict[str, str]
    by_hand: tuple[str, ...]
    second_officer: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to decide: no rows, no problem, and nobody to ask."""
        return not (self.problems or self.by_hand or any(one.plan.rows for one in self.plans.values()))

    def digest(self) -> str:
        """SHA-256 over every plan: what an approval approves."""
        said = [f"{name} {drawn.plan.digest()}" for name, drawn in sorted(self.plans.items())]
        return sha256("\n".join([*said, *self.by_hand]).encode())


def draw(turn: int, identifiers: Sequence[Identifier], now: datetime, only: Tables | None = None) -> Round:
    """Ask every system what erasing the person means there; `only` limits it to some tables of some systems."""
    systems = {name: spec for name, spec in data_map().systems.items() if only is None or name in only}
    asked = {
        name: opened(spec, _ask(spec, identifiers, now, only))
        for name, spec in systems.items()
        if not isinstance(spec, ManualSystem)
    }
    plans: dict[str, Drawn] = {}
    problems: dict[str, str] = {}
    for name, answer in ask_all(asked).items():
        if isinstance(answer, Exception):
            problems[name] = sentence(answer)
        else:
            plans[name] = answer
    by_hand = tuple(name for name, spec in systems.items() if isinstance(spec, ManualSystem))
    return Round(turn, plans, problems, by_hand, settings().second_officer)


def _ask(
    spec: System, identifiers: Sequence[Identifier], now: datetime, only: Tables | None
) -> Callable[[Connector], Drawn]:
    def ask(connector: Connector) -> Drawn:
        if isinstance(connector, SqlConnector):
            changer = SqlChanger(connector)
            tables = only[spec.system] if only else None
            plan = changer.plan_erasure(identifiers, paris_date(now), only=tables)
            return Drawn(plan=plan, on_file=changer.identities_on_file(identifiers))
        assert isinstance(spec, CsvSystem)
        return Drawn(plan=plan_of_file(spec, connector.discover(identifiers, now), now))

    return ask


def plan_of_file(spec: CsvSystem, finding: Finding, now: datetime) -> ErasurePlan:
    """The plan of an export: the same rules, carried out by hand in the tool that the file comes from."""
    rows: dict[str, list[Held]] = defaultdict(list)
    for record in finding.records if finding.status is FindingStatus.FOUND else ():
        key = tuple(record.key[column] for column in spec.tables[record.table].key)
        rows[record.table].append(Held((record.table, key), record.data, record.keep_until))
    return make_plan(spec, rows, [], paris_date(now))


def is_database(name: str) -> bool:
    """Whether we erase there ourselves; elsewhere a person does."""
    return data_map().systems[name].kind == "sql"


def joined(before: Drawn | None, after: Drawn) -> Drawn:
    """Two rounds in one system as one plan: what was kept in the first stays kept, what the second says comes on top."""
    if before is None:
        return after
    newer = {(row.table, str(row.key)) for row in after.plan.rows}
    rows = [row for row in before.plan.rows if (row.table, str(row.key)) not in newer]
    plan = after.plan.model_copy(update={"rows": (*rows, *after.plan.rows)})
    return Drawn(plan=plan, on_file=tuple(dict.fromkeys([*before.on_file, *after.on_file])))


def store_plans(drawn: Round) -> Effect:
    """Return the effect that records a round's plans; the plans themselves go encrypted to storage."""

    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.REVIEW
        for name, one in drawn.plans.items():
            actions = Counter(row.action for row in one.plan.rows)
            scene.session.add(
                StoredPlan(
                    request_id=scene.request.id,
                    round=drawn.turn,
                    system=name,
                    digest=one.plan.digest(),
                    storage_key=keep("plans", one.model_dump_json().encode()),
                    deletes=actions["delete"],
                    minimises=actions["minimise"],
                    keeps=actions["keep"],
                )
            )
        digests = {name: one.plan.digest() for name, one in drawn.plans.items()}
        scene.audit("erasure_planned", round=drawn.turn, systems=digests, problems=drawn.problems)
        return {
            "problems": drawn.problems,
            "by_hand": list(drawn.by_hand),
            "second_officer": drawn.second_officer,
        }

    return effect


def load_plans(session: Session, request: Request, turn: int, step: Mapping[str, Any]) -> Round:
    """Return a round as it was stored; `Permanent` where the stored plan is not the one recorded."""
    rows = session.exec(
        select(StoredPlan)
        .where(StoredPlan.request_id == request.id, StoredPlan.round == turn)
        .order_by(col(StoredPlan.id))
    ).all()
    plans = {}
    for row in rows:
        drawn = Drawn.model_validate_json(fetch(row.storage_key))
        if drawn.plan.digest() != row.digest:
            raise Permanent(f"the stored plan of {row.system} was changed: plan again")
        plans[row.system] = drawn
    second_officer = step.get("second_officer", settings().second_officer)  # a round of an earlier release
    return Round(turn, plans, dict(step["problems"]), tuple(step["by_hand"]), second_officer)
