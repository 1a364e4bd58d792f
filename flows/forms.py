"""The forms officers fill in, built when they are asked: choices and officers as they are now.

Fields without default are required; the decision has none (prefect.md). Values come back as plain words.
"""

from typing import Any, Literal

from prefect.input import RunInput
from pydantic import Field, create_model

from models.questions import WORDS, Choice, Language, Question
from tasks.decide import Answered

TITLES: dict[str, dict[Language, str]] = {
    "decision": {"fr": "Décision", "en": "Decision"},
    "officer": {"fr": "Qui décide", "en": "Who decides"},
    "reason": {"fr": "Motif, en une phrase", "en": "Reason, in one sentence"},
    "code": {
        "fr": "Code à usage unique (si vous en utilisez un)",
        "en": "One-time code (if you use one)",
    },
    "address": {
        "fr": "Adresse e-mail connue de nos dossiers (pour les deux dernières décisions)",
        "en": "E-mail address on file (for the last two decisions)",
    },
    "texts_read": {"fr": "Textes libres", "en": "Free texts"},
    "withhold": {
        "fr": "Colonnes à retirer (le motif sera donné à la personne)",
        "en": "Columns to withhold (the reason is told to the person)",
    },
}
TEXTS_READ: dict[Language, str] = {
    "fr": "Lus : ce que j’envoie ne lèse personne d’autre",
    "en": "Read: what I send harms nobody else",
}


def build_form(
    question: Question,
    choices: tuple[Choice, ...],
    officers: list[str],
    language: Language,
    columns: list[str],
) -> type[RunInput]:
    """Return the form of one question. `columns`: texts that may speak of third parties, to read and perhaps withhold."""
    words = tuple(WORDS[choice][language] for choice in choices)
    fields: dict[str, Any] = {
        "decision": (Literal[words], _titled("decision", language)),
        "officer": (Literal[tuple(officers)] if officers else str, _titled("officer", language)),
        "reason": (str, _titled("reason", language)),
    }
    if question is Question.IDENTITY:
        fields["address"] = (str, _titled("address", language, default=""))
    if Choice.SEND_COPY in choices and columns:
        fields["texts_read"] = (Literal[(TEXTS_READ[language],)], _titled("texts_read", language))
        fields["withhold"] = (list[Literal[tuple(columns)]], _titled("withhold", language, default=[]))  # type: ignore[misc]  # built at run time
    fields["code"] = (str, _titled("code", language, default=""))
    return create_model(f"{question.value.capitalize()}Form", __base__=RunInput, **fields)


def _titled(name: str, language: Language, **options: Any) -> Any:
    return Field(title=TITLES[name][language], **options)


def answered(values: dict[str, Any]) -> Answered:
    """Return what was typed into any of the forms; whatever is missing is empty, and judged in our own code."""
    return Answered(
        choice=str(values.get("decision", "")),
        officer=str(values.get("officer", "")),
        reason=str(values.get("reason", "")),
        code=str(values.get("code", "")).strip(),
        address=str(values.get("address", "")).strip(),
        withhold=tuple(map(str, values.get("withhold") or ())),
        texts_read=str(values.get("texts_read", "")),
    )
