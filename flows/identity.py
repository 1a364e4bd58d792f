"""Establish who asks: a code to the address on file, and an officer where no system knows the address (law.md I6, I20).

Once for all requests of a case: the first of them asks, the others wait. The counters make a body that runs again ask
the same questions under the same numbers.
"""

from collections.abc import Callable
from typing import Any

from flows.acting import act_on_siblings, look, send_letter, step, wait_until
from flows.answering import Turns, ask_and_wait, discover, end, send_reply, weigh
from flows.asking import Form, late_question
from flows.forms import TITLES, Extra
from flows.runtime.clock import utc_now
from models.letters import Doubt, LetterKind
from models.questions import (
    ENDINGS,
    EVIDENCE,
    IDENTITY_CHOICES,
    Choice,
    Question,
    review_choices,
    searched,
)
from models.tables import Case, Decision, FindingRow, WaitsFor
from tasks.clock.ask_evidence import ask_evidence, note_answer
from tasks.clock.pauses import settle
from tasks.forms.form_texts import identity_text, officer_language, review_text
from tasks.identify import accept_by_officer, ask_identity, code_outcome, locate
from tasks.letters.deliver import nothing_found
from tasks.mail.mandates import mandate_of
from tasks.mail.may_answer import too_many
from tasks.siblings import IDENTITY, whose_identity
from tasks.steps import Effect, Lease, Scene, result_of


def establish_identity(lease: Lease, turns: Turns, why: str = "") -> bool:
    """Return True when the requester is proved, or when an officer decides to answer without (nothing is disclosed).

    False where the request ended here: refused, taken back, or no request. `why` asks the officer at once: found. So do
    a mandate, which an officer reads (I13), a request that gave no address, and too many codes in a day.
    """
    if not why and result_of(lease, "locate") is None and _known(lease):
        return True
    case, _ = look(lease)
    address, doubt = case.requester_address, Doubt.FORGEABLE_SENDER
    located = step(lease, "locate", lambda: _located(case))
    why = why or str(located.get("why", "" if located["known_in"] else "unknown"))
    while True:
        if why:
            decision = _ask_officer(lease, turns, why, located["not_asked"])
            if decision.choice in ENDINGS:
                end(lease, decision)
                return False
            if decision.choice == Choice.NOT_KNOWN:
                return _settle(lease)
            if decision.choice == Choice.ASK_EVIDENCE:
                why = _ask_evidence(lease, decision)
                continue
            address, doubt = str(decision.answers["address"]), Doubt.UNKNOWN_ADDRESS
            if not address:
                continue
            if decision.choice == Choice.ESTABLISHED:
                _accept(lease, decision)
                return _settle(lease)
        why = _ask_requester(lease, next(turns["code"]), address, doubt)
        if why == "solved":
            return _settle(lease)


def prove(lease: Lease, turns: Turns, not_held: Callable[[], Effect] | None = None) -> bool:
    """Return True when the requester is proved: nothing is changed for anybody else (law.md I20).

    False where the request has ended: refused, taken back, or nothing is held under the address that asks. The reply in
    that case is `not_held`, or else that we hold nothing.
    """
    if not establish_identity(lease, turns):
        return False
    while not look(lease)[0].verified_address:
        rows = discover(lease, next(turns["search-round"]))
        decision = weigh(lease, _held_form(rows), turns)
        if decision.choice == Choice.IDENTIFY:
            if not establish_identity(lease, turns, "found"):
                return False
        elif decision.choice == Choice.NOTHING_HELD:
            build = not_held or (lambda: nothing_found(look(lease)[1]))
            send_reply(lease, step(lease, "reply", build)["letter"])
            return False
        elif decision.choice != Choice.SEARCH_AGAIN:
            end(lease, decision)
            return False
    return True


def reach(lease: Lease, turns: Turns) -> bool:
    """Return True where an address of the person is known, if only the sender's; what acts at once needs no more (I20).

    Where a letter or a call gave none, the person is proved first; False where the request ended on the way.
    """
    case, _ = look(lease)
    return bool(case.requester_address or case.verified_address) or prove(lease, turns)


def _held_form(rows: list[FindingRow]) -> Form:
    return Form(
        Question.REVIEW,
        lambda _: review_choices(searched(rows), identified=False),
        lambda scene, sent_back: review_text(scene, rows, sent_back),
    )


def _known(lease: Lease) -> bool:
    """Wait while another request of the case asks; True where it is settled, False where this one is to ask."""
    found = wait_until(lease, WaitsFor.SIBLING, IDENTITY, whose_identity)
    return found == "settled"


def _settle(lease: Lease) -> bool:
    step(lease, "identity-settled", lambda: settle)
    act_on_siblings(lease)
    return True


def _accept(lease: Lease, decision: Decision) -> None:
    address = str(decision.answers["address"])
    effect = accept_by_officer(address, decision.reason, decision.officer)
    step(lease, f"accept-identity-{decision.round}", lambda: effect)


def _ask_officer(lease: Lease, turns: Turns, why: str, not_asked: dict[str, str]) -> Decision:
    form = Form(
        Question.IDENTITY,
        _identity_choices,
        lambda scene, sent_back: identity_text(scene, why, not_asked, sent_back),
        extra=lambda: _evidence_fields(lease),
    )
    return weigh(lease, form, turns)


def _identity_choices(scene: Scene) -> tuple[Choice, ...]:
    """A question can only be put to somebody who gave an address."""
    return (*IDENTITY_CHOICES, Choice.ASK_EVIDENCE) if scene.case.requester_address else IDENTITY_CHOICES


def _evidence_fields(lease: Lease) -> tuple[Extra, ...]:
    case, _ = look(lease)
    if not case.requester_address:
        return ()
    return (Extra(EVIDENCE, TITLES[EVIDENCE][officer_language()], ""), *late_question(lease))


def _ask_evidence(lease: Lease, decision: Decision) -> str:
    """Ask for something more and wait; return `answered` or `silent`: whether it is enough, an officer says (D16)."""
    asked = step(lease, f"ask-evidence-{decision.round}", lambda: ask_evidence(decision))
    ask_and_wait(lease, asked)
    return str(step(lease, f"evidence-{decision.round}", lambda: note_answer(asked["after"]))["why"])


def _ask_requester(lease: Lease, nth: int, address: str, doubt: Doubt) -> str:
    sent = step(lease, f"ask-identity-{nth}", lambda: ask_identity(nth, address, doubt))
    send_letter(lease, sent["letter"])

    def outcome(session: Any, _request: Any) -> str | None:
        found = code_outcome(session, sent["challenge"], utc_now())
        return None if found == "waiting" else found

    return wait_until(lease, WaitsFor.REQUESTER, sent["challenge"], outcome)


def _located(case: Case) -> Effect:
    found = locate(case.requester_address)
    return lambda scene: found | {"why": _why_officer(scene, bool(found["known_in"]))}


def _why_officer(scene: Scene, known: bool) -> str:
    """Why an officer looks before any code leaves. Senders can be forged: nobody is sent one code after the other."""
    if mandate_of(scene.session, scene.case) is not None:
        return "mandate"
    if not known:
        return "unknown"
    address = scene.case.requester_address
    return "flooded" if too_many(scene.session, address, scene.now, LetterKind.ASK_IDENTITY) else ""
