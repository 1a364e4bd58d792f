"""What needs no running system: `dsr classify`, `deadlines`, `map check`, `audit verify`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.app import app, console, group, now, print_json

data_map = group("map", "The data map: check it against the real systems.")
audit_log = group("audit", "The audit log.")


@app.command()
def classify(
    files: list[Path], as_json: Annotated[bool, typer.Option("--json", help="the only format")] = True
) -> None:
    """Say what each message asks for: one JSON object a line. Needs no server, network or state."""
    from tasks.classifier.classify_files import classify_files

    del as_json
    for found in classify_files(files):
        print_json(found)


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


@data_map.command("check")
def map_check() -> None:
    """Compare the data map with the real systems."""
    import os

    from models.data_map_loading import load_data_map
    from models.settings import settings
    from tasks.check_map import check_map

    problems = check_map(load_data_map(settings().data_map), os.environ, now())
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
