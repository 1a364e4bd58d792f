"""Loads and compiles the vocabularies in `tasks/classifier/vocabulary/`; README.md beside them explains their notation.

Pure; a vocabulary is compiled once per process.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from models.rights import Right

FOLDER = Path(__file__).parent / "vocabulary"
LANGUAGES = ("fr", "en", "de", "es", "it", "nl", "other")
GAP = 6  # words that `..` stands for

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORD = re.compile(r"[\w#]+")
_ABOVE_ASCII = re.compile(r"[^\x00-\x7f]+")
_JOINING = str.maketrans(
    dict.fromkeys("'’ʼ`´-‐‑‒–_/", " ")
    | {"ß": "ss", "œ": "oe", "æ": "ae", "ı": "i", "ł": "l", "ø": "o", "đ": "d"}
)
_LISTS = (
    "void",
    "negation",
    "still_asks",
    "contrast",
    "condition",
    "new_value",
    "follow_up",
    "privacy",
    "alarm",
    "touch",
    "aside",
    "notice",
    "elsewhere",
    "refused",
)
_WORDS = ("ask", "exercise", "explicit_access", "leave_list", "business")

Patterns = dict[Right, re.Pattern[str]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One language, compiled: patterns of each right, and of the other word lists by their names.

    `common`: folded words by which a text of this language is known.
    """

    language: str
    asks: Patterns
    across: Patterns
    beside: Patterns
    maybe: Patterns
    names: Patterns
    hints: Patterns
    words: dict[str, re.Pattern[str]]
    whole: re.Pattern[str]
    common: frozenset[str]


def fold(text: str) -> str:
    """Lower case, without accents, apostrophes and hyphens: `l'Accès` becomes `l acces`."""
    text = unicodedata.normalize("NFKD", text.lower().translate(_JOINING))
    return text if text.isascii() else _ABOVE_ASCII.sub(_without_marks, text)


def _without_marks(characters: re.Match[str]) -> str:
    return "".join(char for char in characters.group() if not unicodedata.combining(char))


def plain_words(text: str) -> str:
    """Folded words with one space between and around."""
    return f" {' '.join(_WORD.findall(fold(text)))} "


@cache
def load_vocabulary(language: str) -> Vocabulary:
    """The compiled vocabulary of one of LANGUAGES."""
    source = (FOLDER / f"{language}.yaml").read_text("utf-8")
    data: dict[str, Any] = yaml.load(source, _LOADER)  # noqa: S506  # it is a safe loader, the fast one where there is one
    lists = {name: _translate(str(value), {}) for name, value in data["words"].items()}
    for _ in range(3):  # lists name one another, three deep at most
        lists = {name: _insert(value, lists) for name, value in lists.items()}
    words = {name: _compile(data.get(name, ""), lists) for name in _LISTS}
    words |= {name: _compile(data["words"][name], lists) for name in _WORDS}
    by_right = {
        name: {Right(right): _compile(lines, lists) for right, lines in data[name].items()}
        for name in ("asks", "across", "beside", "maybe", "names", "hints")
    }
    common = frozenset(fold(data["words"]["common"]).split("|"))
    return Vocabulary(language, **by_right, words=words, whole=_compile(data["whole"], lists), common=common)


def _compile(lines: str, lists: dict[str, str]) -> re.Pattern[str]:
    """One pattern out of one line each; no line: a pattern that never matches."""
    patterns = [_translate(line.strip(), lists).lstrip() for line in str(lines).splitlines() if line.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)" if patterns else r"(?!)")


def _translate(pattern: str, lists: dict[str, str]) -> str:
    """The notation of the vocabulary as a regular expression over folded words."""
    pattern = fold(pattern.replace("_", "\0")).replace("\0", "_").replace("\\w*", "\x03")
    pattern = re.sub(r"\(\.\.(\d+)\)\?", r"..\1", pattern)
    pattern = re.sub(r"(?<=[\w)])\*", r"\\w*", pattern).replace("\x03", r"\w*")
    pattern = re.sub(r"(^| )\.\.(\d*)", lambda match: f"{match[1]}\x01{match[2] or GAP}\x02", pattern)
    pattern = re.sub(r" ?\x01(\d+)\x02$", r"(?: \\w+){0,\1}", pattern)
    pattern = re.sub(r" ?\x01(\d+)\x02 ?", r" (?:\\w+ ){0,\1}?", pattern)
    pattern = re.sub(r"\(([^()]*)\)\? ", r"(?:(?:\1) )?", pattern)
    pattern = re.sub(r" \(([^()]*)\)\?$", r"(?: (?:\1))?", pattern)
    pattern = re.sub(r"\((?!\?)", "(?:", pattern)
    pattern = re.sub(r" ?\$", r".*", pattern)
    return _insert(pattern, lists)


def _insert(pattern: str, lists: dict[str, str]) -> str:
    """The lists that a pattern names, put in; a name nobody defined is an error of the vocabulary (KeyError)."""
    return re.sub(r"<(\w+)>", lambda match: f"(?:{lists[match[1]]})", pattern) if lists else pattern
