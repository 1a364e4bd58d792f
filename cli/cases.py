"""Cases and the holding pen: `dsr case`, `dsr pen`."""

from typing import Annotated, Any

import typer

from cli.app import AsJson, console, group, now, print_json, print_table

Right = Annotated[list[str], typer.Option(help="access, rectification, erasure … (repeat for several)")]
case = group("case", "Cases: list, show.")
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


@pen.command("list")
def pen_list(as_json: AsJson = False) -> None:
    """Show what waits for a person's decision, oldest first."""
    from tasks.pen import waiting

    found = waiting()
    if as_json:
        print_json([message.model_dump(mode="json") for message in found])
        return
    rows = ((str(m.number), f"{m.received_at:%Y-%m-%d}", m.sender, m.subject, m.reason) for m in found)
    print_table(("message", "received", "from", "subject", "why"), rows)


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
    from tasks import handle_mail

    if dismiss:
        handle_mail.dismiss(number, dismiss, now(), by)
        console.print(f"message {number} is dismissed")
        return
    known = {str(known) for known in Rights}
    if unknown := sorted(set(right) - known):
        raise Rejected(f"there is no right {', '.join(unknown)}: choose from {', '.join(sorted(known))}")
    handled = handle_mail.release(number, [Rights(name) for name in right], now(), by)
    console.print(f"{handled.case_ref} is open; the running engine takes it from here", highlight=False)


def _state(view: Any) -> str:
    return ", ".join(
        f"{r.right}: {r.state}" + (f", waits for {r.waits_for}" if r.waits_for else "") for r in view.requests
    )
