"""What Prefect shows of a case's clock counts to the day that alerts act on, and speaks properly."""

from datetime import UTC, date, datetime

import pytest

from flows.case_clock_artifact import clock_text
from models.deadlines import Clock, Extension, deadlines
from tests.conftest import forget_settings

RECEIVED = datetime(2026, 11, 23, 9, tzinfo=UTC)  # binding on 23 December; extended: promised for 23 February
EXTENSION = Extension("volume", date(2026, 12, 1))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ["2 jours restants", "1 jour restant", "à répondre aujourd’hui", "1 jour de retard", "2 jours de retard"]),
        ("en", ["2 days left", "1 day left", "due today", "1 day late", "2 days late"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("extension", [None, EXTENSION])
def test_it_counts_to_the_day_that_alerts_act_on(
    home: object, monkeypatch: pytest.MonkeyPatch, language: str, said: list[str], extension: Extension | None
) -> None:
    monkeypatch.setenv("DSR_OFFICER_LANGUAGE", language)
    forget_settings()
    dates = deadlines(Clock(RECEIVED, extension=extension))
    month, first = ((12, 21) if extension is None else (2, 21)), (2026 if extension is None else 2027)
    for days, words in enumerate(said):
        now = datetime(first, month[0], month[1] + days, 12, tzinfo=UTC)
        head, *_ = clock_text("DSR-2026-0001", dates, now, "link").splitlines()
        assert head.replace("\xa0", " ") == f"# DSR-2026-0001 · {words}"


def test_both_days_are_shown_once_they_differ(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_OFFICER_LANGUAGE", "en")
    forget_settings()
    now = datetime(2026, 12, 2, 12, tzinfo=UTC)
    plain = clock_text("DSR-2026-0001", deadlines(Clock(RECEIVED)), now, "link")
    assert "**Wednesday 23 December 2026**" in plain
    assert "Without the extension" not in plain
    extended = clock_text("DSR-2026-0001", deadlines(Clock(RECEIVED, extension=EXTENSION)), now, "link")
    assert "**Tuesday 23 February 2027**" in extended
    assert "| Without the extension | Wednesday 23 December 2026 |" in extended
