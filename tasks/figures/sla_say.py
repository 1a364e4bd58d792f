"""The words of the SLA figures, for page, CSV, PDF and report alike. Pure: the same key gives the same words."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path

import yaml
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal

from models.calendar import LOCALES, Language
from models.data_map_loading import load_data_map
from models.grounds import DELAY_WORDS, REFUSAL_WORDS, Delay, Refusal
from models.settings import settings
from models.sla import Filter

FOLDER = Path(__file__).parent / "sla_words"
COLON: Mapping[Language, str] = {"fr": "\u00a0: ", "en": ": "}
PER_CENT: Mapping[Language, str] = {"fr": "\u00a0%", "en": "%"}
_BEFORE = re.compile(r" ([:;?!»%])")


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return every text: `section.name` to words."""
    sections = yaml.safe_load((FOLDER / f"{language}.yaml").read_text())
    return {
        f"{section}.{name}": _typeset(language, text)
        for section, texts in sections.items()
        for name, text in texts.items()
    }


def _typeset(language: Language, text: str) -> str:
    return _BEFORE.sub("\u00a0\\1", text).replace("« ", "«\u00a0") if language == "fr" else text


def say(language: Language, key: str, **values: object) -> str:
    """Return the words of `key`; a missing key is an error."""
    return words(language)[key].format(**values)


def name_of(language: Language, figure: str, value: str) -> str:  # noqa: PLR0911  # one for each kind
    """Return what the value of a figure is called; a value without words yet is shown as it is stored."""
    known = words(language)
    match figure:
        case "waiting" | "waited":
            return known.get(f"whom.{value or 'nobody'}", value)
        case "stage":
            return known.get(f"state.{value}", value)
        case "age" | "days":
            return days_name(language, value)
        case "blocked" | "failed" | "silent":
            return system_name(language, value)
        case "extended" | "refused":
            return ground_name(language, value)
        case "bounced":
            return known.get(f"letter.{value}", value)
    return known.get(f"{figure}.{value}", value)


def days_name(language: Language, value: str) -> str:
    """`8-14` as '8 to 14 days', `31-` as 'more than 30 days'."""
    low, _, high = value.partition("-")
    return (
        say(language, "range.days", low=low, high=high)
        if high
        else say(language, "range.more", low=int(low) - 1)
    )


def ground_name(language: Language, value: str) -> str:
    """Return a ground of refusal or extension in words, without the articles it cites."""
    if value in set(Delay):
        text = getattr(DELAY_WORDS[Delay(value)], language)
    elif value in set(Refusal):
        text = getattr(REFUSAL_WORDS[Refusal(value)], language).partition(" (")[0]
    else:
        return words(language).get(f"ground.{value}", value)
    return str(text[:1].upper() + text[1:])


def system_name(language: Language, system: str) -> str:
    """Return a system's title in the data map."""
    return systems(language).get(system, system)


def systems(language: Language) -> Mapping[str, str]:
    """Return every system of the data map with its title; read once, a restart shows a new one."""
    return _titles(settings().data_map, language)


@cache
def _titles(folder: Path, language: Language) -> Mapping[str, str]:
    listed = load_data_map(folder).systems
    return {key: str(getattr(system.title, language)) for key, system in listed.items()}


@lru_cache(maxsize=1_024)
def month_name(language: Language, month: str, *, short: bool = False) -> str:
    """`2026-11` as 'November 2026', or 'Nov 26'."""
    first = date.fromisoformat(f"{month}-01")
    return str(format_date(first, "MMM yy" if short else "MMMM y", LOCALES[language]))


def day_name(language: Language, day: date) -> str:
    """'23 November 2026', '1er mai 2026'."""
    return _first(language, day, str(format_date(day, "d MMMM y", LOCALES[language])))


def _first(language: Language, day: date, text: str) -> str:
    return text.replace("1 ", "1er ", 1) if language == "fr" and day.day == 1 else text


def date_name(language: Language, day: date) -> str:
    """'23 nov. 2026', on one line."""
    return _first(language, day, str(format_date(day, "d MMM y", LOCALES[language]))).replace(" ", "\u00a0")


@lru_cache(maxsize=4_096, typed=True)  # 14 and 14.0 are written differently
def number(language: Language, value: float | None) -> str:
    """A number as people write it, a fraction with one decimal; a dash where there is none."""
    form = "#,##0.0" if isinstance(value, float) else "#,##0"
    return "–" if value is None else str(format_decimal(value, form, locale=LOCALES[language]))


def per_cent(language: Language, kept: int, missed: int) -> str:
    """Kept of kept and missed in per cent, rounded down to a tenth: 100 only where nothing was missed."""
    tenths = tenths_of(kept, missed)
    return "–" if tenths is None else f"{number(language, tenths / 10)}{PER_CENT[language]}"


def tenths_of(kept: int, missed: int) -> int | None:
    """Return the share in tenths of a per cent, rounded down; None where nothing is decided."""
    return 1000 * kept // (kept + missed) if kept + missed else None


def selection_of(wanted: Filter, language: Language, *, today_only: bool = False) -> str:
    """Return a filter in words; `today_only`: without its period, which figures of today do not know."""
    return " · ".join(([] if today_only else [period_of(wanted, language)]) + chips_of(wanted, language))


def period_of(wanted: Filter, language: Language) -> str:
    """Return the period of a filter in words."""
    since, until = day_name(language, wanted.since), day_name(language, wanted.until)
    return say(language, "page.period", since=since, until=until)


def between(wanted: Filter, language: Language) -> str:
    """Return the same in short."""
    since, until = date_name(language, wanted.since), date_name(language, wanted.until)
    return say(language, "page.between", since=since, until=until)


def chips_of(wanted: Filter, language: Language) -> list[str]:
    """Return what a filter asks for besides its period, each in words."""
    parts = []
    for figure in ("right", "language", "system"):
        value = getattr(wanted, figure)
        named = system_name(language, value) if figure == "system" else name_of(language, figure, value)
        parts += [f"{say(language, f'page.{figure}')}{COLON[language]}{named}"] if value else []
    return parts


def duration(language: Language, seconds: int) -> str:
    """'2 minutes', '1 day'."""
    return str(format_timedelta(timedelta(seconds=seconds), threshold=2, locale=LOCALES[language]))
