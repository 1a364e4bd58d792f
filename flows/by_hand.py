"""A right that has no flow of its own yet: acknowledged, on the clock, and answered by an officer by hand.

Nothing is forgotten meanwhile; the officer says what was done before the request closes.
"""

from prefect import flow

from flows.acting import act, send_letter, step
from flows.asking import decide
from models.questions import Choice, Question
from tasks.acknowledge import acknowledge
from tasks.deliver import close_by_hand
from tasks.form_texts import by_hand_text
from tasks.steps import Lease


@flow(name="by-hand", persist_result=False, validate_parameters=False)
def answer_by_hand(request_ref: str) -> None:
    """Acknowledge, then wait for an officer's word that the reply has left."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    send_letter(lease, step(lease, "acknowledge", lambda: acknowledge)["letter"])
    decision = decide(lease, Question.BY_HAND, 0, (Choice.ANSWERED,), by_hand_text)
    step(lease, "close", lambda: close_by_hand(decision))
