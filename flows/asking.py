"""Ask an officer in the Prefect UI, again and again until the answer can be used (DESIGN.md 4.3, 4.11).

Accepted answers are found in our database; a form answered in a run that crashed is found in Prefect; only what is in
neither place is asked. Each round has a key of its own.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from prefect import suspend_flow_run
from prefect.runtime import flow_run

from flows.acting import begin_wait, end_wait, look, send_queued_now, step
from flows.forms import TITLES, Blanks, Extra, answered, build_form
from flows.prefect_api import answer_left_behind
from flows.runtime.clock import utc_now
from models.case_clock import deadlines_of
from models.cases import find_request
from models.database import reading
from models.errors import NeedsHuman
from models.questions import OVERRIDE, Choice, Question, grounds
from models.rights import Right
from models.tables import Case, Decision, WaitsFor
from tasks.clock.pauses import too_late_to_pause
from tasks.forms.decide import (
    accepted,
    codes_in_use,
    digest,
    officer_names,
    rounds_so_far,
    take_answer,
    tell_officers,
    why_sent_back,
)
from tasks.forms.form_texts import officer_language
from tasks.forms.judge_answer import Asked
from tasks.letters.correspondence import case_link
from tasks.steps import Lease, Scene

Text = Callable[[Scene, str], str]


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked. `text` writes the summary for a scene, given why the answer before was sent back.

    `choices` are those as the case stands when it is asked. `columns` lists texts to read, `extra` further fields.
    `not_by`: who decided before, and cannot confirm alone.
    """

    question: Question
    choices: Callable[[Scene], tuple[Choice, ...]]
    text: Text
    columns: Callable[[], list[str]] = list
    extra: Callable[[], tuple[Extra, ...]] = tuple
    not_by: str = ""


def late_question(lease: Lease) -> tuple[Extra, ...]:
    """The field that lets a question to the person stop the clock all the same, where it is late (law.md 1.3)."""
    case, _ = look(lease)
    with reading() as session:
        dates = deadlines_of(session, case, utc_now())
    if not too_late_to_pause(dates, utc_now()):
        return ()
    return (Extra(OVERRIDE, TITLES[OVERRIDE][officer_language()], ""),)


def decide(lease: Lease, form: Form, nth: int) -> Decision:
    """Return the `nth` accepted decision on the form's question, asking for it where there is none yet."""
    question = form.question
    while True:
        with reading() as session:
            request = find_request(session, lease.request_ref)
            done = accepted(session, request, question)
            if len(done) > nth:
                return done[nth]
            scene = Scene(session, session.get_one(Case, request.case_id), request, utc_now())
            sent_back = why_sent_back(session, request, question)
            shown = form.text(scene, sent_back)
            choices = form.choices(scene)
            officers, codes = officer_names(session, form.not_by), codes_in_use(session)
            round_number = rounds_so_far(session, request, question)
        if not officers:
            who = "a second officer must confirm" if form.not_by else "nobody may decide"
            raise NeedsHuman(f"{who}: add an officer with `dsr officer add`")
        listed = grounds(Right(request.right), choices)
        link = case_link(scene.case)
        blanks = Blanks(choices, officers, form.columns(), codes, sent_back, link, listed, form.extra())
        asked = Asked(question, round_number, choices, digest(shown), len(blanks.columns), form.not_by)
        values = _ask(lease, asked, shown, blanks)
        step(lease, f"{question}-{round_number}", lambda: take_answer(asked, answered(values)))  # noqa: B023  # used at once
        end_wait(lease)


def _ask(lease: Lease, asked: Asked, shown: str, blanks: Blanks) -> dict[str, object]:
    key = f"{asked.question}-{asked.round}".replace("_", "-")
    fields = build_form(asked.question, blanks, officer_language())
    left_behind = answer_left_behind(lease.request_ref, str(flow_run.id), key)
    if left_behind is not None:
        return dict(json.loads(left_behind))
    step(lease, f"tell-{key}", lambda: tell_officers(asked.question, asked.round))
    send_queued_now()
    begin_wait(lease, WaitsFor.OFFICER, key)
    answer = suspend_flow_run(wait_for_input=fields.with_initial_data(description=shown), key=key)
    return answer.model_dump()
