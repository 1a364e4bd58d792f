"""What an officer must do outside a flow's forms; a letter of the day tells them (see `tasks.todos`)."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class TodoKind(StrEnum):
    """Why somebody must look."""

    QUALIFY = "qualify"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    REPLY_HELD = "reply_held"
    BOUNCED = "bounced"
    LETTER_FAILED = "letter_failed"
    LETTER_UNCERTAIN = "letter_uncertain"
    LETTER_TO_POST = "letter_to_post"
    REMINDER = "reminder"
    MANDATE = "mandate"


class Todo(SQLModel, table=True):
    """One thing to do. `key` makes noting it twice impossible; done is final."""

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True, description="kind and number of what it is about: bounced:letter-12")
    kind: str
    case_id: int | None = Field(default=None, foreign_key="case.id", index=True)
    message_id: int | None = Field(default=None, foreign_key="message.id", index=True)
    letter_id: int | None = Field(default=None, foreign_key="letter.id", index=True)
    noted_at: datetime = instant()
    told_at: datetime | None = instant(
        default=None, description="when the officers were last written to about it"
    )
    done_at: datetime | None = instant(default=None, index=True)
    done_by: str = ""
