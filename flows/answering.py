"""What the flows of all rights share: the beginning, discovery, an officer's weighing, and every way to end.

Every step happens once per request; a body that runs again finds the same decisions under the same numbers.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from flows.acting import act_on_siblings, look, post_letter, send_letter, send_queued_now, step, wait_until
from flows.asking import Form, decide
from flows.runtime.clock import utc_now
from models.calendar import end_of_day
from models.database import reading
from models.grounds import NEEDS_TWO
from models.questions import ENDINGS, Choice, Question
from models.tables import Decision, FindingRow, WaitsFor
from tasks.changes.change_systems import day
from tasks.colleagues.manual_search import ask_colleagues, colleagues_done
from tasks.forms.form_texts import second_text
from tasks.forms.judge_answer import may_extend
from tasks.identify import search_identifiers
from tasks.letters.acknowledge import acknowledge
from tasks.letters.deliver import close_request
from tasks.letters.end_otherwise import end_otherwise, extend
from tasks.search_systems import finding_rows, search, store_findings
from tasks.steps import Effect, Lease, Scene
from tasks.waits import for_message, has_written

Turns = defaultdict[str, Iterator[int]]
"""Numbers of what a flow asks or does again: the same in every run of the body."""


def begin(lease: Lease) -> Turns:
    """Acknowledge the case and return fresh numbers. What must act at once does not wait for the mail relay (D24).

    There is no letter where nothing may be answered automatically (RFC 3834): an officer has it to do.
    """
    if letter := step(lease, "acknowledge", lambda: acknowledge)["letter"]:
        post_letter(letter)
    return defaultdict(count)


def discover(lease: Lease, turn: int) -> list[FindingRow]:
    """Search every system, those that colleagues search by hand too; return the round's findings."""
    step(lease, "ask-colleagues", lambda: ask_colleagues)
    send_queued_now()
    wait_for_colleagues(lease, f"colleagues-{turn}")
    step(lease, f"search-{turn}", lambda: _find(lease, turn))
    with reading() as session:
        return finding_rows(session, look(lease)[1], turn)


def ask_and_wait(lease: Lease, asked: dict[str, Any]) -> None:
    """Send a question to the person, and return when they have written again or the time for it is over.

    `asked`: what the step that asked recorded: its letter, after which message an answer counts, and until when.
    """
    send_letter(lease, asked["letter"])
    on = for_message(asked["after"], end_of_day(day(asked, "answer_by")))
    wait_until(
        lease,
        WaitsFor.MESSAGE,
        on,
        lambda session, request: has_written(session, request, on, utc_now()) or None,
    )


def wait_for_colleagues(lease: Lease, on: str) -> None:
    """Return when every colleague asked has answered, or had time enough."""
    wait_until(
        lease,
        WaitsFor.COLLEAGUE,
        on,
        lambda session, request: colleagues_done(session, request, utc_now()) or None,
    )


def _find(lease: Lease, turn: int) -> Effect:
    case, request = look(lease)
    return store_findings(turn, search(request, search_identifiers(case), utc_now()))


def weigh(lease: Lease, form: Form, turns: Turns) -> Decision:
    """Return the next decision that does something: one of the form's own choices, or of `ENDINGS`.

    Extending the period, and a second officer's word on what needs two, happen here (law.md D11, X7).
    """

    def choices(scene: Scene) -> tuple[Choice, ...]:
        extend_too = (Choice.EXTEND,) if may_extend(scene) else ()
        return (*form.choices(scene), *extend_too, *sorted(ENDINGS, key=list(Choice).index))

    whole = replace(form, choices=choices)
    while True:
        decision = decide(lease, whole, next(turns[form.question]))
        if decision.choice == Choice.EXTEND:
            send_letter(lease, step(lease, f"extend-{decision.round}", lambda: extend(decision))["letter"])  # noqa: B023  # used at once
        elif decision.answers.get("ground") not in NEEDS_TWO or confirmed(lease, decision, turns):
            return decision


def confirmed(lease: Lease, decision: Decision, turns: Turns) -> bool:
    """Whether another officer confirms the decision (law.md X7)."""
    second = Form(
        Question.SECOND,
        lambda _: (Choice.CONFIRM, Choice.DECLINE),
        lambda scene, sent_back: second_text(scene, decision, sent_back),
        not_by=decision.officer,
    )
    return decide(lease, second, next(turns[Question.SECOND])).choice == Choice.CONFIRM


def end(lease: Lease, decision: Decision) -> None:
    """End the request without doing what it asks for: refused, taken back, or no request at all."""
    reply = step(lease, "reply", lambda: end_otherwise(decision))
    send_reply(lease, reply["letter"])


def send_reply(lease: Lease, letter: str) -> None:
    """Send the reply and close the request; requests of the same case that waited for this one go on."""
    send_letter(lease, letter)
    step(lease, "close", lambda: close_request(letter))
    act_on_siblings(lease)
