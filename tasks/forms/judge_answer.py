"""Judge what an officer typed into a form: usable, or sent back with the reason (DESIGN.md 4.11).

Only a one-time code is used up by judging; it happens in the transaction that records the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import select

from models.calendar import paris_date
from models.case_clock import deadlines_of
from models.choice_words import SENT_BACK, choice_of
from models.questions import (
    EVIDENCE,
    GROUND_OF,
    OVERRIDE,
    SHORTEST_DELAY_REASON,
    SHORTEST_REASON,
    Choice,
    Ground,
    Question,
    ground_of,
    grounds,
)
from models.rights import Right
from models.settings import settings
from models.tables import Officer
from tasks.clock.ask_evidence import asks_for_papers
from tasks.officers import check_totp, deciding
from tasks.steps import Scene

PAUSES = frozenset({Choice.ASK_EVIDENCE, Choice.ASK_SCOPE})


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back from a form, as it was typed. `values`: the fields that only this question has."""

    choice: str
    officer: str
    reason: str
    code: str = ""
    address: str = ""
    ground: str = ""
    withhold: tuple[str, ...] = ()
    texts_read: str = ""
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the officer was shown and may answer. `not_by`: who decided before, and cannot confirm alone."""

    question: Question
    round: int
    choices: tuple[Choice, ...]
    content_hash: str
    texts_to_read: int = 0
    not_by: str = ""


def fitting_ground(scene: Scene, choice: Choice | None, words: str) -> Ground | None:
    """Return the ground chosen, where it belongs to the decision and to the right."""
    ground = ground_of(words)
    kind = GROUND_OF.get(choice) if choice else None
    if ground is None or kind is None or not isinstance(ground, kind):
        return None
    assert choice is not None
    return ground if ground in grounds(Right(scene.request.right), [choice]) else None


def problem(scene: Scene, asked: Asked, answered: Answered, *, address_is_good: bool) -> str:
    """Why the answer is sent back, in the officer's language; empty where it is good.

    An address on file is due for a code (I6); with other evidence the requester's own address will do (I4).
    """
    choice = choice_of(answered.choice)
    officer = scene.session.exec(select(Officer).where(Officer.name == answered.officer, deciding())).first()
    asked_for, override = answered.values.get(EVIDENCE, ""), answered.values.get(OVERRIDE, "")
    shortest = SHORTEST_DELAY_REASON if choice is Choice.EXTEND else SHORTEST_REASON
    checks: list[tuple[str, Callable[[], bool]]] = [
        ("choice", lambda: choice in asked.choices),
        ("late", lambda: choice is not Choice.EXTEND or may_extend(scene)),
        (
            "ground",
            lambda: choice not in GROUND_OF or fitting_ground(scene, choice, answered.ground) is not None,
        ),
        (
            "delay_reason" if choice is Choice.EXTEND else "reason",
            lambda: len(answered.reason.strip()) >= shortest,
        ),
        ("address", lambda: address_is_good),
        ("evidence", lambda: choice is not Choice.ASK_EVIDENCE or len(asked_for) >= SHORTEST_REASON),
        ("papers", lambda: choice is not Choice.ASK_EVIDENCE or not asks_for_papers(asked_for)),
        ("override", lambda: choice not in PAUSES or not override or len(override) >= SHORTEST_REASON),
        (
            "third_party",
            lambda: choice is not Choice.SEND_COPY or not asked.texts_to_read or bool(answered.texts_read),
        ),
        ("officer", lambda: officer is not None),
        ("other_officer", lambda: answered.officer != asked.not_by),
        ("code", lambda: officer is None or _code_is_good(scene, officer, answered.code)),
    ]
    failed = next((name for name, good in checks if not good()), None)
    return str(getattr(SENT_BACK[failed], settings().officer_language)) if failed else ""


def _code_is_good(scene: Scene, officer: Officer, code: str) -> bool:
    return not officer.totp_secret or check_totp(scene.session, officer, code, scene.now)


def may_extend(scene: Scene) -> bool:
    """Whether the period can still be extended: once, and until the statutory date (law.md D11, D12).

    Not while an extension waits for its notice, or where that was lost: then the letter is to be put right.
    """
    dates = deadlines_of(scene.session, scene.case, scene.now)
    return dates.extension == "none" and paris_date(scene.now) <= dates.statutory_due
