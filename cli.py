"""`dsr`: the whole product on the command line. Status 0 only on success; an error is one sentence on stderr."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from dotenv import load_dotenv
from rich.console import Console

from models.errors import DsrError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
case = typer.Typer(no_args_is_help=True, help="Cases: list, show.")
pen = typer.Typer(no_args_is_help=True, help="The holding pen: messages a person must decide on.")
data_map = typer.Typer(no_args_is_help=True, help="The data map: check it against the real systems.")
audit_log = typer.Typer(no_args_is_help=True, help="The audit log.")
officer = typer.Typer(no_args_is_help=True, help="The people who decide.")
keys = typer.Typer(no_args_is_help=True, help="Secrets.")
app.add_typer(case, name="case")
app.add_typer(pen, name="pen")
app.add_typer(data_map, name="map")
app.add_typer(audit_log, name="audit")
app.add_typer(officer, name="officer")
app.add_typer(keys, name="keys")

console = Console()
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
Right = Annotated[list[str], typer.Option(help="access, rectification, erasure … (repeat for several)")]


def main() -> None:
    """Run a command; our own errors become one sentence and status 1."""
    load_dotenv(interpolate=False)
    try:
        app()
    except DsrError as error:
        print(f"dsr: {error}", file=sys.stderr)  # noqa: T201  # the one place for errors
        sys.exit(1)


def _now() -> datetime:
    return datetime.now(UTC)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def _migrated() -> None:
    from models.database import database
    from models.migrate import migrate

    migrate(database())


@app.command()
def up() -> None:
    """Start the whole system on this machine; Ctrl-C ends it."""
    from flows.runtime.up import running, watch
    from models.settings import settings

    config = settings()
    with running(config, console.print) as parts:
        console.print(
            f"Prefect   {config.prefect_url}\nWeb       {config.public_url}\nMailbox   {config.mailbox}"
        )
        console.print("Ctrl-C ends everything.")
        watch(parts)
        console.print("Stopping …")


@app.command()
def demo(
    auto: Annotated[
        bool, typer.Option(help="play officer and requester, print the timeline, and end")
    ] = False,
) -> None:
    """Show the system with sample data; nothing leaves this machine."""
    if auto:
        from flows.demo.play import play

        play(console)
    else:
        from flows.demo.show import show

        show(console)


@app.command()
def doctor(
    as_json: AsJson = False,
    deep: Annotated[bool, typer.Option(help="also search every system for its gaps")] = False,
) -> None:
    """Say of each part whether it works, or what to do."""
    from tasks.doctor import examine

    checks = examine(_now(), deep=deep)
    if as_json:
        _print_json([check.model_dump() for check in checks])
    else:
        for check in checks:
            console.print(f"{'✓' if check.ok else '✗'} {check.part:16} {check.say}", highlight=False)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command()
def ingest(files: list[Path]) -> None:
    """Hand messages (.eml) to the same intake that the mailbox uses."""
    from models.settings import settings
    from tasks.ingest import ingest_file

    _migrated()
    for file in files:
        number, new = ingest_file(file, settings().mailbox, _now())
        console.print(
            f"{file}: message {number}" + ("" if new else ", which was here before"), highlight=False
        )
    console.print("The running engine takes it from here; without one, start it with `dsr up`.")


@app.command()
def classify(
    files: list[Path], as_json: Annotated[bool, typer.Option("--json", help="the only format")] = True
) -> None:
    """Say what each message asks for: one JSON object a line. Needs no server, network or state."""
    from tasks.classify_files import classify_files

    del as_json
    for found in classify_files(files):
        _print_json(found)


@app.command()
def deadlines(
    csv: Annotated[Path, typer.Option(help="columns id, received, pauses; - for standard input")],
) -> None:
    """Compute both clocks for each line of a CSV file."""
    from models.deadlines_csv import write_deadlines_csv
    from models.errors import Rejected

    try:
        if str(csv) == "-":
            write_deadlines_csv(sys.stdin, sys.stdout)
        else:
            with csv.open(encoding="utf-8-sig", newline="") as source:
                write_deadlines_csv(source, sys.stdout)
    except UnicodeDecodeError as error:
        raise Rejected(f"{csv} is not UTF-8: save it as UTF-8 and try again") from error
    except OSError as error:
        raise Rejected(f"{csv} cannot be read: {error.strerror}") from error


@case.command("list")
def case_list(as_json: AsJson = False) -> None:
    """Show cases, earliest due first."""
    from models.database import reading
    from tasks import case_view

    with reading() as session:
        found = case_view.case_list(session, _now())
    if as_json:
        _print_json([view.model_dump(mode="json") for view in found])
        return
    _table(("case", "due", "state"), ((view.ref, str(view.binding), _state(view)) for view in found))


@case.command("show")
def case_show(ref: str, as_json: AsJson = False) -> None:
    """Show one case: dates with their explanation, requests, steps, findings, decisions, letters, audit."""
    from models.database import reading
    from tasks import case_view

    with reading() as session:
        view = case_view.case_view(session, ref, _now())
    if as_json:
        _print_json(view.model_dump(mode="json"))
    else:
        console.print_json(view.model_dump_json())


@pen.command("list")
def pen_list(as_json: AsJson = False) -> None:
    """Show what waits for a person's decision, oldest first."""
    from tasks.pen import waiting

    found = waiting()
    if as_json:
        _print_json([message.model_dump(mode="json") for message in found])
        return
    rows = ((str(m.number), f"{m.received_at:%Y-%m-%d}", m.sender, m.subject, m.reason) for m in found)
    _table(("message", "received", "from", "subject", "why"), rows)


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
        handle_mail.dismiss(number, dismiss, _now(), by)
        console.print(f"message {number} is dismissed")
        return
    known = {str(known) for known in Rights}
    if unknown := sorted(set(right) - known):
        raise Rejected(f"there is no right {', '.join(unknown)}: choose from {', '.join(sorted(known))}")
    handled = handle_mail.release(number, [Rights(name) for name in right], _now(), by)
    console.print(f"{handled.case_ref} is open; the running engine takes it from here", highlight=False)


