"""`dsr restriction`: what stands is listed without names, and an end is announced from the command line."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

import cli
from models.calendar import paris_date
from models.database import reading, unit_of_work
from models.grounds import RestrictionCase
from models.letters import LetterKind
from models.rights import Right
from models.tables import AuditEvent, Letter, RequestState, Restriction
from tasks.changes.change_systems import open_restriction
from tasks.steps import Scene
from tests.support.case_rows import add_case

BECAUSE = "La vérification de vos données est terminée."


def dsr(*arguments: str) -> int:
    """Run the command in this process; return its exit status."""
    sys.argv = ["dsr", *arguments]
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def ref(db: str) -> str:
    """A closed request whose person's data are only stored."""
    now = datetime.now(UTC)
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.RESTRICTION, received_at=now)
        open_restriction(RestrictionCase.UNLAWFUL)(Scene(session, case, request, now))
        request.closed_at, request.state = now, RequestState.CLOSED
    return request.ref


def test_what_stands_is_listed_without_names(ref: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dsr("restriction", "list", "--json") == 0
    out = capsys.readouterr().out
    [row] = json.loads(out)
    assert (row["request_ref"], row["ground"], row["announced_on"]) == (ref, "unlawful", None)
    assert "Camille" not in out
    assert "mail.example" not in out
    assert dsr("restriction", "list") == 0
    assert "unlawful" in capsys.readouterr().out


def test_an_end_is_announced_once(ref: str, capsys: pytest.CaptureFixture[str]) -> None:
    ends_on = paris_date(datetime.now(UTC)) + timedelta(days=7)
    lift = ("restriction", "lift", ref, "--because", BECAUSE, "--by", "Claire Martin")
    assert dsr(*lift) == 0
    assert str(ends_on) in capsys.readouterr().out.replace("\n", "")
    assert dsr(*lift) == 1
    error = capsys.readouterr().err
    assert str(ends_on) in error
    assert len(error.splitlines()) == 1
    with reading() as session:
        assert len(session.exec(select(Letter).where(Letter.kind == LetterKind.RESTRICTION_ENDS)).all()) == 1
        assert session.exec(select(Restriction)).one().lifted_at is None
        actors = session.exec(
            select(AuditEvent.actor).where(AuditEvent.kind == "restriction_end_announced")
        ).all()
    assert actors == ["Claire Martin"]


@pytest.mark.parametrize(
    ("request_ref", "because"), [("DSR-2026-9999/restriction", BECAUSE), ("", "too short")]
)
def test_what_cannot_be_is_one_sentence(
    ref: str, capsys: pytest.CaptureFixture[str], request_ref: str, because: str
) -> None:
    assert dsr("restriction", "lift", request_ref or ref, "--because", because, "--by", "Claire") == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert len(error.splitlines()) == 1


def test_a_reason_is_required(ref: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dsr("restriction", "lift", ref, "--by", os.environ.get("USER", "Claire")) == 2
    assert "--because" in capsys.readouterr().err


def test_a_review_can_be_put_off(ref: str, capsys: pytest.CaptureFixture[str]) -> None:
    until = paris_date(datetime.now(UTC)) + timedelta(days=200)
    assert dsr("restriction", "keep", ref, "--until", str(until), "--by", "Claire Martin") == 0
    assert str(until) in capsys.readouterr().out
    with reading() as session:
        assert session.exec(select(Restriction)).one().review_on == until
    assert dsr("restriction", "keep", ref, "--until", "2020-01-01", "--by", "Claire Martin") == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert len(error.splitlines()) == 1
