"""The sentences that explain a date to the officer: each rule quoted, each sentence whole, in both languages."""

import re
from datetime import date, datetime

import pytest

from models.calendar import PARIS
from models.deadline_explanation import SENTENCES, explain
from models.deadlines import Clock, Extension, Pause, deadlines

LANGUAGES = ("fr", "en")


def noon(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=PARIS)


def pause(asked: str, answered: str | None = None, **changes: str) -> Pause:
    given = {"kind": "identity", "doubt_reason": "unknown address", **changes}
    return Pause(asked=date.fromisoformat(asked), answered=answered and date.fromisoformat(answered), **given)


HISTORIES = {
    "plain": Clock(noon("2026-07-01")),
    "rolled": Clock(noon("2026-04-23")),
    "february": Clock(noon("2026-02-02")),
    "equal": Clock(noon("2026-09-30")),
    "clamped": Clock(
        noon("2026-01-31"),
        (
            pause("2026-02-02", "2026-02-04"),
            pause("2026-02-03", kind="scope"),
            pause("2026-02-05", doubt_reason=""),
            pause("2026-02-12", "2026-02-13"),
            pause("2026-02-13", "2026-02-14", override_reason="ill"),
            pause("2026-05-20", "2026-05-21", override_reason="ill"),
        ),
    ),
    "extended": Clock(noon("2026-10-01"), extension=Extension("volume", date(2026, 10, 5))),
    "broken": Clock(noon("2026-03-05"), extension=Extension("volume", date(2026, 4, 7))),
    "late": Clock(noon("2026-03-05"), extension=Extension("volume", date(2026, 4, 8))),
    "not_told": Clock(noon("2026-03-05"), extension=Extension("volume", None)),
    "undelivered": Clock(noon("2026-03-05"), extension=Extension("volume", None, lost=True)),
    "groundless": Clock(noon("2026-03-05"), extension=Extension("", date(2026, 3, 8))),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", HISTORIES)
def test_every_sentence_quotes_its_rule_and_is_complete(name: str, language: str) -> None:
    told = explain(deadlines(HISTORIES[name], today=date(2026, 3, 1)), language)
    assert all(sentence.startswith("[D") and sentence.endswith(".") for sentence in told)
    assert not any("{" in sentence or "None" in sentence for sentence in told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_reached(language: str) -> None:
    told = {
        sentence
        for clock in HISTORIES.values()
        for sentence in explain(deadlines(clock, today=date(2026, 3, 1)), language)
    }
    patterns = [re.sub(r"\\{\w+\\}", ".+", re.escape(texts[language])) for texts in SENTENCES.values()]
    assert not [
        pattern for pattern in patterns if not any(re.fullmatch(pattern, sentence) for sentence in told)
    ]


def test_the_explanation_of_a_rolled_date_names_each_day_off() -> None:
    dates = deadlines(HISTORIES["rolled"])
    english, french = explain(dates, "en"), explain(dates, "fr")
    assert (
        "[D6] Nobody works on Saturday 23 May 2026, Sunday 24 May 2026, Monday 25 May 2026 (Pentecost Monday), "
        "so the law’s last day becomes Tuesday 26 May 2026."
    ) in english
    assert any("lundi 25 mai 2026 (Lundi de Pentecôte)" in sentence for sentence in french)
    assert len(english) == len(french)


def test_french_dates_write_the_first_of_a_month_as_1er() -> None:
    assert "mercredi 1er juillet 2026" in explain(deadlines(HISTORIES["plain"]), "fr")[0]


def test_the_explanation_never_shows_what_an_officer_wrote() -> None:
    told = explain(deadlines(HISTORIES["clamped"], today=date(2026, 3, 1)), "en")
    assert not any("unknown address" in sentence or "ill" in sentence.split() for sentence in told)


def test_a_holiday_added_by_setting_is_named_as_such() -> None:
    told = explain(deadlines(HISTORIES["plain"], extra_holidays={date(2026, 7, 31), date(2026, 8, 3)}), "en")
    assert "[D26] Nobody works that day (holiday added by setting), so aim for Thursday 30 July 2026." in told
    assert any("Monday 3 August 2026 (holiday added by setting)" in sentence for sentence in told)
