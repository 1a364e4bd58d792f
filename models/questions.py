"""The questions an officer answers in a form: choices in plain words, and what a usable answer is.

Pure. A form shows the words; our database keeps the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from models.records import FindingStatus
from models.tables import FindingRow

Language = Literal["fr", "en"]
SHORTEST_REASON = 10  # characters; "ok" explains nothing to whoever audits the case


class Question(StrEnum):
    """What is asked."""

    IDENTITY = "identity"
    REVIEW = "review"
    BY_HAND = "by_hand"


class Choice(StrEnum):
    """What may be answered."""

    NOT_KNOWN = "not_known"
    SEND_CODE = "send_code"
    ESTABLISHED = "established"
    SEND_COPY = "send_copy"
    NOTHING_HELD = "nothing_held"
    SEARCH_AGAIN = "search_again"
    IDENTIFY = "identify"
    ANSWERED = "answered"


WORDS: dict[Choice, dict[Language, str]] = {
    Choice.NOT_KNOWN: {
        "fr": "Chercher cette adresse partout et répondre sur ce qui est trouvé ou non",
        "en": "Search this address everywhere and answer on what is found or not",
    },
    Choice.SEND_CODE: {
        "fr": "Envoyer un code à l’adresse connue de nos dossiers, indiquée ci-dessous",
        "en": "Send a code to the address on file given below",
    },
    Choice.ESTABLISHED: {
        "fr": "L’identité est établie autrement, preuve ci-dessous ; répondre à l’adresse indiquée",
        "en": "Identity is established by the evidence below; answer to the address given",
    },
    Choice.SEND_COPY: {"fr": "Envoyer la réponse complète", "en": "Send the complete answer"},
    Choice.NOTHING_HELD: {
        "fr": "Répondre que nous ne détenons rien",
        "en": "Answer that we hold nothing",
    },
    Choice.SEARCH_AGAIN: {"fr": "Chercher de nouveau", "en": "Search again"},
    Choice.ANSWERED: {
        "fr": "La réponse est partie ; le motif dit ce qui a été fait et quand",
        "en": "The reply has left; the reason says what was done and when",
    },
    Choice.IDENTIFY: {"fr": "Établir d’abord l’identité", "en": "Establish identity first"},
}


@dataclass(frozen=True, slots=True)
class Searched:
    """The state of discovery a review decides on."""

    missing: tuple[str, ...]
    records: int
    documents: int

    @property
    def complete(self) -> bool:
        """Whether every system was searched (law.md F3, F9)."""
        return not self.missing

    @property
    def empty(self) -> bool:
        """Whether nothing at all was found."""
        return self.records + self.documents == 0


def searched(rows: Sequence[FindingRow]) -> Searched:
    """Sum a round's findings up."""
    done = {FindingStatus.FOUND, FindingStatus.NONE}
    return Searched(
        missing=tuple(row.system for row in rows if row.status not in done),
        records=sum(row.records for row in rows),
        documents=sum(row.documents for row in rows),
    )


def review_choices(found: Searched, *, identified: bool) -> tuple[Choice, ...]:
    """Return what an officer may decide.

    An answer only when every system was searched (DESIGN.md 4.8), and data only to a person who is proved (I20, S5).
    """
    if not found.complete:
        return (Choice.SEARCH_AGAIN,)
    if found.empty:
        return (Choice.NOTHING_HELD, Choice.SEARCH_AGAIN)
    return (Choice.SEND_COPY if identified else Choice.IDENTIFY, Choice.SEARCH_AGAIN)


IDENTITY_CHOICES = (Choice.NOT_KNOWN, Choice.SEND_CODE, Choice.ESTABLISHED)


def choice_of(words: str) -> Choice | None:
    """Return the choice that a form's words (in any language) or its key stand for."""
    return next((choice for choice in Choice if words == choice or words in WORDS[choice].values()), None)
