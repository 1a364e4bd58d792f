"""peers test 1: SIGKILL at every step boundary of the access flow, then recovery without hands.

The process that is killed is worker and flow at once: Prefect goes on calling the run RUNNING, the harder case.
"""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from models.audit import verify
from models.database import reading
from models.tables import Decision, Letter, LetterState, RequestState
from tests.support.world import request_mail

STEPS = [
    "acknowledge",
    "send acknowledge",
    "locate",
    "ask-identity-0",
    "send identity-0",
    "identity-settled",
    "ask-colleagues",
    "search-0",
    "tell-review-0",
    "review-0",
    "reply",
    "send reply",
    "close",
]
SUSPENSIONS = ["suspend identity-0", "suspend colleagues-0", "suspend review-0"]
BETWEEN = [f"before {step}" for step in (*STEPS, *SUSPENSIONS)] + ["after close"]
BOUNDARIES = BETWEEN + [f"after {step}" for step in STEPS if step != "close"]


HARDEST = {"before send reply"}


def how_often(db: str, boundary: str) -> tuple[pytest.MarkDecorator, ...]:
    if db == "sqlite" and boundary in HARDEST:
        return ()
    often = boundary in (BETWEEN if db == "sqlite" else HARDEST)
    return (pytest.mark.long if often else pytest.mark.exhaustive,)


CASES = [
    pytest.param(db, boundary, marks=how_often(db, boundary))
    for db in ("sqlite", "postgres")
    for boundary in BOUNDARIES
]
LETTERS = ["access_reply", "acknowledge", "ask_identity", "decision_waiting", "manual_task"]
DONE = [step for step in STEPS if not step.startswith("send ")]


@pytest.mark.parametrize(("db", "boundary"), CASES, indirect=["db"])
def test_a_run_killed_there_ends_as_if_nothing_had_happened(small_world, boundary):
    moment, _, step = boundary.partition(" ")
    ref = small_world.receive(request_mail())
    closed = small_world.live(ref, kill=(moment, step))
    assert small_world.kills == 1
    assert (closed.state, closed.outcome) == (RequestState.CLOSED, "answered")
    assert sorted(small_world.steps(ref)) == sorted(DONE)
    assert sorted(small_world.kinds_taken()) == LETTERS
    assert len(small_world.decisions) == 1
    with reading() as session:
        assert [decision.accepted for decision in session.exec(select(Decision))] == [True]
        assert {letter.state for letter in session.exec(select(Letter))} == {LetterState.SENT}
        assert verify(session) == []
    assert small_world.engine.repair(ahead_seconds=7200) == 0
    assert sorted(small_world.kinds_taken()) == LETTERS


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_list_of_boundaries_is_the_flow_s_own(small_world, tmp_path):
    """A step added to the flow and not to the list above fails here."""
    passed = tmp_path / "boundaries"
    ref = small_world.receive(request_mail())
    small_world.record_to = passed
    small_world.live(ref)
    assert set(passed.read_text().splitlines()) == set(BOUNDARIES)


def test_an_older_run_that_wakes_up_late_is_fenced_off(small_world):
    from models.errors import Rejected
    from tasks.steps import LeaseLost, claim, do_once

    ref = small_world.receive(request_mail())
    now = datetime.now(UTC)
    older = claim(ref, "older", now)
    claim(ref, "newer", now)
    with pytest.raises(LeaseLost) as stopped:
        do_once(older, "acknowledge", lambda _scene: {"never": True}, now)
    assert isinstance(stopped.value, Rejected)
    assert small_world.steps(ref) == []
