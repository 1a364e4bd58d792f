"""Read letters as a person would: their visible words, without markup and without the way lines are wrapped."""

import re
from html.parser import HTMLParser
from itertools import product

from models.letter_contexts import CONTEXTS
from models.letters import LetterKind, RequesterLetter
from tasks.letters.render import LANGUAGES, Rendered, render
from tests.support.letter_samples import sample

CNIL = ("CNIL", "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07", "https://www.cnil.fr/plaintes")
EVERY = tuple(product(LANGUAGES, LetterKind))
TO_REQUESTERS = tuple(kind for kind in LetterKind if issubclass(CONTEXTS[kind], RequesterLetter))


def flat(text: str) -> str:
    """The words without the way they are wrapped."""
    return re.sub(r"[ \t\r\n]+", " ", text)


class Page(HTMLParser):
    """The tags, attributes and visible text of a letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return flat("".join(self.words))


def both(letter: Rendered) -> tuple[str, str]:
    return flat(letter.text), Page(letter.html).text


def missing(words: str, *markers: str) -> list[str]:
    """Which markers the letter does not hold; headings of the text are in capitals."""
    return [marker for marker in markers if marker.casefold() not in words.casefold()]


def say(kind: LetterKind, language: str, **changes: object) -> tuple[str, str]:
    """The visible words of a sample with some facts changed: text, HTML."""
    context = sample(kind, language)
    return both(render(kind, language, type(context)(**{**dict(context), **changes})))