@data_map.command("check")
def map_check() -> None:
    """Compare the data map with the real systems."""
    import os

    from models.data_map_loading import load_data_map
    from models.settings import settings
    from tasks.check_map import check_map

    problems = check_map(load_data_map(settings().data_map), os.environ, _now())
    for problem in problems:
        console.print(f"✗ {problem.system}: {problem.message}", highlight=False)
    if problems:
        raise typer.Exit(1)
    console.print("✓ every table, column and key is in the data map")


@audit_log.command("verify")
def audit_verify() -> None:
    """Check every case's hash chain and name the first broken link."""
    from models.audit import verify
    from models.database import reading

    with reading() as session:
        broken = verify(session)
    for link in broken:
        console.print(f"✗ {link.case_ref}, event {link.number}: {link.why}", highlight=False)
    if broken:
        raise typer.Exit(1)
    console.print("✓ every chain holds")


@officer.command("add")
def officer_add(
    name: str,
    address: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    totp: Annotated[bool, typer.Option(help="also enrol a one-time code")] = True,
) -> None:
    """Add an officer; with --totp, print the address to scan once."""
    from models.database import unit_of_work
    from tasks.officers import add_officer

    _migrated()
    with unit_of_work() as session:
        provisioning = add_officer(session, name, address, password, _now(), totp=totp)
    console.print(f"{name} may decide now")
    if provisioning.otpauth_uri:
        console.print(
            f"Scan or type this into the one-time code app, now: {provisioning.otpauth_uri}", soft_wrap=True
        )


@keys.command("new")
def keys_new() -> None:
    """Print fresh secrets for .env."""
    import secrets

    from cryptography.fernet import Fernet

    typer.echo(f"DSR_ENCRYPTION_KEYS='[\"{Fernet.generate_key().decode()}\"]'")
    typer.echo(f"DSR_SESSION_SECRET={secrets.token_urlsafe(32)}")


def _state(view: Any) -> str:
    return ", ".join(
        f"{r.right}: {r.state}" + (f", waits for {r.waits_for}" if r.waits_for else "") for r in view.requests
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(*head)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)
