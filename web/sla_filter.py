"""Which requests a page of figures is asked for, and the links that keep asking for them. Pure."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from urllib.parse import urlencode

from models.calendar import Language
from models.rights import Right
from models.sla import Filter, check_period, last_months
from tasks.figures.sla_say import systems
from web.pages import desk_language

LANGUAGES: tuple[Language, ...] = ("fr", "en")


def filter_of(query: Mapping[str, str], today: date) -> tuple[Filter, bool]:
    """Return what the form asked for, and whether it could be used; the last twelve months where it could not."""
    default = last_months(today)
    try:
        asked = Filter(
            since=date.fromisoformat(query.get("since") or str(default.since)),
            until=date.fromisoformat(query.get("until") or str(default.until)),
            right=_one_of(query.get("right", ""), tuple(Right)),
            language=_one_of(query.get("language", ""), LANGUAGES),
            system=_one_of(query.get("system", ""), tuple(systems("en"))),
        )
        return check_period(asked, today), True
    except ValueError:
        return default, False


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value and value not in known:
        raise ValueError("not in the list")
    return str(value)


def query_of(
    language: Language, wanted: Filter, figure: str = "", value: str = "", page_number: int = 1
) -> str:
    """Return the query of a link that keeps the filter, the place in a list and the language."""
    place = {
        "figure": figure,
        "value": value,
        "page_number": str(page_number) if page_number > 1 else "",
        "lang": "" if language == desk_language() else language,
    }
    return "&".join(filter(None, (_kept(wanted), _encoded(place))))


@lru_cache(maxsize=256)
def _kept(wanted: Filter) -> str:
    """The same on hundreds of links of a page."""
    names = ("since", "until", "right", "language", "system")
    return _encoded({name: str(getattr(wanted, name)) for name in names})


def _encoded(fields: Mapping[str, str]) -> str:
    return urlencode({name: text for name, text in fields.items() if text})
