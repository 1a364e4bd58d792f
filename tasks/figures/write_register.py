"""Write the register of requests (law.md A1) as CSV or XLSX; no cell of it runs as a formula. It looks only."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Literal

import xlsxwriter
from defusedcsv import csv
from sqlmodel import Session
from xlsxwriter.worksheet import Worksheet

from models.calendar import Language, paris_date
from models.errors import Rejected
from models.register import Column, Line, Value, columns
from tasks.figures.register_lines import lines

Format = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LONGEST_CELL = 32_767  # characters, of Excel
WIDTHS = {"text": 22, "day": 12, "instant": 19, "number": 9}
NUMBER_FORMATS = {"day": "yyyy-mm-dd", "instant": "yyyy-mm-dd hh:mm:ss", "number": "0", "text": "@"}


def register(  # noqa: PLR0913  # a register is all of these
    session: Session,
    since: date,
    until: date,
    form: Format,
    now: datetime,
    *,
    language: Language = "fr",
    names: bool = False,
) -> bytes:
    """Return the requests received from `since` to `until` as a file; `Rejected` where the period ends before it begins.

    Without `names` no cell holds a name, an address or free text. With them, purged cases have none either.
    """
    if since > until:
        raise Rejected("the period ends before it begins: swap the two days")
    chosen = columns(names=names)
    found = lines(session, since, until, paris_date(now))
    return _csv(chosen, found, language) if form == "csv" else _xlsx(chosen, found, language, now)


def _csv(chosen: Sequence[Column], found: Iterable[Line], language: Language) -> bytes:
    out = StringIO()
    writer = csv.writer(out)  # defusedcsv: no cell runs as a formula
    writer.writerow([column.title(language) for column in chosen])
    writer.writerows([_text(line.get(column.key)) for column in chosen] for line in found)
    return out.getvalue().encode("utf-8-sig")


def _text(value: Value) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return "" if value is None else str(value)


def _xlsx(chosen: Sequence[Column], found: Iterable[Line], language: Language, now: datetime) -> bytes:
    out = BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": now.astimezone(UTC).replace(tzinfo=None)})
    sheet = book.add_worksheet("Registre" if language == "fr" else "Register")
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    formats = {kind: book.add_format({"num_format": shown}) for kind, shown in NUMBER_FORMATS.items()}
    for place, column in enumerate(chosen):
        sheet.set_column(place, place, WIDTHS[column.kind], formats[column.kind])
        sheet.write_string(0, place, column.title(language), bold)
    last = 0
    for last, line in enumerate(found, start=1):
        for place, column in enumerate(chosen):
            _cell(sheet, (last, place), line.get(column.key), formats[column.kind])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(chosen) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    book.close()
    return out.getvalue()


def _cell(sheet: Worksheet, where: tuple[int, int], value: Value, shown: object) -> None:
    """Write one cell by its type; text is text, whatever it begins with."""
    match value:
        case None | "":
            pass
        case datetime():
            sheet.write_datetime(*where, value.astimezone(UTC).replace(tzinfo=None), shown)
        case date():
            sheet.write_datetime(*where, value, shown)
        case int():
            sheet.write_number(*where, value, shown)
        case _:
            sheet.write_string(*where, str(value)[:LONGEST_CELL], shown)
