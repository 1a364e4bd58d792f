"""The kinds of letters and what each one must know: a missing fact is a type error, never a broken letter.

Pure values. Every string that comes from outside is one line of visible text from the moment a context exists, so
that a name can neither start a header nor turn the reading direction around.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints

from models.controller import Organisation, SupervisoryAuthority
from models.records import Frozen
from models.rights import Right
from models.tables.todo import TodoKind

JOINERS = "\u200c\u200d"  # invisible, and needed to spell Persian and Indic names
LONGEST_GREETING = 80
_LOOKS_LIKE_A_LINK = re.compile(r"://|@|\w\.\w{2}")


class LetterKind(StrEnum):
    """One letter each; the value is its folder in `email_templates/<language>/`."""

    ACKNOWLEDGE = "acknowledge"
    ASK_IDENTITY = "ask_identity"
    DECISION_WAITING = "decision_waiting"
    MANUAL_TASK = "manual_task"
    ACCESS_REPLY = "access_reply"
    NOTHING_HELD = "nothing_held"
    DOWNLOAD_CODE = "download_code"
    NEW_LINK = "new_link"
    RECTIFICATION_REPLY = "rectification_reply"
    ERASURE_REPLY = "erasure_reply"
    OBJECTION_REPLY = "objection_reply"
    PORTABILITY_REPLY = "portability_reply"
    RESTRICTION_REPLY = "restriction_reply"
    RESTRICTION_ENDS = "restriction_ends"
    CONSENT_REPLY = "consent_reply"
    REFUSAL = "refusal"
    NOT_A_REQUEST = "not_a_request"
    EXTENSION = "extension"
    WITHDRAWN = "withdrawn"
    ASK_CHANGE = "ask_change"
    ASK_SCOPE = "ask_scope"
    ASK_EVIDENCE = "ask_evidence"
    RECIPIENT_NOTICE = "recipient_notice"
    REAPPEARED = "reappeared"
    REVIEW_DUE = "review_due"
    DEADLINE_ALERT = "deadline_alert"
    REPORT = "report"
    TODO_NOTICE = "todo_notice"


def one_line(text: str) -> str:
    """Return `text` as one line: line breaks and controls become a space, invisible and bidi characters vanish."""
    return re.sub(" {2,}", " ", "".join(map(_visible, text))).strip(" ")


def _visible(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cs":
            return "\ufffd"
        case "Cf" if character not in JOINERS:
            return ""
    return character


Line = Annotated[str, AfterValidator(one_line)]
Words = Annotated[str, AfterValidator(one_line), Field(min_length=1)]
Ref = Annotated[str, StringConstraints(pattern=r"^DSR-[0-9]{4}-[0-9]{4,}$")]
Address = Annotated[str, StringConstraints(pattern=r"^[^\s@<>\"?&]+@[^\s@<>\"?&]+$")]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"'\\]+$", max_length=900)]
Count = Annotated[int, Field(ge=0)]


class Context(Frozen):
    """What a letter knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CaseLetter(Context):
    """What every letter about a case knows."""

    ref: Ref


class RequesterLetter(CaseLetter):
    """What every letter to a requester knows (law.md C4–C6).

    `received_on`: the legal day in Paris (D10). `name`: as the person gave it, or empty; nothing is made up from an
    address. `controller`, `authority` and `privacy_address` are those of `data_map/controller.yaml`.
    """

    received_on: date
    name: Line
    privacy_address: Address
    controller: Organisation
    authority: SupervisoryAuthority

    @property
    def greets(self) -> str:
        """The name to greet with; empty where it is too long or holds an address.

        The sender of a request may be forged: our letter must not carry a stranger's advertisement to a third person.
        """
        plain = len(self.name) <= LONGEST_GREETING and not _LOOKS_LIKE_A_LINK.search(self.name)
        return self.name if plain else ""


