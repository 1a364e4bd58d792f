"""Fingerprints of addresses, never the addresses: who must not be contacted, and to whom data were disclosed.

A digest is an HMAC under a key that stands in the settings; `models/fingerprints.py` computes it (law.md A5).
"""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class Suppression(SQLModel, table=True):
    """One address that must not be contacted, or must not come back after an erasure. No free text, no name."""

    __table_args__ = (UniqueConstraint("kind", "key_id", "digest", "scope"),)
    id: int = Field(default=None, primary_key=True)
    kind: str = Field(description="email | phone")
    key_id: str = Field(description="which key made the digest")
    digest: str = Field(index=True)
    scope: str = Field(description="marketing | erased")
    reason: str = Field(description="objection | consent_withdrawal | erasure")
    since: datetime = instant()
    review_on: date
    request_ref: str


class Reappearance(SQLModel, table=True):
    """A suppressed address that was found in a system again; one row per system and row, until a person settles it."""

    __table_args__ = (UniqueConstraint("suppression_id", "system", "record"),)
    id: int = Field(default=None, primary_key=True)
    suppression_id: int = Field(foreign_key="suppression.id", index=True)
    system: str
    record: str = Field(description="table and key, as JSON")
    seen_at: datetime = instant()
    settled_at: datetime | None = instant(default=None)
    settled_by: str = ""


class Disclosure(SQLModel, table=True):
    """Data of one person that were handed to one recipient (law.md R5, P4)."""

    id: int = Field(default=None, primary_key=True)
    kind: str = Field(description="email | phone")
    key_id: str
    digest: str = Field(index=True)
    recipient: str = Field(description="the recipient's actual name")
    address: str = Field(default="", description="where a notification goes; empty: by other means")
    disclosed_on: date
    what: str = Field(description="the data set, in words without personal data")
    recorded_by: str
    recorded_at: datetime = instant()


class Notification(SQLModel, table=True):
    """One recipient told of a rectification, erasure or restriction (GDPR 19), or why not."""

    __table_args__ = (UniqueConstraint("request_id", "recipient"),)
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    recipient: str
    letter_key: str = Field(default="", description="the letter that told them")
    not_told_because: str = ""
    at: datetime = instant()
