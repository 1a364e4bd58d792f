"""What stops the month and what starts it again, on rows as the engine writes them (law.md D16 to D20, 1.3)."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from models.case_clock import deadlines_of
from models.database import unit_of_work
from models.letters import LetterKind
from models.questions import OVERRIDE
from models.rights import Right
from models.tables import Case, ClockEvent, Decision, FindingRow, MessageState
from tasks.clock import pauses
from tasks.clock.ask_evidence import ask_evidence, asks_for_papers, note_answer
from tasks.clock.ask_scope import ask_scope, may_ask_scope, overview, scope_asked
from tasks.clock.pauses import answer_by, answer_to, pause, resume, resume_answered, too_late_to_pause
from tasks.steps import Scene
from tests.support.case_rows import NOW, add_case
from tests.support.desk_rows import add_message

DAY = timedelta(days=1)
DOUBT = "The name signed is not the one we know under this address."


def decision(override: str = "", nth: int = 0, **values: str) -> Decision:
    return Decision(
        question="identity",
        round=nth,
        officer="Claire",
        choice="ask_evidence",
        reason=DOUBT,
        accepted=True,
        content_hash="",
        answers={
            "values": {OVERRIDE: override, "evidence": "Tell us the date of our last exchange.", **values}
        },
        decided_at=NOW,
    )


def scene(session: Session, now: datetime = NOW) -> Scene:
    case, [request] = add_case(session, Right.ACCESS, received_at=NOW)
    return Scene(session, case, request, now)


def at(known: Scene, now: datetime) -> Scene:
    return Scene(known.session, known.case, known.request, now)


def write(known: Scene, at: datetime, state: MessageState = MessageState.CASE) -> None:
    message = add_message(known.session, known.case, "It was on 3 November.", "Re", at)
    message.handled_at, message.state = at + timedelta(minutes=1), state
    known.session.flush()


def kinds(session: Session) -> list[tuple[str, datetime]]:
    found = session.exec(select(ClockEvent).order_by(col(ClockEvent.id)))
    return [(event.kind, event.at) for event in found if event.kind != "received"]


def test_a_question_stops_the_month_and_never_the_promise(db: str) -> None:
    """SV2: asked the next day, answered ten days later."""
    with unit_of_work() as session:
        asked = scene(session, NOW + DAY)
        assert ask_evidence(decision())(asked)["answer_by"] == "2026-12-08"
        write(asked, NOW + 11 * DAY)
        assert note_answer(0)(at(asked, NOW + 11 * DAY)) == {"why": "answered"}
        found = deadlines_of(session, asked.case, NOW + 30 * DAY)
    assert (found.statutory_due, found.commitment) == (date(2027, 1, 4), date(2026, 12, 23))


def test_the_answer_counts_from_its_arrival_once_and_no_machine_gives_one(db: str) -> None:
    with unit_of_work() as session:
        asked = scene(session)
        write(asked, NOW - DAY)
        ask_evidence(decision())(asked)
        write(asked, NOW + DAY, MessageState.MACHINE)
        assert resume_answered(session, asked.case, NOW + 2 * DAY) == []
        assert note_answer(10**6)(at(asked, NOW + 2 * DAY)) == {"why": "silent"}
        write(asked, NOW + 3 * DAY)
        write(asked, NOW + 4 * DAY)
        assert resume_answered(session, asked.case, NOW + 9 * DAY) == ["identity"]
        assert resume_answered(session, asked.case, NOW + 9 * DAY) == []
        assert kinds(session) == [("paused", NOW), ("resumed", NOW + 3 * DAY)]


@pytest.mark.parametrize(("days", "seamless"), [(0, True), (3, True), (20, False)])
def test_an_insufficient_answer_keeps_it_stopped_where_the_next_question_follows_at_once(
    db: str, days: int, seamless: bool
) -> None:
    with unit_of_work() as session:
        first = scene(session)
        ask_evidence(decision())(first)
        write(first, NOW + 2 * DAY)
        resume_answered(session, first.case, NOW + 2 * DAY)
        again = at(first, NOW + (2 + days) * DAY + timedelta(hours=1))
        ask_evidence(decision(nth=1))(again)
        [*_, (_, since)] = kinds(session)
        outcomes = [verdict.outcome for verdict in deadlines_of(session, first.case, again.now).pauses]
        assert answer_to(session, first.case, "identity") is None, "the second question is not answered"
    assert (since == NOW + 2 * DAY + timedelta(microseconds=1)) == seamless
    assert outcomes == ["counted", "counted" if seamless else "too_late"]


@pytest.mark.parametrize(
    ("days", "override", "stops"), [(7, "", True), (8, "", False), (8, "The server was down.", True)]
)
def test_after_five_working_days_only_a_person_lets_it_count(
    db: str, days: int, override: str, stops: bool
) -> None:
    """Received on a Monday: the fifth working day is the Monday after."""
    with unit_of_work() as session:
        asked = scene(session, NOW + days * DAY)
        late = too_late_to_pause(deadlines_of(session, asked.case, asked.now), asked.now)
        assert pause(asked, "identity", decision(override)) is stops
        assert late is (days == 8)
        [event] = session.exec(select(ClockEvent).where(ClockEvent.kind == "paused"))
        assert event.reason == DOUBT, "recorded all the same"


def test_what_was_never_stopped_cannot_go_on(db: str) -> None:
    with unit_of_work() as session:
        known = scene(session)
        assert not resume(session, known.case, "scope", NOW, NOW)
        assert pause(known, "identity", decision())
        assert not resume(session, known.case, "scope", NOW, NOW), "the other one is open"
        pauses.settle(at(known, NOW + DAY))
        assert known.case.identity_settled_at == NOW + DAY
        pauses.settle(at(known, NOW + 2 * DAY))
        assert kinds(session) == [("paused", NOW), ("resumed", NOW + DAY)]


def test_we_never_wait_past_what_we_can_keep_to(db: str) -> None:
    with unit_of_work() as session:
        case = scene(session).case
        said = [answer_by(deadlines_of(session, case, NOW), NOW + days * DAY) for days in (1, 20, 45)]
    assert said == [date(2026, 12, 8), date(2026, 12, 23), date(2027, 1, 9)]


@pytest.mark.parametrize(
    "words",
    [
        "Merci d'envoyer une pièce d’identité.",
        "Votre carte nationale d'identité recto verso",
        "Envoyez votre passeport",
        "a copy of your passport",
        "a scan of your ID card",
        "your driver's licence",
        "le permis de conduire",
        "justificatif d'identité",
    ],
)
def test_papers_are_never_asked_for(words: str) -> None:
    assert asks_for_papers(words)


@pytest.mark.parametrize(
    "words",
    [
        "Votre numéro de client.",
        "Écrivez depuis l'adresse que nous connaissons.",
        "Which project did we discuss?",
    ],
)
def test_other_things_may_be(words: str) -> None:
    assert not asks_for_papers(words)


def rows(known: Scene, records: int, status: str = "found") -> list[FindingRow]:
    counts = {"contacts": 1, "email_log": records - 3}
    facts = {"request_id": known.request.id, "round": 0, "searched_at": NOW, "status": status}
    return [
        FindingRow(**facts, system="site_db", records=records - 2, tables=counts),
        FindingRow(**facts, system="billing", records=0),
        FindingRow(**facts, system="elay", documents=2),
    ]


@pytest.mark.parametrize(
    ("records", "status", "proved", "open_"),
    [
        (1000, "found", "a@b.example", True),
        (999, "found", "a@b.example", False),
        (1000, "found", "", False),
        (1000, "failed", "a@b.example", False),
    ],
)
def test_scope_is_asked_of_a_proved_person_for_a_large_quantity_found_everywhere(
    db: str, records: int, status: str, proved: str, open_: bool
) -> None:
    with unit_of_work() as session:
        known = scene(session)
        known.case.verified_address = proved
        assert may_ask_scope(session, known.case, rows(known, records, status)) is open_


def test_the_person_sees_all_that_exists_and_is_asked_once(db: str) -> None:
    with unit_of_work() as session:
        known = scene(session)
        known.case.verified_address = "a@b.example"
        found = rows(known, 1000)
        assert scope_asked(known) is None
        ask_scope(decision(), found)(known)
        assert not may_ask_scope(session, known.case, found)
        assert scope_asked(known) == (date(2026, 11, 23), None, "")
        write(known, NOW + DAY)
        asked = scope_asked(known)
        assert asked is not None
        assert (asked.answered_on, asked.words.strip()) == (date(2026, 11, 24), "It was on 3 November.")
        held = overview(found, "fr")
    assert next((system.title, [(one.what, one.count) for one in system.sets]) for system in held) == (
        "Base de données du site",
        [("Fiche de contact", 1), (held[0].sets[1].what, 997)],
    )
    assert [one.count for system in held for one in system.sets] == [1, 997, 2]
    assert pauses.LETTER_OF["scope"] == LetterKind.ASK_SCOPE


def test_a_case_that_closes_has_no_open_pause(db: str) -> None:
    from tasks.letters.deliver import _close

    with unit_of_work() as session:
        case, [access, erasure] = add_case(session, Right.ACCESS, Right.ERASURE)
        one, other = Scene(session, case, access, NOW), Scene(session, case, erasure, NOW + DAY)
        pause(one, "scope", decision())
        pause(one, "identity", decision())
        _close(other, NOW)
        assert [kind for kind, _ in kinds(session)] == ["paused", "paused"], "access still waits"
        _close(at(one, NOW + 2 * DAY), NOW)
        assert [kind for kind, _ in kinds(session)][2:] == ["resumed", "resumed"]
        assert session.get_one(Case, case.id).closed_at == NOW + 2 * DAY
        first, later = (deadlines_of(session, case, NOW + days * DAY) for days in (3, 300))
    assert first.statutory_due == later.statutory_due, "a closed case's dates stand still"
