"""Access (GDPR 15): acknowledge, establish identity, search every system, let the officer decide, answer, close.

Every step happens once per request; this body may run any number of times. Requires the systems of the data map, an
officer and the mail relay.
"""

from prefect import flow

from flows.acting import act, look, step
from flows.answering import begin, end, send_reply
from flows.asking import Form, late_question
from flows.reviewing import review
from models.database import reading
from models.questions import ENDINGS, Choice, Question, review_choices, searched
from models.replies import letter_language
from models.tables import Decision, FindingRow
from tasks.clock.ask_scope import may_ask_scope
from tasks.forms.form_texts import columns_to_read, review_text
from tasks.letters.deliver import bundle_of, send_copy, send_nothing_held
from tasks.search_systems import load_findings
from tasks.steps import Effect, Lease, Scene


@flow(name="access", persist_result=False, validate_parameters=False)
def access_request(request_ref: str) -> None:
    """Answer one request for access; `request_ref` is `DSR-2026-0042/access`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    turns = begin(lease)
    reviewed = review(lease, turns, lambda rows: _review(lease, rows))
    if reviewed is None:
        return
    decision, rows = reviewed
    if decision.choice in ENDINGS:
        end(lease, decision)
        return
    send_reply(lease, step(lease, "reply", lambda: _reply(lease, decision, rows))["letter"])


def _review(lease: Lease, rows: list[FindingRow]) -> Form:
    return Form(
        Question.REVIEW,
        lambda scene: _choices(scene, rows),
        lambda scene, sent_back: review_text(scene, rows, sent_back),
        lambda: columns_to_read(rows),
        lambda: late_question(lease) if _asks_scope(lease, rows) else (),
    )


def _choices(scene: Scene, rows: list[FindingRow]) -> tuple[Choice, ...]:
    choices = review_choices(searched(rows), identified=bool(scene.case.verified_address))
    return (*choices, Choice.ASK_SCOPE) if may_ask_scope(scene.session, scene.case, rows) else choices


def _asks_scope(lease: Lease, rows: list[FindingRow]) -> bool:
    case, _ = look(lease)
    with reading() as session:
        return may_ask_scope(session, case, rows)


def _reply(lease: Lease, decision: Decision, rows: list[FindingRow]) -> Effect:
    case, _ = look(lease)
    findings = load_findings(rows)
    language = letter_language(case.language)
    if decision.choice == Choice.NOTHING_HELD:
        return send_nothing_held(findings, language)
    return send_copy(bundle_of(case, findings, decision, language), findings, decision, language)
