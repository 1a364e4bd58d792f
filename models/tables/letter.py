"""Letters: one outgoing message each, stored with its final bytes before it is sent (DESIGN.md 4.5)."""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class LetterState(StrEnum):
    """queued → sending → sent; UNCERTAIN when the connection died after DATA; FAILED needs a person.

    TO_POST has no e-mail address: an officer prints and posts it, and says so; then it is SENT. HELD is an automatic reply
    that a machine may be behind: an officer queues it, or it is DROPPED.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    TO_POST = "to_post"
    HELD = "held"
    DROPPED = "dropped"


class Reached(StrEnum):
    """How a letter that could not leave, or came back, reached the person all the same."""

    POST = "post"
    PHONE = "phone"
    IN_PERSON = "in_person"
    OTHER_ADDRESS = "other_address"


class Letter(SQLModel, table=True):
    """One letter. `key` makes writing it twice impossible; `message_id` stays the same whenever it is sent again."""

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True, description="request or case reference + what the letter is for")
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    request_id: int | None = Field(default=None, foreign_key="request.id", index=True)
    kind: str = Field(description="a folder of email_templates/<language>/")
    language: str
    recipient: str
    subject: str
    message_id: str = Field(unique=True)
    storage_key: str = Field(description="the exact bytes, encrypted")
    sha256: str
    secret: bool = Field(
        False, description="holds a code or link: never sent again when uncertain (peers.md 4.3)"
    )
    state: str = Field(default=LetterState.QUEUED, index=True)
    written_at: datetime = instant()
    claimed_until: datetime | None = instant(default=None)
    attempts: int = 0
    next_try_at: datetime | None = instant(default=None)
    sent_at: datetime | None = instant(default=None)
    smtp_reply: str = Field(default="", description="the server's last answer, without addresses")
    bounced_at: datetime | None = instant(default=None, index=True)
    bounce: str = Field(
        default="",
        description="why it came back: an enhanced status code (RFC 3463) or a few words, no address",
    )
    reached_on: date | None = Field(
        default=None, description="the day in Paris on which it reached the person otherwise"
    )
    reached_by: str = Field(default="", description="post | phone | in_person | other_address")
