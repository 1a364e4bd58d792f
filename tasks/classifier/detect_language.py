"""Says which of six languages a text is in (law.md Q12), through lingua.

Pure. The language models are loaded at the first call and kept.
"""

import re
from functools import cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

MAX_CHARACTERS = 4_000  # more tells nothing new
SHORT = 200  # characters; with few letters lingua loads five times the models, in seconds: a short text is repeated instead
DEFAULT = "fr"  # where there is nothing to tell: Nexoris writes from Paris

_NOISE = re.compile(r"https?://\S+|\S+@\S+|\d+|[<>*_=#|]+")


@cache
def _detector() -> LanguageDetector:
    languages = (
        Language.FRENCH,
        Language.ENGLISH,
        Language.GERMAN,
        Language.SPANISH,
        Language.ITALIAN,
        Language.DUTCH,
    )
    return LanguageDetectorBuilder.from_languages(*languages).build()


def detect_language(text: str, hint: str = "") -> str:
    """Two-letter code (ISO 639-1) out of fr, en, de, es, it, nl; DEFAULT where the text has no words.

    `hint`: the language whose vocabulary found something in the text, if it was one alone; it decides short texts.
    """
    text = " ".join(_NOISE.sub(" ", text[:MAX_CHARACTERS]).split())
    if not text:
        return DEFAULT
    if len(text) < SHORT:
        if hint:
            return hint
        text = f"{text} " * (SHORT // len(text) + 2)
    found = _detector().detect_language_of(text)
    return found.iso_code_639_1.name.lower() if found else DEFAULT
