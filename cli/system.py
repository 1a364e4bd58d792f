"""Run the system and look whether it is well: `dsr up`, `demo`, `doctor`, `ingest`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.app import AsJson, app, console, migrated, now, print_json


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

    checks = examine(now(), deep=deep)
    if as_json:
        print_json([check.model_dump() for check in checks])
    else:
        for check in checks:
            console.print(f"{'✓' if check.ok else '✗'} {check.part:16} {check.say}", highlight=False)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command()
def ingest(files: list[Path]) -> None:
    """Hand messages (.eml) to the same intake that the mailbox uses."""
    from models.settings import settings
    from tasks.mail.ingest import ingest_file

    migrated()
    for file in files:
        number, new = ingest_file(file, settings().mailbox, now())
        console.print(
            f"{file}: message {number}" + ("" if new else ", which was here before"), highlight=False
        )
    console.print("The running engine takes it from here; without one, start it with `dsr up`.")
