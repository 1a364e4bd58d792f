"""What an officer reads when a change is to be decided or could not be made by hand. Reads only."""

from collections.abc import Sequence

from models.controller import LegalBasis
from models.manual_work import ManualOutcome
from models.map_in_words import said
from models.wishes import Preview
from tasks.forms.form_texts import officer_language, render_text
from tasks.letters.reply_changes import corrected_in_words
from tasks.search_systems import data_map
from tasks.steps import Scene


def by_hand_text(scene: Scene, action: str, missing: Sequence[ManualOutcome], sent_back: str) -> str:
    """Return what colleagues were asked to do and have not done, with their notes."""
    return render_text(
        scene,
        "by_hand",
        right=scene.request.right,
        action=action,
        missing=[
            {"system": one.system, "person": one.person, "outcome": one.outcome, "note": one.note}
            for one in missing
        ],
        sent_back=sent_back,
    )


def weighing_text(scene: Scene, sent_back: str) -> str:
    """Return what an officer weighs: an objection, with both sides' interests, or the case of a restriction."""
    return render_text(
        scene,
        "weighing",
        right=scene.request.right,
        purposes=[
            (said(purpose.title, officer_language()), said(purpose.basis_text, officer_language()))
            for purpose in data_map().controller.purposes.values()
            if purpose.basis is LegalBasis.LEGITIMATE_INTEREST
        ],
        sent_back=sent_back,
    )


def change_text(
    scene: Scene,
    preview: Preview,
    restricted: bool,
    note: str,
    sent_back: str,  # a form's fact
) -> str:
    """Return before and after of a wanted correction, per system. `note`: why it is shown again."""
    language = officer_language()
    return render_text(
        scene,
        "change",
        lines=corrected_in_words(preview.changes, language),
        by_hand=[said(spec.title, language) for spec in data_map().systems.values() if spec.kind == "manual"],
        problems=preview.problems,
        restricted=restricted,
        note=note,
        sent_back=sent_back,
    )
