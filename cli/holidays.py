"""The days that move deadlines: `dsr holidays`."""

from typing import Annotated

import typer

from cli.app import AsJson, app, console, now, print_json, print_table


@app.command("holidays")
def holidays_of(
    year: Annotated[int | None, typer.Option(help="this year, if none is named")] = None,
    as_json: AsJson = False,
) -> None:
    """List the public holidays that a deadline rolls over (law.md D6, D8), and those added by DSR_EXTRA_HOLIDAYS."""
    from models.calendar import CALENDAR_VERSION, format_day, paris_date
    from models.holiday_list import holiday_list
    from models.settings import settings

    year = year or paris_date(now()).year
    days = holiday_list(year, settings().extra_holidays)
    if as_json:
        listed = [one.model_dump(mode="json") for one in days]
        print_json({"year": year, "version": CALENDAR_VERSION, "holidays": listed})
        return
    rows = ((format_day(one.day, "en"), one.fr, one.en, "added" if one.extra else "") for one in days)
    print_table(("day", "français", "English", ""), rows)
    console.print(f"List: {CALENDAR_VERSION}, without Alsace-Moselle. Open cases move at the next watch.", highlight=False)  # fmt: skip
