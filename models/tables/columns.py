"""Column types the tables share."""

from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from models.database import Instant


def instant(**options: Any) -> Any:
    """Return a column for an aware instant, kept in UTC."""
    return Field(sa_type=Instant, **options)


def json_column(**options: Any) -> Any:
    """Return a column for a JSON object."""
    return Field(sa_type=JSON, **options)
