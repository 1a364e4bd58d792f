"""The figures as sections, each a table and mostly a chart: page, CSV, PDF and report show these and nothing else.

Pure: the same figures and language give the same sections.
"""

from dataclasses import replace

from models.calendar import Language
from models.sla import Count, Figures, Stage
from tasks.figures.draw_charts import Kind
from tasks.figures.sla_kept import kept, total, volume
from tasks.figures.sla_say import name_of, number, say
from tasks.figures.sla_section import Section, cell, drawn, plain, section_of
from tasks.figures.sla_sets import TIMED

NOW = ("standing", "ages", "waiting", "blocked")
"""The sections of today; the others are about the period."""
TONES = {
    "standing": {
        "on_time": "good",
        "due_soon": "soon",
        "due_today": "today",
        "promise_broken": "broken",
        "overdue": "overdue",
    },
    "ages": {"22-30": "soon", "31-": "broken"},
    "days": {"31-60": "broken", "61-": "broken"},
}
"""What a place of a chart means: beyond the 30 days is red, near them amber."""


def sections(figures: Figures, language: Language) -> tuple[Section, ...]:
    """Return every section, in the order in which they are shown."""
    return (
        _counts(figures, language, "standing", figures.standing, "standing", kind="bars"),
        _counts(figures, language, "ages", figures.ages, "age", kind="columns"),
        _blocked(figures, language),
        _counts(figures, language, "waiting", figures.waiting, "whom", kind="bars"),
        total(figures, language),
        kept(figures, language, "months", "month", figures.months),
        volume(figures, language),
        kept(figures, language, "rights", "right", figures.rights),
        _days(figures, language),
        _stages(figures, language, "stages", figures.stages),
        _stages(figures, language, "waited", figures.waited),
        _counts(figures, language, "outcomes", figures.outcomes, "outcome", kind="bars"),
        _grounds(
            figures, language, "extensions", figures.extensions, Count("extended", "", figures.extended)
        ),
        _refusals(figures, language),
        _counts(figures, language, "identity", figures.identity, "identity"),
        _counts(figures, language, "channels", figures.channels, "channel"),
        _grounds(
            figures, language, "bounced", figures.bounced, Count("bounced", "", figures.bounced_requests)
        ),
    )


def _counts(
    figures: Figures,
    language: Language,
    key: str,
    counts: tuple[Count, ...],
    first: str,
    *,
    kind: Kind | None = None,
) -> Section:
    rows = [
        (name_of(language, count.figure, count.value), count.value, (cell(language, figures.filter, count),))
        for count in counts
    ]
    section = section_of(language, key, first, ("requests",), rows)
    labels = _bins(counts) if kind == "columns" else ()
    return (
        _toned(drawn(language, section, kind, "requests", {section.head[1]: 0}, labels)) if kind else section
    )


def _toned(section: Section) -> Section:
    """Return the section with the colours of what its places mean."""
    tones = TONES.get(section.key)
    if not tones or not section.chart:
        return section
    shown = tuple(tones.get(key, "") for _, key, _ in section.rows)
    return replace(section, chart=replace(section.chart, tones=shown))


def _bins(counts: tuple[Count, ...]) -> tuple[str, ...]:
    """Return `8-14` and `31+`: there is little room below a column."""
    return tuple(count.value.removesuffix("-") + "+" * count.value.endswith("-") for count in counts)


def _grounds(
    figures: Figures, language: Language, key: str, counts: tuple[Count, ...], total: Count
) -> Section:
    section = _counts(figures, language, key, counts, "letter" if key == "bounced" else "ground")
    last = (say(language, "head.total"), "total", (cell(language, figures.filter, total),))
    return replace(section, rows=(*section.rows, last))


def _refusals(figures: Figures, language: Language) -> Section:
    wanted = figures.filter
    rows = [
        *(
            (name_of(language, "refused", c.value), c.value, (cell(language, wanted, c),))
            for c in figures.refusals
        ),
        (
            say(language, "head.total"),
            "total",
            (cell(language, wanted, Count("refused", "", figures.refused)),),
        ),
        (
            say(language, "head.late"),
            "late",
            (cell(language, wanted, Count("refused_late", "", figures.refused_late)),),
        ),
    ]
    late = number(language, figures.refused_late)
    return section_of(language, "refusals", "ground", ("requests",), rows, late=late)


def _blocked(figures: Figures, language: Language) -> Section:
    rows = [
        (
            name_of(language, "blocked", each.system),
            each.system,
            tuple(
                cell(language, figures.filter, Count(figure, each.system, count))
                for figure, count in (
                    ("blocked", each.requests),
                    ("failed", each.failed),
                    ("silent", each.silent),
                )
            ),
        )
        for each in figures.blocked
    ]
    return section_of(language, "blocked", "system", ("requests", "failed", "silent"), rows)


def _days(figures: Figures, language: Language) -> Section:
    section = section_of(
        language,
        "days",
        "time",
        ("requests",),
        (
            (name_of(language, "days", count.value), count.value, (cell(language, figures.filter, count),))
            for count in figures.days
        ),
        p50=number(language, figures.total.p50),
        p90=number(language, figures.total.p90),
        longest=number(language, figures.longest),
    )
    if figures.longest is None:
        section = replace(section, note=say(language, "section.days_note_none"))
    return _toned(drawn(language, section, "columns", "requests", {section.head[1]: 0}, _bins(figures.days)))


def _stages(figures: Figures, language: Language, key: str, stages: tuple[Stage, ...]) -> Section:
    rows = [
        (
            name_of(language, stage.figure, stage.value),
            stage.value,
            (
                plain(language, stage.days),
                cell(language, figures.filter, Count(stage.figure, stage.value, stage.requests)),
            ),
        )
        for stage in stages
    ]
    first = "stage" if key == "stages" else "whom"
    section = section_of(language, key, first, ("days", "requests"), rows, most=number(language, TIMED))
    return drawn(language, section, "bars", "days", {section.head[1]: 0}) if rows else section
