"""What an officer reads above the form of a portability request: the scope, line by line, with its reasons.

Reads only. Values are written as literal text, as in `tasks/forms/form_texts.py`.
"""

from collections.abc import Sequence

from models.choice_words import WORDS
from models.controller import Category
from models.grounds import Refusal
from models.map_in_words import place_in_words, said
from models.portability import Because, ScopeItem, nothing_portable
from models.questions import Choice, ground_in_words, searched
from models.tables import FindingRow
from tasks.forms.form_texts import fingerprint, officer_language, render_text
from tasks.identify import search_identifiers
from tasks.search_systems import data_map
from tasks.steps import Scene


def portability_text(scene: Scene, rows: list[FindingRow], scope: Sequence[ScopeItem], sent_back: str) -> str:
    """Return the summary of one round: what would be handed over, what not and why, what is missing, both dates."""
    language = officer_language()
    return render_text(
        scene,
        "portability",
        sent_back=sent_back,
        found=searched(rows),
        rows=rows,
        scope=sorted(scope, key=lambda item: not item.included),
        language=language,
        portable=not nothing_portable(scope),
        texts=_free_texts(scope),
        by_hand=[said(item.what, language) for item in scope if item.because is Because.NOT_AUTOMATED],
        refuse=getattr(WORDS[Choice.REFUSE], language),
        ground=ground_in_words(Refusal.NOT_PORTABLE, language),
        searched_for=[identifier.value for identifier in search_identifiers(scene.case)],
        fingerprint=fingerprint(rows),
    )


def _free_texts(scope: Sequence[ScopeItem]) -> list[str]:
    """The columns with messages and notes that would be handed over, in words: they might speak of others (20(4))."""
    mapped = data_map()
    return [
        place_in_words(mapped, item.system, f"{item.table}.{column}", officer_language())
        for item in scope
        if item.included
        for column in item.columns
        if mapped.systems[item.system].tables[item.table].columns[column].category is Category.FREE_TEXT  # type: ignore[union-attr]  # an included item is a table's
    ]
