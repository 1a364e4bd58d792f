"""Show each open case's clock in the Prefect UI, as an artifact: its dates and why they are so, and nothing personal.

One artifact a case, written anew only where something in it changed: showing the same again changes nothing.
"""

from datetime import datetime

from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from flows.prefect_api import prefect
from models.alerts import reply_due
from models.calendar import Language, format_day, format_days, paris_date
from models.case_clock import deadlines_of
from models.cases import find_case
from models.database import reading, unit_of_work
from models.deadline_explanation import explain
from models.deadlines import Deadlines
from models.storage import sha256
from tasks.forms.form_texts import officer_language
from tasks.letters.correspondence import case_link

WORDS: dict[Language, str] = {
    "fr": "# {ref} · {left}\n\n| | |\n|---|---|\n| **À répondre au plus tard le** | **{due}** |\n"
    "{before}| Promesse de 30 jours | {commitment} |\n| Délai légal | {statutory} |\n\n## Pourquoi ces dates\n\n{why}\n\n"
    "[Le dossier]({link})\n",
    "en": "# {ref} · {left}\n\n| | |\n|---|---|\n| **Answer by** | **{due}** |\n"
    "{before}| Promise of 30 days | {commitment} |\n| Legal period | {statutory} |\n\n## Why these dates\n\n{why}\n\n"
    "[The case]({link})\n",
}
BEFORE: dict[Language, str] = {
    "fr": "| Sans la prolongation | {} |\n",
    "en": "| Without the extension | {} |\n",
}


def key_of(case_ref: str) -> str:
    """Return the artifact's key: `dsr-2026-0042-clock`."""
    return f"{case_ref.lower()}-clock"


def show_clock(case_ref: str, now: datetime) -> bool:
    """Write the case's artifact, where it does not say yet what is true now; False where it does.

    What was shown last is noted with the case, so that Prefect is asked only where a date or the day has changed.
    """
    with reading() as session:
        case = find_case(session, case_ref)
        text = clock_text(case_ref, deadlines_of(session, case, now), now, case_link(case))
    shown = sha256(text.encode())
    if case.clock_shown == shown:
        return False
    known = _artifacts(case_ref)
    with prefect() as client:
        if known:
            client.update_artifact(known[0].id, ArtifactUpdate(data=text))
        else:
            client.create_artifact(ArtifactCreate(key=key_of(case_ref), type="markdown", data=text))
    _note_shown(case_ref, shown)
    return True


def _note_shown(case_ref: str, shown: str) -> None:
    with unit_of_work() as session:
        find_case(session, case_ref).clock_shown = shown


def clock_text(case_ref: str, dates: Deadlines, now: datetime, link: str) -> str:
    """Return the clock in the officers' language, counted to the day that alerts act on; it holds no personal data."""
    language, due = officer_language(), reply_due(dates)
    extended = due != dates.binding
    return WORDS[language].format(
        ref=case_ref,
        left=_left((due - paris_date(now)).days, language),
        due=format_day(due, language),
        before=BEFORE[language].format(format_day(dates.binding, language)) if extended else "",
        commitment=format_day(dates.commitment, language),
        statutory=format_day(dates.statutory_in_force, language),
        why="\n".join(f"- {sentence}" for sentence in explain(dates, language)),
        link=link,
    )


def _left(days: int, language: Language) -> str:
    """How many days are left, or how many it is late."""
    counted = format_days(abs(days), language)
    if not days:
        return "à répondre aujourd’hui" if language == "fr" else "due today"
    if days < 0:
        return f"{counted} de retard" if language == "fr" else f"{counted} late"
    if language == "fr":
        return f"{counted} restant" if days == 1 else f"{counted} restants"
    return f"{counted} left"


def forget_clock(case_ref: str) -> int:
    """Delete the case's artifact in every version; return how many there were."""
    known = _artifacts(case_ref)
    with prefect() as client:
        for artifact in known:
            client.delete_artifact(artifact.id)
    _note_shown(case_ref, "")
    return len(known)


def _artifacts(case_ref: str) -> list[Artifact]:
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key_of(case_ref)]))
    with prefect() as client:
        return client.read_artifacts(
            artifact_filter=wanted, limit=200, offset=0, sort=ArtifactSort.CREATED_DESC
        )
