"""The questions an officer answers in a form, what may be chosen as a case stands, and the reasons that go with it.

Pure. A form shows the words of `models/choice_words.py`; our database keeps the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.calendar import Language
from models.controller import Text
from models.grounds import (
    DELAY_WORDS,
    REFUSAL_WORDS,
    RESTRICTION_WORDS,
    Delay,
    Refusal,
    RestrictionCase,
    refusals,
)
from models.records import FindingStatus
from models.rights import Right
from models.tables import FindingRow

SHORTEST_REASON = 10  # characters; "ok" explains nothing to whoever audits the case
SHORTEST_DELAY_REASON = 30  # characters; the person reads it (law.md D12)


class Question(StrEnum):
    """What is asked."""

    IDENTITY = "identity"
    REVIEW = "review"
    PLAN = "plan"
    CHANGE = "change"
    WEIGHING = "weighing"
    LEFTOVER = "leftover"
    BY_HAND = "by_hand"
    SECOND = "second"


class Choice(StrEnum):
    """What may be answered."""

    NOT_KNOWN = "not_known"
    SEND_CODE = "send_code"
    ESTABLISHED = "established"
    ASK_EVIDENCE = "ask_evidence"
    SEND_COPY = "send_copy"
    NOTHING_HELD = "nothing_held"
    SEARCH_AGAIN = "search_again"
    IDENTIFY = "identify"
    ASK_SCOPE = "ask_scope"
    ERASE = "erase"
    PLAN_AGAIN = "plan_again"
    LEAVE = "leave"
    ASK_AGAIN = "ask_again"
    ATTEST = "attest"
    CONFIRM = "confirm"
    DECLINE = "decline"
    CORRECT = "correct"
    PREVIEW = "preview"
    ASK_PERSON = "ask_person"
    RESTRICT_MEANWHILE = "restrict_meanwhile"
    RESTRICT = "restrict"
    MARKETING_ONLY = "marketing_only"
    UPHOLD = "uphold"
    REFUSE = "refuse"
    EXTEND = "extend"
    WITHDRAWN = "withdrawn"
    NOT_A_REQUEST = "not_a_request"


ENDINGS = frozenset({Choice.REFUSE, Choice.WITHDRAWN, Choice.NOT_A_REQUEST})
"""Decisions that end a request without doing what it asks for; possible whenever an officer decides."""

IDENTITY_CHOICES = (Choice.NOT_KNOWN, Choice.SEND_CODE, Choice.ESTABLISHED)
OVERRIDE, EVIDENCE = "override", "evidence"
"""Fields of a form: why a late question still stops the clock (law.md 1.3), and what the person is asked for (I2)."""
Ground = Refusal | Delay | RestrictionCase

GROUND_OF: dict[Choice, type[Ground]] = {
    Choice.REFUSE: Refusal,
    Choice.EXTEND: Delay,
    Choice.RESTRICT: RestrictionCase,
}
"""Decisions that need a ground from a closed list."""

EVERY: tuple[Ground, ...] = (*Refusal, *Delay, *RestrictionCase)
_PREFIX = {
    Refusal: Text(fr="Refus", en="Refusal"),
    Delay: Text(fr="Prolongation", en="Extension"),
    RestrictionCase: Text(fr="Limitation", en="Restriction"),
}


def grounds(right: Right, choices: Sequence[Choice]) -> tuple[Ground, ...]:
    """Return the grounds that go with any of `choices` for a request under `right`."""
    lists: dict[Choice, Sequence[Ground]] = {
        Choice.RESTRICT: tuple(RestrictionCase),
        Choice.REFUSE: refusals(right),
        Choice.EXTEND: tuple(Delay),
    }
    return tuple(ground for choice, listed in lists.items() if choice in choices for ground in listed)


def ground_in_words(ground: Ground, language: Language) -> str:
    """Return a ground as a form shows it, with the decision it belongs to in front."""
    match ground:
        case Refusal():
            words = REFUSAL_WORDS[ground]
        case Delay():
            words = DELAY_WORDS[ground]
        case RestrictionCase():
            words = RESTRICTION_WORDS[ground]
    return f"{getattr(_PREFIX[type(ground)], language)} : {getattr(words, language)}"


def ground_of(words: str) -> Ground | None:
    """Return the ground that a form's words (in any language) stand for."""
    return next((g for g in EVERY if words in {ground_in_words(g, "fr"), ground_in_words(g, "en")}), None)


def ground_of_key(key: str) -> Ground | None:
    """Return the ground that our database calls `key`."""
    return next((ground for ground in EVERY if ground == key), None)


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
    Whoever is not proved can be, where a system could not be searched by what is known of them.
    """
    if not found.complete:
        return (Choice.SEARCH_AGAIN,) if identified else (Choice.SEARCH_AGAIN, Choice.IDENTIFY)
    if found.empty:
        return (Choice.NOTHING_HELD, Choice.SEARCH_AGAIN)
    return (Choice.SEND_COPY if identified else Choice.IDENTIFY, Choice.SEARCH_AGAIN)
