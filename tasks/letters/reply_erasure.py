"""The reply to an erasure, told from its receipts: what is gone, what stays until when and why, who was told (law.md R3).

The letter is written in the step's transaction, under the reply's one key.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from models.calendar import Language, paris_date
from models.data_map import DataMap, ManualSystem
from models.letters import LetterKind
from models.map_in_words import said
from models.replies import DoneIn, ErasureReply, Kept, Told, letter_language
from models.settings import settings
from models.tables import Receipt
from tasks.changes.carry_out_erasure import newest, receipts_of
from tasks.letters.correspondence import requester_facts
from tasks.letters.end_otherwise import write_reply
from tasks.search_systems import data_map
from tasks.steps import Effect, Scene

RECORDS = {"fr": ("enregistrement", "enregistrements"), "en": ("record", "records")}
BY_HAND = {"fr": "vos données, effacées à la main", "en": "your data, erased by hand"}
NO_DATE = {
    "fr": "d’autres données qui doivent rester y renvoient",
    "en": "other data that must stay refer to it",
}


def reply_erasure(
    decided_at: datetime, by_hand: Mapping[str, date], told: Sequence[Told], suppressed_until: str
) -> Effect:
    """Return the effect that queues the reply. `by_hand`: systems that people emptied, and the day."""

    def effect(scene: Scene) -> dict[str, Any]:
        language = letter_language(scene.case.language)
        receipts = receipts_of(scene.session, scene.request)
        verified = max(receipt.at for receipt in receipts if receipt.kind == "verified")
        context = ErasureReply(
            **requester_facts(scene.case),
            decided_on=paris_date(decided_at),
            erased=erased_in_words(receipts, by_hand, language),
            kept=kept_in_words(receipts, language),
            told=tuple(told),
            verified_on=paris_date(verified),
            backup_days=settings().backup_days,
            suppressed_until=date.fromisoformat(suppressed_until),
        )
        return write_reply(scene, LetterKind.ERASURE_REPLY, context, "answered")

    return effect


def erased_in_words(
    receipts: Iterable[Receipt], by_hand: Mapping[str, date], language: Language
) -> tuple[DoneIn, ...]:
    """One line for each kind of record erased in each system, and each day."""
    mapped = data_map()
    counted = Counter(
        (receipt.system, table_of_record(receipt), paris_date(receipt.at))
        for receipt in newest(receipts)
        if receipt.kind == "erased"
    )
    lines = [
        DoneIn(system=title(mapped, system, language), what=records(number, system, table, language), on=on)
        for (system, table, on), number in counted.items()
    ]
    lines += [
        DoneIn(system=title(mapped, system, language), what=BY_HAND[language], on=on)
        for system, on in by_hand.items()
    ]
    return tuple(lines)


def kept_in_words(receipts: Iterable[Receipt], language: Language) -> tuple[Kept, ...]:
    """One line for each kind of record that stays in each system with the same date and basis."""
    mapped = data_map()
    counted = Counter(
        (
            receipt.system,
            table_of_record(receipt),
            receipt.kind,
            receipt.detail["until"],
            (receipt.detail["basis"] or NO_DATE)[language],
        )
        for receipt in newest(receipts)
        if receipt.kind in {"kept", "minimised"}
    )
    return tuple(
        Kept(
            system=title(mapped, system, language),
            what=records(number, system, table, language),
            how="kept" if kind == "kept" else "minimised",
            until=date.fromisoformat(until) if until else None,
            basis=basis,
        )
        for (system, table, kind, until, basis), number in counted.items()
    )


def title(mapped: DataMap, system: str, language: Language) -> str:
    """Return what a system is called."""
    return said(mapped.systems[system].title, language)


def records(number: int, system: str, table: str, language: Language) -> str:
    """Return `3 records (Contact record)`."""
    spec = data_map().systems[system]
    held = table if isinstance(spec, ManualSystem) else said(spec.tables[table].title, language)
    return f"{number} {RECORDS[language][number != 1]} ({held})"


def table_of_record(receipt: Receipt) -> str:
    """Return the table that a receipt's record stands in."""
    return str(json.loads(receipt.record)["table"])
