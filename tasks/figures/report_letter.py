"""Put the SLA figures into the words and pictures of the report to management. Pure: the same figures, the same report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from babel.dates import format_date

from models.alerts import Standing
from models.calendar import LOCALES, Language
from models.report import Period, Report, ReportPart, ReportSection
from models.sla import Figures
from tasks.figures.draw_charts import Chart, draw
from tasks.figures.sla_pdf import report_pdf
from tasks.figures.sla_say import day_name, say
from tasks.figures.sla_section import Section
from tasks.figures.sla_sections import sections
from tasks.letters.attach import Attached

NOW = ("standing", "blocked")
BRIEF = "total"
YEAR = ("months", "volume", "rights", "days")
DRAWN = frozenset({"standing", "months", "volume", "days"})
BY_MONTH = frozenset({"months", "volume"})
COLUMNS = {
    "months": ("received", "promise_share", "law_share"),
    "volume": (),  # drawn; the table before it has the numbers
    "rights": ("received", "promise_share", "law_share", "p50", "p90"),
}
"""What fits into a letter of wide tables; the PDF has every column."""
HEADS = {"promise_share": "chart.promise", "law_share": "chart.law"}
TITLES = {
    "fr": {
        "week": "semaine {week} de {year} ({days})",
        "month": "{month}",
        "now": "Aujourd’hui, {day}",
        "received": "Demandes reçues : {period}",
        "in_week": "Semaine",
        "in_month": "Mois",
        "in_year": "Douze mois",
        "year": "Demandes reçues du {since} au {until}",
        "enclosed": "les douze derniers mois, du {since} au {until}",
        "file": "delais-douze-mois-{key}.pdf",
    },
    "en": {
        "week": "week {week} of {year} ({days})",
        "month": "{month}",
        "now": "Today, {day}",
        "received": "Requests received: {period}",
        "in_week": "Week",
        "in_month": "Month",
        "in_year": "Twelve months",
        "year": "Requests received from {since} to {until}",
        "enclosed": "the last twelve months, from {since} to {until}",
        "file": "deadlines-twelve-months-{key}.pdf",
    },
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The figures of one report: of its period, and of the last twelve months."""

    period: Period
    of_period: Figures
    of_year: Figures


def report_of(
    facts: Facts, language: Language, link: str, domain: str
) -> tuple[Report, tuple[Attached, ...]]:
    """Return what the letter must know, with its pictures and the PDF. `domain` ends the pictures' Content-IDs."""
    tag = facts.period.key.replace(":", "-")
    year = facts.of_year.filter
    since, until = (day_name(language, day) for day in (year.since, year.until))
    now = sections(facts.of_year, language)
    parts = {
        say_title(language, "now", day=day_name(language, facts.of_year.as_of)): _chosen(now, NOW, language),
        say_title(language, "received", period=period_name(facts.period, language)): (
            _brief(facts, language),
        ),
        say_title(language, "year", since=since, until=until): _chosen(now, YEAR, language),
    }
    report = Report(
        period=period_name(facts.period, language),
        as_of=facts.of_year.as_of,
        late=facts.of_year.overdue,
        broken=facts.of_year.standing_count(Standing.PROMISE_BROKEN),
        waiting=facts.of_year.unanswered,
        parts=tuple(
            ReportPart(
                title=title, sections=tuple(_section(one, f"{one.key}.{tag}@{domain}") for one in part)
            )
            for title, part in parts.items()
        ),
        enclosed=say_title(language, "enclosed", since=since, until=until),
        link=link,
    )
    pictures = tuple(
        Attached(f"{one.key}.png", "image/png", draw(one.chart, "png"), f"{one.key}.{tag}@{domain}")
        for part in parts.values()
        for one in part
        if one.chart
    )
    name = TITLES[language]["file"].format(key=tag.partition("-")[2])
    return report, (*pictures, Attached(name, "application/pdf", report_pdf(facts.of_year, language)))


