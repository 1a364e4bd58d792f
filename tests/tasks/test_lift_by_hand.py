"""What no connector lifts, a colleague lifts by hand: the only task whose link outlives its request (GDPR 18(3))."""

from pathlib import Path

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.manual_work import TaskAnswer
from models.tables import Letter, ManualTask, Request
from models.tokens import token_hash
from tasks.colleagues.manual_tasks import answer_task, look_task
from tasks.keeping.retain import carry_out, due
from tasks.samples.sample_systems import CAMILLE, create_sample_systems
from tests.support.case_rows import NOW
from tests.support.restricted_case import DAY, WEEK, lifted, restricted, told


@pytest.fixture(autouse=True)
def _systems(db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in create_sample_systems(tmp_path / "systems", NOW).items():
        monkeypatch.setenv(name, value)


def a_link() -> str:
    with unit_of_work() as session:
        task = session.exec(select(ManualTask).where(ManualTask.action == "lift")).first()
        assert task is not None
        task.token_hash = token_hash("the-link")
    return "the-link"


def test_colleagues_lift_by_hand_although_the_request_is_closed() -> None:
    told(restricted())
    lifted(NOW + WEEK)
    with reading() as session:
        tasks = session.exec(select(ManualTask)).all()
        written = session.exec(select(Letter).where(Letter.kind == LetterKind.MANUAL_TASK)).all()
    assert {task.action for task in tasks} == {"lift"}
    assert len(written) == len(tasks)
    link = a_link()
    view = look_task(link)
    assert view is not None
    assert [one.value for one in view.brief.identifiers] == [CAMILLE.email]
    said = "Lifted in the tool's own settings."
    assert answer_task(link, "done", said, [], NOW + 8 * DAY) is TaskAnswer.RECORDED
    assert answer_task(link, "done", said, [], NOW + 8 * DAY) is TaskAnswer.ALREADY


def test_a_colleague_still_reads_whom_it_is_about_after_the_nightly_purge() -> None:
    told(restricted(), NOW + 60 * DAY)
    lifted(NOW + 67 * DAY)
    with reading() as session:
        found = due(session, NOW + 68 * DAY)
    carry_out(found, NOW + 68 * DAY)
    view = look_task(a_link())
    assert view is not None
    assert [one.value for one in view.brief.identifiers] == [CAMILLE.email]


@pytest.mark.parametrize("action", ["search", "stop", "restrict", "rectify", "erase"])
def test_every_other_task_still_ends_with_its_request(action: str) -> None:
    told(restricted())
    lifted(NOW + WEEK)
    link = a_link()
    with unit_of_work() as session:
        for task in session.exec(select(ManualTask)):
            task.action = action
    assert look_task(link) is None
    assert answer_task(link, "none", "", [], NOW + 8 * DAY) is TaskAnswer.UNKNOWN


def test_a_task_of_a_restriction_lifted_before_the_close_ends_with_it() -> None:
    told(restricted())
    lifted(NOW + WEEK)
    link = a_link()
    with unit_of_work() as session:
        session.exec(select(Request)).one().closed_at = NOW + 8 * DAY
    assert look_task(link) is None
