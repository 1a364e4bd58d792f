"""HTML pages: Jinja templates and the words of each language. Rendering has no effect; what comes from people is escaped."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.calendar import LOCALES, PARIS, Language, format_day, paris_date
from models.choice_words import WORDS as CHOICES
from models.choice_words import choice_of
from models.rights import ARTICLES
from models.settings import settings
from models.tables import RequestState
from tasks.letters.render import say_date
from tasks.todo_view import count_todos
from web.reason_words import reason_in_words
from web.security import csrf_token

FOLDER = Path(__file__).parent
KILOBYTE = 1000
_BEFORE = re.compile(r" ([:;?!»])")


def page(
    request: Request, template: str, language: Language, status: int = 200, **values: Any
) -> HTMLResponse:
    """Render one page. Every template may use `t`, `day`, `instant`, `short` and the values given here."""
    html = (
        _environment(language)
        .get_template(template)
        .render(
            language=language,
            csrf=csrf_token(request),
            mailbox=settings().mailbox,
            demo=settings().demo,
            **values,
        )
    )
    return HTMLResponse(html, status_code=status, headers={"Content-Language": language})


def portal_language(request: Request, case_language: str = "") -> Language:
    """The language asked for by `?lang=`, else the case's, else the browser's first of ours, else French."""
    accepted = re.findall(r"\b(fr|en)\b", request.headers.get("accept-language", ""))
    wishes = [request.query_params.get("lang"), case_language, *accepted]
    if case_language and case_language not in LOCALES:
        wishes.insert(1, "en")  # as our letters do (law.md Q12)
    return next((known for wish in wishes for known in LOCALES if known == wish), "fr")


def desk_language() -> Language:
    """The officers' language."""
    return "en" if settings().officer_language == "en" else "fr"


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return every sentence of the pages: `section.name` to text."""
    sections = yaml.safe_load((FOLDER / "words" / f"{language}.yaml").read_text())
    return {
        f"{section}.{name}": _typeset(language, text)
        for section, texts in sections.items()
        for name, text in texts.items()
    }


def _typeset(language: Language, text: str) -> str:
    """Keep French punctuation on the line of its word."""
    return _BEFORE.sub("\u00a0\\1", text).replace("« ", "«\u00a0") if language == "fr" else text


def translate(language: Language, key: str, **values: object) -> str:
    """Return the sentence `key`; a missing one is an error, in tests as in production."""
    return words(language)[key].format(**values)


def event_words(language: Language, kind: str, detail: Mapping[str, object]) -> str:
    """Return an audit event as a sentence; one without words yet is shown as it is stored."""
    sentence = words(language).get(f"event.{kind}")
    if sentence is None:
        facts = ", ".join(f"{name}: {value}" for name, value in detail.items())
        return f"{kind.replace('_', ' ')} ({facts})" if facts else kind.replace("_", " ")
    shown = {name: name_of(language, value) for name, value in detail.items()}
    return sentence.format_map(_Missing(shown))


class _Missing(dict[str, str]):
    def __missing__(self, key: str) -> str:
        """Show a fact the event does not hold as a dash."""
        return "–"


def name_of(language: Language, value: object) -> str:
    """Return the word for a stored value such as `identity` or `access_reply`; the value itself where there is none."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {name_of(language, each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(name_of(language, each) for each in value)
    choice = choice_of(str(value))
    otherwise = getattr(CHOICES[choice], language) if choice else str(value)
    return words(language).get(f"name.{value}", otherwise)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["t"] = partial(translate, language)
    environment.globals["event_words"] = partial(event_words, language)
    environment.globals["todo_count"] = count_todos
    environment.globals["states"] = [state.value for state in RequestState]
    environment.globals["articles"] = ARTICLES
    environment.filters |= {
        "day": partial(_day, language),
        "instant": partial(say_date, language),
        "short": partial(_short, language),
        "brief": partial(brief, language),
        "size": partial(_size, language),
        "typeset": partial(_typeset, language),
        "word": partial(name_of, language),
        "reason": partial(reason_in_words, language),
    }
    return environment


def _day(language: Language, when: date) -> str:
    return format_day(when, language)


def brief(language: Language, when: date) -> str:
    """A day, or an instant's day in Paris, in short: `lun. 23 nov. 2026`."""
    day = paris_date(when) if isinstance(when, datetime) else when
    return format_date(day, "EEE d MMM y", LOCALES[language])


def _short(language: Language, when: datetime) -> str:
    return format_datetime(when.astimezone(PARIS), "d MMM y, HH:mm", locale=LOCALES[language])


def _size(language: Language, size: int) -> str:
    """Bytes as people say them: `240 ko`, `1.2 MB`."""
    letter = "o" if language == "fr" else "B"
    thousands = max(1, round(size / KILOBYTE))
    if thousands < KILOBYTE:
        return f"{thousands}\u00a0k{letter}"
    return f"{format_decimal(round(size / KILOBYTE**2, 1), locale=LOCALES[language])}\u00a0M{letter}"
