"""Portability (GDPR 20): acknowledge, establish identity, search, let the officer see the scope, hand over, close.

Every step happens once per request; this body may run any number of times. Requires the systems of the data map, an
officer and the mail relay.
"""

from prefect import flow

from flows.acting import act, look, step
from flows.answering import begin, end, send_reply
from flows.asking import Form
from flows.reviewing import review
from models.portability import portability_choices
from models.questions import ENDINGS, Choice, Question, searched
from models.replies import letter_language
from models.tables import Decision, FindingRow
from tasks.forms.form_texts_portability import portability_text
from tasks.letters.deliver import send_nothing_held
from tasks.letters.deliver_portable import portable_of, scope_of, send_portable
from tasks.search_systems import load_findings
from tasks.steps import Effect, Lease


@flow(name="portability", persist_result=False, validate_parameters=False)
def portability_request(request_ref: str) -> None:
    """Answer one request for portability; `request_ref` is `DSR-2026-0042/portability`."""
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
    case, _ = look(lease)
    found = searched(rows)
    scope = scope_of(rows) if found.complete else ()
    return Form(
        Question.REVIEW,
        lambda _: portability_choices(found, scope, identified=bool(case.verified_address)),
        lambda scene, sent_back: portability_text(scene, rows, scope, sent_back),
    )


def _reply(lease: Lease, decision: Decision, rows: list[FindingRow]) -> Effect:
    case, _ = look(lease)
    findings = load_findings(rows)
    language = letter_language(case.language)
    if decision.choice == Choice.NOTHING_HELD:
        return send_nothing_held(findings, language)
    return send_portable(portable_of(case, findings, language), findings, decision, language)
