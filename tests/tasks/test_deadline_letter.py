"""The digest of deadlines says of each request what an officer needs, in both languages, whatever it is about."""

from datetime import date
from itertools import product

import pytest

from models.alerts import Limit
from models.deadline_alert import Block, Blocker, DeadlineAlert
from models.letters import LetterKind
from models.rights import Right
from tasks.letters.render import LANGUAGES, render, say_date
from tests.support.deadline_samples import DESK, due_request
from tests.support.letter_reading import both, missing, say

KIND = LetterKind.DEADLINE_ALERT
NB = "\xa0"


def words_of(language: str, days: int = 3, right: Right = Right.ACCESS, *by: Block, **more: object) -> tuple[str, str]:  # fmt: skip
    one = due_request("DSR-2026-0042", right, days, *(by or (Block(by=Blocker.OFFICER),)), **more)
    about = {"escalated": False, "more_late": 0, "more_today": 0, "more_ahead": 0, "link": DESK}
    return both(render(KIND, language, DeadlineAlert(requests=(one,), **about)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_reference_right_days_block_and_links_are_said(language: str) -> None:
    markers = {
        "fr": ("accès (art. 15)", "réponse", "dans 3 jours", "une décision du référent", "1 demande"),
        "en": ("access (Art. 15)", "answer", "in 3 days", "an officer’s decision", "1 request"),
    }[language]
    for words in words_of(language):
        plain = words.replace(NB, " ")
        assert not missing(plain, "DSR-2026-0042", *markers, say_date(language, date(2026, 12, 24)))
    assert f"{DESK}/cases/DSR-2026-0042" in words_of(language)[0]
    assert "v2/runs/flow-run/" in words_of(language)[0]


@pytest.mark.parametrize(("language", "by"), [*product(LANGUAGES, Blocker)])
def test_every_block_has_words_and_names_its_systems(language: str, by: Blocker) -> None:
    for words in words_of(language, 3, Right.ACCESS, Block(by=by, systems=("Pipedrive", "Elay"))):
        assert "(Pipedrive, Elay)" in words


@pytest.mark.parametrize(("language", "limit", "right"), [*product(LANGUAGES, Limit, Right)])
def test_every_limit_and_right_has_words(language: str, limit: Limit, right: Right) -> None:
    for words in words_of(language, 3, right, limit=limit):
        assert str(limit) not in words or limit is Limit.REPLY
        assert "Art" in words.replace("art", "Art")


@pytest.mark.parametrize(
    ("days", "fr", "en"),
    [
        (-2, "2 jours de retard", "2 days late"),
        (-1, "1 jour de retard", "1 day late"),
        (0, "aujourd’hui", "today"),
        (1, "demain", "tomorrow"),
        (5, "dans 5 jours", "in 5 days"),
    ],
)
def test_days_are_counted_in_words(days: int, fr: str, en: str) -> None:
    for language, said in (("fr", fr), ("en", en)):
        for words in words_of(language, days):
            assert said in words.replace(NB, " ")


def test_only_what_is_lawful_is_proposed() -> None:
    until = date(2026, 12, 24)
    for words in words_of("en", extend_until=until, partial=True):
        assert not missing(words, "extension can be announced until Thursday 24 December 2026", "ready can be sent")  # fmt: skip
        assert "broken" not in words
    for words in words_of("en", extend_until=until, extension_breaks_promise=True):
        assert "our 30 days are broken already" in words
    for words in words_of("en", -1, refuse_until=None):
        assert not missing(words, "Answer at once", "A refusal would now be late")
        assert "extension" not in words
    for words in words_of("fr", -1, refuse_until=None):
        assert not missing(words, "Répondez sans attendre", "Un refus serait désormais tardif")


@pytest.mark.parametrize("language", LANGUAGES)
def test_managers_read_why_they_get_it(language: str) -> None:
    for words in say(KIND, language, escalated=True):
        assert {"fr": "en tant que direction", "en": "as a manager"}[language] in words
        assert {"fr": "tableau de bord", "en": "dashboard"}[language] in words


@pytest.mark.parametrize(
    ("about", "fr", "en"),
    [
        ({"broken": "law"}, "La loi n’est pas respectée", "The law is broken"),
        ({"broken": "promise"}, "le dernier jour légal est le", "the law’s last day is"),
        (
            {"broken": "promise", "paused": True},
            "le délai légal est suspendu",
            "the law’s period stands still",
        ),
    ],
)
def test_how_serious_it_is_is_said(about: dict[str, object], fr: str, en: str) -> None:
    """law.md D28: a broken promise and a broken law are not the same."""
    for language, said in (("fr", fr), ("en", en)):
        for words in words_of(language, -1, lawful_until=date(2026, 12, 20), **about):
            assert said in words
        for words in words_of(language, 3):
            assert said not in words
