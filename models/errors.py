"""The error tree.

    DsrError
    ├── Retryable            try again later, unchanged
    │   ├── Throttled        the other side asked for a pause (`after` seconds, where it said)
    │   └── Unavailable      no connection, time-out, 5xx
    ├── Permanent            trying again changes nothing
    │   ├── Rejected         the other side or our own rules say no
    │   └── NotFound
    ├── Uncertain            it may have happened: look before trying again (RFC 5321 §6.1, DATA–250 gap)
    └── NeedsHuman           only a person can decide or repair
        └── MapIncomplete    a system holds something the data map does not name

Messages are one sentence that says what to do, and never hold personal data: they reach logs and Prefect.
"""


class DsrError(Exception):
    """Everything this engine raises on purpose."""


class Retryable(DsrError):
    """Try again later, unchanged."""


class Throttled(Retryable):
    """The other side asked for a pause."""

    def __init__(self, message: str, after: float | None = None) -> None:
        """`after`: seconds, where the other side said."""
        super().__init__(message)
        self.after = after


class Unavailable(Retryable):
    """No connection, time-out, or a server's own failure."""


class Permanent(DsrError):
    """Trying again changes nothing."""


class Rejected(Permanent):
    """The other side or our own rules say no."""


class NotFound(Permanent):
    """There is no such thing."""


class Uncertain(DsrError):
    """It may have happened: look before trying again."""


class NeedsHuman(DsrError):
    """Only a person can decide or repair."""


class MapIncomplete(NeedsHuman):
    """A system holds a table, column or foreign key that the data map does not name (DESIGN.md 4.8)."""
