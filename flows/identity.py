"""Establish who asks: a code to the address on file, and an officer where no system knows the address (law.md I6, I20).

The counters make a body that runs again ask the same questions under the same numbers.
"""

from collections.abc import Iterator
from typing import Any

from flows.acting import look, send_letter, step, wait_until
from flows.asking import decide
from flows.runtime.clock import utc_now
from models.letters import Doubt
from models.questions import IDENTITY_CHOICES, Choice, Question
from models.tables import Decision, WaitsFor
from tasks.form_texts import identity_text
from tasks.identify import accept_by_officer, ask_identity, code_outcome, locate
from tasks.steps import Lease, Scene


def establish_identity(lease: Lease, questions: Iterator[int], codes: Iterator[int], why: str = "") -> None:
    """Return when the requester is proved, or when an officer decides to answer without (nothing will be disclosed).

    `why` asks the officer at once: unknown, expired, void or found.
    """
    case, _ = look(lease)
    address, doubt = case.requester_address, Doubt.FORGEABLE_SENDER
    located = step(lease, "locate", lambda: _recorded(locate(address)))
    why = why or ("" if located["known_in"] else "unknown")
    while True:
        if why:
            decision = _ask_officer(lease, next(questions), why, located["not_asked"])
            if decision.choice == Choice.NOT_KNOWN:
                return
            address, doubt = str(decision.answers["address"]), Doubt.UNKNOWN_ADDRESS
            if decision.choice == Choice.ESTABLISHED:
                _accept(lease, decision)
                return
        why = _ask_requester(lease, next(codes), address, doubt)
        if why == "solved":
            return


def _accept(lease: Lease, decision: Decision) -> None:
    address = str(decision.answers["address"])
    effect = accept_by_officer(address, decision.reason, decision.officer)
    step(lease, f"accept-identity-{decision.round}", lambda: effect)


def _ask_officer(lease: Lease, nth: int, why: str, not_asked: dict[str, str]) -> Decision:
    return decide(
        lease,
        Question.IDENTITY,
        nth,
        IDENTITY_CHOICES,
        lambda scene, sent_back: identity_text(scene, why, not_asked, sent_back),
    )


def _ask_requester(lease: Lease, nth: int, address: str, doubt: Doubt) -> str:
    sent = step(lease, f"ask-identity-{nth}", lambda: ask_identity(nth, address, doubt))
    send_letter(lease, sent["letter"])

    def outcome(session: Any, _request: Any) -> str | None:
        found = code_outcome(session, sent["challenge"], utc_now())
        return None if found == "waiting" else found

    return wait_until(lease, WaitsFor.REQUESTER, sent["challenge"], outcome)


def _recorded(result: dict[str, Any]) -> Any:
    def effect(_: Scene) -> dict[str, Any]:
        return result

    return effect
