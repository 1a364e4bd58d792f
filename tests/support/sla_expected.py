"""Every number of every section for the forty-six cases of tests/support/sla_fixture.py, counted on paper.

To the forty-four of tests/tasks/test_sla_figures.py come N1 (access, June, 101 days: not within 30 days, within the law)
and N2 (erasure, August, 37 days: within neither). So, of the requests received in the period:

    received           46 + 2 = 48    answered 33 + 2 = 35      unanswered now: 14 as before
    within 30 days     26             missed   10 + 2 = 12      26/38 = 68.42 %
    within the law     30 + N1 = 31   missed    4 + N2 = 5      31/36 = 86.11 %
    days               0 1 1 1 2 3 4 7 7 7 8 9 11 14x6 15 19 21 22 28 29 30 33 33 37 41 50 62 70 80 101
                       ranks 18 and 32 of 35: 14 and 62
      of access        0 2 4 7 7 8 9 11 14 14 19 29 30 33 41 70 80 101, ranks 9 and 17 of 18: 14 and 80
      of erasure       1 14 14 15 21 28 37 50 62, ranks 5 and 9 of 9: 21 and 62
    in "received"      634 days + N1 2 + N2 17 (until the reply left first) = 653 of 35 requests: 18.66
    in "review"        F1 30 + N1 89 (20 June to 17 September) = 119 of 2: 59.5; in "identity" 10 each
    forecast           August 4, September 4, October 12: 20/3, so 7

The report of week 47 has I3 alone: three rights received on 16 November, one answered on the next day. That of October:
1, 2, 7, 14 and 19 days (J1, J2, I1 twice, H2), so ranks 3 and 5 of 5.
"""

from collections.abc import Callable, Mapping, Sequence

from models.calendar import Language
from models.data_map_loading import load_data_map
from models.settings import settings
from tasks.figures.sla_say import ground_name, month_name, words

Number = float
Lines = Mapping[str, tuple[Number, ...]]
NBSP, THIN = "\u00a0", "\u202f"

KEPT = ("received", "answered", "promise_kept", "promise_missed", "promise_share", "law_kept", "law_missed", "law_share")  # fmt: skip
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "blocked": ("requests", "failed", "silent"),
    "total": ("value",),
    "months": KEPT,
    "volume": ("received",),
    "rights": (*KEPT, "p50", "p90"),
    "stages": ("days", "requests"),
    "waited": ("days", "requests"),
}
"""Of each section; the others count requests."""
BY_LINE: Mapping[str, str] = {
    "standing": "standing", "waiting": "whom", "total": "head", "rights": "right", "stages": "state", "waited": "whom",
    "outcomes": "outcome", "identity": "identity", "channels": "channel", "bounced": "letter",
}  # fmt: skip
"""Where the words of a section's lines stand in the words file."""
ELSEWHERE: Mapping[str, Callable[[Language, str], str]] = {
    "months": month_name, "volume": month_name, "extensions": ground_name, "refusals": ground_name,
}  # fmt: skip
SHARES = ("promise_share", "law_share")

