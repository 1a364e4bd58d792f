"""The one place where flows and commands look at the clock; everything below takes the time as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the aware instant now."""
    return datetime.now(UTC)
