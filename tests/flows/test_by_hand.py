"""A request that came on paper against a real Prefect server: nobody is searched by nothing, a mandate is read first."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from models.by_hand import ByHand
from models.choice_words import WORDS
from models.database import reading
from models.mandates import AgentKind, MandateGiven
from models.questions import Choice
from models.rights import Right
from models.tables import Channel, FindingRow, Letter, LetterState, Suppression, WaitsFor
from tasks.letters.post_letter import posted
from tasks.mail.open_by_hand import open_by_hand
from tasks.search_systems import NOT_SEARCHABLE
from tests.flows.test_access import choices
from tests.support.world import CAMILLE, OFFICER, World, case_of

pytestmark = pytest.mark.parametrize(
    "db", ["sqlite", pytest.param("postgres", marks=pytest.mark.exhaustive)], indirect=True
)
LAWYER = MandateGiven(
    kind=AgentKind.LAWYER, agent_name="Maître Roux", agent_address="roux@avocats.example", purpose="accès"
)


def opened(world: World, **more: object) -> str:
    now = datetime.now(UTC)
    facts = {"rights": (Right.ACCESS,), "channel": Channel.POST, "received_at": now, "name": "Camille Durand"}
    ref = open_by_hand(ByHand.model_validate(facts | more), OFFICER, now).requests[0]
    world.engine.repair()
    return ref


def findings() -> dict[str, tuple[str, str]]:
    with reading() as session:
        return {row.system: (row.status, row.problem) for row in session.exec(select(FindingRow))}


def test_without_an_address_nothing_is_searched_and_nothing_is_said_to_be_held_nowhere(
    small_world: World,
) -> None:
    ref = opened(small_world)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    text = small_world.form(ref)[2]
    assert "Aucune adresse de la personne" in text
    assert "``" not in text
    small_world.decide(ref, WORDS[Choice.NOT_KNOWN].fr)
    assert small_world.advance(ref).waits_for == WaitsFor.COLLEAGUE
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    found = findings()
    assert {status for status, _ in found.values()} == {"failed", "none"}
    assert all(problem == NOT_SEARCHABLE for status, problem in found.values() if status == "failed")
    schema = small_world.form(ref)[1]
    assert choices(schema) == [WORDS[Choice.SEARCH_AGAIN].fr, WORDS[Choice.IDENTIFY].fr]
    small_world.decide(ref, WORDS[Choice.IDENTIFY].fr)
    small_world.advance(ref)
    small_world.decide(ref, WORDS[Choice.SEND_CODE].fr, address=CAMILLE)
    assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
    small_world.enter_code(ref)
    small_world.advance(ref)
    assert case_of(ref).verified_address == CAMILLE


@pytest.mark.long
def test_a_refusal_to_somebody_without_an_address_waits_until_it_is_posted(small_world: World) -> None:
    ref = opened(small_world)
    small_world.advance(ref)
    small_world.decide(
        ref, WORDS[Choice.REFUSE].fr, ground="Refus", reason="Nous ne pouvons pas vous identifier."
    )
    waiting = small_world.engine
    for _ in range(3):
        run = small_world.request(ref)
        if run.waits_for == WaitsFor.RELAY:
            break
        waiting.run(run.flow_run_id)
    assert small_world.request(ref).waits_for == WaitsFor.RELAY
    with reading() as session:
        letter = session.exec(select(Letter).where(Letter.kind == "refusal")).one()
    assert letter.state == LetterState.TO_POST
    now = datetime.now(UTC)
    assert posted(letter.id, now.date(), OFFICER, now) == ref
    closed = small_world.advance(ref)
    assert closed.outcome == "refused"
    assert closed.replied_at is not None


def test_whoever_acts_for_somebody_hears_of_it_and_gets_no_data(small_world: World) -> None:
    """law.md I13, I15."""
    ref = opened(small_world, address=CAMILLE, mandate=LAWYER)
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER, "known on file, and asked all the same"
    text = small_world.form(ref)[2]
    assert "Maître Roux" in text
    assert "pas encore" in text
    small_world.decide(ref, WORDS[Choice.SEND_CODE].fr, address=CAMILLE)
    small_world.advance(ref)
    small_world.enter_code(ref)
    small_world.live(ref)
    to = {
        str(mail["to"]): kind
        for mail, kind in zip(small_world.letters(), small_world.kinds_taken(), strict=True)
    }
    assert to["roux@avocats.example"] == "acknowledge"
    received = [kind for mail, kind in zip(small_world.letters(), small_world.kinds_taken(), strict=True)
                if mail["to"] == "roux@avocats.example"]  # fmt: skip
    assert received == ["acknowledge"]
    assert [mail["to"] for mail in small_world.letters("access_reply")] == [CAMILLE]


@pytest.mark.long
def test_an_objection_on_paper_stops_marketing_once_the_person_is_known(small_world: World) -> None:
    ref = opened(small_world, rights=(Right.OBJECTION,))
    assert small_world.advance(ref).waits_for == WaitsFor.OFFICER
    small_world.decide(ref, WORDS[Choice.ESTABLISHED].fr, address=CAMILLE)
    small_world.advance(ref)
    with reading() as session:
        assert session.exec(select(Suppression)).first() is not None
    assert small_world.request(ref).problem == ""
