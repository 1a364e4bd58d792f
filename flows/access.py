"""Access (GDPR 15): acknowledge, establish identity, search every system, let the officer decide, answer, close.

Every step happens once per request; this body may run any number of times. Requires the systems of the data map, an
officer and the mail relay.
"""

from itertools import count

from prefect import flow

from flows.acting import act, look, send_letter, send_queued_now, step, wait_until
from flows.asking import decide
from flows.identity import establish_identity
from flows.runtime.clock import utc_now
from models.calendar import Language
from models.database import reading
from models.questions import Choice, Question, review_choices, searched
from models.tables import Decision, FindingRow, WaitsFor
from tasks.acknowledge import acknowledge
from tasks.deliver import bundle_of, close_request, send_copy, send_nothing_held
from tasks.form_texts import columns_to_read, review_text
from tasks.identify import search_identifiers
from tasks.manual_search import ask_colleagues, colleagues_done
from tasks.search_systems import finding_rows, load_findings, search, store_findings
from tasks.steps import Effect, Lease


@flow(name="access", persist_result=False, validate_parameters=False)
def access_request(request_ref: str) -> None:
    """Answer one request for access; `request_ref` is `DSR-2026-0042/access`."""
    act(request_ref, _answer)


def _answer(lease: Lease) -> None:
    send_letter(lease, step(lease, "acknowledge", lambda: acknowledge)["letter"])
    questions, codes = count(), count()
    establish_identity(lease, questions, codes)
    for turn in count():
        rows = _search(lease, turn)
        decision = _review(lease, turn, rows)
        if decision.choice == Choice.IDENTIFY:
            establish_identity(lease, questions, codes, "found")
        elif decision.choice != Choice.SEARCH_AGAIN:
            break
    reply = step(lease, "reply", lambda: _reply(lease, decision, rows))
    send_letter(lease, reply["letter"])
    step(lease, "close", lambda: close_request(reply["letter"]))


def _search(lease: Lease, turn: int) -> list[FindingRow]:
    step(lease, "ask-colleagues", lambda: ask_colleagues)
    send_queued_now()
    wait_until(
        lease,
        WaitsFor.COLLEAGUE,
        f"colleagues-{turn}",
        lambda session, request: colleagues_done(session, request, utc_now()) or None,
    )
    step(lease, f"search-{turn}", lambda: _find(lease, turn))
    with reading() as session:
        return finding_rows(session, look(lease)[1], turn)


def _find(lease: Lease, turn: int) -> Effect:
    case, request = look(lease)
    return store_findings(turn, search(request, search_identifiers(case), utc_now()))


def _review(lease: Lease, turn: int, rows: list[FindingRow]) -> Decision:
    case, _ = look(lease)
    return decide(
        lease,
        Question.REVIEW,
        turn,
        review_choices(searched(rows), identified=bool(case.verified_address)),
        lambda scene, sent_back: review_text(scene, rows, sent_back),
        lambda: columns_to_read(rows),
    )


def _reply(lease: Lease, decision: Decision, rows: list[FindingRow]) -> Effect:
    case, _ = look(lease)
    findings = load_findings(rows)
    language: Language = "fr" if case.language == "fr" else "en"
    if decision.choice == Choice.NOTHING_HELD:
        return send_nothing_held(findings, language)
    return send_copy(bundle_of(case, findings, decision, language), findings, decision, language)
