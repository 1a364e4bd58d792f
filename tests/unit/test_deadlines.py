"""Deadlines against the worked vectors of law.md 1.4, and each rule that a vector does not show."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from models.calendar import PARIS, day_off_name, end_of_day, paris_date
from models.deadlines import Clock, ClockFact, Deadlines, Extension, Pause, clock_from_events, deadlines
from models.errors import Rejected

VECTORS = Path(__file__).parent / "vectors"


def rows(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def noon(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=PARIS)


def pause(asked: str, answered: str | None = None, **changes: str) -> Pause:
    given = {"kind": "identity", "doubt_reason": "unknown address", **changes}
    return Pause(asked=date.fromisoformat(asked), answered=answered and date.fromisoformat(answered), **given)


def with_pauses(received: str, *pauses: Pause, today: str | None = None) -> Deadlines:
    return deadlines(Clock(noon(received), pauses), today=today and date.fromisoformat(today))


@pytest.mark.parametrize("row", rows("deadline_vectors.csv"), ids=lambda row: row["id"])
@pytest.mark.parametrize("instant", ["receipt_local", "receipt_utc"])
def test_every_column_of_a_receipt_vector(row: dict[str, str], instant: str) -> None:
    dates = deadlines(Clock(datetime.fromisoformat(row[instant])))
    rolled = dates.statutory_due != dates.statutory_nominal
    apart = (dates.statutory_due - dates.commitment).days
    ends = dates.statutory_window_ends
    assert ends.utcoffset() == timedelta()
    computed = {
        "receipt_date_paris": dates.received_on,
        "receipt_weekday": f"{dates.received_on:%a}",
        "commitment_due": dates.commitment,
        "commitment_weekday": f"{dates.commitment:%a}",
        "commitment_target_working_day": dates.commitment_target,
        "statutory_nominal": dates.statutory_nominal,
        "statutory_nominal_weekday": f"{dates.statutory_nominal:%a}",
        "statutory_due": dates.statutory_due,
        "statutory_due_weekday": f"{dates.statutory_due:%a}",
        "statutory_window_ends_utc": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "rolled_because": day_off_name(dates.statutory_nominal, "en") if rolled else "",
        "extension_notice_latest": dates.extension_notice_legal_latest,
        "extended_nominal": dates.extended_nominal,
        "extended_due": dates.extended_due,
        "extended_due_weekday": f"{dates.extended_due:%a}",
        "extended_cautious_unrolled": dates.extended_cautious,
        "earlier": "commitment" if apart > 0 else "statutory" if apart < 0 else "equal",
        "days_apart": apart,
        "binding_date": dates.binding,
        "safe_send_by": dates.safe_send_by,
    }
    assert {name: str(value) for name, value in computed.items()} == {name: row[name] for name in computed}
    assert set(row) - set(computed) == {"id", "receipt_local", "receipt_utc", "reason"}


@pytest.mark.parametrize("row", rows("suspension_vectors.csv"), ids=lambda row: row["id"])
def test_every_column_of_a_suspension_vector(row: dict[str, str]) -> None:
    spans = [span.split("..") for span in row["pauses"].split(";") if span]
    dates = with_pauses(row["receipt_date_paris"], *(pause(asked, answered) for asked, answered in spans))
    computed = {
        "receipt_date_paris": dates.received_on,
        "paused_days": dates.paused_days,
        "statutory_due_without_pause": dates.statutory_due_without_pause,
        "statutory_nominal_with_pause": dates.statutory_nominal,
        "statutory_due_with_pause": dates.statutory_due,
        "extended_due_with_pause": dates.extended_due,
        "commitment_due_unchanged": dates.commitment,
    }
    assert {name: str(value) for name, value in computed.items()} == {name: row[name] for name in computed}
    assert set(row) - set(computed) == {"id", "pauses", "reason"}


@pytest.mark.parametrize(
    ("asked", "changes", "outcome"),
    [
        ("2026-06-08", {}, "counted"),  # Monday 1 June + 5 working days
        ("2026-06-09", {}, "too_late"),
        ("2026-06-09", {"kind": "scope"}, "too_late"),
        ("2026-06-09", {"override_reason": "ill"}, "counted"),
        ("2026-06-09", {"override_reason": " "}, "too_late"),
        ("2026-06-02", {"doubt_reason": " "}, "no_reason"),
        ("2026-07-01", {"override_reason": "ill"}, "counted"),  # the month's last day
        ("2026-07-02", {"override_reason": "ill"}, "period_over"),
    ],
)
def test_a_question_stops_the_clock_only_if_asked_in_time_and_with_reason(
    asked: str, changes: dict[str, str], outcome: str
) -> None:
    dates = with_pauses("2026-06-01", pause(asked, "2026-07-10", **changes))
    [verdict] = dates.pauses
    assert verdict.outcome == outcome
    assert (dates.statutory_nominal > dates.month_ends) == (outcome == "counted")
    assert dates.commitment == dates.binding == date(2026, 7, 1)


def test_saturday_after_the_fifth_working_day_is_not_yet_late() -> None:
    assert with_pauses("2026-06-05", pause("2026-06-14", "2026-06-15")).paused_days == 1
    assert with_pauses("2026-06-05", pause("2026-06-15", "2026-06-16")).paused_days == 0


def test_the_limit_for_questions_is_a_setting_and_skips_extra_holidays() -> None:
    clock = Clock(noon("2026-06-01"), (pause("2026-06-09", "2026-06-12"),))
    assert deadlines(clock, query_working_days=6).paused_days == 3
    assert deadlines(clock, extra_holidays={date(2026, 6, 3)}).paused_days == 3


def test_overlapping_pauses_count_a_day_once() -> None:
    dates = with_pauses(
        "2026-06-01",
        pause("2026-06-02", "2026-06-12"),
        pause("2026-06-04", "2026-06-06", kind="scope"),
        pause("2026-06-05", "2026-06-15", kind="scope"),
    )
    assert [verdict.days for verdict in dates.pauses] == [10, 0, 3]
    assert dates.paused_days == 13


def test_a_further_question_to_an_insufficient_answer_is_not_late() -> None:
    first = pause("2026-06-02", "2026-06-12")
    assert with_pauses("2026-06-01", first, pause("2026-06-12", "2026-06-20")).paused_days == 18
    assert with_pauses("2026-06-01", first, pause("2026-06-13", "2026-06-20")).paused_days == 10
    assert with_pauses("2026-06-01", first, pause("2026-06-12", "2026-06-20", kind="scope")).paused_days == 10


def test_a_question_counts_while_an_earlier_pause_keeps_the_month_open() -> None:
    first = pause("2026-06-02", "2026-06-12")  # the month ends on 11 July instead of 1 July
    late = {"override_reason": "ill"}
    assert with_pauses("2026-06-01", first, pause("2026-07-13", "2026-07-15", **late)).paused_days == 12
    assert with_pauses("2026-06-01", first, pause("2026-07-14", "2026-07-15", **late)).paused_days == 10


def test_an_open_pause_counts_up_to_today() -> None:
    assert with_pauses("2026-06-01", pause("2026-06-03"), today="2026-06-10").paused_days == 7
    assert with_pauses("2026-06-01", pause("2026-06-03"), today="2026-06-02").paused_days == 0
    with pytest.raises(Rejected, match="today"):
        with_pauses("2026-06-01", pause("2026-06-03"))


def test_a_pause_in_february_leaves_the_promise_binding() -> None:
    assert with_pauses("2026-02-02").binding == date(2026, 3, 2)
    paused = with_pauses("2026-02-02", pause("2026-02-03", "2026-02-13"))
    assert (paused.statutory_due, paused.binding) == (date(2026, 3, 12), date(2026, 3, 4))
    assert paused.safe_send_by == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("sent", "reason", "outcome"),
    [
        ("2026-04-04", "volume", "in_force"),
        ("2026-04-05", "volume", "in_force_promise_broken"),
        ("2026-04-07", "volume", "in_force_promise_broken"),
        ("2026-04-08", "volume", "too_late"),
        ("2026-03-09", " ", "no_reason"),
    ],
)
def test_an_extension_needs_a_reason_and_a_notice_in_time(sent: str, reason: str, outcome: str) -> None:
    dates = deadlines(Clock(noon("2026-03-05"), extension=Extension(reason, date.fromisoformat(sent))))
    assert dates.extension == outcome
    assert dates.statutory_in_force == (date(2026, 6, 5) if dates.extended else date(2026, 4, 7))
    assert dates.binding == dates.extension_notice_promised_by == date(2026, 4, 4)
    assert dates.refusal_notice_latest == dates.statutory_due == date(2026, 4, 7)


def test_a_newly_announced_holiday_moves_the_law_and_never_the_promise() -> None:
    clock = Clock(noon("2026-01-31"))
    plain, announced = deadlines(clock), deadlines(clock, extra_holidays={date(2026, 3, 2)})
    assert (announced.statutory_due, announced.commitment) == (date(2026, 3, 3), plain.commitment)
    assert announced.commitment_target == announced.safe_send_by == date(2026, 2, 27)
    assert announced.extra_holidays == {date(2026, 3, 2)}


def test_a_history_of_events_becomes_a_clock() -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    clock = clock_from_events(
        [
            ClockFact("extended", at("2026-06-20T09:00"), reason="volume"),
            ClockFact("resumed", at("2026-06-10T22:30"), scope="scope"),
            ClockFact("received", at("2026-06-08T09:00")),  # a reminder
            ClockFact("received", at("2026-05-31T22:30")),
            ClockFact(
                "paused", at("2026-06-02T22:30"), scope="scope", reason="ten years", override="asked twice"
            ),
            ClockFact("resumed", at("2026-06-01T08:00")),
            ClockFact("paused", at("2026-06-11T09:00"), reason="unknown address"),
            ClockFact("resumed", at("2026-06-12T09:00"), scope="scope"),
            ClockFact("extended", at("2026-06-21T09:00"), reason="again"),
        ]
    )
    assert clock == Clock(
        at("2026-05-31T22:30"),
        (
            pause(
                "2026-06-03",
                "2026-06-11",
                kind="scope",
                doubt_reason="ten years",
                override_reason="asked twice",
            ),
            pause("2026-06-11"),
        ),
        Extension("volume", date(2026, 6, 20)),
    )
    assert paris_date(clock.received) == date(2026, 6, 1)


def test_one_answer_ends_every_open_question_of_its_scope() -> None:
    asked = [ClockFact("paused", noon(day), reason="unknown address") for day in ("2026-06-02", "2026-06-05")]
    answered = ClockFact("resumed", noon("2026-06-12"))
    clock = clock_from_events([ClockFact("received", noon("2026-06-01")), *asked, answered])
    assert clock.pauses == (pause("2026-06-02", "2026-06-12"), pause("2026-06-05", "2026-06-12"))
    assert deadlines(clock).paused_days == 10


def test_histories_that_cannot_be_are_refused() -> None:
    with pytest.raises(Rejected, match="no receipt"):
        clock_from_events([])
    with pytest.raises(Rejected, match="time zone"):
        ClockFact("received", datetime(2026, 6, 1))  # noqa: DTZ001  # the point of the test
    with pytest.raises(Rejected, match="time zone"):
        Clock(datetime(2026, 6, 1))  # noqa: DTZ001  # the point of the test
    with pytest.raises(Rejected, match="before it begins"):
        pause("2026-06-02", "2026-06-01")
    with pytest.raises(Rejected, match="before the request"):
        with_pauses("2026-06-03", pause("2026-06-02", "2026-06-04"))
    for received in ("1981-12-31", "2100-01-01", "9999-12-31"):
        with pytest.raises(Rejected, match="1982 to 2099"):
            with_pauses(received)
    with pytest.raises(Rejected, match="2100"):
        with_pauses("2026-06-03", pause("2026-06-04", "9999-12-31"))
    with pytest.raises(Rejected, match="2100"):
        with_pauses("2090-06-03", pause("2090-06-04", "2100-12-31"))


@pytest.mark.parametrize(
    ("day", "ends"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),  # 23 hours long
        (date(2026, 10, 24), datetime(2026, 10, 24, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),  # 25 hours long
    ],
)
def test_the_legal_day_ends_at_midnight_in_paris_also_when_clocks_change(day: date, ends: datetime) -> None:
    assert end_of_day(day) == ends
    assert paris_date(ends) == day + timedelta(days=1)
    assert paris_date(ends - timedelta(microseconds=1)) == day
