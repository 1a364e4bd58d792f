"""Finds the rights which a text exercises, by the vocabularies of every language at once (law.md V1, V2).

Pure: text in, findings out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice

from models.rights import ARTICLES, Right
from tasks.classifier.cite_articles import CITATION, articles
from tasks.classifier.load_vocabulary import LANGUAGES, Vocabulary, load_vocabulary, plain_words
from tasks.classifier.split_sentences import sentences, spoken_in

LONGEST_WHOLE = 200  # characters of a message that is nothing but "unsubscribe"
OTHER = "other"  # a vocabulary of many languages
HEADING_WORDS = 10  # at most, of a heading and of a line under it
REACH = 6  # words before a demand in which a negation concerns it

_FIELD = re.compile(
    r"\b(?:num|nr|telef|telep|phone|handy|mobil|portable|adres|address|direcc|indirizz|e? ?mail|nom|name|titel|titre|title)"
)
_WHOLE = re.compile(
    r"\b(?:data|donnees|accounts?|comptes?|kontos?|daten|datos|cuenta|dati|gegevens|profil\w*|all|tout\w*)\b"
)
# Three of these in one sentence are a list of rights, as information and offers of training have it.
_KINDS_OF_RIGHT = tuple(
    re.compile(rf"\b(?:{words})")
    for words in (
        "acces|auskunft|inzage",
        "rectif|rettif|correction|correct|berichtigung",
        "erasure|effacement|deletion|delete|suppression|supresion|cancellazione|loschung|wissing",
        "restriction|limitation|limitacion|limitazione|einschrankung|beperking",
        "portab|(?:daten)?ubertragbarkeit|overdraagbaarheid",
        "objection|opposition|oposicion|opposizione|widerspruch|bezwaar",
    )
)
# Where two rights are read out of the same words, the earlier one is meant.
_SPECIFIC = (
    Right.CONSENT_WITHDRAWAL,
    Right.RESTRICTION,
    Right.PORTABILITY,
    Right.RECTIFICATION,
    Right.OBJECTION,
    Right.ERASURE,
    Right.ACCESS,
)


class Strength(IntEnum):
    """How sure a finding is: below `ASKED` it counts only where nothing surer is found."""

    LISTED = 1
    HINTED = 2
    BESIDE = 3
    CONDITIONAL = 4
    ASKED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Folded words of the text, and the right they speak for."""

    right: Right
    words: str
    strength: Strength


@dataclass(slots=True)
class Reading:
    """What one text says: rights, and the words for a follow-up, for privacy and for legal alarm (empty: none).

    `touch`: words that in a short letter may mean a request, unless it speaks of `business`.
    `aside`: words of somebody else's business with rights: an authority, a contract, an offer of training.
    `notice`: words of one who informs or sells: "our privacy policy", "verify your account", "we help companies".
    `whole`: the text is nothing but "unsubscribe". `offers_to_leave`: it tells its reader how to leave a list.
    `languages`: those whose vocabulary found a right. `told`: the sentences without what `void` crosses out.
    """

    findings: list[Finding] = field(default_factory=list)
    follow_up: list[str] = field(default_factory=list)
    privacy: list[str] = field(default_factory=list)
    alarm: list[str] = field(default_factory=list)
    touch: list[str] = field(default_factory=list)
    business: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    notice: list[str] = field(default_factory=list)
    whole: bool = False
    offers_to_leave: bool = False
    languages: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def rights(self, strength: Strength) -> tuple[Right, ...]:
        """The rights found at least this surely, in the order of the enum."""
        found = {finding.right for finding in self.findings if finding.strength >= strength}
        return tuple(right for right in Right if right in found)


