"""Ask which data or processing a request is about, with an overview of what exists (recital 63, law.md D17).

Only where what was found is a large quantity, and once a request. Asking writes letter and pause in one transaction.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlmodel import Session

from models.calendar import Language, paris_date
from models.case_clock import deadlines_of
from models.data_map import System
from models.letters import LetterKind
from models.map_in_words import said, table_of
from models.questions import searched
from models.replies import AskScope, DataSet, SystemHolds, letter_language
from models.settings import settings
from models.tables import Case, Decision, FindingRow
from tasks.clock.pauses import answer_by, answer_to, asked_on, pause
from tasks.letters.correspondence import requester_facts
from tasks.letters.write_letter import write_letter
from tasks.mail.read_kept import read_kept
from tasks.search_systems import data_map
from tasks.steps import Effect, Scene
from tasks.waits import newest_message

DOCUMENTS: dict[Language, str] = {"fr": "Documents", "en": "Documents"}
LONGEST_ANSWER = 1_000  # characters shown above the form; the whole message is on the case page


class ScopeAsked(NamedTuple):
    """When the person was asked, and what they answered: empty where nothing came yet or it cannot be read."""

    on: date
    answered_on: date | None
    words: str


def is_large(rows: Sequence[FindingRow]) -> bool:
    """Whether so much was found that the person may be asked what is meant."""
    found = searched(rows)
    return found.complete and found.records + found.documents >= settings().large_records


def may_ask_scope(session: Session, case: Case, rows: Sequence[FindingRow]) -> bool:
    """Whether the question is open to an officer: to a proved person (S5), once, and for a large quantity."""
    return bool(case.verified_address) and is_large(rows) and asked_on(session, case, "scope") is None


def ask_scope(decision: Decision, rows: Sequence[FindingRow]) -> Effect:
    """Return the effect that queues the question and stops the clock; its result says how long we wait for an answer."""

    def effect(scene: Scene) -> dict[str, Any]:
        stops = pause(scene, "scope", decision)
        dates = deadlines_of(scene.session, scene.case, scene.now)
        until = answer_by(dates, scene.now)
        letter = write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.ASK_SCOPE,
            AskScope(
                **requester_facts(scene.case),
                systems=overview(rows, letter_language(scene.case.language)),
                answer_by=until,
                commitment=dates.commitment,
                stops_clock=stops,
            ),
            scene.case.verified_address,
            f"{scene.request.ref}:ask-scope",
            scene.now,
        )
        return {
            "letter": letter.key,
            "after": newest_message(scene.session, scene.request),
            "answer_by": until.isoformat(),
        }

    return effect


def overview(rows: Sequence[FindingRow], language: Language) -> tuple[SystemHolds, ...]:
    """Return what exists, system by system and kind by kind, in the person's language; what holds nothing is left out."""
    systems = data_map().systems
    return tuple(
        SystemHolds(title=said(systems[row.system].title, language), sets=sets)
        for row in rows
        if (sets := _sets(systems[row.system], row, language))
    )


def _sets(system: System, row: FindingRow, language: Language) -> tuple[DataSet, ...]:
    sets = [DataSet(what=_title(system, name, language), count=count) for name, count in row.tables.items()]
    if row.documents:
        sets.append(DataSet(what=DOCUMENTS[language], count=row.documents))
    return tuple(sets)


def _title(system: System, name: str, language: Language) -> str:
    table = table_of(system, name)
    return said(table.title, language) if table else name.replace("_", " ").capitalize()


def scope_asked(scene: Scene) -> ScopeAsked | None:
    """Return what became of the question; None where it was not asked."""
    asked = asked_on(scene.session, scene.case, "scope")
    if asked is None:
        return None
    message = answer_to(scene.session, scene.case, "scope")
    if message is None:
        return ScopeAsked(paris_date(asked), None, "")
    mail = read_kept(message.storage_key)
    if mail is None:
        return ScopeAsked(paris_date(asked), paris_date(message.received_at), "")
    words = (mail.fresh_text or mail.text)[:LONGEST_ANSWER]
    return ScopeAsked(paris_date(asked), paris_date(message.received_at), words)
