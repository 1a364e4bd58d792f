"""The words and signs of the SLA figures: every value has words in both languages, and a chart says what its colours mean."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from models.alerts import Standing
from models.calendar import Language
from models.letters import LetterKind
from models.sla import Filter
from models.tables import LetterState, WaitsFor
from tasks.clock.heartbeat import CLOCKWORK
from tasks.figures.draw_charts import COLUMN, PAPER, SMALLEST, TONES, Chart, Series, draw
from tasks.figures.sla_say import FOLDER, date_name, name_of, number, per_cent, words
from tasks.figures.sla_sections import TONES as MEANINGS
from web.sla_filter import query_of

both = pytest.mark.parametrize("language", ["fr", "en"])
STUCK = (LetterState.QUEUED, LetterState.SENDING, LetterState.UNCERTAIN, LetterState.FAILED)


@both
def test_every_kind_of_letter_has_words(language: Language) -> None:
    named = {kind: name_of(language, "bounced", kind) for kind in LetterKind}
    assert [kind for kind, name in named.items() if name == kind] == []
    assert len(set(named.values())) == len(named)


@both
def test_every_flow_and_state_that_a_page_names_has_words(language: Language) -> None:
    known = words(language)
    assert {f"flow.{flow}" for flow in CLOCKWORK} <= known.keys()
    assert {f"letter_state.{state}" for state in STUCK} <= known.keys()
    assert {f"whom.{whom or 'nobody'}" for whom in WaitsFor} <= known.keys()


def test_both_languages_know_the_same_words() -> None:
    def keys(language: str) -> set[str]:
        sections = yaml.safe_load((FOLDER / f"{language}.yaml").read_text())
        return {f"{section}.{name}" for section, texts in sections.items() for name in texts}

    assert keys("fr") == keys("en")


def test_numbers_are_written_as_in_the_language() -> None:
    assert (per_cent("fr", 3, 1), per_cent("en", 3, 1)) == ("75,0\u00a0%", "75.0%")
    assert (number("en", 1204), number("en", 19.21), number("en", None)) == ("1,204", "19.2", "–")
    assert date_name("fr", date(2026, 12, 1)) == "1er\u00a0déc.\u00a02026"


def test_every_standing_has_a_colour_of_its_own_and_a_hatching_or_darkness_besides() -> None:
    tones = [MEANINGS["standing"][standing] for standing in Standing]
    assert len(set(tones)) == len({TONES[tone] for tone in tones}) == len(Standing)


def test_a_month_that_is_not_complete_looks_different() -> None:
    def drawn(*unfinished: int) -> bytes:
        series = (Series("kept", (90.0, 95.0), ("90.0%", "95.0%")),)
        return draw(
            Chart(
                "m",
                "lines",
                "t",
                "d",
                "%",
                ("Oct", "Nov"),
                series,
                (),
                unfinished,
                "incomplete",
                "from {low}",
            )
        )

    assert len({drawn(), drawn(1), drawn(0, 1)}) == 3


@pytest.mark.parametrize(("drawn", "shown"), [(PAPER, 18.0), (COLUMN, (18.0 - 0.5) / 2)])
def test_text_of_charts_on_paper_has_seven_points(drawn: float, shown: float) -> None:
    """`drawn` in inches, `shown` in centimetres: A4 less the margins of the template."""
    assert SMALLEST * (shown / 2.54) / drawn >= 7


def test_a_link_keeps_what_is_asked_and_nothing_empty(home: Path) -> None:
    wanted = Filter(date(2026, 1, 1), date(2026, 2, 1), right="access")
    assert (
        query_of("fr", wanted, "received") == "since=2026-01-01&until=2026-02-01&right=access&figure=received"
    )
    assert query_of("en", wanted, page_number=2).endswith("right=access&page_number=2&lang=en")
