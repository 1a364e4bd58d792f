"""Extend the period of a case whenever an officer decides so, before the statutory date (law.md D11, D12).

The forms of waiting requests offer the same; it is judged by the same rules, and happens once a case.
"""

from datetime import datetime

from sqlmodel import Session

from models.calendar import Language
from models.cases import find_case, lock_request, requests_of
from models.database import unit_of_work
from models.errors import Rejected
from models.grounds import DELAY_WORDS, Delay
from models.map_in_words import said
from models.questions import Choice, Question, ground_in_words
from models.tables import Case
from tasks.forms.judge_answer import Answered, Asked, may_extend, problem
from tasks.letters.end_otherwise import extend_period
from tasks.steps import Scene

AT_ANY_TIME = Asked(Question.REVIEW, 0, (Choice.EXTEND,), "")


def extend_case(ref: str, ground: str, reason: str, officer: str, now: datetime, code: str = "") -> str:
    """Extend the case called `ref` and queue the notice; return the letter's key.

    `ground`: a key of `Delay`. `code`: the officer's one-time code, where they use one. `NotFound` where there is no such
    case; `Rejected`, in the officers' language, with the rule that the decision breaks.
    """
    delay = next((one for one in Delay if one == ground), None)
    words = ground_in_words(delay, "en") if delay else ""
    with unit_of_work() as session:
        scene = _scene(session, find_case(session, ref), now)
        answered = Answered(Choice.EXTEND, officer, reason.strip(), code=code, ground=words)
        why = problem(scene, AT_ANY_TIME, answered, address_is_good=True)
        if why or delay is None:
            raise Rejected(why)
        return extend_period(scene, delay, reason.strip(), officer)


def can_extend(session: Session, case: Case, now: datetime) -> bool:
    """Whether the period of the case can be extended now."""
    still_open = [request for request in requests_of(session, case) if request.closed_at is None]
    return bool(still_open) and may_extend(Scene(session, case, still_open[0], now))


def delay_words(language: Language) -> list[tuple[str, str]]:
    """Return the grounds for an extension with their words, for a list to choose from."""
    return [(delay.value, said(DELAY_WORDS[delay], language)) for delay in Delay]


def _scene(session: Session, case: Case, now: datetime) -> Scene:
    """The case with its first open request, whose row is locked: two who extend at once wait for each other."""
    first = next((one for one in requests_of(session, case) if one.closed_at is None), None)
    if first is None:
        raise Rejected(f"{case.ref} is closed: there is nothing to extend")
    return Scene(session, case, lock_request(session, first.ref), now)
