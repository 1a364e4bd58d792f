"""French working days and the legal day in Paris (law.md D6, D8–D10).

Holidays are the national list of the `holidays` package, country FR without subdivision: Good Friday and 26 December
belong to Alsace-Moselle only (D9). Pure: the same day always gives the same answer.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

import holidays
from babel.dates import format_date
from babel.units import format_unit

from models.errors import Rejected

Language = Literal["fr", "en"]

PARIS = ZoneInfo("Europe/Paris")
CALENDAR_VERSION = f"holidays {version('holidays')} FR"
FIRST_YEAR, LAST_YEAR = 1982, 2100  # 8 May came back as a holiday in 1982; the package ends with 2100
SATURDAY = 5
DAY = timedelta(days=1)
LOCALES: Mapping[Language, str] = {"fr": "fr", "en": "en_GB"}


def paris_date(instant: datetime) -> date:
    """Calendar date in Paris of an aware instant: the legal day (D10). A naive instant is `Rejected`."""
    if instant.tzinfo is None:
        raise Rejected("An instant without a time zone has no date in Paris: give it one.")
    return instant.astimezone(PARIS).date()


def end_of_day(day: date) -> datetime:
    """Exclusive end of the day: the next midnight in Paris, in UTC (D10 "last hour")."""
    return datetime.combine(day + DAY, time(), PARIS).astimezone(UTC)


@cache
def public_holidays(year: int, language: Language = "en") -> Mapping[date, str]:
    """The national public holidays of one year (D8), with their names.

    A year outside `FIRST_YEAR`–`LAST_YEAR` is `Rejected`: the package answers with an empty list there, and every
    date would look like a working day.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Rejected(f"French holidays are known from {FIRST_YEAR} to {LAST_YEAR} only: correct the date.")
    names = {"fr": "fr", "en": "en_US"}
    listed = holidays.country_holidays("FR", years=year, language=names[language], expand=False)
    return MappingProxyType(dict(listed))


def is_working(day: date, extra_holidays: Collection[date] = frozenset()) -> bool:
    """Neither Saturday, Sunday, public holiday (D6, D8) nor one of `extra_holidays` (newly announced ones)."""
    return day.weekday() < SATURDAY and day not in public_holidays(day.year) and day not in extra_holidays


def working_day_from(day: date, extra_holidays: Collection[date] = frozenset()) -> date:
    """The day itself if it is a working day, else the next one: the roll of D6."""
    while not is_working(day, extra_holidays):
        day += DAY
    return day


def working_day_until(day: date, extra_holidays: Collection[date] = frozenset()) -> date:
    """The day itself if it is a working day, else the one before."""
    while not is_working(day, extra_holidays):
        day -= DAY
    return day


def add_working_days(day: date, count: int, extra_holidays: Collection[date] = frozenset()) -> date:
    """The `count`-th working day after `day`; `count` is at least 1, `day` itself is not counted."""
    for _ in range(count):
        day = working_day_from(day + DAY, extra_holidays)
    return day


def format_day(day: date, language: Language) -> str:
    """'Friday 1 May 2026', 'vendredi 1er mai 2026'."""
    text = format_date(day, "EEEE d MMMM y", LOCALES[language])
    return text.replace(" 1 ", " 1er ", 1) if language == "fr" else text


def format_days(count: int, language: Language) -> str:
    """'1 day', '13 days', '1 jour', '13 jours'."""
    return format_unit(count, "duration-day", locale=LOCALES[language])


def day_off_name(day: date, language: Language) -> str:
    """Why nobody works that day: the public holiday's name, or else the day of the week."""
    return public_holidays(day.year, language).get(day) or format_date(day, "EEEE", LOCALES[language])
