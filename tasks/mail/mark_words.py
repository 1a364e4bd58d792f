"""Find in a text the words that a classifier wrote down folded, so that they can be shown where they stand.

Pure, and loose: what cannot be found again is not marked.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_DASHES = str.maketrans("", "", "_")


class Segment(NamedTuple):
    """A piece of the text, unchanged. `because`: the rights its words speak for; empty where it is not marked."""

    text: str
    because: tuple[str, ...]


class _Word(NamedTuple):
    folded: str
    start: int
    end: int


def mark(text: str, evidence: Iterable[tuple[str, str]]) -> list[Segment]:
    """Return `text` in pieces; `evidence` is pairs of right and words. The pieces together are the text."""
    words = _words(text)
    spoken: list[set[str]] = [set() for _ in words]
    for right, said in evidence:
        wanted = [word.folded for word in _words(said)]
        for begin in _places(words, wanted):
            for place in range(begin, begin + len(wanted)):
                spoken[place].add(right)
    return _pieces(text, words, [tuple(sorted(rights)) for rights in spoken])


def _pieces(text: str, words: Sequence[_Word], spoken: Sequence[tuple[str, ...]]) -> list[Segment]:
    """Words next to each other that speak for the same become one piece."""
    pieces: list[Segment] = []
    done, place = 0, 0
    while place < len(words):
        last = place
        while last + 1 < len(words) and spoken[last + 1] == spoken[place]:
            last += 1
        if spoken[place]:
            start, end = words[place].start, words[last].end
            pieces += [Segment(text[done:start], ()), Segment(text[start:end], spoken[place])]
            done = end
        place = last + 1
    return [piece for piece in (*pieces, Segment(text[done:], ())) if piece.text]


def _places(words: Sequence[_Word], wanted: Sequence[str]) -> list[int]:
    if not wanted:
        return []
    last = len(words) - len(wanted)
    return [
        begin
        for begin in range(last + 1)
        if words[begin].folded == wanted[0]
        and all(words[begin + n].folded == word for n, word in enumerate(wanted))
    ]


def _words(text: str) -> list[_Word]:
    return [_Word(_fold(found[0]), *found.span()) for found in _WORD.finditer(text)]


def _fold(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_DASHES)
