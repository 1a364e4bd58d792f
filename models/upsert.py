"""INSERT … ON CONFLICT on both engines: what is there already stays, or is replaced, whoever came first."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert(session: Session, table: type[SQLModel]) -> Any:
    """Return an INSERT into `table` with `on_conflict_do_nothing` and `on_conflict_do_update`, for this session's engine."""
    made = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return made(table.__table__)  # type: ignore[attr-defined]  # SQLModel does not declare it
