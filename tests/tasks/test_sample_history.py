"""Invented history: whatever the day, somebody is due today and somebody is late, so that a page has something to warn of."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from models.calendar import paris_date
from models.database import reading, unit_of_work
from models.sla import last_months
from models.tables import RequestState
from tasks.figures.sla_figures import figures
from tasks.figures.sla_requests import requests_behind
from tasks.samples.sample_history import write_history
from tests.support.case_rows import NOW

sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
DAYS = [
    NOW + timedelta(days=days) for days in (0, 5, 33, 101, 260)
]  # Monday, Saturday, 26 December, 4 March, August


@sqlite
@pytest.mark.parametrize("now", DAYS, ids=lambda now: f"{now:%Y-%m-%d}")
def test_an_open_history_has_each_standing_that_warns(db: str, now: datetime) -> None:
    with unit_of_work() as session:
        write_history(session, 5, now, still_open=True)
    with reading() as session:
        today = paris_date(now)
        found = figures(session, last_months(today), today)
    standing = {count.value for count in found.standing if count.count}
    assert {"due_today", "promise_broken", "overdue"} <= standing


@sqlite
def test_a_weekend_in_march_has_nothing_that_is_due(db: str) -> None:
    with unit_of_work() as session:
        write_history(session, 1, NOW + timedelta(days=103), still_open=True)
    with reading() as session:
        day = paris_date(NOW + timedelta(days=103))
        found = figures(session, last_months(day), day)
    assert (day.isoformat(), found.standing_count("due_today"), found.overdue) == ("2027-03-06", 0, 1)


@sqlite
def test_a_closed_history_leaves_nothing_to_do(db: str) -> None:
    with unit_of_work() as session:
        write_history(session, 20, NOW)
    with reading() as session:
        assert figures(session, last_months(NOW.date()), NOW.date()).unanswered == 0


def test_time_by_stage_is_measured_on_the_newest_five_hundred_as_the_page_says(db: str) -> None:
    with unit_of_work() as session:
        write_history(session, 600, NOW, days=60)
    today = paris_date(NOW)
    wanted = last_months(today)
    with reading() as session:
        stages = {stage.value: stage.requests for stage in figures(session, wanted, today).stages}
        behind = requests_behind(session, wanted, today, "stage", RequestState.RECEIVED)
        answered = requests_behind(session, wanted, today, "answered")
    newest = sorted(line.received_on for line in answered.lines)[-500:]
    assert len(answered.lines) > 500
    assert stages[RequestState.RECEIVED] == behind.total == 500
    assert sorted(line.received_on for line in behind.lines) == newest


def test_a_systems_name_is_no_wildcard(db: str) -> None:
    with unit_of_work() as session:
        write_history(session, 50, NOW, days=60)
    today = paris_date(NOW)
    with reading() as session:
        found = {
            system: figures(session, replace(last_months(today), system=system), today).total.received
            for system in ("elay", "el_y", "el%")
        }
    assert found["elay"]
    assert not found["el_y"] + found["el%"]