def read_rights(text: str, *, is_subject: bool = False) -> Reading:
    """Everything the vocabularies of all languages find in `text`."""
    reading = Reading()
    parts = list(sentences(text))
    elsewhere = ""  # a telephone number or an insurance is ported, no data
    spoken = [load_vocabulary(language) for language in spoken_in(parts)]
    reading.told = [_without_void(spoken, f" {' '.join(CITATION.sub(' ', part).split())} ") for part in parts]
    for vocabulary in spoken:
        previous, before, headed = "", len(reading.findings), False
        for index, part in enumerate(parts):
            _note_other_words(vocabulary, part, reading)
            ported = vocabulary.words["elsewhere"].search(part)
            elsewhere = ported.group() if ported else elsewhere
            sentence = reading.told[index]
            following = parts[index + 1] if index + 1 < len(parts) else ""
            asked = _asked(vocabulary, sentence, following)
            reading.findings += asked + _across(vocabulary, previous, sentence)
            reading.findings += _beside(vocabulary, sentence, following, asked)
            headed = _is_heading(vocabulary, sentence) or (headed and len(sentence.split()) <= HEADING_WORDS)
            reading.findings += _named(vocabulary, sentence, is_subject=is_subject, headed=headed)
            previous = sentence
        if len(reading.findings) > before and vocabulary.language != OTHER:
            reading.languages.add(vocabulary.language)
    if is_subject:
        cited = articles(plain_words(text))
        reading.findings += [
            Finding(right, f"art {ARTICLES[right]}", Strength.BESIDE)
            for right in Right
            if ARTICLES[right] in cited
        ]
    if elsewhere:
        reading.business.append(elsewhere)
        reading.findings = [
            finding
            for finding in reading.findings
            if finding.right is not Right.PORTABILITY or _WHOLE.search(finding.words)
        ]
    said = plain_words(text[:LONGEST_WHOLE]).strip()
    reading.whole = any(load_vocabulary(language).whole.fullmatch(said) for language in LANGUAGES)
    return reading


def _without_void(spoken: Sequence[Vocabulary], sentence: str) -> str:
    """The sentence without what any spoken language crosses out: "opposition" is a word of two, cheques are of one."""
    for vocabulary in spoken:
        sentence = vocabulary.words["void"].sub(" # ", sentence)
    return sentence


def _note_other_words(vocabulary: Vocabulary, sentence: str, reading: Reading) -> None:
    words = vocabulary.words
    void = list(words["void"].finditer(sentence))
    own = words["void"].sub(" # ", sentence) if void else sentence
    for name in ("follow_up", "privacy", "alarm", "touch", "business", "aside", "notice"):
        read = own if name in {"privacy", "touch"} else sentence
        for match in words[name].finditer(read):
            told = name != "follow_up" or not words["condition"].search(read[: match.start()])
            if told and match.group() not in getattr(reading, name):
                getattr(reading, name).append(match.group())
    if not reading.offers_to_leave:
        reading.offers_to_leave = any(words["leave_list"].search(offer.group()) for offer in void)


def _asked(vocabulary: Vocabulary, sentence: str, following: str) -> list[Finding]:
    """Rights exercised inside one sentence; where two share words, the more specific one.

    "Erase all the data you hold on me" asks for no access, "take my name off your mailing list" for no erasure.
    """
    spans: list[tuple[int, int, Finding]] = []
    for strength, patterns in ((Strength.ASKED, vocabulary.asks), (Strength.CONDITIONAL, vocabulary.maybe)):
        for right, pattern in patterns.items():
            for match in _demands(pattern, sentence, vocabulary):
                finding = _finding(vocabulary, right, match, strength, following)
                spans.append((match.start(), match.end(), finding))
    explicit = vocabulary.words["explicit_access"]
    ports = any(finding.right is Right.PORTABILITY for _, _, finding in spans)
    kept = []
    for start, end, finding in spans:
        vague = finding.right is Right.ACCESS and not explicit.search(finding.words)
        better = [
            other_start
            for other_start, other_end, other in spans
            if other_start < end and start < other_end and other.strength >= finding.strength
            if _SPECIFIC.index(other.right) < _SPECIFIC.index(finding.right)
        ]
        if not any(vague or other_start <= start for other_start in better) and not (vague and ports):
            kept.append(finding)
    return kept


def _finding(
    vocabulary: Vocabulary, right: Right, match: re.Match[str], strength: Strength, following: str
) -> Finding:
    """The match as evidence; "delete my old number, the new one is ..." is rectification."""
    words, near = vocabulary.words, match.string + following
    one_field = _FIELD.search(match.group()) and not _WHOLE.search(match.group())
    if right is Right.ERASURE and one_field and words["new_value"].search(near):
        right = Right.RECTIFICATION
    if _conditional(words, match, right):
        strength = Strength.CONDITIONAL
    return Finding(right, match.group().strip(), strength)


