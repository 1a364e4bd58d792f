"""Who must not be contacted, and to whom data went: `dsr suppression`, `dsr disclosure`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.app import AsJson, console, group, migrated, now, print_json, print_table

By = Annotated[str, typer.Option(help="who does this", envvar="USER")]
suppression = group(
    "suppression", "The suppression list: digests of addresses that must not be contacted or come back."
)
disclosure = group("disclosure", "The disclosure log: whose data went to which recipient.")


@suppression.command("list")
def suppression_list(
    due: Annotated[bool, typer.Option(help="only those to be looked at again")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the entries; an address cannot be read back from one."""
    from sqlmodel import col, select

    from models.database import reading
    from models.tables import Suppression
    from tasks.keeping.suppress import due_for_review

    with reading() as session:
        every = select(Suppression).order_by(col(Suppression.id))
        rows = due_for_review(session, now()) if due else list(session.exec(every))
    shown = [
        row.model_dump(mode="json", include={"id", "kind", "scope", "reason", "review_on", "request_ref"})
        for row in rows
    ]
    if as_json:
        print_json(shown)
        return
    head = ("entry", "kind", "scope", "reason", "review on", "request")
    keys = ("id", "kind", "scope", "reason", "review_on", "request_ref")
    print_table(head, (tuple(str(row[key]) for key in keys) for row in shown))


@suppression.command("check")
def suppression_check(address: str, as_json: AsJson = False) -> None:
    """Say whether an address or a number is suppressed, and in which scopes."""
    from models.database import reading
    from tasks.keeping.suppress import is_suppressed

    with reading() as session:
        scopes = sorted(is_suppressed(session, _kind(address), address))
    if as_json:
        print_json({"suppressed": bool(scopes), "scopes": scopes})
    else:
        console.print(f"suppressed: {', '.join(scopes)}" if scopes else "not suppressed")


@suppression.command("withdraw")
def suppression_withdraw(
    address: str, reason: Annotated[str, typer.Option(help="one sentence")], by: By = ""
) -> None:
    """Take a person who consents anew off the marketing list."""
    from models.database import unit_of_work
    from tasks.keeping.suppress import withdraw_suppression

    with unit_of_work() as session:
        gone = withdraw_suppression(session, _kind(address), address, reason, by, now())
    console.print(f"{gone} {'entry is' if gone == 1 else 'entries are'} withdrawn")


@suppression.command("reappeared")
def suppression_reappeared(
    settled: Annotated[bool, typer.Option("--all", help="settled ones too")] = False, as_json: AsJson = False
) -> None:
    """Show who was found in a system again."""
    from models.database import reading
    from tasks.keeping.find_reappeared import reappeared

    with reading() as session:
        rows = reappeared(session, settled=settled)
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    print_table(
        ("number", "seen", "system", "record", "settled by"),
        ((str(row.id), f"{row.seen_at:%Y-%m-%d}", row.system, row.record, row.settled_by) for row in rows),
    )


@suppression.command("settle")
def suppression_settle(number: int, by: By = "") -> None:
    """Note that a reappearance was dealt with: the row was stopped or erased again, or it may stay."""
    from models.database import unit_of_work
    from tasks.keeping.find_reappeared import settle

    with unit_of_work() as session:
        settle(session, number, by, now())
    console.print(f"reappearance {number} is settled")


@disclosure.command("add")
def disclosure_add(
    email: Annotated[str, typer.Option(help="whose data")],
    recipient: Annotated[str, typer.Option(help="its actual name")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the day")],
    what: Annotated[str, typer.Option(help="the data set, without personal data")],
    address: Annotated[str, typer.Option(help="where to notify the recipient")] = "",
    by: By = "",
) -> None:
    """Record that data of a person went to a recipient."""
    from models.database import unit_of_work
    from models.records import Identifier
    from tasks.keeping.disclosures import Disclosed, record_disclosure

    migrated()
    one = Disclosed(Identifier(kind="email", value=email), recipient, address, on.date(), what)
    with unit_of_work() as session:
        new = record_disclosure(session, one, by, now())
    console.print("recorded" if new else "this disclosure was in the log already")


@disclosure.command("import")
def disclosure_import(file: Path, by: By = "") -> None:
    """Take in a CSV file: email,recipient,address,date,what."""
    from models.database import unit_of_work
    from tasks.keeping.disclosures import import_disclosures

    migrated()
    with unit_of_work() as session:
        new, known = import_disclosures(session, file, by, now())
    console.print(f"{new} new, {known} known before")


@disclosure.command("list")
def disclosure_list(email: Annotated[str, typer.Option(help="whose data")], as_json: AsJson = False) -> None:
    """Show to whom data of a person went, latest first."""
    from models.database import reading
    from models.fingerprints import normalise
    from models.records import Identifier
    from tasks.keeping.disclosures import disclosures_for

    normalise("email", email)
    with reading() as session:
        rows = disclosures_for(session, [Identifier(kind="email", value=email)])
    keys = ("disclosed_on", "recipient", "address", "what")
    shown = [row.model_dump(mode="json", include=set(keys)) for row in rows]
    if as_json:
        print_json(shown)
        return
    print_table(("day", "recipient", "address", "what"), (tuple(row[key] for key in keys) for row in shown))


def _kind(address: str) -> str:
    return "email" if "@" in address else "phone"
