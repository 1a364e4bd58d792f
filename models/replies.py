"""What each reply to a right must know (law.md R2 to R8, C1 to C7): a missing fact is a type error.

Pure values, one class a letter, as in `models/letters.py`.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, ConfigDict, Field

from models.calendar import Language
from models.grounds import Delay, Refusal, RestrictionCase
from models.letters import Address, CaseLetter, Count, Line, Link, RequesterLetter, Withheld, Words
from models.records import Frozen
from models.rights import Right


def letter_language(language: str) -> Language:
    """Return the language a letter is written in: that of the case, English where we do not write it."""
    return "fr" if language == "fr" else "en"


class Part(Frozen):
    """A part of a letter."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Told(Part):
    """A recipient told of a change (GDPR 19): by its actual name, or why it could not be told."""

    recipient: Words
    told: bool
    why_not: Line = ""


class DoneIn(Part):
    """Something done in one system. `what` says it in a few words for this person's data; `on` is a day in Paris."""

    system: Words
    what: Words
    on: date


class Kept(Part):
    """Data that outlive an erasure (law.md R3). `until` is None where no date ends it: `basis` says what does."""

    system: Words
    what: Words
    how: Literal["kept", "minimised"]
    until: date | None
    basis: Words


class Corrected(Part):
    """A field before and after (law.md R2)."""

    system: Words
    field: Words
    before: Line
    after: Line


class Continues(Part):
    """Processing that goes on after an objection or a withdrawal, and on which basis (law.md R7, R8)."""

    purpose: Words
    basis: Words


class InScope(Part):
    """A data set and whether portability covers it (law.md R6)."""

    what: Words
    included: bool
    why: Words
    records: Count


class RectificationReply(RequesterLetter):
    """`unchanged`: what stays as it is, with the evidence considered. `statement`: Art. 16, second sentence."""

    decided_on: date
    corrected: tuple[Corrected, ...]
    done: tuple[DoneIn, ...]
    unchanged: tuple[Withheld, ...]
    told: tuple[Told, ...]


class ErasureReply(RequesterLetter):
    """`verified_on`: the day every system was searched again. `suppressed_until`: the minimal entry's review date."""

    decided_on: date
    erased: tuple[DoneIn, ...]
    kept: tuple[Kept, ...]
    told: tuple[Told, ...]
    verified_on: date
    backup_days: int = Field(gt=0)
    suppressed_until: date


class ObjectionReply(RequesterLetter):
    """`marketing`: the absolute right of 21(2); else 21(1), upheld. A refusal is a `RefusalLetter`.

    `suppressed_until` is None where no suppression entry was made.
    """

    decided_on: date
    marketing: bool
    stopped: tuple[DoneIn, ...]
    continues: tuple[Continues, ...]
    suppressed_until: date | None


class PortabilityReply(RequesterLetter):
    """The data in JSON and CSV behind `link`. `scope`: each data set, included or not, and why."""

    decided_on: date
    link: Link
    link_expires_on: AwareDatetime
    state_of_data_on: date
    scope: tuple[InScope, ...] = Field(min_length=1)


class RestrictionReply(RequesterLetter):
    """`review_on`: when we look again whether the case still applies; the person is told before it ends (18(3))."""

    decided_on: date
    case: RestrictionCase
    restricted: tuple[DoneIn, ...]
    review_on: date
    told: tuple[Told, ...]


class RestrictionEnds(RequesterLetter):
    """The notice before a restriction is lifted (18(3)). `because`: one sentence."""

    case: RestrictionCase
    restricted_since: date
    ends_on: date
    because: Words


class ConsentReply(RequesterLetter):
    """`withdrawn_on`: the day it took effect, at once (7(3)). `erased`: what rested on consent alone.

    `told`: the recipients told of what was erased; empty where nothing was, or nobody had received it.
    """

    withdrawn_on: date
    stopped: tuple[DoneIn, ...]
    erased: tuple[DoneIn, ...]
    told: tuple[Told, ...] = ()
    continues: tuple[Continues, ...]
    suppressed_until: date | None


class RefusalLetter(RequesterLetter):
    """No action on a request, with the concrete reason and the remedies (12(4)). `reason`: the officer's sentence."""

    right: Right
    ground: Refusal
    reason: Words
    decided_on: date


class NotARequest(RequesterLetter):
    """The message exercised no right; what it said is answered by `reason`, with the remedies all the same (Q8, C4)."""

    reason: Words


class ExtensionLetter(RequesterLetter):
    """The reply takes longer (D11 to D13). `new_due` is the cautious date; `promised` the published 30 days."""

    rights: tuple[Right, ...] = Field(min_length=1)
    delay: Delay
    reason: Words
    promised: date
    new_due: date


class Withdrawn(RequesterLetter):
    """The person took the request back; nothing more is done about it."""

    right: Right


class AskChange(RequesterLetter):
    """What exactly is to be corrected? The periods go on running (D18)."""

    answer_by: date


class DataSet(Part):
    """A kind of data in one system; `count` of records, or of documents."""

    what: Words
    count: Count


class SystemHolds(Part):
    """What one system holds about the person, by kind of data."""

    title: Words
    sets: tuple[DataSet, ...] = Field(min_length=1)


class AskScope(RequesterLetter):
    """Which data or processing is meant, with an overview of what exists (recital 63, D17). "Everything" is an answer.

    `stops_clock`: whether the month stands still meanwhile (law.md 1.3); `commitment`, the published 30 days, never does.
    """

    systems: tuple[SystemHolds, ...] = Field(min_length=1)
    answer_by: date
    commitment: date
    stops_clock: bool


class AskEvidence(RequesterLetter):
    """Something more that shows who asks, on reasonable doubt (GDPR 12(6), D16); never papers (I5), and no data held.

    `asked`: the officer's sentence. `stops_clock` and `commitment` as in `AskScope`.
    """

    asked: Words
    answer_by: date
    commitment: date
    stops_clock: bool


class RecipientNotice(CaseLetter):
    """To a recipient the data were disclosed to (GDPR 19). `about`: who the person is, no more than it takes.

    `changes`: one line for each thing done, in words. `lifted`: a restriction it was told of has ended.
    """

    right: Right
    recipient: Words
    person: Words
    about: tuple[Words, ...] = Field(min_length=1)
    disclosed_on: date
    what: Words
    changes: tuple[Words, ...]
    lifted: bool = False
    privacy_address: Address


class ReappearedNotice(CaseLetter):
    """To the officers: suppressed people were found in a system again. No personal data."""

    system_title: Words
    rows: int = Field(gt=0)
    case_link: Link


class ReviewDue(CaseLetter):
    """To the officers: a restriction is to be looked at again."""

    since: date
    case_link: Link
