"""What a message is taken for: the answer of `tasks.classifier.classify`, shown to the officer with its evidence.

Values only.
"""

from dataclasses import dataclass
from enum import StrEnum

from models.rights import Right


class Kind(StrEnum):
    """What to do with a message. `NEEDS_REVIEW`: a person decides the same day (law.md V2)."""

    REQUEST = "request"
    FOLLOW_UP = "follow_up"
    NOT_REQUEST = "not_request"
    NEEDS_REVIEW = "needs_review"


class Machine(StrEnum):
    """Mail that no person wrote (RFC 3464, RFC 3834)."""

    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the message that speak for a right; `right` is None for words that only touch on privacy law."""

    right: Right | None
    words: str


@dataclass(frozen=True, slots=True)
class Classification:
    """Kind, rights, language and name of one message.

    `language` is a two-letter code (ISO 639-1). `confidence` is a number between 0 and 1, in `kind`.
    A missing name is None and never a ground to refuse (law.md I7).
    """

    kind: Kind
    rights: tuple[Right, ...]
    language: str
    first_name: str | None
    last_name: str | None
    confidence: float
    machine: Machine | None
    because: tuple[Evidence, ...]