def _demands(pattern: re.Pattern[str], sentence: str, vocabulary: Vocabulary) -> Iterator[re.Match[str]]:
    """The matches that no negation concerns; behind a negated one the search goes on at its second word."""
    position = 0
    while match := pattern.search(sentence, position):
        refuses = vocabulary.words["negation"].match(sentence, match.start())
        refused = vocabulary.words["refused"].match(sentence, match.end() + 1)
        if refused or (not refuses and _negated(vocabulary.words, sentence[: match.start()])):
            position = match.start() + 1
        else:
            yield match
            position = max(match.end(), match.start() + 1)


def _across(vocabulary: Vocabulary, previous: str, sentence: str) -> list[Finding]:
    """Rights whose object stands in the sentence before: "My data is still there. Delete it!"."""
    if not previous or not vocabulary.across:
        return []
    pair = previous.rstrip() + sentence
    border = len(previous.rstrip())
    return [
        Finding(right, match.group().strip(), Strength.ASKED)
        for right, pattern in vocabulary.across.items()
        if (match := pattern.search(pair)) and match.end() > border
        if not vocabulary.words["negation"].search(pair[max(border, match.start()) : match.end()])
    ]


def _beside(vocabulary: Vocabulary, sentence: str, following: str, asked: list[Finding]) -> list[Finding]:
    """Words too common to be a demand alone, which are one beside another: "first a copy, then deletion please".

    What is part of another right's demand is none: "delete the copy", "remove it, the new one is ...".
    """
    replaced = vocabulary.words["new_value"].search(sentence + following) and not _WHOLE.search(sentence)
    return [
        Finding(right, match.group().strip(), Strength.BESIDE)
        for right, pattern in vocabulary.beside.items()
        if not (right is Right.ERASURE and replaced)
        for match in _demands(pattern, sentence, vocabulary)
        if not any(match.group().strip() in other.words for other in asked if other.right is not right)
    ]


def _is_heading(vocabulary: Vocabulary, sentence: str) -> bool:
    """True for a line such as "Rights exercised:", under which rights are named one by one."""
    return len(sentence.split()) <= HEADING_WORDS and bool(vocabulary.words["exercise"].search(sentence))


def _named(vocabulary: Vocabulary, sentence: str, *, is_subject: bool, headed: bool) -> list[Finding]:
    """Rights called by their name: asked in a demanding sentence, a subject or under a heading, else listed; and hints."""
    words = vocabulary.words
    found = {
        right: match
        for right, pattern in vocabulary.names.items()
        if (match := pattern.search(sentence)) and not _negated(words, sentence[: match.start()])
    }
    asked = bool(found) and (is_subject or headed or bool(words["ask"].search(sentence)))
    if asked and sum(bool(pattern.search(sentence)) for pattern in _KINDS_OF_RIGHT) > 2:
        asked = bool(words["exercise"].search(sentence))
    strength = Strength.ASKED if asked else Strength.LISTED
    findings = [
        Finding(
            right,
            match.group(),
            Strength.CONDITIONAL if asked and _conditional(words, match, right) else strength,
        )
        for right, match in found.items()
    ]
    return findings + [
        Finding(right, match.group(), Strength.HINTED)
        for right, pattern in vocabulary.hints.items()
        for match in islice(_demands(pattern, sentence, vocabulary), 1)
    ]


def _negated(words: dict[str, re.Pattern[str]], before: str) -> bool:
    """True if a negation stands in the few words before, on this side of a "but"."""
    window = f" {' '.join(before.split()[-REACH:])} ".rpartition("#")[2]
    turns = [match.end() for match in words["contrast"].finditer(window) if match.end() < len(window)]
    window = window[turns[-1] :] if turns else window
    return bool(words["negation"].search(window)) and not words["still_asks"].search(before)


def _conditional(words: dict[str, re.Pattern[str]], match: re.Match[str], right: Right) -> bool:
    """True for "if I ever consented, I withdraw it": only these rights are weakened by a condition."""
    if right not in {Right.CONSENT_WITHDRAWAL, Right.OBJECTION, Right.RESTRICTION}:
        return False
    return bool(words["condition"].search(match.string[: match.end()]))
