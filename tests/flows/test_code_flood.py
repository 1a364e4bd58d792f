"""Codes are automatic answers too: a person in whose name others write gets only so many a day (RFC 3834 2)."""

from datetime import UTC, datetime

import pytest

from models.letters import LetterKind
from models.settings import settings
from models.tables import WaitsFor
from tests.support.world import CAMILLE, request_mail
from tests.tasks.test_may_answer import answered

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.exhaustive)], indirect=True
)


def test_after_many_codes_an_officer_looks_first(small_world):
    answered(settings().answers_per_day, datetime.now(UTC), CAMILLE, LetterKind.ASK_IDENTITY)
    ref = small_world.receive(request_mail())
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    assert small_world.kinds_taken() == ["acknowledge", "decision_waiting"]
    assert "autant de codes y sont partis" in small_world.form(ref)[2]


def test_a_machine_s_request_goes_on_without_an_acknowledgement(small_world):
    """It is suppressed, the officer has it to do, and the flow asks for the code as ever."""
    ref = small_world.receive(b"X-Auto-Response-Suppress: All\n" + request_mail())
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
    small_world.engine.repair()
    assert small_world.kinds_taken() == ["ask_identity", "todo_notice"]
