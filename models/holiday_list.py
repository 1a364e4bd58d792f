"""The days of a year on which nobody works by law, with their names; newly announced ones are marked (law.md D8, D9).

Pure.
"""

from collections.abc import Collection
from datetime import date

from models.calendar import public_holidays
from models.deadline_explanation import ADDED_HOLIDAY
from models.records import Frozen


class Holiday(Frozen):
    """One day off. `extra`: it comes from `DSR_EXTRA_HOLIDAYS` and not from the national list."""

    day: date
    fr: str
    en: str
    extra: bool


def holiday_list(year: int, extra: Collection[date] = ()) -> list[Holiday]:
    """Return the public holidays of `year` and those of `extra` that fall into it, in the order of the days.

    A year that the list does not know is `Rejected`.
    """
    french, english = public_holidays(year, "fr"), public_holidays(year, "en")
    listed = [Holiday(day=day, fr=french[day], en=english[day], extra=False) for day in english]
    added = [
        Holiday(day=day, fr=ADDED_HOLIDAY["fr"], en=ADDED_HOLIDAY["en"], extra=True)
        for day in extra
        if day.year == year and day not in english
    ]
    return sorted([*listed, *added], key=lambda one: one.day)
