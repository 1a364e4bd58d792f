"""What an officer reads before an erasure, record by record, and after it, where something is left (law.md R3, T2).

Reads only. Values are written as literal text, as in `tasks/form_texts.py`.
"""

from typing import Any

from models.calendar import Language
from models.data_map import ManualSystem
from models.erasure_plan import ErasurePlan, PlannedRow
from models.map_in_words import column_title, said
from tasks.carry_out_erasure import Looked
from tasks.form_texts import officer_language, render_text
from tasks.plan_erasure import Round
from tasks.render import say_date
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
MOST_LINES = 60  # of one system in the form; the case page shows all


def plan_text(scene: Scene, drawn: Round, note: str, sent_back: str) -> str:
    """Return a round's plans for approval. `note`: why it is asked again."""
    language = officer_language()
    systems = [
        {
            "name": name,
            "lines": [_line(name, row, language) for row in one.plan.rows[:MOST_LINES]],
            "more": max(0, len(one.plan.rows) - MOST_LINES),
            "by_hand": data_map().systems[name].kind != "sql",
        }
        for name, one in drawn.plans.items()
    ]
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


def _line(name: str, row: PlannedRow, language: Language) -> dict[str, Any]:
    return {
        "action": row.action,
        "what": record_in_words(name, row.table, row.key, language),
        "columns": columns_in_words(name, row.table, row.masked, language),
        "until": row.keep_until,
        "why": row.why,
        "basis": said(row.basis, language) if row.basis else "",
    }


def record_in_words(name: str, table: str, key: dict[str, Any], language: Language) -> str:
    """Return a record as a person names it: `Factures n° 12`."""
    spec = data_map().systems[name]
    title = table if isinstance(spec, ManualSystem) else said(spec.tables[table].title, language)
    number = "n°" if language == "fr" else "no."
    return f"{title} {number} {', '.join(str(value) for value in key.values())}"


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
            "left": [
                record_in_words(one.system, short.table, short.key, language) for short in one.shortfalls
            ],
            "mentions": [
                (
                    record_in_words(one.system, found.table, found.key, language),
                    columns_in_words(one.system, found.table, (found.column,), language),
                )
                for found in one.mentions
            ],
        }
        for one in looked.systems
        if one.problem or one.shortfalls or one.mentions
    ]
    return render_text(
        scene, "leftover", systems=systems, only_mentions=looked.only_mentions, sent_back=sent_back
    )
