"""Stop, restrict or lift in every database at once, and enter people on the suppression list (law.md R4, R7, R8, A5).

Repeating is safe: a row that is so already keeps the date on which it became so, an entry is only ever prolonged.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session, select

from models.calendar import paris_date
from models.data_map import CsvSystem, SqlSystem, System
from models.errors import Retryable, Unavailable
from models.grounds import RestrictionCase
from models.manual_work import Brief
from models.records import Effect as RowEffect
from models.records import Identifier
from models.settings import settings
from models.tables import Case, Receipt, Request, RequestState, Restriction
from tasks.changes.carry_out_erasure import record_id
from tasks.connectors.protocol import Connector
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_change import SqlChanger
from tasks.identify import search_identifiers
from tasks.keeping.suppress import Reason, Scope, suppress
from tasks.search_systems import ask_all, data_map, opened
from tasks.steps import Effect, Scene

RowAction = Literal["stop", "restrict", "lift"]
DONE: dict[RowAction, str] = {"stop": "stopped", "restrict": "restricted", "lift": "lifted"}


def systems_with(action: RowAction) -> list[str]:
    """Return the databases whose map says what the action sets."""
    key = "restrict" if action == "lift" else action
    return [
        name
        for name, spec in data_map().systems.items()
        if isinstance(spec, SqlSystem) and any(getattr(table, key) for table in spec.tables.values())
    ]


def change_rows(action: RowAction, identifiers: Sequence[Identifier], now: datetime) -> Effect:
    """Act in every database now, and return the effect that records it: a receipt for each row.

    Raises `Unavailable` where one could not be reached, and the error itself where trying again does not help: the others
    have acted by then, and doing it again is harmless.
    """
    specs = {name: data_map().systems[name] for name in systems_with(action)}
    asked = {name: opened(spec, _act(action, identifiers, now)) for name, spec in specs.items()}
    done: dict[str, list[RowEffect]] = {}
    failed: dict[str, Exception] = {}
    for name, answer in ask_all(asked).items():
        if isinstance(answer, Exception):
            failed[name] = answer
        else:
            done[name] = answer
    for error in failed.values():
        if not isinstance(error, Retryable):
            raise error
    if failed:
        raise Unavailable(f"{', '.join(failed)} could not be changed: it is tried again by itself")
    return _receipts(action, done)


def _act(
    action: RowAction, identifiers: Sequence[Identifier], now: datetime
) -> Callable[[Connector], list[RowEffect]]:
    def act(connector: Connector) -> list[RowEffect]:
        assert isinstance(connector, SqlConnector)
        changer = SqlChanger(connector)
        return {"stop": changer.stop, "restrict": changer.restrict, "lift": changer.lift}[action](
            identifiers, now
        )

    return act


def _receipts(action: RowAction, done: dict[str, list[RowEffect]]) -> Effect:
    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.EXECUTION
        for name, effects in done.items():
            for one in effects:
                receipt = Receipt(
                    request_id=scene.request.id,
                    kind=DONE[action],
                    system=name,
                    record=record_id(one),
                    detail={"columns": list(one.columns), "changed": one.changed},
                    at=scene.now,
                )
                scene.session.add(receipt)
        rows = {name: len(effects) for name, effects in done.items()}
        scene.audit(DONE[action], rows=rows)
        return {"systems": list(done), "rows": rows, "on": paris_date(scene.now).isoformat()}

    return effect


def enter_suppression(identifiers: Sequence[Identifier], scope: Scope, reason: Reason) -> Effect:
    """Return the effect that enters the person on the suppression list; its result says until when."""

    def effect(scene: Scene) -> dict[str, Any]:
        return {"until": suppress(scene, identifiers, scope, reason).isoformat()}

    return effect


def storing_brief(case: Case) -> Callable[[System], Brief | None]:
    """Return what colleagues need to restrict or to lift: of whom; a file that nobody changes has nothing to do."""
    brief = Brief(identifiers=tuple(search_identifiers(case)), name=case.requester_name)
    return lambda system: None if isinstance(system, CsvSystem) and system.responsible is None else brief


def open_restriction(case: RestrictionCase) -> Effect:
    """Return the effect that notes that this request's person's data are only stored; its result says until when."""

    def effect(scene: Scene) -> dict[str, Any]:
        row = restriction_of(scene.session, scene.request)
        if row is None:
            row = Restriction(
                request_id=scene.request.id,
                ground=case,
                since=scene.now,
                review_on=paris_date(scene.now) + timedelta(days=settings().restriction_review_days),
            )
            scene.session.add(row)
            scene.audit("restriction_opened", ground=case, review_on=row.review_on.isoformat())
        return {"review_on": row.review_on.isoformat(), "since": paris_date(row.since).isoformat()}

    return effect


def close_restriction(because: str) -> Effect:
    """Return the effect that notes that the restriction has ended, and why."""

    def effect(scene: Scene) -> None:
        row = restriction_of(scene.session, scene.request)
        if row is not None and row.lifted_at is None:
            row.lifted_at, row.lifted_because = scene.now, because
            scene.audit("restriction_lifted", ground=row.ground)

    return effect


def restriction_of(session: Session, request: Request) -> Restriction | None:
    """Return the restriction that a request opened."""
    return session.exec(select(Restriction).where(Restriction.request_id == request.id)).first()


def day(step: dict[str, Any], name: str) -> date:
    """Return a day that a step recorded."""
    return date.fromisoformat(step[name])
