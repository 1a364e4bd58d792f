"""The people who decide."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class Officer(SQLModel, table=True):
    """A privacy officer. `totp_secret` is encrypted; empty where none is enrolled (DESIGN.md 4.11)."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, description="as shown in forms")
    address: str = Field(unique=True)
    password_hash: str
    totp_secret: str = ""
    totp_last_used: str = Field(
        default="", description="the last accepted code's time step: a code works once"
    )
    added_at: datetime = instant()
    left_at: datetime | None = instant(default=None)
