"""Search every system and have an officer review what was found, until it is decided what happens with it.

Shared by access and portability. Each round of discovery is stored; a body that runs again finds rounds and decisions.
"""

from collections.abc import Callable
from itertools import count

from flows.acting import step
from flows.answering import Turns, ask_and_wait, discover, weigh
from flows.asking import Form
from flows.identity import establish_identity
from models.questions import Choice
from models.tables import Decision, FindingRow
from tasks.clock.ask_evidence import note_answer
from tasks.clock.ask_scope import ask_scope
from tasks.steps import Lease

Reviewed = tuple[Decision, list[FindingRow]]
"""The decision, and the round of findings it is about."""


def review(lease: Lease, turns: Turns, form: Callable[[list[FindingRow]], Form]) -> Reviewed | None:
    """Return what was decided about which findings; None where the request ended on the way to identity."""
    if not establish_identity(lease, turns):
        return None
    for turn in count():
        rows = discover(lease, turn)
        decision = weigh(lease, form(rows), turns)
        if decision.choice == Choice.IDENTIFY:
            if not establish_identity(lease, turns, "found"):
                return None
        elif decision.choice == Choice.ASK_SCOPE:
            _ask_scope(lease, decision, rows)
        elif decision.choice != Choice.SEARCH_AGAIN:
            return decision, rows
    raise AssertionError("counting never ends")


def _ask_scope(lease: Lease, decision: Decision, rows: list[FindingRow]) -> None:
    """Ask once which data are meant; every system is searched again before the next review, with the answer above it."""
    asked = step(lease, "ask-scope", lambda: ask_scope(decision, rows))
    ask_and_wait(lease, asked)
    step(lease, "scope-answered", lambda: note_answer(asked["after"]))
