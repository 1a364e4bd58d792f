"""What a case page says of plans, receipts and restrictions, in the words of the data map; it looks up and changes nothing.

What the map no longer names is shown as it is stored: an old case must still open.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from pydantic import JsonValue

from models.calendar import Language
from models.choice_words import WORDS, choice_of
from models.controller import Text
from models.grounds import DELAY_WORDS, RESTRICTION_WORDS, Delay, RestrictionCase
from tasks.forms.form_texts_erasure import columns_in_words, records_in_words
from web.pages import name_of, words

SHOWN = 20  # records of a line; the rest unfolds
Key = dict[str, JsonValue]


def case_words(language: Language) -> dict[str, Callable[..., Any]]:
    """Return what the case page's templates may call besides the words of every page."""
    return {
        "records": partial(_records, language),
        "columns": partial(_columns, language),
        "chosen": partial(_chosen, language),
        "ground": partial(_ground, language),
        "receipt": partial(_receipt, language),
        "said": lambda text: getattr(text, language),
    }


def _records(language: Language, system: str, table: str, keys: tuple[Key, ...]) -> tuple[str, str]:
    """Return records by name and number, the first ones, and the numbers of all where there are more."""
    try:
        first = records_in_words(system, table, keys, language, SHOWN)
    except KeyError:
        first = f"{table} {_numbers(keys[:SHOWN])}"
    return first, _numbers(keys) if len(keys) > SHOWN else ""


def _numbers(keys: Iterable[Key]) -> str:
    return ", ".join(" / ".join(str(value) for value in key.values()) for key in keys)


def _columns(language: Language, system: str, table: str, columns: tuple[str, ...]) -> str:
    try:
        return columns_in_words(system, table, columns, language)
    except KeyError:
        return ", ".join(columns)


def _receipt(language: Language, kind: str) -> str:
    """Return what a receipt proves."""
    return words(language).get(f"done.text_{kind}") or name_of(language, kind)


def _chosen(language: Language, choice: str) -> str:
    """Return a decision as the form called it."""
    known = choice_of(choice)
    return str(getattr(WORDS[known], language)) if known else name_of(language, choice)


def _ground(language: Language, key: str) -> str:
    """Return the ground of a restriction or an extension in words."""
    listed: dict[str, Text] = {
        **{case.value: RESTRICTION_WORDS[case] for case in RestrictionCase},
        **{delay.value: DELAY_WORDS[delay] for delay in Delay},
    }
    return str(getattr(listed[key], language)) if key in listed else key
