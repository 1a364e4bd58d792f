"""A second opinion on a sentence: which right it asks for, learnt from example sentences, for wording the rules do not know.

Words are read as the things they mean (`opinion_concepts.yaml`: delete, stop, mine, format ...), alike in every language,
so that an example in one teaches the others. `python -m tasks.classifier.learn_opinion` learns the weights in `opinion.json` from
`examples/`. Pure: text in, numbers out.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

from models.rights import Right
from tasks.classifier.load_vocabulary import fold, plain_words

FOLDER = Path(__file__).parent
WEIGHTS = FOLDER / "opinion.json"
WINDOW = 6  # words after a word in which another makes a pair with it
FEWEST_WORDS = 3  # of a sentence worth an opinion
KNOWN_WORDS = 20_000  # whose meaning is kept in memory
QUIET = frozenset({"none", "around"})  # labels of sentences that ask for nothing


@dataclass(frozen=True, slots=True)
class Opinion:
    """Of one text: how sure it is that some sentence asks for something, and each right with its likeliest sentence."""

    asks: float
    rights: Mapping[Right, tuple[float, str]]

    def surely(self, least: float) -> dict[Right, str]:
        """The rights at least this likely, each with the words that speak for it."""
        return {right: words for right, (chance, words) in self.rights.items() if chance >= least}


def second_opinion(sentences: Sequence[str]) -> Opinion:
    """The opinion on a text of these sentences (folded words)."""
    asks, rights = 0.0, dict[Right, tuple[float, str]]()
    for sentence in sentences:
        if len(sentence.split()) < FEWEST_WORDS:
            continue
        chances = _chances(sentence)
        asks = max(asks, 1.0 - sum(chances[label] for label in QUIET))
        for right in Right:
            chance = chances[right.value]
            if chance > rights.get(right, (0.0, ""))[0]:
                rights[right] = (chance, sentence.strip())
    return Opinion(asks, rights)


def features(sentence: str) -> Iterator[str]:
    """What is meant by the words of a sentence, and by pairs of them in their order."""
    meant = [_meanings(word) for word in plain_words(sentence).split()]
    yield from {meaning for meanings in meant for meaning in meanings}
    yield from {
        f"{first} {second}"
        for place, meanings in enumerate(meant)
        for others in meant[place + 1 : place + 1 + WINDOW]
        for first in meanings
        for second in others
        if first != second
    }


def softmax(scores: Mapping[str, float]) -> dict[str, float]:
    """Chances that sum to one."""
    most = max(scores.values())
    raised = {label: math.exp(score - most) for label, score in scores.items()}
    total = sum(raised.values())
    return {label: value / total for label, value in raised.items()}


def _chances(sentence: str) -> dict[str, float]:
    weights = _weights()
    known = [feature for feature in features(sentence) if feature in weights]
    scale = 1 / math.sqrt(max(1, len(known)))
    return softmax(
        {
            label: constant + scale * sum(weights[feature].get(label, 0.0) for feature in known)
            for label, constant in weights[""].items()
        }
    )


@cache
def _weights() -> dict[str, dict[str, float]]:
    """By feature and label; the constants stand under the empty name."""
    learnt: dict[str, dict[str, float]] = json.loads(WEIGHTS.read_text("utf-8"))
    return learnt


@cache
def _concepts() -> dict[str, re.Pattern[str]]:
    lists: dict[str, str] = yaml.safe_load((FOLDER / "opinion_concepts.yaml").read_text("utf-8"))
    return {
        name: re.compile("|".join(_one_word(word) for word in words.split("|")))
        for name, words in lists.items()
    }


def _one_word(word: str) -> str:
    folded = fold(word).replace(" ", "")
    return folded.replace("*", r"\w*")


@lru_cache(KNOWN_WORDS)
def _meanings(word: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _concepts().items() if pattern.fullmatch(word))