def _brief(facts: Facts, language: Language) -> Section:
    """The totals of the period, and of the last twelve months beside them."""
    both = (
        next(one for one in sections(part, language) if one.key == BRIEF)
        for part in (facts.of_period, facts.of_year)
    )
    short, long = both
    rows = zip(short.rows, long.rows, strict=True)
    return replace(
        short,
        head=(
            short.head[0],
            say_title(language, f"in_{facts.period.kind}"),
            say_title(language, "in_year"),
        ),
        rows=tuple((name, key, (*cells, *others)) for (name, key, cells), (_, _, others) in rows),
    )


def period_name(period: Period, language: Language) -> str:
    """'week 47 of 2026 (16 to 22 November 2026)', 'November 2026'."""
    if period.kind == "month":
        return str(format_date(period.since, "MMMM y", LOCALES[language]))
    year, week, _ = period.since.isocalendar()
    days = _days(period.since, period.until, language)
    return say_title(language, "week", week=week, year=year, days=days)


def _days(since: date, until: date, language: Language) -> str:
    same = "d" if since.month == until.month else "d MMMM" if since.year == until.year else "d MMMM y"
    first = str(format_date(since, same, LOCALES[language]))
    first = "1er" + first[1:] if language == "fr" and since.day == 1 else first
    between = "au" if language == "fr" else "to"
    return f"{first} {between} {day_name(language, until)}"


def say_title(language: Language, key: str, **values: object) -> str:
    """Return one of `TITLES`, with a French colon on the line of its word."""
    text = TITLES[language][key].format(**values)
    return text.replace(" :", "\u00a0:") if language == "fr" else text


def markdown(report: Report) -> str:
    """Return the report as tables for a Prefect artifact (GitHub's Markdown); no pictures."""
    lines = [f"# {_plain(report.period)}"]
    for part in report.parts:
        lines += ["", f"## {_plain(part.title)}"]
        for section in part.sections:
            if section.rows:
                lines += ["", f"### {_plain(section.title)}", "", _plain(section.note), ""]
                lines += [_line(section.head), _line(["---"] + ["---:"] * (len(section.head) - 1))]
                lines += map(_line, section.rows)
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell if set(cell) <= set('-:') else _plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """The text with the marks of Markdown and HTML in it as themselves."""
    return "".join(f"\\{character}" if character in "\\|*_`<>[]#" else character for character in text)


def _chosen(listed: Sequence[Section], keys: Sequence[str], language: Language) -> tuple[Section, ...]:
    known = {section.key: section for section in listed}
    return tuple(_narrowed(known[key], language) for key in keys if known[key].rows)


def _narrowed(section: Section, language: Language) -> Section:
    """The section with the columns that fit into a letter, and its chart where that is drawn."""
    columns = COLUMNS.get(section.key, section.columns)
    places = [section.columns.index(column) for column in columns]
    heads = [
        say(language, HEADS[column]) if column in HEADS else section.head[place + 1]
        for column, place in zip(columns, places, strict=True)
    ]
    return replace(
        section,
        head=(section.head[0], *heads),
        columns=tuple(columns),
        rows=tuple(
            (name, key, tuple(cells[place] for place in places))
            for name, key, cells in section.rows
            if places
        ),
        chart=_drawn(section) if section.key in DRAWN else None,
    )


def _drawn(section: Section) -> Chart | None:
    """The chart; names of months stand in two lines, so that twelve of them fit side by side."""
    chart = section.chart
    if chart is None or section.key not in BY_MONTH:
        return chart
    return replace(chart, labels=tuple(label.replace(" ", "\n") for label in chart.labels))


def _section(section: Section, cid: str) -> ReportSection:
    chart = section.chart
    return ReportSection(
        title=section.title,
        note=section.note,
        head=section.head,
        rows=tuple((name, *(cell.text for cell in cells)) for name, _, cells in section.rows),
        picture=cid if chart else "",
        described=chart.description if chart else "",
    )
