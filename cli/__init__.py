"""`dsr`: the whole product on the command line. Status 0 only on success; an error is one sentence on stderr."""

import sys

from dotenv import load_dotenv

from cli import (
    cases,
    holidays,
    keeping,
    letters,
    offline,
    people,
    register,
    restrictions,
    suppression,
    system,
    todos,
)
from cli.app import app
from models.errors import DsrError

__all__ = [
    "cases",
    "holidays",
    "keeping",
    "letters",
    "main",
    "offline",
    "people",
    "register",
    "restrictions",
    "suppression",
    "system",
    "todos",
]


def main() -> None:
    """Run a command; our own errors become one sentence and status 1."""
    load_dotenv(interpolate=False)
    try:
        app()
    except DsrError as error:
        print(f"dsr: {error}", file=sys.stderr)  # noqa: T201  # the one place for errors
        sys.exit(1)
