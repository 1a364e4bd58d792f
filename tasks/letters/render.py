"""Turn a letter's context into its subject, text and HTML, in the language of the case.

No effect: the same context gives the same letter, so rendering again is safe. Templates are ours and run in a sandbox;
values are never templates. An unknown variable or a missing file is an error here, long before anything is sent.
"""

import re
import textwrap
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import get_args

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, select_autoescape
from jinja2.sandbox import SandboxedEnvironment

from models.calendar import PARIS, Language, format_day, paris_date
from models.errors import Rejected
from models.letter_contexts import CONTEXTS
from models.letters import Context, LetterKind, one_line
from models.settings import REPOSITORY

TEMPLATES = REPOSITORY / "email_templates"
LANGUAGES: tuple[Language, ...] = get_args(Language)
TEXT_WIDTH = 76  # RFC 5322, 2.1.1: lines of at most 78 characters; a longer word (a link) stays whole
_INDENT = re.compile(r"(-|\d\.| +) ")
_TIME: dict[Language, str] = {
    "fr": "{day} à {local.hour}\u00a0h\u00a0{local:%M} (heure de Paris)",
    "en": "{day} at {local:%H:%M} (Paris time)",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter's parts. `subject` is one line without personal data (law.md C7); `text` ends with a line feed."""

    subject: str
    text: str
    html: str


def render(kind: LetterKind, language: str, context: Context) -> Rendered:
    """Render one letter; a language without letters gets English (law.md Q12).

    `Rejected` when the context is another letter's, or the template is missing, broken or asks for an unknown variable.
    """
    if type(context) is not CONTEXTS[kind]:
        raise Rejected(f"The letter {kind} needs a {CONTEXTS[kind].__name__}: give it one.")
    spoken: Language = next((known for known in LANGUAGES if known == language), "en")
    values: dict[str, object] = {"letter": context, "language": spoken}
    try:
        subject = one_line(_rendered(kind, spoken, "subject.txt", values))
        text = _rendered(kind, spoken, "body.txt", values)
        html = _rendered(kind, spoken, "body.html", {**values, "subject": subject})
    except TemplateError as error:
        raise Rejected(f"The letter {kind} ({spoken}) cannot be rendered: repair its template.") from error
    return Rendered(subject, _wrapped(text), html.strip() + "\n")


def say_date(language: Language, when: date) -> str:
    """'Monday 23 November 2026'; of an aware datetime also the time in Paris. A naive datetime is `Rejected`."""
    if not isinstance(when, datetime):
        return format_day(when, language)
    day = format_day(paris_date(when), language)
    return _TIME[language].format(day=day, local=when.astimezone(PARIS))


def say_day(language: Language, when: date) -> str:
    """'23 November 2026': without the day of the week, for tables."""
    return say_date(language, when).split(" ", 1)[1]


def _rendered(kind: LetterKind, language: Language, part: str, values: dict[str, object]) -> str:
    return environment(language).get_template(f"{kind}/{part}.j2").render(values)


@cache
def environment(language: Language) -> SandboxedEnvironment:
    """Templates of one language first, then those without words, in `email_templates/` itself."""
    made = SandboxedEnvironment(
        loader=FileSystemLoader([TEMPLATES / language, TEMPLATES]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["date"] = partial(say_date, language)
    made.filters["day"] = partial(say_day, language)
    return made


def _wrapped(text: str) -> str:
    """Return each line cut at `TEXT_WIDTH`; what is cut off a list's item or an indented line stands below its first word."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        mark = _INDENT.match(line)
        wrapped = textwrap.wrap(
            line,
            TEXT_WIDTH,
            subsequent_indent=" " * (mark.end() if mark else 0),
            break_long_words=False,
            break_on_hyphens=False,
        )
        if wrapped or (lines and lines[-1]):
            lines.extend(wrapped or [""])
    return "\n".join(lines) + "\n"
