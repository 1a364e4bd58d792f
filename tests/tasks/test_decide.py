"""What an officer typed is kept apart: no field of a form can take the place of an address, a ground or a list."""

from sqlmodel import select

from models.choice_words import WORDS
from models.database import reading, unit_of_work
from models.questions import Choice, Question
from models.rights import Right
from models.tables import Decision
from tasks.forms.decide import take_answer
from tasks.forms.judge_answer import Answered, Asked
from tasks.officers import add_officer
from tasks.steps import Scene
from tests.support.case_rows import NOW, add_case


def test_a_field_called_ground_or_address_stays_a_value(db: str) -> None:
    asked = Asked(Question.CHANGE, 0, (Choice.PREVIEW,), "abc")
    typed = {"address": "7 rue des Essais", "ground": "excessive", "withhold": "everything"}
    answered = Answered(WORDS[Choice.PREVIEW].fr, "Claire Martin", "Typed as she wrote it.", values=typed)
    with unit_of_work() as session:
        add_officer(session, "Claire Martin", "claire@nexoris.com", "a long password", NOW, totp=False)
        case, [request] = add_case(session, Right.RECTIFICATION)
        assert take_answer(asked, answered)(Scene(session, case, request, NOW))["accepted"]
    with reading() as session:
        decision = session.exec(select(Decision)).one()
    assert decision.answers == {"address": "", "withhold": [], "ground": "", "values": typed}
