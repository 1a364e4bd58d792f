"""Settings of intake: what is brought here from the mailboxes, and what reading one message may cost."""

from datetime import date

from pydantic import Field
from pydantic_settings import BaseSettings


class IntakeSettings(BaseSettings):
    """A part of `models.settings.Settings`."""

    mail_since: date | None = Field(
        default=None,
        description="mail that arrived before this day stays on the server; empty: all is taken in",
    )
    message_max_bytes: int = Field(
        default=50_000_000, ge=1_000, description="of a larger message only the header is kept"
    )
    message_seconds: float = Field(default=20, gt=0, description="longest time for reading one message")
    message_memory_bytes: int = Field(
        default=1_000_000_000, ge=300_000_000, description="address space of the process that reads messages"
    )
