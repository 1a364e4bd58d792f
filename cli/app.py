"""The command's parts that all its files share: the groups, the console, and how results are printed."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

HELP = "`dsr`: the whole product on the command line. Status 0 only on success; an error is one sentence on stderr."

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)
console = Console()
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def group(name: str, about: str) -> typer.Typer:
    """Return a new group of commands, `dsr NAME …`."""
    made = typer.Typer(no_args_is_help=True, help=about)
    app.add_typer(made, name=name)
    return made


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def print_json(value: Any) -> None:
    """Print one JSON value on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def migrated() -> None:
    """Bring the database up to date before something is written to it."""
    from models.database import database
    from models.migrate import migrate

    migrate(database())


def print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print a table; values are shown as they are, never as markup."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(*head)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)
