"""Answers find their case by the address they go to, where the settings have a pattern for it."""

import re
from functools import partial

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.settings import settings
from models.tables import Case, Letter, Mandate
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import NOW
from tests.tasks.test_write_letter import new_case, read, write


@pytest.fixture
def pattern(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers go to an address of the case."""
    monkeypatch.setenv("DSR_REPLY_ADDRESS", "privacy+{token}@nexoris.com")
    forget_settings()


def test_answers_find_their_case_by_their_address(pattern: None) -> None:
    case_id, other = new_case(), new_case()
    letters = [write(case_id, "camille.perso@mail.example", key) for key in "ab"]
    with reading() as session:
        token = session.get_one(Case, case_id).reply_token
        assert not session.get_one(Case, other).reply_token, "not before it is needed"
    assert re.fullmatch("[a-z2-7]{16}", token)
    assert [read(letter)["Reply-To"] for letter in letters] == [f"privacy+{token}@nexoris.com"] * 2
    assert settings().token_in(f"Privacy+{token.upper()}@nexoris.com") == token
    assert write(other, "camille.perso@mail.example", "c").id
    with reading() as session:
        assert session.get_one(Case, other).reply_token not in {"", token}


def test_colleagues_do_not_learn_the_address_of_the_case(pattern: None) -> None:
    case_id = new_case()
    assert read(write(case_id, "officer@nexoris.com"))["Reply-To"] is None
    with reading() as session:
        assert not session.get_one(Case, case_id).reply_token


def test_two_writers_at_once_agree_on_the_address(pattern: None) -> None:
    case_id = new_case()
    at_once(*[partial(write, case_id, "camille.perso@mail.example", key) for key in "abcd"])
    with reading() as session:
        written = session.exec(select(Letter)).all()
        token = session.get_one(Case, case_id).reply_token
    assert {str(read(letter)["Reply-To"]) for letter in written} == {f"privacy+{token}@nexoris.com"}
    assert len(written) == 4


def test_whoever_acts_for_the_person_is_in_the_conversation(pattern: None) -> None:
    case_id = new_case("<first@mail.example>")
    with unit_of_work() as session:
        session.add(
            Mandate(
                case_id=case_id, kind="lawyer", agent_name="Maître Roux", agent_address="roux@cabinet.example",
                recorded_by="Claire Martin", recorded_at=NOW,
            )
        )  # fmt: skip
    mail = read(write(case_id, "roux@cabinet.example"))
    assert (mail["In-Reply-To"], mail["Auto-Submitted"]) == ("<first@mail.example>", "auto-replied")
    assert mail["Reply-To"] is not None
