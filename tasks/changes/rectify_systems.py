"""Correct a person's data: preview, change, read back (law.md R2).

The preview is stored before anything changes, because afterwards a person may no longer be found by the address that
was corrected. Changing again sets what is set already.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from models.calendar import paris_date
from models.data_map import CsvSystem, ManualSystem, System
from models.errors import NeedsHuman
from models.manual_work import Brief
from models.map_in_words import column_title, said
from models.records import Change, Finding, Identifier
from models.storage import fetch, keep
from models.tables import Receipt, RequestState
from models.wishes import Preview, Wish, rectifiable_fields, wanted_in
from tasks.changes.carry_out_erasure import changer_of, record_id
from tasks.connectors.protocol import Connector
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_change import SqlChanger
from tasks.forms.form_texts import officer_language
from tasks.search_systems import ask_all, data_map, opened, sentence
from tasks.steps import Effect, Scene


def preview(wish: Wish, identifiers: Sequence[Identifier], now: datetime) -> Preview:
    """Ask every system what the wish would change; why not, where it cannot be changed."""
    mapped = data_map()
    asked: dict[str, Callable[[], tuple[Change, ...]]] = {}
    for name, spec in mapped.systems.items():
        values = wanted_in(name, wish, mapped)
        if values and not isinstance(spec, ManualSystem):
            asked[name] = opened(spec, _ask(spec, identifiers, values, now))
    changes: list[Change] = []
    problems: dict[str, str] = {}
    for name, answer in ask_all(asked).items():
        if isinstance(answer, Exception):
            problems[name] = sentence(answer)
        else:
            changes += answer
    return Preview(changes=tuple(changes), problems=problems)


def _ask(
    spec: System, identifiers: Sequence[Identifier], values: Mapping[str, str], now: datetime
) -> Callable[[Connector], tuple[Change, ...]]:
    def ask(connector: Connector) -> tuple[Change, ...]:
        if isinstance(connector, SqlConnector):
            return SqlChanger(connector).preview_rectification(identifiers, dict(values))
        return changes_in_file(spec, connector.discover(identifiers, now), values)

    return ask


def changes_in_file(spec: System, finding: Finding, values: Mapping[str, str]) -> tuple[Change, ...]:
    """Return before and after of each row of an export, which is corrected by hand in the tool it comes from."""
    found = []
    for record in finding.records:
        after: dict[str, JsonValue] = {
            column: values[f"{record.table}.{column}"]
            for column in record.data
            if f"{record.table}.{column}" in values
        }
        if after:
            before = {column: record.data[column] for column in after}
            found.append(
                Change(system=spec.system, table=record.table, key=record.key, before=before, after=after)
            )
    return tuple(found)


def store_preview(shown: Preview) -> Effect:
    """Return the effect that keeps a preview encrypted before it is shown."""

    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.REVIEW
        return {"storage_key": keep("previews", shown.model_dump_json().encode())}

    return effect


def load_preview(step: Mapping[str, Any]) -> Preview:
    """Return a preview as it was kept."""
    return Preview.model_validate_json(fetch(str(step["storage_key"])))


def rectify_in(name: str, shown: Preview, wish: Wish, identifiers: Sequence[Identifier]) -> Effect:
    """Correct in one database now, read it back, and return the effect that records it: a receipt for each row."""
    values: dict[str, JsonValue] = dict(wanted_in(name, wish, data_map()))
    changer = changer_of(name)
    changer.rectify(identifiers, values)
    wanted = [change for change in shown.changes if change.system == name]
    found = {
        record_id(change): change
        for change in changer.preview_rectification([*identifiers, *_new_ones(wish)], values)
    }
    for change in wanted:
        now = found.get(record_id(change))
        if now is None or now.before != now.after:
            raise NeedsHuman(f"a correction in {name} could not be read back: compare the rows with the plan")
    return _receipts(name, wanted)


def _new_ones(wish: Wish) -> list[Identifier]:
    """The addresses a person is found by from now on."""
    return [
        Identifier(kind=one.kind, value=wish[one.name])
        for one in rectifiable_fields(data_map())
        if one.kind == "email" and wish.get(one.name)
    ]


def _receipts(name: str, changes: Sequence[Change]) -> Effect:
    def effect(scene: Scene) -> dict[str, Any]:
        scene.request.state = RequestState.EXECUTION
        for change in changes:
            scene.session.add(
                Receipt(
                    request_id=scene.request.id,
                    kind="rectified",
                    system=name,
                    record=record_id(change),
                    detail={"columns": sorted(change.after)},
                    at=scene.now,
                )
            )
        scene.audit("rectified", system=name, rows=len(changes))
        return {"rows": len(changes), "on": paris_date(scene.now).isoformat()}

    return effect


def brief_for(
    wish: Wish, shown: Preview, identifiers: Sequence[Identifier], name: str
) -> Callable[[System], Brief | None]:
    """Return what each colleague is to correct: before and after, or the wanted values where nobody has looked yet."""
    language = officer_language()

    def brief(system: System) -> Brief | None:
        lines: tuple[str, ...] = ()
        if isinstance(system, ManualSystem):
            lines = tuple(
                f"{said(one.title, language)} → {wish[one.name]}"
                for one in rectifiable_fields(data_map())
                if wish.get(one.name)
            )
        elif isinstance(system, CsvSystem):
            lines = tuple(
                f"{column_title(system.tables[change.table].columns[column], column, language)} : "
                f"{change.before[column]} → {after}"
                for change in shown.changes
                if change.system == system.system
                for column, after in change.after.items()
                if after != change.before[column]
            )
        return Brief(identifiers=tuple(identifiers), name=name, lines=lines) if lines else None

    return brief


def databases_in(shown: Preview) -> list[str]:
    """Return the databases that a preview changes, in the order of the map."""
    touched = {change.system for change in shown.changes}
    return [name for name, spec in data_map().systems.items() if spec.kind == "sql" and name in touched]
