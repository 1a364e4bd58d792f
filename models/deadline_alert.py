"""What the digest of deadlines must know: which dates come near or have passed, what blocks, and what is lawful now.

Pure values, as in `models/letters.py`; no personal data.
"""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field

from models.alerts import Limit
from models.letters import Context, Count, Link, Ref, Words
from models.records import Frozen
from models.rights import Right


class Blocker(StrEnum):
    """What a request waits for, or what keeps it from going on."""

    REQUESTER = "requester"
    MESSAGE = "message"
    OFFICER = "officer"
    COLLEAGUE = "colleague"
    SYSTEM = "system"
    SIBLING = "sibling"
    CLOCK = "clock"
    LETTER = "letter"
    UNSENT = "unsent"
    RETURNED = "returned"
    NOTICE = "notice"
    PROBLEM = "problem"
    ENGINE = "engine"


class Block(Frozen):
    """One reason why the answer has not left. `systems`: titles, where it is about systems."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    by: Blocker
    systems: tuple[Words, ...] = ()


class DueRequest(Frozen):
    """One request whose date comes near or has passed.

    `due`: the last day of `limit`; `days`: calendar days until then, below zero when it is over. `extend_until`: the last
    day on which an extension may be announced (D11, D12; by `binding` it keeps the published promise, D29), None where
    there can be none. `refuse_until`: the last day to tell of a refusal in time (D14), None when it has passed.
    `partial`: whether something can be sent already. `broken`: the promise of 30 days or, after `lawful_until`, the law
    (D28); `paused`: the law's clock stands still. Links are empty for readers who may not open cases.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ref: Ref
    right: Right
    limit: Limit
    due: date
    days: int
    blocks: tuple[Block, ...] = Field(min_length=1)
    extend_until: date | None
    extension_breaks_promise: bool
    refuse_until: date | None
    partial: bool
    broken: Literal["", "promise", "law"] = ""
    lawful_until: date | None = None
    paused: bool = False
    case_link: Link | None
    run_link: Link | None


class DeadlineAlert(Context):
    """To the officers, and to managers where `escalated`: dates that come near or have passed.

    `requests`: the most urgent first, and not all where there are many: `more_late`, `more_today` and `more_ahead` count
    the others. `link`: where all of them are listed.
    """

    escalated: bool
    requests: tuple[DueRequest, ...] = Field(min_length=1)
    more_late: Count
    more_today: Count
    more_ahead: Count
    link: Link

    @property
    def more(self) -> int:
        """How many requests are not named."""
        return self.more_late + self.more_today + self.more_ahead

    @property
    def count(self) -> int:
        """How many requests the letter is about."""
        return len(self.requests) + self.more

    @property
    def late(self) -> int:
        """For how many of them a date has passed."""
        return sum(request.days < 0 for request in self.requests) + self.more_late
