"""The register of requests for an auditor: `dsr register`."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.app import app, console, now
from models.errors import Rejected


class Form(StrEnum):
    """How the register is written."""

    CSV = "csv"
    XLSX = "xlsx"


@app.command("register")
def register_of(  # one option each
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="first day of receipt")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the file to write", dir_okay=False)],
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="last day; today if none is named")
    ] = None,
    form: Annotated[Form | None, typer.Option("--format", help="else by the file's ending")] = None,
    names: Annotated[
        bool, typer.Option("--names", help="also names and free text of cases still kept")
    ] = False,
) -> None:
    """Write the register of requests (GDPR 5(2)): one line per right of a case; no names unless asked for."""
    from models.calendar import paris_date
    from models.database import reading
    from models.settings import settings
    from tasks.figures.write_register import register

    ending = output.suffix.lower().lstrip(".")
    if form is None and ending not in set(Form):
        raise Rejected("the register is CSV or XLSX: say which with --format, or by the file's ending")
    last = until.date() if until else paris_date(now())
    with reading() as session:
        content = register(
            session, since.date(), last, (form or Form(ending)).value, now(),
            language="en" if settings().report_language == "en" else "fr", names=names,
        )  # fmt: skip
    output.write_bytes(content)
    console.print(f"{output}: {len(content)} bytes", highlight=False, markup=False)
