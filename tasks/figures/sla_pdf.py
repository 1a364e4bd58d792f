"""The figures as a PDF of a few A4 pages, set by Typst from our template, with fonts of our own. Pure.

The same figures give the same bytes: the document bears the day of the figures and no other time.
"""

import json
from pathlib import Path
from typing import Literal

import matplotlib as mpl
import typst

from models.calendar import Language, end_of_day
from models.sla import Figures, last_months
from tasks.figures.draw_charts import COLUMN, PAPER, draw
from tasks.figures.sla_say import day_name, name_of, number, per_cent, say, selection_of
from tasks.figures.sla_section import Section
from tasks.figures.sla_sections import sections

TEMPLATE = Path(__file__).parent / "sla_report.typ"
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"  # DejaVu, as in the charts
WIDE_TABLE = 4  # columns: more take the whole width of the page
DOTS = 110  # per inch, of pictures of pages
DRAWN = frozenset({"ages", "months", "volume", "rights", "days", "stages", "waited"})


def report_pdf(figures: Figures, language: Language) -> bytes:
    """Return the report in one language."""
    return typeset(figures, language, "pdf")[0]


def typeset(figures: Figures, language: Language, form: Literal["pdf", "png"]) -> list[bytes]:
    """Return the report as one PDF, or as one picture per page."""
    inputs = {"data": json.dumps(_content(figures, language), ensure_ascii=False)}
    compiled: bytes | list[bytes] = typst.compile(
        TEMPLATE,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs=inputs,
        timestamp=int(end_of_day(figures.as_of).timestamp()),
        format=form,
        ppi=DOTS if form == "png" else None,
    )
    return compiled if isinstance(compiled, list) else [compiled]


def _title(figures: Figures, language: Language) -> str:
    """The title says where the report is of twelve months, as the one that goes with each weekly mail."""
    wanted, year = figures.filter, last_months(figures.as_of)
    of_year = (wanted.since, wanted.until) == (year.since, year.until)
    return say(language, "pdf.year" if of_year else "pdf.title")


def _content(figures: Figures, language: Language) -> dict[str, object]:
    total = figures.total
    return {
        "language": language,
        "title": _title(figures, language),
        "as_of": say(language, "pdf.as_of", day=day_name(language, figures.as_of)),
        "lead": say(language, "page.lead", day=day_name(language, figures.as_of)),
        "selection": selection_of(figures.filter, language),
        "tiles": [
            ["", say(language, "figure.unanswered"), number(language, figures.unanswered)],
            *(
                [
                    each.value if each.count else "zero",
                    name_of(language, "standing", each.value),
                    number(language, each.count),
                ]
                for each in figures.standing
            ),
            [
                "",
                say(language, "chart.promise"),
                per_cent(language, total.promise_kept, total.promise_missed),
            ],
            ["", say(language, "chart.law"), per_cent(language, total.law_kept, total.law_missed)],
        ],
        "sections": [
            _section(section) for section in sections(figures, language) if section.key != "standing"
        ],
        "page": say(language, "pdf.page", number="{number}", count="{count}"),
    }


def _section(section: Section) -> dict[str, object]:
    chart = section.chart if section.key in DRAWN and section.chart and section.chart.labels else None
    wide = len(section.head) > WIDE_TABLE
    return {
        "title": section.title,
        "note": section.note,
        "head": section.head,
        "rows": [[name, *(cell.text for cell in cells)] for name, _, cells in section.rows],
        "wide": wide,
        "chart": draw(chart, width=PAPER if wide else COLUMN).decode() if chart else "",
        "described": chart.description if chart else "",
    }
