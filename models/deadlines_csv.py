"""Deadlines for a table of receipts, as CSV: what `dsr deadlines --csv FILE` prints.

Pure but for the two streams given to it; the same table always gives the same answer. Nothing is written unless every
line could be read.

Input columns, found by name, others ignored:

- `id`: anything, copied to the output;
- `received`, ISO 8601: with an offset or Z an instant, whose date in Paris counts (law.md D10); without, Paris time; a
  date alone is that date in Paris;
- `pauses` (may be missing or empty): `2026-06-11..2026-06-24;…`, from the question to the sufficient answer. They are
  taken as facts that stop the clock: the five working days of D16 are not asked of them, as if a person had overridden.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import TextIO

from defusedcsv import csv

from models.calendar import PARIS
from models.deadlines import Clock, Deadlines, Pause, deadlines
from models.errors import Rejected

REQUIRED = ("id", "received")
COLUMNS = (
    "commitment",
    "statutory_nominal",
    "statutory_due",
    "extended_due",
    "extended_cautious",
    "binding",
    "safe_send_by",
)
GIVEN = "given in the table as a fact"


def write_deadlines_csv(source: TextIO, target: TextIO) -> None:
    """Read `source`, write the dates to `target`; `Rejected` for the first bad line, and then nothing is written."""
    rows = list(deadlines_csv(source))
    # defusedcsv puts an apostrophe before a cell that a spreadsheet would run as a formula.
    csv.writer(target, lineterminator="\n").writerows(rows)


def deadlines_csv(lines: Iterable[str]) -> Iterator[list[str]]:
    """The header, then one row for each receipt; dates in ISO 8601.

    `Rejected` names the line and column of what cannot be read, and never quotes it.
    """
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
        if missing := [name for name in REQUIRED if header.count(name) != 1]:
            raise Rejected(f"Line 1: give the table one column named '{missing[0]}'.")
        yield ["id", *COLUMNS]
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise Rejected(f"Line {reader.line_num}: put as many cells as the first line has columns.")
            yield _row(dict(zip(header, cells, strict=False)), reader.line_num)
    except csv.Error as error:
        raise Rejected(f"Line {reader.line_num}: this is not CSV; check its quotes.") from error


def _row(cells: dict[str, str], line: int) -> list[str]:
    column = "received"
    try:
        clock = Clock(_received(cells.get("received", "").strip()))
        column = "pauses"
        dates = deadlines(Clock(clock.received, tuple(_pauses(cells.get("pauses", "")))))
    except Rejected as error:
        raise Rejected(f"Line {line}, column '{column}': {error}") from error
    return [cells["id"], *(_iso(dates, name) for name in COLUMNS)]


def _iso(dates: Deadlines, name: str) -> str:
    day: date = getattr(dates, name)
    return day.isoformat()


def _received(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(12), PARIS)
    except ValueError:
        pass
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=PARIS) if instant.tzinfo is None else instant.astimezone(PARIS)
    except (ValueError, OverflowError) as error:
        raise Rejected(
            "Write a date such as 2026-11-23 or an instant such as 2026-11-23T09:00:00+01:00."
        ) from error


def _pauses(text: str) -> Iterator[Pause]:
    for part in filter(str.strip, text.split(";")):
        try:
            asked, answered = (date.fromisoformat(day.strip()) for day in part.split(".."))
        except ValueError as error:
            raise Rejected("Write pauses such as 2026-06-11..2026-06-24;2026-07-01..2026-07-03.") from error
        yield Pause("identity", asked, answered, GIVEN, GIVEN)
