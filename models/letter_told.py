"""When a letter counts as told: it left and did not come back, or an officer says when it reached the person otherwise.

Pure: it looks at one row of `letter`, whatever read it.
"""

from datetime import datetime, time
from typing import Any

from models.calendar import PARIS
from models.tables.letter import LetterState

NOON = time(12)
LEFT_TO_OFFICERS = frozenset({LetterState.FAILED, LetterState.UNCERTAIN})


def is_reply(letter: Any) -> bool:
    """Whether the letter answers a request."""
    return str(letter.key).endswith(":reply")


def told_at(letter: Any) -> datetime | None:
    """Return the moment at which the person was told; None while nobody can say that they were.

    Of a day that an officer named it is noon in Paris, as for what was posted.
    """
    if letter.reached_on is not None:
        written: datetime = letter.written_at
        return max(datetime.combine(letter.reached_on, NOON, PARIS), written)
    left: datetime | None = letter.sent_at if letter.bounced_at is None else None
    return left


def is_lost(letter: Any) -> bool:
    """Whether the letter has told nobody, and will not by itself: it could not leave, may not have left, or came back."""
    undelivered = letter.bounced_at is not None or letter.state in LEFT_TO_OFFICERS
    return undelivered and told_at(letter) is None
