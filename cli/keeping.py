"""What is kept, and what must not come back: `dsr retention`, `dsr rescrub`."""

from datetime import datetime
from typing import Annotated

import typer

from cli.app import AsJson, app, console, migrated, now, print_json, print_table


@app.command()
def retention(
    as_json: AsJson = False,
    carry_out: Annotated[
        bool, typer.Option("--carry-out/--dry-run", help="purge it; else only list it")
    ] = False,
) -> None:
    """List what the engine no longer needs of its own records; with --carry-out, purge it."""
    if carry_out:
        from flows.purge import purge_due

        migrated()
        done = purge_due(now())
        if as_json:
            print_json(done)
        else:
            print_table(("what", "purged"), ((what, str(count)) for what, count in sorted(done.items())))
        return
    from models.database import reading
    from tasks.keeping.retain import due

    with reading() as session:
        found = due(session, now())
    if as_json:
        print_json([one.model_dump() for one in found])
        return
    rows = ((one.what, one.ref, str(one.row), one.because, one.delete_from) for one in found)
    print_table(("what", "case", "row", "because", "delete from"), rows)


@app.command()
def rescrub(
    system: str,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the day of the backup")],
    as_json: AsJson = False,
) -> None:
    """Repeat in a restored system every erasure since the backup; status 1 where a person must look."""
    from tasks.keeping.rescrub import rescrub as replay

    report = replay(system, since.date(), now())
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        console.print(
            f"{report.entries} erasures replayed in {system}: {len(report.erased)} rows erased again,"
            f" {len(report.minimised)} minimised again, {report.fine} already fine,"
            f" {len(report.by_hand)} to look at by hand",
            highlight=False,
        )
        for left in report.by_hand:
            place = f"{left.table} {left.key} {' '.join(left.columns)}".strip() if left.table else ""
            console.print(f"✗ {left.request_ref} {place}: {left.say}", highlight=False, markup=False)
    if report.by_hand:
        raise typer.Exit(1)
