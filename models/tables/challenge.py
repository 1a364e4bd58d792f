"""One-time codes and download links: only hashes are kept (law.md I6, S4)."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class Challenge(SQLModel, table=True):
    """A code sent to an address. `purpose` identity: on file; download: the second factor of a link."""

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    purpose: str
    sent_to: str
    token_hash: str = Field(unique=True, description="of the portal link's token")
    code_hash: str
    created_at: datetime = instant()
    expires_at: datetime = instant()
    attempts: int = 0
    solved_at: datetime | None = instant(default=None)
    solved_by: str = Field(default="", description="portal | reply")


class Download(SQLModel, table=True):
    """An export bundle on offer to one person for a few days."""

    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", unique=True)
    token_hash: str = Field(unique=True)
    storage_key: str
    sha256: str
    size: int = Field(description="bytes")
    expires_at: datetime = instant()
    opened_at: datetime | None = instant(default=None)
    downloaded_at: datetime | None = instant(default=None)
    downloads: int = 0
