"""Cases and the holding pen: `dsr case`, `dsr pen`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cli.app import AsJson, console, group, migrated, now, print_json, print_table

if TYPE_CHECKING:
    from pydantic import BaseModel

    from models.records import Document

Value = TypeVar("Value", bound="BaseModel")
Right = Annotated[list[str], typer.Option(help="access, rectification, erasure … (repeat for several)")]
case = group("case", "Cases: list, show, open by hand.")
pen = group("pen", "The holding pen: messages a person must decide on.")


@case.command("list")
def case_list(as_json: AsJson = False) -> None:
    """Show cases, earliest due first."""
    from models.database import reading
    from tasks import case_view

    with reading() as session:
        found = case_view.case_list(session, now())
    if as_json:
        print_json([view.model_dump(mode="json") for view in found])
        return
    print_table(("case", "due", "state"), ((view.ref, str(view.binding), _state(view)) for view in found))


@case.command("show")
def case_show(ref: str, as_json: AsJson = False) -> None:
    """Show one case: dates with their explanation, requests, steps, findings, decisions, letters, audit."""
    from models.database import reading
    from tasks import case_view

    with reading() as session:
        view = case_view.case_view(session, ref, now())
    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        console.print_json(view.model_dump_json())


@case.command("open")
def case_open(
    *,
    right: Right,
    received_at: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="arrival at the company, in Paris time")
    ],
    channel: Annotated[str, typer.Option(help="post, phone, forward, counter or form")],
    name: Annotated[str, typer.Option(help="of the person, as they give it")] = "",
    email: Annotated[str, typer.Option(help="the person's own; empty: letters are posted")] = "",
    postal: Annotated[list[str], typer.Option(help="a line of the postal address (repeat)")] = [],  # noqa: B006  # Typer's way
    language: Annotated[str, typer.Option(help="of our letters")] = "fr",
    notes: Annotated[str, typer.Option(help="what was written or said")] = "",
    file: Annotated[list[Path], typer.Option(help="a scan, a forwarded .eml (repeat)")] = [],  # noqa: B006  # Typer's way
    on_behalf: Annotated[str, typer.Option(help="name of whoever acts for the person")] = "",
    on_behalf_as: Annotated[
        str, typer.Option(help="agent, lawyer, portal, parent, guardian or heir")
    ] = "agent",
    on_behalf_email: Annotated[str, typer.Option(help="the agent's own address")] = "",
    on_behalf_for: Annotated[str, typer.Option(help="the mandate's precise object")] = "",
    another: Annotated[bool, typer.Option(help="it is not the request that looks the same")] = False,
    by: Annotated[str, typer.Option(help="who enters it", envvar="USER")] = "",
    as_json: AsJson = False,
) -> None:
    """Open a case from a letter, a call or a colleague's forward; the same thing typed in twice opens one."""
    from models.by_hand import ByHand
    from models.calendar import PARIS
    from models.mandates import MandateGiven
    from tasks.mail.open_by_hand import open_by_hand

    migrated()
    agent = {"kind": on_behalf_as, "agent_name": on_behalf, "agent_address": on_behalf_email}
    given = _checked(
        ByHand,
        rights=tuple(right),
        channel=channel,
        received_at=received_at.replace(tzinfo=PARIS),
        name=name,
        address=email,
        postal=tuple(postal),
        language=language,
        notes=notes,
        files=tuple(_document(path) for path in file),
        mandate=_checked(MandateGiven, **agent, purpose=on_behalf_for) if on_behalf else None,
        another=another,
    )
    opened = open_by_hand(given, by, now())
    if as_json:
        print_json(opened.model_dump(mode="json"))
        return
    how = "was open already" if opened.already else "is open; the running engine takes it from here"
    console.print(f"{opened.ref} {how}", highlight=False, markup=False)
    if opened.late:
        console.print("its statutory period was over on entry: answer at once, and note why", highlight=False)


@case.command("extend")
def case_extend(
    ref: str,
    *,
    ground: Annotated[str, typer.Option(help="volume, scattered, redaction, intelligibility or surge")],
    reason: Annotated[str, typer.Option(help="one sentence, which the person reads")],
    by: Annotated[str, typer.Option(help="the officer who decides")],
    code: Annotated[str, typer.Option(help="the officer's one-time code, where they use one")] = "",
) -> None:
    """Extend the period by two months at most, before the statutory date; the person is told with the reason."""
    from tasks.clock.extend_case import extend_case

    migrated()
    extend_case(ref, ground, reason, by, now(), code)
    console.print(
        f"{ref} is extended as soon as its notice has left; the running engine sends it", highlight=False
    )


@pen.command("list")
def pen_list(as_json: AsJson = False) -> None:
    """Show what waits for a person's decision, oldest first, then what was read as no request."""
    from tasks.mail.pen import waiting

    found = waiting()
    if as_json:
        print_json([message.model_dump(mode="json") for message in found])
        return
    head = ("message", "received", "from", "subject", "why")
    rows = [(str(m.number), f"{m.received_at:%Y-%m-%d}", m.sender, m.subject, m.reason) for m in found]
    loud = [row for row, message in zip(rows, found, strict=True) if not message.quiet]
    print_table(head, loud)
    if len(loud) < len(rows):
        console.print("\nread as no request, to look through once a week:", highlight=False)
        print_table(head, rows[len(loud) :])


@pen.command("release")
def pen_release(
    number: int,
    right: Right = [],  # noqa: B006  # Typer's way
    dismiss: Annotated[str, typer.Option(help="no case; the reason")] = "",
    by: Annotated[str, typer.Option(help="who decides", envvar="USER")] = "",
) -> None:
    """Open a case from a message in the pen, or dismiss it with a reason."""
    from models.errors import Rejected
    from models.rights import Right as Rights
    from tasks.mail import pen as holding_pen

    if dismiss:
        holding_pen.dismiss(number, dismiss, now(), by)
        console.print(f"message {number} is dismissed")
        return
    known = {str(known) for known in Rights}
    if unknown := sorted(set(right) - known):
        raise Rejected(f"there is no right {', '.join(unknown)}: choose from {', '.join(sorted(known))}")
    handled = holding_pen.release(number, [Rights(name) for name in right], now(), by)
    console.print(f"{handled.case_ref} is open; the running engine takes it from here", highlight=False)


def _checked(kind: type[Value], /, **fields: Any) -> Value:
    """The value these words make, or `Rejected` with the first field that does not fit."""
    from pydantic import ValidationError

    from models.errors import Rejected

    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Rejected(f"{place} cannot be used: {first['msg'].lower()}") from error


def _document(path: Path) -> "Document":
    import mimetypes

    from models.errors import Rejected
    from models.records import Document

    try:
        content = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path.name} cannot be read: {error.strerror}") from error
    return Document(
        name=path.name.encode("utf-8", "replace").decode(),
        media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        content=content,
    )


def _state(view: Any) -> str:
    return ", ".join(
        f"{r.right}: {r.state}" + (f", waits for {r.waits_for}" if r.waits_for else "") for r in view.requests
    )
