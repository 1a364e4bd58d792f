"""Data that are only stored, after the request that asked for it: `dsr restriction`."""

from datetime import datetime
from typing import Annotated

import typer

from cli.app import AsJson, console, group, migrated, now, print_json, print_table

restriction = group(
    "restriction", "Restrictions: list those that stand, keep one longer, end one after telling the person."
)


@restriction.command("list")
def restriction_list(as_json: AsJson = False) -> None:
    """Show the restrictions that are not lifted, earliest review first; no names."""
    from models.database import reading
    from tasks.changes.lift_restriction import standing

    with reading() as session:
        rows = [row._asdict() for row in standing(session)]
    if as_json:
        print_json(rows)
        return
    head = ("request", "ground", "since", "review on", "announced on", "ends on", "letter")
    print_table(head, (tuple(str(value or "") for value in row.values()) for row in rows))


@restriction.command("lift")
def restriction_lift(
    request_ref: str,
    because: Annotated[str, typer.Option(help="one sentence to the person, in the language of the case")],
    by: Annotated[str, typer.Option(help="who decides", envvar="USER")] = "",
) -> None:
    """Tell the person that a restriction ends in seven days; the engine lifts it then (GDPR 18(3))."""
    from tasks.changes.lift_restriction import announce

    migrated()
    ends_on = announce(request_ref, because, by, now())
    console.print(
        f"the person is told; the restriction of {request_ref} ends on {ends_on}",
        highlight=False,
        markup=False,
    )


@restriction.command("keep")
def restriction_keep(
    request_ref: str,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="when to look at it again")],
    by: Annotated[str, typer.Option(help="who decides", envvar="USER")] = "",
) -> None:
    """Let a restriction stand, and be reminded of it again on that day."""
    from tasks.changes.lift_restriction import keep_until

    migrated()
    keep_until(request_ref, until.date(), by, now())
    console.print(
        f"the restriction of {request_ref} stands; it is to be looked at again on {until.date()}",
        highlight=False,
        markup=False,
    )
