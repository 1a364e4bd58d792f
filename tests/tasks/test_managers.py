"""A manager looks at figures: no case, no decision, no letter about one."""

from models.database import reading, unit_of_work
from models.questions import Choice, Question
from models.tables import Role
from tasks.forms.decide import codes_in_use, officer_names
from tasks.forms.judge_answer import Answered, Asked, problem
from tasks.officers import add_officer, known, log_in
from tasks.steps import Scene
from tests.support.case_rows import NOW, add_case

PASSWORD = "correct horse battery"


def test_a_manager_logs_in_and_decides_nothing(db: str):
    with unit_of_work() as session:
        add_officer(session, "Dana", "dana@nexoris.example", PASSWORD, NOW, totp=False)
        mona = add_officer(session, "Mona", "mona@nexoris.example", PASSWORD, NOW, role=Role.MANAGER)
        case, (request, *_) = add_case(session)
        asked = Asked(Question.REVIEW, 1, (Choice.NOTHING_HELD,), "")
        scene = Scene(session, case, request, NOW)
        words = {"choice": "Answer that we hold nothing", "reason": "Nothing was found in any system."}
        assert not problem(scene, asked, Answered(officer="Dana", **words), address_is_good=True)
        refused = problem(scene, asked, Answered(officer="Mona", **words), address_is_good=True)
        assert refused == "choisissez votre nom"
        assert officer_names(session) == ["Dana"]
        assert not codes_in_use(session), "a manager's one-time code asks nobody for one in a form"
    seen = known(mona.officer_id)
    assert seen is not None
    assert seen.manager
    assert log_in("dana@nexoris.example", PASSWORD, "", NOW).manager is False
    with reading() as session:
        assert officer_names(session) == ["Dana"]
