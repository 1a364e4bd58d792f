"""Letters that could not leave or came back: `dsr letter`."""

from datetime import datetime
from typing import Annotated

import typer

from cli.app import console, group, migrated, now

letter = group(
    "letter", "Letters that could not leave or came back: send again, or say how they reached the person."
)
Name = Annotated[str, typer.Argument(help="a number of `dsr todo list`, or a request: DSR-2026-0042/access")]
By = Annotated[str, typer.Option(help="who decides", envvar="USER")]


@letter.command("send-again")
def letter_send_again(name: Name, by: By = "") -> None:
    """Put a letter that could not leave back into the outbox: the same bytes under the same Message-ID."""
    from tasks.letters.put_right import letter_called, send_again

    migrated()
    sent = send_again(letter_called(name), by, now())
    console.print(f"{sent.key} is in the outbox; the running engine sends it", highlight=False, markup=False)


@letter.command("reached")
def letter_reached(
    name: Name,
    *,
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the day it reached the person")],
    how: Annotated[str, typer.Option(help="post, phone, in_person or other_address")],
    by: By = "",
) -> None:
    """Say that a letter reached the person otherwise, on that day: it counts as the day of the answer."""
    from models.errors import Rejected
    from models.tables import Reached
    from tasks.letters.put_right import letter_called, reached
    from tasks.ring import ring

    known = {str(each) for each in Reached}
    if how not in known:
        raise Rejected(f"there is no such way: choose from {', '.join(sorted(known))}")
    migrated()
    if request_ref := reached(letter_called(name), Reached(how), on.date(), by, now()):
        ring(request_ref, now())
    console.print(f"noted: it reached the person on {on:%Y-%m-%d}", highlight=False)
