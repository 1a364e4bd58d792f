"""Finds a person's identifiers in text and JSON, and takes them out; pure, and twice gives the same as once."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from models.records import Identifier
from tasks.connectors.rows import searchable

NAME = "name"
"""The kind of identifiers that are names; no system is searched by one."""

SPACE = r"[\s.\-/()]*"
DIGITS = 6
WORD = 3


def pattern(identifiers: Iterable[Identifier], *, name_parts: bool = False) -> re.Pattern[str] | None:
    """Matches each identifier, whatever its capitals, never inside a longer word; None where there is nothing to find.

    A phone number is found however it is grouped, and in its French national form; an e-mail address also as links
    encode it. `name_parts`: each word of a name, from three letters on, counts by itself.
    """
    parts = {part for identifier in identifiers for part in _parts(identifier, name_parts)}
    if not parts:
        return None
    return re.compile("|".join(sorted(parts, key=lambda part: (-len(part), part))), re.IGNORECASE)


def _parts(identifier: Identifier, name_parts: bool) -> Iterator[str]:
    text = searchable(identifier.value)
    if text is None:
        return
    text = unicodedata.normalize("NFC", text)
    digits = re.sub(r"\D", "", text)
    if identifier.kind == "email":
        for form in {text, quote(text, safe="")}:
            yield rf"(?:(?<![\w+-])|(?<=%[0-9A-Fa-f]{{2}})){re.escape(form)}(?![\w-])"
    elif identifier.kind == "phone" and len(digits) >= DIGITS:
        yield rf"(?<!\d){_phone(text, digits)}(?!\d)"
    else:
        yield _word(r"\s+".join(re.escape(word) for word in text.split()))
        if name_parts and identifier.kind == NAME:
            yield from (_word(re.escape(word)) for word in text.split() if len(word) >= WORD)


def _word(expression: str) -> str:
    return rf"(?<!\w){expression}(?!\w)"


def _phone(text: str, digits: str) -> str:
    """`+33 1 99 00 99 01`, `0033…` and `01 99 00 99 01` are one number."""
    international = digits.removeprefix("00") if digits.startswith("00") else digits
    if (text.startswith("+") or digits.startswith("00")) and international.startswith("33"):
        return rf"(?:(?:\+|00)?33{SPACE}0?|0){SPACE}{_grouped(international[2:])}"
    if digits.startswith("0") and len(digits) == 10:
        return rf"(?:(?:\+|00)?33{SPACE}0?|0){SPACE}{_grouped(digits[1:])}"
    return rf"(?:\+|00)?{_grouped(international)}"


def _grouped(digits: str) -> str:
    return SPACE.join(digits)


def contains(value: Any, sought: re.Pattern[str] | None) -> bool:
    """Whether an identifier stands anywhere in a text, a JSON value, or a text that is JSON."""
    return sought is not None and any(sought.search(text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, bytes | bytearray | memoryview):
            item = bytes(item).decode("utf-8", "replace")
        if isinstance(item, str):
            inner = _json(item)
            if inner is None:
                yield unicodedata.normalize("NFC", item)
            else:
                left.append(inner)
        elif isinstance(item, Mapping):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, Sequence | set | frozenset):
            left += item
        elif isinstance(item, int) and not isinstance(item, bool):
            yield str(item)


def redacted(value: Any, sought: re.Pattern[str] | None) -> Any:
    """The value with every identifier replaced by stars; unchanged where none stands in it."""
    return _without(value, sought) if sought is not None and contains(value, sought) else value


def _without(value: Any, sought: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        inner = _json(value)
        if inner is None:
            return sought.sub(_stars, unicodedata.normalize("NFC", value))
        return json.dumps(_without(inner, sought), ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, Mapping):
        return {_without(key, sought): _without(item, sought) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without(item, sought) for item in value]
    return "***" if contains(value, sought) else value


def _stars(found: re.Match[str]) -> str:
    """No longer than what it replaces, so that it fits the column."""
    return "*" * min(3, len(found.group()))


def _json(text: str) -> Any:
    """The object or list that a text is, if it is one."""
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
