"""Cuts a text into sentences of folded words, and says which languages they are written in.

Pure: text in, words out.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tasks.classifier.load_vocabulary import LANGUAGES, load_vocabulary, plain_words

MAX_WORDS = 6_000  # of one message; a letter has 900
SENTENCE_WORDS = 150
LONGEST_WORD = 60  # characters; longer is an address, a link or encoded data
FEW_WORDS = 12
SPOKEN = 0.06  # share of a text's words that are a language's commonest ones
UNCLEAR = 0.2  # up to this share no language is clearly spoken,
LIKELY, LONG = (
    0.1,
    100,
)  # except in a text of many words, where one language has this share and twice any other's

_TOKEN = re.compile(r"\S+")
# Abbreviations that end no sentence.
_NO_END = re.compile(
    r"\b(arts?|abs|nr|no|n°|lit|bzw|ggf|inkl|mr?|mrs|ms|mme|mlle|dr|sr|sra|dott|sig|al|par|cf|ex|es|ad|st|e\.g|i\.e|p\.ex|z\.b|d\.h|bijv|bv|usw|etc|[a-z])\.",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"[!?;…]+(?=\s|$)|\.+(?=\s+[^a-zà-ÿ\s]|\s*$)|\n\s*\n|\n\s*[-*•·–—]\s+|\n\s*\(?\w\)\s+|:\s*\n"
)
_BOX = r"[☐□❏❑◻○☒☑✓✔✗✘⊠]|[\[(][ \txX✓✔*]{0,3}[\])]"
_BOX_LINE = re.compile(rf"^[ \t>*•·–-]{{0,8}}({_BOX})([^\n]*)$", re.MULTILINE)
_TICKED = re.compile(r"[☒☑✓✔✗✘⊠xX*]")
_BAR = re.compile(r"\s[|·]\s")
NOTICE_SENTENCES = 3  # of a notice of confidentiality
MENU_WORDS = 8  # at most, in each piece of a line that offers links
# What machines put under a mail: "if you are not the intended recipient, please delete it".
_CONFIDENTIAL = re.compile(
    r"\b(?:confidenti\w+|vertraulich\w*|confidencial\w*|riservat\w*|vertrouwelijk\w*)\b"
)
_MESSAGE = re.compile(
    r"\b(?:messages?|e ?mails?|mails?|courriels?|nachricht|mensaje|correo|messaggio|bericht)\b"
)


def sentences(text: str) -> Iterator[str]:
    """Sentences as folded words; hard line breaks inside a paragraph do not end one.

    Boxes left empty beside ticked ones, lines of links and the notice of confidentiality at the end are left out.
    """
    left_out = 0
    lines = (" ".join(line.split()) for line in text.split("\n"))
    for sentence in _sentences(_without_menus(_chosen("\n".join(lines)))):
        if _CONFIDENTIAL.search(sentence) and _MESSAGE.search(sentence):
            left_out = NOTICE_SENTENCES
        if left_out:
            left_out -= 1
        else:
            yield sentence


def _chosen(text: str) -> str:
    """The text without the boxes of a form that are left empty, if any is ticked; each box begins a sentence."""
    boxes = [bool(_TICKED.search(match[1])) for match in _BOX_LINE.finditer(text)]
    if not boxes:
        return text
    some = any(boxes)
    return _BOX_LINE.sub(
        lambda match: "\n" if some and not _TICKED.search(match[1]) else f"\n\n{match[2]}\n", text
    )


def _without_menus(text: str) -> str:
    lines = (line.rpartition(". ") for line in text.split("\n"))
    return "\n".join(head if _is_menu(end) else head + dot + end for head, dot, end in lines)


def _is_menu(line: str) -> bool:
    """True for "Unsubscribe · Your data · Contact": pieces of a few words between bars."""
    pieces = _BAR.split(line.strip())
    return len(pieces) > 1 and all(0 < len(piece.split()) <= MENU_WORDS for piece in pieces)


def _sentences(text: str) -> Iterator[str]:
    budget = MAX_WORDS
    for piece in _ENDS.split(_NO_END.sub(r"\1 ", _TOKEN.sub(_shorten, text))):
        found = plain_words(piece).split()[:budget]
        budget -= len(found)
        for start in range(0, len(found), SENTENCE_WORDS):
            yield f" {' '.join(found[start : start + SENTENCE_WORDS])} "


def spoken_in(parts: Sequence[str]) -> tuple[str, ...]:
    """The languages whose commonest words the sentences use; all of them where there are few words or none is clear."""
    said = Counter(word for part in parts for word in part.split())
    total = said.total()
    if total < FEW_WORDS:
        return LANGUAGES
    share = {
        language: sum(said[word] for word in load_vocabulary(language).common) / total
        for language in LANGUAGES
    }
    second, best = sorted(share.values())[-2:]
    likely = total >= LONG and best >= max(LIKELY, 2 * second)
    unclear = best < UNCLEAR and not likely
    return tuple(language for language in LANGUAGES if unclear or share[language] >= SPOKEN)


def _shorten(token: re.Match[str]) -> str:
    word = token.group()
    return "http" if "@" in word or "://" in word or len(word) > LONGEST_WORD else word
