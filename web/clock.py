"""The web app's clock: one dependency, so that tests can set the time."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends


def clock() -> datetime:
    """Return the current instant, in UTC."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(clock)]
