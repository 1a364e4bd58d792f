"""The forms officers fill in, built when they are asked: choices and officers as they are now.

Fields without default are required; the decision has none (prefect.md). Values come back as plain words; what may be
chosen is in the schema for the UI and Prefect's server, and judged again in our own code.
"""

from dataclasses import dataclass
from typing import Any

from prefect.input import RunInput
from pydantic import Field, create_model
from pydantic.config import JsonDict

from models.calendar import Language
from models.choice_words import WORDS
from models.questions import Choice, Ground, Question, ground_in_words
from tasks.forms.judge_answer import Answered

EXTRA = "value_"  # in front of the names of fields that only one question has
TITLES: dict[str, dict[Language, str]] = {
    "decision": {"fr": "Décision", "en": "Decision"},
    "officer": {"fr": "Qui décide", "en": "Who decides"},
    "reason": {"fr": "Motif, en une phrase", "en": "Reason, in one sentence"},
    "told_reason": {
        "fr": "Motif, en une phrase (la personne le lira en cas de refus ou de prolongation)",
        "en": "Reason, in one sentence (the person reads it if you refuse or extend)",
    },
    "ground": {
        "fr": "Motif légal (pour refuser, prolonger ou limiter)",
        "en": "Legal ground (to refuse, extend or restrict)",
    },
    "code": {
        "fr": "Code à usage unique (si vous en utilisez un)",
        "en": "One-time code (if you use one)",
    },
    "address": {
        "fr": "Adresse e-mail connue de nos dossiers (pour les deux dernières décisions)",
        "en": "E-mail address on file (for the last two decisions)",
    },
    "override": {
        "fr": "La question est tardive : si elle doit quand même arrêter le délai légal, dites pourquoi",
        "en": "The question is late: if it must stop the legal period all the same, say why",
    },
    "evidence": {
        "fr": "Ce que la personne doit nous envoyer, en une phrase (elle la lira ; jamais de pièce d’identité)",
        "en": "What the person is to send us, in one sentence (they read it; never an identity document)",
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
TEXTS_NOT_READ: dict[Language, str] = {"fr": "Pas encore lus", "en": "Not read yet"}
HINT: dict[Language, str] = {
    "fr": "Lisez d’abord le résumé ci-dessus (il défile), ou le dossier : {link}",
    "en": "Read the summary above first (it scrolls), or the case: {link}",
}
AGAIN: dict[Language, str] = {
    "fr": "Votre réponse précédente n’a pas été retenue : {why}. ",
    "en": "Your previous answer was sent back: {why}. ",
}


@dataclass(frozen=True, slots=True)
class Blanks:
    """What a form is filled with when it is asked.

    `columns`: texts that may speak of third parties, to read and perhaps withhold. `codes`: an officer uses one-time
    codes. `sent_back`: why the answer before could not be used. `link`: the case page. `extra`: fields of this question.
    """

    choices: tuple[Choice, ...]
    officers: list[str]
    columns: list[str]
    codes: bool
    sent_back: str
    link: str
    grounds: tuple[Ground, ...] = ()
    extra: tuple["Extra", ...] = ()


@dataclass(frozen=True, slots=True)
class Extra:
    """A text field that one question has besides: filled with `value`; an officer may change it."""

    name: str
    title: str
    value: str


def build_form(question: Question, blanks: Blanks, language: Language) -> type[RunInput]:
    """Return the form of one question.

    The reason for asking again stands in the first field as well: Prefect's V1 pages squeeze the summary above the
    fields until it cannot be seen on a small screen.
    """
    words = [getattr(WORDS[choice], language) for choice in blanks.choices]
    again = AGAIN[language].format(why=blanks.sent_back) if blanks.sent_back else ""
    hint = again + HINT[language].format(link=blanks.link)
    fields: dict[str, Any] = {
        "decision": _one_of(words, title=TITLES["decision"][language], description=hint)
    }
    if Choice.SEND_COPY in blanks.choices and blanks.columns:
        read = [TEXTS_READ[language], TEXTS_NOT_READ[language]]
        fields["texts_read"] = _one_of(read, title=TITLES["texts_read"][language])
        several: JsonDict = {"items": {"type": "string", "enum": [*blanks.columns]}, "uniqueItems": True}
        fields["withhold"] = (
            list[str],
            Field(default=[], title=TITLES["withhold"][language], json_schema_extra=several),
        )
    if question is Question.IDENTITY:
        fields["address"] = _text("address", language, default="")
    for extra in blanks.extra:
        fields[EXTRA + extra.name] = (str, Field(default=extra.value, title=extra.title))
    if blanks.grounds:
        listed = ["", *(ground_in_words(ground, language) for ground in blanks.grounds)]
        fields["ground"] = _one_of(listed, title=TITLES["ground"][language], default="")
    fields["reason"] = (
        str,
        Field(title=TITLES["told_reason" if blanks.grounds else "reason"][language]),
    )
    fields["officer"] = _one_of(blanks.officers, title=TITLES["officer"][language])
    if blanks.codes:
        fields["code"] = _text("code", language, default="")
    return create_model(f"{question.value.capitalize()}Form", __base__=RunInput, **fields)


def _one_of(words: list[str], **options: Any) -> tuple[type, Any]:
    """A list to choose from, even where it has one entry: Prefect shows a constant as a field nobody can fill in."""
    return str, Field(json_schema_extra={"enum": [*words]}, **options)


def _text(name: str, language: Language, **options: Any) -> tuple[type, Any]:
    return str, Field(title=TITLES[name][language], **options)


def answered(values: dict[str, Any]) -> Answered:
    """Return what was typed into any of the forms; whatever is missing is empty, and judged in our own code."""
    texts_read = str(values.get("texts_read", ""))
    return Answered(
        choice=str(values.get("decision", "")),
        officer=str(values.get("officer", "")),
        reason=str(values.get("reason", "")),
        code=str(values.get("code", "")).strip(),
        address=str(values.get("address", "")).strip(),
        withhold=tuple(map(str, values.get("withhold") or ())),
        ground=str(values.get("ground") or ""),
        texts_read=texts_read if texts_read in TEXTS_READ.values() else "",
        values={
            name.removeprefix(EXTRA): str(value).strip()
            for name, value in values.items()
            if name.startswith(EXTRA)
        },
    )