FIXED: Mapping[str, Lines] = {
    "standing": {"on_time": (7,), "due_soon": (2,), "due_today": (1,), "promise_broken": (2,), "overdue": (2,)},
    "ages": {"0-7": (3,), "8-14": (2,), "15-21": (1,), "22-30": (4,), "31-": (4,)},
    "waiting": {
        "": (3,), "requester": (4,), "officer": (4,), "colleague": (3,), "sibling": (0,), "message": (0,), "clock": (0,),
        "relay": (0,),
    },
    "blocked": {"billing": (1, 1, 0), "elay": (3, 1, 3)},
    "volume": {
        "2025-12": (2,), "2026-01": (1,), "2026-02": (3,), "2026-03": (3,), "2026-04": (2,), "2026-05": (2,),
        "2026-06": (4,), "2026-07": (3,), "2026-08": (4,), "2026-09": (4,), "2026-10": (12,), "2026-11": (8,),
    },
    "days": {"0-3": (6,), "4-7": (4,), "8-14": (9,), "15-21": (3,), "22-30": (4,), "31-60": (5,), "61-": (4,)},
    "stages": {"received": (18.66, 35), "identity": (10, 2), "review": (59.5, 2)},
    "waited": {"": (18.66, 35), "requester": (10, 2), "officer": (59.5, 2)},
    "extensions": {"volume": (2,), "redaction": (1,), "scattered": (1,), "total": (4,)},
    "refusals": {"not_proved": (1,), "not_theirs": (1,), "unfounded": (1,), "total": (3,), "late": (1,)},
    "identity": {"checked": (6,), "unchecked": (42,)},  # A1, F1, I1 twice, K2, N1
    "channels": {"mail": (43,), "post": (1,), "phone": (1,), "forward": (1,), "form": (2,), "counter": (0,)},
    "bounced": {"access_reply": (2,), "acknowledge": (2,), "ask_identity": (1,), "erasure_reply": (1,), "total": (6,)},
}  # fmt: skip
"""The sections that have no line about the law's date."""
FORECAST = {"expected": 7, "low": 4, "high": 12}
UNANSWERED, OVERDUE = 14, 2
LONGEST = 101
TOTAL = {False: (48, 35, 26, 12, 68.4, 30, 6, 83.3, 14, 62, 101), True: (48, 35, 26, 12, 68.4, 31, 5, 86.1, 14, 62, 101)}  # fmt: skip
WEEK = (3, 1, 1, 0, 100, 1, 0, 100, 1, 1, 1)
OCTOBER = (12, 5, 5, 3, 62.5, 5, 1, 83.3, 7, 19, 19)


def expected(*, g2_kept: bool, k1_ended: bool) -> Mapping[str, Lines]:
    """Return every number by section and line.

    `g2_kept`: whether G2, refused after the month of an extended case, is lawful (D14): it moves July, erasure and the
    totals. `k1_ended`: whether K1, whose reply came back, has an outcome. Both are settled by the tests of their rules.
    """
    months: Lines = {
        "2025-12": (2, 2, 2, 0, 100, 2, 0, 100),
        "2026-01": (1, 1, 1, 0, 100, 1, 0, 100),
        "2026-02": (3, 3, 3, 0, 100, 2, 1, 66.6),  # C1
        "2026-03": (3, 3, 2, 1, 66.6, 3, 0, 100),  # D1
        "2026-04": (2, 2, 1, 1, 50, 2, 0, 100),  # D2
        "2026-05": (2, 2, 1, 1, 50, 1, 1, 50),  # E1
        "2026-06": (4, 4, 2, 2, 50, 4, 0, 100),  # G1, N1
        "2026-07": (3, 3, 2, 1, 66.6, 3, 0, 100) if g2_kept else (3, 3, 2, 1, 66.6, 2, 1, 66.6),
        "2026-08": (4, 4, 2, 2, 50, 2, 2, 50),  # E2, N2
        "2026-09": (4, 4, 3, 1, 75, 4, 0, 100),  # F1
        "2026-10": (12, 5, 5, 3, 62.5, 5, 1, 83.3),  # G3, L2, L3; L2
        "2026-11": (8, 2, 2, 0, 100, 2, 0, 100),
    }
    rights: Lines = {
        "access": (25, 18, 13, 8, 61.9, 16, 3, 84.2, 14, 80),
        "rectification": (2, 1, 1, 0, 100, 1, 0, 100, 14, 14),
        "erasure": (13, 9, 6, 3, 66.6, *((7, 2, 77.7) if g2_kept else (6, 3, 66.6)), 21, 62),
        "objection": (4, 4, 3, 1, 75, 4, 0, 100, 3, 33),
        "portability": (2, 1, 1, 0, 100, 1, 0, 100, 22, 22),
        "restriction": (1, 1, 1, 0, 100, 1, 0, 100, 7, 7),
        "consent_withdrawal": (1, 1, 1, 0, 100, 1, 0, 100, 1, 1),
    }
    outcomes: Lines = {
        "answered": (29 if k1_ended else 28,), "nothing_held": (2,), "refused": (3,), "withdrawn": (1,), "not_a_request": (1,),
    }  # fmt: skip
    return {
        **FIXED,
        "outcomes": outcomes,
        "total": totals(TOTAL[g2_kept]),
        "months": months,
        "rights": rights,
    }


