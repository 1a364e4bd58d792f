"""What waits for a person outside the forms: `dsr todo`."""

from datetime import datetime
from typing import Annotated

import typer

from cli.app import AsJson, console, group, migrated, now, print_json, print_table

todo = group("todo", "What waits for a person outside the forms: list it, and say what is done.")
By = Annotated[str, typer.Option(help="who did it", envvar="USER")]


@todo.command("list")
def todo_list(as_json: AsJson = False) -> None:
    """Show what waits, most urgent first."""
    from models.database import reading
    from tasks.todo_view import todo_lines

    with reading() as session:
        lines = todo_lines(session, now())
    if as_json:
        print_json([line.model_dump(mode="json") for line in lines])
        return
    head = ("number", "what", "case", "message", "since", "working days", "about")
    rows = (
        (
            str(line.number or ""),
            line.kind.value,
            line.case_ref,
            str(line.message or ""),
            f"{line.since:%Y-%m-%d}",
            str(line.days),
            line.about,
        )
        for line in lines
    )
    print_table(head, rows)


@todo.command("done")
def todo_done(
    number: int,
    by: By = "",
    posted_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="of a letter that was posted: the day")
    ] = None,
) -> None:
    """Say that an entry is done; a letter to be posted wants --posted-on."""
    from tasks.letters.post_letter import posted
    from tasks.ring import ring
    from tasks.todo_view import do, letter_of

    migrated()
    if posted_on is None:
        do(number, by, now())
    elif request_ref := posted(letter_of(number), posted_on.date(), by, now()):
        ring(request_ref, now())
    console.print(f"{number} is done", highlight=False)
