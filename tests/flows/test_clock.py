"""The clock of a case while its flows run, against a real Prefect server: what stops it, what moves what Prefect shows."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlmodel import col, select

from flows.case_clock_artifact import key_of
from flows.prefect_api import prefect as server
from models.alerts import reply_due
from models.calendar import paris_date
from models.case_clock import deadlines_of
from models.choice_words import WORDS
from models.database import reading, unit_of_work
from models.deadlines import Deadlines
from models.questions import Choice
from models.tables import Case, ClockEvent, Message, Step, WaitsFor
from tasks.clock.extend_case import extend_case
from tests.support.world import CAMILLE, OFFICER, case_of, request_mail, words_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.exhaustive)], indirect=True
)
DOUBT = "Le nom signé ne correspond pas à celui de cette adresse dans nos échanges."
EVIDENCE = {"value_evidence": "Donnez-nous le nom de votre interlocuteur et la date du dernier rendez-vous."}
STRANGER = request_mail("nadia.ferrand@ailleurs.example", "Nadia Ferrand")


def words(choice: Choice) -> str:
    return WORDS[choice].fr


def offered(world, ref: str) -> list[str]:
    return list(world.form(ref)[1]["properties"]["decision"]["enum"])


def events(*kinds: str) -> list[ClockEvent]:
    with reading() as session:
        found = select(ClockEvent).where(col(ClockEvent.kind).in_(kinds)).order_by(col(ClockEvent.id))
        return list(session.exec(found))


def dates(ref: str, later: timedelta = timedelta()) -> Deadlines:
    with reading() as session:
        case = session.get_one(Case, case_of(ref).id)
        return deadlines_of(session, case, datetime.now(UTC) + later)


def received_earlier(ref: str, by: timedelta) -> None:
    """As if the case had been opened that long ago."""
    with unit_of_work() as session:
        case = session.get_one(Case, case_of(ref).id)
        case.received_at -= by
        for event in session.exec(select(ClockEvent).where(ClockEvent.case_id == case.id)):
            event.at -= by


def to_review(world) -> str:
    ref = world.receive(request_mail())
    world.advance(ref)
    world.enter_code(ref)
    while world.advance(ref).waits_for == WaitsFor.COLLEAGUE:
        world.search_by_hand(ref)
    assert world.request(ref).waits_for == WaitsFor.OFFICER
    return ref


@pytest.fixture
def large(small_world):
    """A world in which three records are a large quantity."""
    small_world.engine.environment["DSR_LARGE_RECORDS"] = "3"
    return small_world


@pytest.mark.long
def test_what_is_meant_can_be_asked_once_and_only_where_there_is_much(small_world):
    ref = to_review(small_world)
    assert words(Choice.ASK_SCOPE) not in offered(small_world, ref), "recital 63: a large quantity"


def test_a_question_about_the_scope_stops_the_clock_until_the_answer(large):
    ref = to_review(large)
    assert "considérant 63" in large.form(ref)[2]
    assert "value_override" not in large.form(ref)[1]["properties"], "it is not late"
    reason = "Plus de mille échanges sur quatre ans, dans trois systèmes."
    large.decide(ref, words(Choice.ASK_SCOPE), reason=reason)
    assert large.advance(ref).waits_for == WaitsFor.MESSAGE
    [letter] = large.letters("ask_scope")
    assert letter["to"] == CAMILLE
    text = words_of(letter)
    assert "Fiche de contact\u00a0: 1" in text.replace(" :", "\u00a0:"), "an overview of what exists"
    assert "suspendu" in text
    assert "« tout »" in text.replace("\u00a0", " ")
    [paused] = events("paused")
    assert (paused.scope, paused.reason, paused.recorded_by) == ("scope", reason, OFFICER)
    before, later = dates(ref), dates(ref, timedelta(days=9))
    assert (later.statutory_nominal - before.statutory_nominal).days == 9
    assert later.commitment == before.commitment, "D29: nothing moves the promise"
    large.write_again(ref, "Tout, s'il vous plaît.")
    assert large.advance(ref).waits_for == WaitsFor.OFFICER
    [resumed] = events("resumed")
    with reading() as session:
        answer = session.exec(select(Message).order_by(col(Message.id).desc())).first()
    assert resumed.at == answer.received_at
    assert dates(ref, timedelta(days=9)).statutory_nominal == dates(ref).statutory_nominal
    shown = large.form(ref)[2]
    assert "Tout, s'il vous plaît" in shown.replace("\\", "")
    assert words(Choice.ASK_SCOPE) not in offered(large, ref), "once"
    large.decide(ref, words(Choice.SEND_COPY))
    assert large.advance(ref).outcome == "answered"
    assert len(events("resumed")) == 1


KILLS = [("after", "ask-scope"), ("before", "scope-answered"), ("after", "scope-answered")]


@pytest.mark.parametrize(
    "kill", [("before", "send ask-scope"), *(pytest.param(kill, marks=pytest.mark.long) for kill in KILLS)]
)
def test_a_crash_asks_nothing_twice_and_stops_the_clock_once(large, kill):
    ref = to_review(large)
    large.decide(ref, words(Choice.ASK_SCOPE), reason="Plus de mille échanges sur quatre ans.")
    assert large.advance(ref, kill).waits_for == WaitsFor.MESSAGE
    large.write_again(ref, "Seulement les factures.")
    assert large.advance(ref, kill).waits_for == WaitsFor.OFFICER
    assert large.kills == 1
    assert len(large.letters("ask_scope")) == 1
    assert [event.kind for event in events("paused", "resumed")] == ["paused", "resumed"]


@pytest.mark.long
def test_without_an_answer_the_review_comes_back_and_the_pause_stays_open_until_one_comes(large):
    ref = to_review(large)
    large.decide(ref, words(Choice.ASK_SCOPE), reason="Plus de mille échanges sur quatre ans.")
    assert large.advance(ref).waits_for == WaitsFor.MESSAGE
    large.engine.repair(ahead_seconds=20 * 86_400)
    with unit_of_work() as session:  # as the flow finds it three weeks later: the time for an answer is over
        step = session.exec(select(Step).where(Step.name == "ask-scope")).one()
        step.result = {**step.result, "answer_by": "2020-01-01"}
    assert large.advance(ref).waits_for == WaitsFor.OFFICER
    assert "personne n’a répondu" in large.form(ref)[2]
    assert "est suspendu" in large.form(ref)[2]
    assert events("resumed") == []
    large.write_again(ref, "Pardon du retard : seulement les factures.")
    large.engine.repair()
    assert [event.scope for event in events("resumed")] == ["scope"]
    large.engine.repair()
    assert len(events("resumed")) == 1


@pytest.mark.long
def test_a_late_question_stops_nothing_unless_an_officer_says_why(large):
    ref = to_review(large)
    received_earlier(ref, timedelta(days=15))
    large.decide(ref, words(Choice.SEARCH_AGAIN))  # the form as it is now
    large.advance(ref)
    assert "value_override" in large.form(ref)[1]["properties"]
    large.decide(ref, words(Choice.ASK_SCOPE), reason="Plus de mille échanges.", value_override="ok")
    large.advance(ref)
    assert "tardive" in large.form(ref)[2], "two letters explain nothing"
    large.decide(ref, words(Choice.ASK_SCOPE), reason="Plus de mille échanges sur quatre ans.")
    assert large.advance(ref).waits_for == WaitsFor.MESSAGE
    assert [verdict.outcome for verdict in dates(ref).pauses] == ["too_late"]
    assert "continue de courir" in words_of(large.letters("ask_scope")[0])


@pytest.mark.long
def test_a_late_question_with_a_reason_counts(large):
    ref = to_review(large)
    received_earlier(ref, timedelta(days=15))
    large.decide(ref, words(Choice.SEARCH_AGAIN))
    large.advance(ref)
    why = "La boîte aux lettres était en panne, la demande n'a été lue qu'hier."
    large.decide(ref, words(Choice.ASK_SCOPE), reason="Plus de mille échanges.", value_override=why)
    large.advance(ref)
    [verdict] = dates(ref).pauses
    assert (verdict.outcome, verdict.overridden, verdict.pause.override_reason) == ("counted", True, why)


@pytest.mark.long
def test_a_doubt_about_who_asks_stops_the_clock_until_the_answer_is_enough(small_world):
    ref = small_world.receive(STRANGER)
    small_world.advance(ref)
    for asked, why in (
        ("", "doit nous envoyer"),
        ("Une copie de votre carte d'identité.", "pièce d’identité"),
    ):
        small_world.decide(ref, words(Choice.ASK_EVIDENCE), reason=DOUBT, value_evidence=asked)
        small_world.advance(ref)
        assert why in small_world.form(ref)[2].partition("###")[0].replace("\\", "")
    assert events("paused") == []
    small_world.decide(ref, words(Choice.ASK_EVIDENCE), reason=DOUBT, **EVIDENCE)
    assert small_world.advance(ref).waits_for == WaitsFor.MESSAGE
    [letter] = small_world.letters("ask_evidence")
    assert letter["to"] == "nadia.ferrand@ailleurs.example"
    assert EVIDENCE["value_evidence"] in words_of(letter)
    assert DOUBT not in words_of(letter), "the doubt stays with us"
    [paused] = events("paused")
    assert (paused.scope, paused.reason) == ("identity", DOUBT)
    small_world.write_again(ref, "Je ne sais plus.")
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    text = small_world.form(ref)[2]
    assert "a répondu à notre question" in text
    assert f"/desk/cases/{ref.partition('/')[0]}" in text
    small_world.decide(ref, words(Choice.ASK_EVIDENCE), reason=DOUBT, **EVIDENCE)
    assert small_world.advance(ref).waits_for == WaitsFor.MESSAGE
    first, second = dates(ref).pauses
    assert first.pause.answered == second.pause.asked, "D16: an insufficient answer keeps it stopped"
    assert events("paused")[1].at - events("resumed")[0].at == timedelta(microseconds=1)
    small_world.write_again(ref, "Claire Martin, le 3 novembre.")
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    small_world.decide(ref, words(Choice.NOT_KNOWN))
    small_world.advance(ref)
    assert len(events("paused")) == len(events("resumed")) == 2
    assert all(verdict.pause.answered for verdict in dates(ref).pauses)


@pytest.mark.long
def test_identity_settled_by_other_means_ends_the_pause(small_world):
    ref = small_world.receive(STRANGER)
    small_world.advance(ref)
    small_world.decide(ref, words(Choice.ASK_EVIDENCE), reason=DOUBT, **EVIDENCE)
    assert small_world.advance(ref).waits_for == WaitsFor.MESSAGE
    small_world.engine.repair()
    assert events("resumed") == [], "a code or a look by the engine is no answer"
    with unit_of_work() as session:
        step = session.exec(select(Step).where(Step.name == "ask-evidence-0")).one()
        step.result = {**step.result, "answer_by": "2020-01-01"}
    small_world.engine.repair(ahead_seconds=20 * 86_400)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    assert "n’a pas répondu" in small_world.form(ref)[2]
    small_world.decide(ref, words(Choice.NOT_KNOWN))
    small_world.advance(ref)
    assert [event.scope for event in events("resumed")] == ["identity"]


@pytest.mark.long
def test_the_routine_code_stops_nothing(small_world):
    to_review(small_world)
    assert events("paused", "resumed") == [], "I3"


@pytest.fixture
def asks_prefect(prefect):
    """Prefect's client of this process asks the tests' server."""
    with temporary_settings({PREFECT_API_URL: prefect["PREFECT_API_URL"]}):
        yield


def artifacts(ref: str) -> list[object]:
    with server() as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key_of(ref.partition("/")[0])]))
        return client.read_artifacts(artifact_filter=wanted, offset=0, limit=10, sort="CREATED_DESC")


@pytest.mark.usefixtures("asks_prefect")
def test_name_tags_and_artifact_follow_a_date_that_moves(small_world):
    ref = to_review(small_world)
    case = ref.partition("/")[0]

    def run() -> dict[str, object]:
        return small_world.engine.api("GET", f"/flow_runs/{small_world.request(ref).flow_run_id}")

    assert run()["name"] == f"due {dates(ref).binding} · {case} · access"
    small_world.engine.repair()
    [first] = artifacts(ref)
    updated = run()["updated"]
    small_world.engine.repair()
    assert run()["updated"] == updated, "nothing is written where nothing moved"
    assert artifacts(ref)[0].updated == first.updated
    received_earlier(ref, timedelta(days=4))  # qualified with an earlier day of receipt
    small_world.engine.repair()
    assert run()["name"] == f"due {dates(ref).binding} · {case} · access"
    assert set(run()["tags"]) == {case, "access", "waits-for-officer"}
    [second] = artifacts(ref)
    assert second.id == first.id
    assert second.data != first.data
    assert CAMILLE not in second.data
    assert "Camille" not in second.data
    why = "Vos échanges remplissent plusieurs boîtes, relues une à une."
    extend_case(case, "volume", why, OFFICER, datetime.now(UTC))
    before = dates(ref).binding
    assert dates(ref).extension == "not_told", "decided, and on its way"
    small_world.engine.repair()
    assert "[D11" in artifacts(ref)[0].data
    due = reply_due(dates(ref))
    assert due > before
    assert run()["name"] == f"due {due} · {case} · access"
    assert words(Choice.EXTEND) in offered(small_world, ref), "the form was asked before"
    small_world.decide(ref, words(Choice.SEND_COPY))
    assert small_world.advance(ref).outcome == "answered"
    assert artifacts(ref) == [], "gone with the forms"
    assert paris_date(datetime.now(UTC)) <= dates(ref).extended_cautious
