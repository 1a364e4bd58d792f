"""What an officer reads before an erasure, record by record, and after it, where something is left (law.md R3, T2).

Reads only. Values are written as literal text, as in `tasks/forms/form_texts.py`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from models.calendar import Language
from models.data_map import ManualSystem
from models.erasure_plan import ErasurePlan, PlannedRow
from models.map_in_words import column_title, said
from models.records import Mention, Shortfall
from tasks.changes.carry_out_erasure import Looked
from tasks.changes.case_effects import planned_lines
from tasks.changes.plan_erasure import Round
from tasks.forms.form_texts import officer_language, render_text
from tasks.letters.render import say_date, say_day
from tasks.search_systems import data_map
from tasks.steps import Scene

DONE: dict[Language, dict[str, str]] = {
    "fr": {
        "delete": "supprimer",
        "minimise": "minimiser (effacer : {columns})",
        "keep": "conserver jusqu’au {until} (effacer : {columns})",
    },
    "en": {
        "delete": "delete",
        "minimise": "minimise (blank: {columns})",
        "keep": "keep until {until} (blank: {columns})",
    },
}
MOST_LINES = 40  # of one system in the form; the case page shows all
MOST_NUMBERS = 20  # of the records of one line
NUMBER: dict[Language, str] = {"fr": "n°", "en": "no."}
MORE: dict[Language, str] = {"fr": "… et {count} de plus", "en": "… and {count} more"}
Key = Mapping[str, JsonValue]


def plan_text(scene: Scene, drawn: Round, note: str, sent_back: str) -> str:
    """Return a round's plans for approval. `note`: why it is asked again."""
    language = officer_language()
    systems = [_planned(name, one.plan, language) for name, one in drawn.plans.items()]
    rows = [row for one in drawn.plans.values() for row in one.plan.rows]
    counts = {action: sum(row.action == action for row in rows) for action in ("delete", "minimise", "keep")}
    return render_text(
        scene,
        "plan",
        right=scene.request.right,
        systems=systems,
        problems=drawn.problems,
        by_hand=drawn.by_hand,
        responsible={name: _responsible(name) for name in drawn.by_hand},
        counts=counts,
        note=note,
        sent_back=sent_back,
        fingerprint=drawn.digest(),
    )


def _responsible(name: str) -> str:
    spec = data_map().systems[name]
    return spec.responsible.name if isinstance(spec, ManualSystem) else ""


def _planned(name: str, plan: ErasurePlan, language: Language) -> dict[str, Any]:
    """One system's plan in few lines: records of a table that fare alike share one."""
    lines = [
        {
            "action": line.action,
            "what": records_in_words(name, line.table, line.keys, language),
            "columns": columns_in_words(name, line.table, line.columns, language),
            "until": say_day(language, line.until) if line.until else "",
            "why": line.why,
            "basis": said(line.basis, language) if line.basis else "",
        }
        for line in planned_lines(plan.rows)
    ]
    by_hand = data_map().systems[name].kind != "sql"
    more = max(0, len(lines) - MOST_LINES)
    return {"name": name, "lines": lines[:MOST_LINES], "more": more, "by_hand": by_hand}


def record_in_words(name: str, table: str, key: Key, language: Language) -> str:
    """Return a record as a person names it: `Factures n° 12`."""
    return records_in_words(name, table, [key], language)


def records_in_words(
    name: str, table: str, keys: Iterable[Key], language: Language, most: int = MOST_NUMBERS
) -> str:
    """Return records of one table as a person names them: `Factures n° 12, 15`, the first `most` by number."""
    spec = data_map().systems[name]
    title = table if isinstance(spec, ManualSystem) else said(spec.tables[table].title, language)
    numbers = [" / ".join(str(value) for value in key.values()) for key in keys]
    return f"{title} {NUMBER[language]} {_some(numbers, most, language)}"


def _some(numbers: list[str], most: int, language: Language) -> str:
    rest = len(numbers) - most
    shown = ", ".join(numbers[:most])
    return f"{shown} {MORE[language].format(count=rest)}" if rest > 0 else shown


def columns_in_words(name: str, table: str, columns: tuple[str, ...], language: Language) -> str:
    """Return the titles of columns, in the order of the map."""
    spec = data_map().systems[name]
    if isinstance(spec, ManualSystem):
        return ", ".join(columns)
    mapped = spec.tables[table].columns
    return ", ".join(column_title(mapped[column], column, language) for column in columns)


def brief_lines(name: str, plan: ErasurePlan) -> tuple[str, ...]:
    """Return what a colleague is to do with each record, one line each, in the officer's language."""
    language = officer_language()
    return tuple(_brief_line(name, row, language) for row in plan.rows)


def _brief_line(name: str, row: PlannedRow, language: Language) -> str:
    what = record_in_words(name, row.table, row.key, language)
    columns = columns_in_words(name, row.table, row.masked, language)
    until = say_date(language, row.keep_until) if row.keep_until else ""
    done = DONE[language][row.action].format(columns=columns or "–", until=until or "–")
    return f"{what} : {done}"


def leftover_text(scene: Scene, looked: Looked, notes: dict[str, str], sent_back: str) -> str:
    """Return what looking again found. `notes`: what colleagues wrote, by system."""
    language = officer_language()
    systems = [
        {
            "name": one.system,
            "problem": one.problem,
            "note": notes.get(one.system, ""),
            "left": _left(one.system, one.shortfalls, language),
            "mentions": _mentioned(one.system, one.mentions, language),
        }
        for one in looked.systems
        if one.problem or one.shortfalls or one.mentions
    ]
    return render_text(
        scene,
        "leftover",
        systems=systems,
        count=sum(len(one.mentions) for one in looked.systems),
        only_mentions=looked.only_mentions,
        sent_back=sent_back,
    )


def _left(name: str, shortfalls: Iterable[Shortfall], language: Language) -> list[dict[str, Any]]:
    """What is not as planned, by table and trouble."""
    alike: dict[tuple[str, str, tuple[str, ...]], list[Key]] = {}
    for short in shortfalls:
        alike.setdefault((short.table, short.problem, short.columns), []).append(short.key)
    return [
        {
            "problem": problem,
            "what": records_in_words(name, table, keys, language),
            "columns": columns_in_words(name, table, columns, language),
        }
        for (table, problem, columns), keys in alike.items()
    ]


def _mentioned(name: str, mentions: Iterable[Mention], language: Language) -> list[dict[str, Any]]:
    """Where an identifier still stands, by table and column: a name that many notes hold is one line."""
    alike: dict[tuple[str, str], list[Key]] = {}
    for found in mentions:
        alike.setdefault((found.table, found.column), []).append(found.key)
    return [
        {
            "count": len(keys),
            "column": columns_in_words(name, table, (column,), language),
            "what": records_in_words(name, table, keys, language),
        }
        for (table, column), keys in alike.items()
    ]
