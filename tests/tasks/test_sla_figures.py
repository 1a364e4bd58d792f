"""Every SLA figure against forty-four cases made by hand; the expected numbers were counted on paper.

The cases are in tests/support/sla_fixture.py, named A1 to M1; 44 cases, 48 requests (I1 and I2 have two rights, I3 three).
In the period (1 December 2025 to 23 November 2026): all but L7 and M1, so 46. Unanswered today: F3, G3, I2 erasure, I3
access, I3 rectification, K1, L1 to L8, so 14, of which 13 in the period; answered in the period: 33.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

import pypdf
import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from models.alerts import standing
from models.case_clock import deadlines_of
from models.database import reading, unit_of_work
from models.rights import Right
from models.settings import settings
from models.sla import Blocked, Figures, Filter, Forecast, Kept, Stage, counts_of, last_months, nearest_rank
from models.tables import Case, Request, RequestDates
from tasks.figures.sla_csv import figures_csv, list_csv
from tasks.figures.sla_figures import figures
from tasks.figures.sla_pdf import report_pdf
from tasks.figures.sla_requests import requests_behind
from tasks.figures.sla_say import name_of
from tests.support.sla_fixture import CASES, NOW, TODAY, write_cases

YEAR = Filter(date(2025, 12, 1), TODAY)


@pytest.fixture
def session(db: str) -> Iterator[Session]:
    """The forty-four cases, on each engine."""
    with unit_of_work() as writing:
        write_cases(writing)
    with reading() as looking:
        yield looking


def counted(counts: tuple) -> dict[str, int]:
    return {count.value: count.count for count in counts}


def test_the_fixture_is_large_enough_and_the_default_period_is_the_one_counted():
    assert len(CASES) == 44
    assert sum(len(case.told) for case in CASES) == 48
    assert last_months(TODAY) == YEAR


def test_what_is_unanswered_today(session: Session):
    found = figures(session, YEAR, TODAY)
    assert found.unanswered == 14
    stand = counted(found.standing)
    assert (
        stand
        == {
            "on_time": 7,  # F3 (9 Dec), I2 erasure (2 Dec), I3 both (16 Dec), L5 (27 Nov, in 4 working days), L6, L8
            "due_soon": 2,  # K1: 25 Nov, two working days; L4: 26 Nov, three
            "due_today": 1,  # L1
            "promise_broken": 2,  # G3: 4 Nov, extended to 5 January; L3: Sat 21 Nov, the law's rolled to today
            "overdue": 2,  # L2: 19 Nov; L7: last year
        }
    )
    assert counted(found.ages) == {
        "0-7": 3,  # I3 access and rectification: 7 days, L6: 0
        "8-14": 2,  # F3: 14, L8: 10
        "15-21": 1,  # I2 erasure: 21
        "22-30": 4,  # K1: 28, L1: 30, L4: 27, L5: 26
        "31-": 4,  # G3: 49, L2: 35, L3: 32, L7: 413
    }
    assert {value: n for value, n in counted(found.waiting).items() if n} == {
        "": 3,  # K1, L6, L7
        "requester": 4,  # F3, I3 twice, L8
        "officer": 4,  # G3, L1, L3, L4
        "colleague": 3,  # I2 erasure, L2, L5
    }
    assert found.blocked == (
        Blocked("billing", 1, failed=1, silent=0),  # L4; of G3 the second round succeeded; A1 is answered
        Blocked("elay", 3, failed=1, silent=3),  # I2 erasure, L2 (whose search failed besides), L5
    )


def test_how_the_period_was_answered(session: Session):
    found = figures(session, YEAR, TODAY)
    # Promise missed: D1, D2, E1, E2, F1, G1, G2; unanswered past it: G3, L2, L3. Law missed: C1, E1, E2, G2; L2.
    # Days in order: 0 1 1 1 2 3 4 7 7 7 8 9 11 14×6 15 19 21 22 28 29 30 33 33 41 50 62 70 80; ranks 17 and 30 of 33.
    assert found.total == Kept("", 46, 33, 26, 10, 29, 5, p50=14, p90=50)
    assert found.longest == 80
    assert [
        (m.key, m.received, m.answered, m.promise_kept, m.promise_missed, m.law_kept, m.law_missed)
        for m in found.months
    ] == [
        ("2025-12", 2, 2, 2, 0, 2, 0),
        ("2026-01", 1, 1, 1, 0, 1, 0),
        ("2026-02", 3, 3, 3, 0, 2, 1),  # C1 kept the 30 days and not the law's 28
        ("2026-03", 3, 3, 2, 1, 3, 0),  # D1
        ("2026-04", 2, 2, 1, 1, 2, 0),  # D2
        ("2026-05", 2, 2, 1, 1, 1, 1),  # E1
        ("2026-06", 3, 3, 2, 1, 3, 0),  # G1
        ("2026-07", 3, 3, 2, 1, 2, 1),  # G2: an extension gives no more time to refuse (D14)
        ("2026-08", 3, 3, 2, 1, 2, 1),  # E2
        ("2026-09", 4, 4, 3, 1, 4, 0),  # F1
        ("2026-10", 12, 5, 5, 3, 5, 1),  # G3, L2, L3; L2
        ("2026-11", 8, 2, 2, 0, 2, 0),
    ]
    assert found.rights == (
        Kept("access", 24, 17, 13, 7, 15, 3, p50=14, p90=70),  # ranks 9 and 16 of 17
        Kept("rectification", 2, 1, 1, 0, 1, 0, p50=14, p90=14),
        Kept("erasure", 12, 8, 6, 2, 6, 2, p50=15, p90=62),  # 1 14 14 15 21 28 50 62
        Kept("objection", 4, 4, 3, 1, 4, 0, p50=3, p90=33),  # 1 3 14 33
        Kept("portability", 2, 1, 1, 0, 1, 0, p50=22, p90=22),
        Kept("restriction", 1, 1, 1, 0, 1, 0, p50=7, p90=7),
        Kept("consent_withdrawal", 1, 1, 1, 0, 1, 0, p50=1, p90=1),
    )
    assert counted(found.days) == {
        "0-3": 6,
        "4-7": 4,
        "8-14": 9,
        "15-21": 3,
        "22-30": 4,
        "31-60": 4,
        "61-": 3,
    }
    assert found.forecast == Forecast(
        "2026-11", 6, 3, 12, ("2026-08", "2026-09", "2026-10")
    )  # (3 + 4 + 12) / 3


def test_time_by_stage_and_side(session: Session):
    found = figures(session, YEAR, TODAY)
    # All answered ones stood in "received" until their reply, 678 days together; but F1 only its first day (not 41),
    # and K2 until its reply left first (10, not 14): 634 days of 33 requests.
    assert found.stages == (
        Stage("stage", "received", 33, 19.21), Stage("stage", "identity", 1, 10.0), Stage("stage", "review", 1, 30.0),
    )  # fmt: skip
    assert found.waited == (
        Stage("waited", "", 33, 19.21), Stage("waited", "requester", 1, 10.0), Stage("waited", "officer", 1, 30.0),
    )  # fmt: skip


def test_how_they_ended_and_arrived(session: Session):
    found = figures(session, YEAR, TODAY)
    assert counted(found.outcomes) == {  # not K1, which is closed, though its reply came back: nobody was answered
        "answered": 26, "nothing_held": 2, "refused": 3, "withdrawn": 1, "not_a_request": 1,
    }  # fmt: skip
    assert (found.extended, counted(found.extensions)) == (3, {"redaction": 1, "scattered": 1, "volume": 1})
    assert counted(found.refusals) == {"not_proved": 1, "not_theirs": 1, "unfounded": 1}
    assert (found.refused, found.refused_late) == (3, 1)  # G2: told on 1 September, due by 3 August (D14)
    assert counted(found.identity) == {"checked": 5, "unchecked": 41}  # A1, F1, I1 twice, K2
    assert counted(found.channels) == {
        "mail": 41,
        "post": 1,
        "phone": 1,
        "forward": 1,
        "form": 2,
        "counter": 0,
    }
    assert counted(found.bounced) == {"access_reply": 2, "acknowledge": 2, "ask_identity": 1}
    assert found.bounced_requests == 5  # K1, K2, both of I1, L8


FILTERED = (
    (Filter(YEAR.since, YEAR.until, right="erasure"), 12, 4),
    (Filter(YEAR.since, YEAR.until, language="en"), 6, 1),  # A8, B2, C2, E2, J2, L8
    (Filter(YEAR.since, YEAR.until, system="elay"), 3, 3),  # I2 erasure, L2, L5
    (Filter(YEAR.since, YEAR.until, system="billing"), 3, 2),  # A1, G3, L4
    (Filter(date(2026, 2, 2), date(2026, 2, 2)), 2, 14),  # C1, C2; today's figures know no period
    (Filter(date(2025, 10, 1), date(2025, 11, 30)), 2, 14),  # L7, M1
    (Filter(date(2024, 1, 1), date(2024, 1, 31)), 0, 14),
)


def test_filters(session: Session):
    for wanted, received, unanswered in FILTERED:
        found = figures(session, wanted, TODAY)
        assert (found.total.received, found.unanswered) == (received, unanswered), wanted
        same_rows(session, found)


def test_each_figure_is_the_number_of_rows_behind_it(session: Session):
    found = figures(session, YEAR, TODAY)
    assert same_rows(session, found) == 184


def same_rows(session: Session, found: Figures) -> int:
    """Hold every number against its list; return how many there were."""
    checked = 0
    for wanted, count in counts_of(found):
        listed = requests_behind(session, wanted, TODAY, count.figure, count.value)
        assert (count.count, count.count) == (listed.total, len(listed.lines)), count
        checked += 1
    return checked


def test_each_request_stands_as_the_alerts_say(session: Session):
    """On days before and after, too: what is shown of a request is what `models.alerts.standing` says of its stored dates."""
    rows = session.exec(select(RequestDates, Request, Case).where(RequestDates.request_id == Request.id, RequestDates.case_id == Case.id))  # fmt: skip
    compared = {  # an open pause moves the law's date each day
        (case.ref, request.right): deadlines_of(session, case, NOW)
        for dates, request, case in rows
        if dates.replied_on is None and not dates.pause_open
    }
    for days in range(-60, 61, 3):
        today = TODAY + timedelta(days=days)
        listed = requests_behind(session, YEAR, today, "unanswered").lines
        shown = {(line.case_ref, line.right): line.standing for line in listed}
        soon = settings().due_soon_days
        assert {
            each: standing(dates, today, soon).value for each, dates in compared.items()
        }.items() <= shown.items(), today
        assert len(shown) == 14


def numbers_in_csv(found: Figures) -> dict[tuple[str, str, str], str]:
    rows = csv.DictReader(io.StringIO(figures_csv(found, "en").decode("utf-8-sig")))
    return {(row["section"], row["line"], row["column"]): row["value"] for row in rows}


def test_the_csv_says_the_same(session: Session):
    said = numbers_in_csv(figures(session, YEAR, TODAY))
    for key, value in {
        ("standing", "overdue", "requests"): "2",
        ("ages", "22-30", "requests"): "4",
        ("blocked", "elay", "silent"): "3",
        ("total", "received", "value"): "46",
        ("total", "promise_share", "value"): "72.2",  # 26 of 36
        ("total", "law_share", "value"): "85.2",  # 29 of 34, rounded down
        ("total", "p50", "value"): "14",
        ("total", "p90", "value"): "50",
        ("months", "2026-10", "promise_missed"): "3",
        ("months", "2026-02", "law_missed"): "1",
        ("rights", "erasure", "p90"): "62",
        ("days", "61-", "requests"): "3",
        ("stages", "received", "days"): "19.21",
        ("refusals", "late", "requests"): "1",
        ("extensions", "total", "requests"): "3",
        ("bounced", "total", "requests"): "5",
        ("forecast", "2026-11", "expected"): "6",
    }.items():
        assert said[key] == value, key


def test_the_list_as_csv_names_nobody(session: Session):
    listed = requests_behind(session, YEAR, TODAY, "received")
    text = list_csv(listed.lines, "fr").decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == 46
    assert "Secret Name" not in text
    assert "@" not in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pdf_says_the_same_on_two_to_four_pages(session: Session, language: str):
    found = figures(session, YEAR, TODAY)
    document = report_pdf(found, language)
    assert document == report_pdf(found, language)
    reader = pypdf.PdfReader(io.BytesIO(document))
    assert 2 <= len(reader.pages) <= 4
    footer = {"fr": "Au 23 novembre 2026 · Demandes reçues du 1er", "en": "As of 23 November 2026 · Requests received"}  # fmt: skip
    assert all(footer[language] in " ".join(page.extract_text().split()) for page in reader.pages)
    title = {"fr": "les douze derniers mois", "en": "the last twelve months"}
    assert title[language] in reader.pages[0].extract_text()
    text = "\n".join(page.extract_text() for page in reader.pages).replace("\u202f", " ").replace("\xa0", " ")
    for expected in {
        "fr": ("72,2 %", "85,2 %", "octobre 2026 12 5 5 3 62,5 % 5 1 83,3 %", "Effacement 12 8 6 2 75,0 % 6 2 75,0 % 15 62"),
        "en": ("72.2%", "85.2%", "October 2026 12 5 5 3 62.5% 5 1 83.3%", "Erasure 12 8 6 2 75.0% 6 2 75.0% 15 62"),
    }[language]:  # fmt: skip
        assert expected in text, text


def test_nothing_is_foretold_of_the_past(session: Session):
    assert figures(session, Filter(YEAR.since, date(2026, 10, 31)), TODAY).forecast is None
    assert figures(session, Filter(YEAR.since, date(2026, 11, 1)), TODAY).forecast is not None


def test_a_refusal_without_a_ground_lists_itself_alone(session: Session):
    session.execute(update(RequestDates).where(col(RequestDates.refusal_ground) == "unfounded").values(refusal_ground=""))  # fmt: skip
    found = figures(session, YEAR, TODAY)
    assert counted(found.refusals) == {"none": 1, "not_proved": 1, "not_theirs": 1}
    assert requests_behind(session, YEAR, TODAY, "refused", "none").total == 1
    assert (name_of("fr", "refused", "none"), name_of("en", "refused", "none")) == (
        "Motif non enregistré",
        "No ground noted",
    )
    assert same_rows(session, found) == 184


def test_percentiles_are_nearest_rank():
    assert nearest_rank({}, 50) is None
    assert nearest_rank({4: 1}, 90) == 4
    assert nearest_rank({1: 1, 2: 1}, 50) == 1
    assert nearest_rank(dict.fromkeys(range(1, 11), 1), 90) == 9
    assert nearest_rank(dict.fromkeys(range(1, 12), 1), 90) == 10  # rank ⌈9.9⌉


def test_every_right_has_a_line(session: Session):
    assert [line.key for line in figures(session, YEAR, TODAY).rights] == list(Right)
