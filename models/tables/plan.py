"""What an erasure will do, as the officer approved it, and data that may only be stored for the time being."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import instant


class StoredPlan(SQLModel, table=True):
    """One system's erasure plan in one round; the plan itself is encrypted in storage."""

    __tablename__ = "erasure_plan"
    __table_args__ = (UniqueConstraint("request_id", "round", "system"),)
    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    round: int
    system: str
    digest: str = Field(description="SHA-256 of the plan: what an approval approves")
    storage_key: str
    deletes: int = 0
    minimises: int = 0
    keeps: int = 0


class Restriction(SQLModel, table=True):
    """Data of one person that are only stored (GDPR 18), until lifted after the person was told (18(3))."""

    id: int = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", unique=True)
    ground: str = Field(description="accuracy | unlawful | claims | balancing: GDPR 18(1)(a) to (d)")
    since: datetime = instant()
    review_on: date
    announced_at: datetime | None = instant(default=None, description="when the person was told of the end")
    lifted_at: datetime | None = instant(default=None)
    lifted_because: str = ""
