"""The people who decide."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class Role(StrEnum):
    """What somebody may do."""

    OFFICER = "officer"
    MANAGER = "manager"


class Officer(SQLModel, table=True):
    """A privacy officer, or a manager, who sees figures and no case. `totp_secret` is encrypted; empty where none is enrolled (DESIGN.md 4.11)."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True, description="as shown in forms")
    address: str = Field(unique=True)
    password_hash: str
    role: str = Field(
        default=Role.OFFICER, description="a manager may look at the SLA pages and nothing else"
    )
    totp_secret: str = ""
    totp_last_used: str = Field(
        default="", description="the last accepted code's time step: a code works once"
    )
    added_at: datetime = instant()
    left_at: datetime | None = instant(default=None)