class Acknowledge(RequesterLetter):
    """Receipt confirmed, with both clocks (D23, D26–D27); never whether data are held.

    `rights` may be empty while nobody knows yet what is asked. Both dates are days in Paris, the last day included.
    """

    rights: tuple[Right, ...]
    commitment: date
    statutory_due: date

    @property
    def binding(self) -> date:
        """The day we answer by: the earlier of the two (D27)."""
        return min(self.commitment, self.statutory_due)

    @property
    def earlier(self) -> Literal["commitment", "statutory", "same"]:
        """Which clock ends first."""
        if self.commitment == self.statutory_due:
            return "same"
        return "commitment" if self.commitment < self.statutory_due else "statutory"

    @property
    def acts_at_once(self) -> bool:
        """Whether a part of the request does not wait for the reply (D24)."""
        return not {Right.OBJECTION, Right.CONSENT_WITHDRAWAL}.isdisjoint(self.rights)


class Doubt(StrEnum):
    """Why an identity code is asked for (I2): the letter says it in the person's language."""

    UNKNOWN_ADDRESS = "unknown_address"
    FORGEABLE_SENDER = "forgeable_sender"


class AskIdentity(RequesterLetter):
    """A one-time code, sent to an address on file (I6). `link`: the portal page that takes the code."""

    code: Words
    link: Link
    expires_on: AwareDatetime
    why: Doubt


DecisionQuestion = Literal[
    "identity", "review", "plan", "change", "weighing", "leftover", "by_hand", "second", "problem"
]


class DecisionWaiting(CaseLetter):
    """To the officer: a run waits for them, or cannot go on (`problem`). No personal data. `due`: the day alerts act on (D27, D13)."""

    right: Right
    question: DecisionQuestion
    due: date
    prefect_link: Link
    case_link: Link


TaskAction = Literal["search", "stop", "restrict", "lift", "rectify", "erase"]


class ManualTask(CaseLetter):
    """To a colleague who looks after a system by hand. No personal data: the task is behind the link."""

    action: TaskAction = "search"
    system_title: Words
    due_on: date
    link: Link


class ThingsToDo(Frozen):
    """Things of one kind: how many, and where to look. `about`: references of cases or numbers of messages, the first few."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: TodoKind
    count: int = Field(gt=0)
    about: tuple[Words, ...] = Field(min_length=1)

    @property
    def others(self) -> int:
        """How many are not named."""
        return self.count - len(self.about)


class TodoNotice(Context):
    """To the officers: what is new to do outside of the forms, and what should be done by now. No personal data.

    `waiting`: how many things wait altogether. `link`: the desk's list. `quiet`: messages read as no request that nobody
    looked through; told once a week, with a link to their list.
    """

    new: tuple[ThingsToDo, ...]
    late: tuple[ThingsToDo, ...]
    waiting: Count
    quiet: Count = 0
    link: Link


class SystemCopied(Frozen):
    """One searched system and what of it is in the bundle; both counts may be zero."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Words
    records: Count
    documents: Count


class Withheld(Frozen):
    """Something that is not given, and the concrete reason (C4, R1.14)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    what: Words
    reason: Words


class AccessReply(RequesterLetter):
    """The copy of a person's data is ready (R1). `state_of_data_on`: the day the data show (R1.12).

    `withheld` also names a system that could not be searched: the letter calls the copy complete only without any.
    """

    decided_on: date
    link: Link
    link_expires_on: AwareDatetime
    state_of_data_on: date
    systems: tuple[SystemCopied, ...] = Field(min_length=1)
    withheld: tuple[Withheld, ...]


class NothingHeld(RequesterLetter):
    """Every system was searched for `address` and holds nothing (D15). `searched`: titles of the systems."""

    searched: tuple[Words, ...] = Field(min_length=1)
    state_of_data_on: date
    address: Words


class DownloadCode(RequesterLetter):
    """The second factor of a download, apart from the link (S2, S4)."""

    code: Words
    expires_at: AwareDatetime


class NewLink(RequesterLetter):
    """Another link to the same copy, in place of one that expired or was lost (S4)."""

    link: Link
    link_expires_on: AwareDatetime
