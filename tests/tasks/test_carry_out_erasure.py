"""An approved erasure is carried out and recorded whatever happens in between; looking again sees what is left."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from flows.demo.billing_tool import carry_out
from models.calendar import paris_date
from models.database import unit_of_work
from models.ledger import entries_since
from models.records import Identifier, Shortfall
from models.rights import Right
from models.tables import Case, Receipt, Request
from tasks.changes.carry_out_erasure import changer_of, erase_in, look_again, newest, receipts, receipts_of
from tasks.changes.plan_erasure import Drawn, Round, draw
from tasks.forms.form_texts_erasure import brief_lines
from tasks.letters.reply_erasure import erased_in_words, kept_in_words
from tasks.samples.sample_systems import CAMILLE, create_sample_systems
from tasks.steps import Effect, Scene
from tests.support.case_rows import NOW, add_case

ME = [Identifier(kind="email", value=CAMILLE.email)]
REF = "DSR-2026-0042/erasure"
FORM = "INSERT INTO form_submissions (email, payload, created_at) VALUES (:mail, '{}', '2026-11-23 10:00:00')"
CARD = {"customer_id": "C-00000"}


@pytest.fixture(autouse=True)
def _systems(db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in create_sample_systems(tmp_path / "systems", NOW).items():
        monkeypatch.setenv(name, value)


def site(statement: str, **values: object) -> list[sa.Row]:
    engine = sa.create_engine(os.environ["DSR_SITE_DB_URL"], poolclass=sa.NullPool)
    with engine.begin() as connection:
        result = connection.execute(sa.text(statement), values)
        return list(result) if result.returns_rows else []


@pytest.fixture
def play() -> Callable[[Effect], dict[str, object]]:
    """A function that plays effects on one request for erasure."""
    with unit_of_work() as session:
        request_id = add_case(session, Right.ERASURE)[1][0].id

    def play_one(effect: Effect) -> dict[str, object]:
        with unit_of_work() as session:
            request = session.get_one(Request, request_id)
            return effect(Scene(session, session.get_one(Case, request.case_id), request, NOW)) or {}

    return play_one


def all_receipts() -> list[Receipt]:
    with unit_of_work() as session:
        return receipts_of(session, session.exec(select(Request)).one())


def drawn_up() -> Round:
    return draw(0, ME, NOW)


def test_what_a_crashed_run_erased_is_recorded_although_a_row_came_meanwhile(play) -> None:
    drawn = drawn_up()
    changer_of("site_db").erase(drawn.plans["site_db"].plan, ME, paris_date(NOW))
    site(FORM, mail=CAMILLE.email)
    done = play(erase_in("site_db", drawn.plans["site_db"], ME, REF, NOW))
    assert done["refused"] == ""
    assert done["erased"]
    [entry] = entries_since(paris_date(NOW))
    rows = drawn.plans["site_db"].plan.rows
    assert (entry.request_ref, len(entry.rows)) == (REF, len(rows))
    assert len(all_receipts()) == len(rows)
    seen = look_again(drawn, ME, {}, NOW)
    [left] = [one for one in seen.systems if one.system == "site_db"]
    assert [(short.table, short.problem) for short in left.shortfalls] == [
        ("form_submissions", "not_planned")
    ]


def test_a_row_that_came_before_anything_was_erased_is_planned_again(play) -> None:
    drawn = drawn_up()
    site(FORM, mail=CAMILLE.email)
    before = site("SELECT * FROM contacts")
    assert "changed since the approval" in str(
        play(erase_in("site_db", drawn.plans["site_db"], ME, REF, NOW))["refused"]
    )
    assert site("SELECT * FROM contacts") == before
    assert all_receipts() == []


def test_a_plan_that_erases_nothing_is_never_taken_for_carried_out(play) -> None:
    plan = drawn_up().plans["site_db"].plan
    kept = Drawn(plan=plan.model_copy(update={"rows": (), "only": ("form_submissions",)}))
    assert play(erase_in("site_db", kept, ME, REF, NOW))["refused"]


def billing_left(drawn: Round) -> tuple[Shortfall, ...]:
    [found] = [one for one in look_again(drawn, ME, {}, NOW).systems if one.system == "billing"]
    assert found.problem == ""
    return found.shortfalls


def test_a_card_that_stays_must_have_been_blanked() -> None:
    drawn = drawn_up()
    plan = drawn.plans["billing"].plan
    assert [(row.action, row.masked) for row in plan.rows] == [("keep", ("email",))]
    assert billing_left(drawn) == (
        Shortfall(table="billing_customers", key=CARD, problem="not_masked", columns=("email",)),
    )
    carry_out(Path(os.environ["DSR_BILLING_CSV"]), [CAMILLE.email], brief_lines("billing", plan))
    assert billing_left(drawn) == ()


def test_a_card_to_delete_and_a_new_one_are_told_apart() -> None:
    drawn = drawn_up()
    plan = drawn.plans["billing"].plan
    doomed = plan.model_copy(update={"rows": (plan.rows[0].model_copy(update={"action": "delete"}),)})
    for rows, problem in ((doomed, "still_there"), (plan.model_copy(update={"rows": ()}), "not_planned")):
        one = Round(0, {"billing": Drawn(plan=rows)}, {}, ())
        assert [(short.key, short.problem) for short in billing_left(one)] == [(CARD, problem)]


def test_of_several_plans_the_reply_tells_what_became_of_each_record_in_the_end(play) -> None:
    plan = drawn_up().plans["site_db"].plan
    [card] = [row for row in plan.rows if row.table == "contacts"]
    assert card.action == "minimise"
    play(receipts("site_db", plan))
    gone = card.model_copy(update={"action": "delete", "masked": (), "basis": None})
    play(receipts("site_db", plan.model_copy(update={"rows": (gone,)})))
    play(receipts("site_db", plan.model_copy(update={"rows": (gone,)})))
    found = all_receipts()
    assert len(found) == len(plan.rows) + 1
    assert len(newest(found)) == len(plan.rows)
    assert "Contact record" not in repr(kept_in_words(found, "en"))
    assert "1 record (Contact record)" in repr(erased_in_words(found, {}, "en"))