def totals(numbers: Sequence[Number]) -> Lines:
    """Return a section of totals; one number a line, shares, percentiles and the longest included."""
    return {line: (number,) for line, number in zip((*KEPT, "p50", "p90", "longest"), numbers, strict=True)}


def columns_of(section: str) -> tuple[str, ...]:
    """Return the keys of a section's columns."""
    return COLUMNS.get(section, ("requests",))


def written(language: Language, value: Number, column: str = "") -> str:
    """Return a number as people of that language write it; nothing here reaches a thousand."""
    text = f"{value:.1f}" if column in {*SHARES, "days"} else f"{value:g}"
    text = text.replace(".", ",") if language == "fr" else text
    return text + ({"fr": f"{NBSP}%", "en": "%"}[language] if column in SHARES else "")


def label(language: Language, section: str, line: str) -> str:
    """Return what the words file calls a line; months, grounds and systems have their names elsewhere."""
    known = words(language)
    low, _, high = line.partition("-")
    if line in {"total", "late"}:
        return known[f"head.{line}"]
    if section in {"ages", "days"}:
        return known["range.days" if high else "range.more"].format(
            low=low if high else int(low) - 1, high=high
        )
    if section == "blocked":
        return str(getattr(load_data_map(settings().data_map).systems[line].title, language))
    if section in ELSEWHERE:
        return ELSEWHERE[section](language, line)
    return known[f"{BY_LINE[section]}.{line or 'nobody'}"]


def rows(
    language: Language, section: str, lines: Lines, columns: Sequence[str] = ()
) -> list[tuple[str, ...]]:
    """Return the lines as people read them: label, then the numbers of `columns` (all of them where none is named)."""
    known = columns_of(section)
    places = [known.index(column) for column in columns or known]
    return sorted(
        (
            label(language, section, line),
            *(
                written(language, numbers[place], line if line in SHARES else known[place])
                for place in places
            ),
        )
        for line, numbers in lines.items()
    )


def note(language: Language, section: str, total: Lines) -> str:
    """Return the sentence below a section's title, with its numbers."""
    p50, p90 = (written(language, total[name][0]) for name in ("p50", "p90"))
    return words(language)[f"section.{section}_note"].format(
        month=month_name(language, "2026-11"),
        months=", ".join(month_name(language, month) for month in ("2026-08", "2026-09", "2026-10")),
        p50=p50,
        p90=p90,
        longest=written(language, LONGEST),
        late="1",
        most="500",
        **{name: written(language, value) for name, value in FORECAST.items()},
    )


def tiles(language: Language, total: Lines) -> list[tuple[str, ...]]:
    """Return the large numbers at the top of the page, except the forecast's sentence; no letter of the cases is unsent."""
    known = words(language)

    def tile(name: str, title: str) -> tuple[str, str]:
        return known[title], written(language, total[name][0], name)

    def missed(name: str) -> str:
        return known["page.missed"].format(count=written(language, total[name][0]))

    return [
        (known["figure.unanswered"], written(language, UNANSWERED)),
        *rows(language, "standing", FIXED["standing"]),
        (known["page.unsent"], "0"),
        (*tile("promise_share", "chart.promise"), missed("promise_missed")),
        (*tile("law_share", "chart.law"), missed("law_missed")),
        tile("received", "figure.received"),
        tile("answered", "figure.answered"),
        tile("p50", "head.p50"),
        tile("p90", "head.p90"),
    ]
