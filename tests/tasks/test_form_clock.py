"""What an officer reads about the clock above the forms, and what a form sends back of a question to the person."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from models.choice_words import SENT_BACK, WORDS
from models.database import unit_of_work
from models.questions import EVIDENCE, OVERRIDE, Choice, Question
from models.rights import Right
from models.settings import settings
from models.tables import ClockEvent, Decision
from tasks.clock.ask_evidence import ask_evidence
from tasks.clock.ask_scope import ask_scope
from tasks.forms.decide import take_answer
from tasks.forms.form_texts import identity_text, review_text
from tasks.forms.judge_answer import Answered, Asked
from tasks.officers import add_officer
from tasks.search_systems import finding_rows, store_findings
from tasks.steps import Scene
from tests.conftest import forget_settings
from tests.support.bundle_samples import client_findings
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.support.desk_rows import add_message

LANGUAGES = ("fr", "en")
HOSTILE = "Tout [cliquez](https://evil.example) <script>\n# Titre"


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, db: str, monkeypatch: pytest.MonkeyPatch) -> str:
    assert db
    monkeypatch.setenv("DSR_OFFICER_LANGUAGE", request.param)
    monkeypatch.setenv("DSR_LARGE_RECORDS", "1")
    forget_settings()
    assert settings().large_records == 1
    return str(request.param)


def scene(session: Session, now_after: timedelta = timedelta()) -> Scene:
    case, [request] = add_case(session, Right.ACCESS)
    case.verified_address = ON_FILE
    return Scene(session, case, request, NOW + now_after)


def decision(**values: str) -> Decision:
    return Decision(
        question="review",
        round=0,
        officer="Claire",
        choice="ask_scope",
        reason="More than a thousand exchanges.",
        accepted=True,
        content_hash="",
        answers={"values": values},
        decided_at=NOW,
    )


def review(known: Scene) -> str:
    return review_text(known, finding_rows(known.session, known.request, 0), "")


SAID = {
    "fr": ("Beaucoup de données", "jusqu’à la réponse", "n’arrête plus", "personne n’a répondu", "est suspendu", "quelles données sont voulues. Réponse"),
    "en": ("A large quantity", "until the answer", "no longer stops", "nobody answered", "stands still", "which data are meant. Answer"),
}  # fmt: skip


def test_a_review_says_what_may_be_asked_what_was_and_what_came_back(language: str) -> None:
    much, in_time, late, silent, stopped, answered = SAID[language]
    with unit_of_work() as session:
        known = scene(session)
        store_findings(0, client_findings())(known)
        assert much in review(known)
        assert in_time in review(known)
        assert late in review(Scene(session, known.case, known.request, NOW + timedelta(days=12)))
        ask_scope(decision(), finding_rows(session, known.request, 0))(known)
        text = review(known)
        assert silent in text
        assert stopped in text
        assert much not in text
        message = add_message(session, known.case, HOSTILE, "Re", NOW + timedelta(days=1))
        message.handled_at = NOW + timedelta(days=1)
        session.flush()
        text = review(known)
    assert answered in text
    assert "Tout " in text
    assert "](https://evil" not in text
    assert "<script>" not in text
    assert "\n# Titre" not in text


def test_who_is_not_proved_is_not_asked_what_is_meant(language: str) -> None:
    with unit_of_work() as session:
        known = scene(session)
        known.case.verified_address = ""
        store_findings(0, client_findings())(known)
        assert SAID[language][0] not in review(known)


@pytest.mark.parametrize("why", ["answered", "silent"])
def test_an_identity_form_says_what_became_of_the_question(language: str, why: str) -> None:
    with unit_of_work() as session:
        known = scene(session)
        ask_evidence(decision(**{EVIDENCE: "The date of our last exchange."}))(known)
        text = identity_text(known, why, {}, "")
    words = {"fr": ("a répondu", "n’a pas répondu"), "en": ("has answered", "has not answered")}[language]
    assert words[why == "silent"] in text
    assert SAID[language][4] in text
    assert f"/desk/cases/{known.case.ref}" in text


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({EVIDENCE: ""}, "evidence"),
        ({EVIDENCE: "Votre carte d'identité, s'il vous plaît."}, "papers"),
        ({EVIDENCE: "La date de notre dernier échange.", OVERRIDE: "ok"}, "override"),
        ({EVIDENCE: "La date de notre dernier échange.", OVERRIDE: "  "}, ""),
        ({EVIDENCE: "La date de notre dernier échange."}, ""),
    ],
)
def test_a_question_to_the_person_is_judged(db: str, values: dict[str, str], why: str) -> None:
    assert db
    asked = Asked(Question.IDENTITY, 0, (Choice.ASK_EVIDENCE,), "abc")
    typed = {name: value.strip() for name, value in values.items()}
    answered = Answered(WORDS[Choice.ASK_EVIDENCE].fr, "Claire", "The name signed differs.", values=typed)
    with unit_of_work() as session:
        add_officer(session, "Claire", "claire@nexoris.com", "a long password", NOW, totp=False)
        known = scene(session)
        taken = take_answer(asked, answered)(known)
        assert taken["accepted"] is not bool(why)
        assert taken["sent_back_because"] == (SENT_BACK[why].fr if why else "")
        assert session.exec(select(ClockEvent).where(ClockEvent.kind == "paused")).all() == []
