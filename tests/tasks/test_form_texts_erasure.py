"""The forms of an erasure stay short: records that fare alike share a line, and many numbers are counted."""

import pytest

from models.database import unit_of_work
from models.erasure_plan import ErasurePlan
from models.records import Mention, Shortfall
from models.rights import Right
from models.settings import settings
from tasks.changes.carry_out_erasure import Leftover, Looked
from tasks.changes.plan_erasure import Drawn, Round
from tasks.forms.form_texts_erasure import leftover_text, plan_text, records_in_words
from tasks.steps import Scene
from tests.support.case_rows import NOW, add_case
from tests.support.effect_rows import a_plan

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def scene_text(plan: ErasurePlan | None = None, looked: Looked | None = None, note: str = "") -> str:
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.ERASURE)
        scene = Scene(session, case, request, NOW)
        if looked:
            return leftover_text(scene, looked, {}, "")
        assert plan
        drawn = Round(0, {"site_db": Drawn(plan=plan)}, {}, ("elay",))
        return plan_text(scene, drawn, note, "").replace("\\", "")


def test_a_name_in_seventy_notes_is_one_line(db: str) -> None:
    mentions = tuple(Mention(table="contacts", key={"id": n}, column="notes") for n in range(1, 71))
    text = scene_text(looked=Looked(systems=(Leftover(system="site_db", mentions=mentions),)))
    [line] = [line for line in text.splitlines() if "Fiche de contact" in line]
    assert "70 enregistrements" in line
    assert "18, 19, 20 … et 50 de plus" in line.replace("\\", "")
    assert "70 textes nomment encore la personne" in text


def test_what_is_not_as_planned_says_what_is_wrong(db: str) -> None:
    short = tuple(
        Shortfall(table="contacts", key={"id": n}, problem="not_masked", columns=("notes", "phone"))
        for n in (1, 2)
    )
    text = scene_text(looked=Looked(systems=(Leftover(system="site_db", shortfalls=short),)))
    assert "**Fiche de contact n° 1, 2** : pas effacé dans Notes de nos équipes, Téléphone" in text
    assert "n’est pas achevé" in text


def test_counts_and_the_warning_stand_above_everything_else(db: str) -> None:
    lines = [line for line in scene_text(a_plan(extra=28)).splitlines() if line]
    assert lines[1].startswith("**Supprimer 30 · minimiser 1 · conserver 1**")
    assert "pas de retour possible" in lines[2]


def test_records_that_fare_alike_share_a_line_and_what_stays_comes_first(db: str) -> None:
    text = scene_text(a_plan(extra=28))
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row.split(" n° ")[0] for row in rows] == [
        "| Factures",
        "| Fiche de contact",
        "| Formulaires envoyés",
    ]
    assert "**31 décembre 2035**, article 17" in rows[0]
    assert "… et 10 de plus" in rows[2]


def test_why_it_is_asked_again_is_said_in_the_officers_language(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "le plan approuvé n’a pas pu être exécuté partout" in scene_text(a_plan(), note="the data changed")
    monkeypatch.setattr(settings(), "officer_language", "en")
    text = scene_text(a_plan(), note="the data changed")
    assert "could not be carried out everywhere" in text
    assert "Details: the data changed" in text


def test_a_record_with_a_key_of_several_columns_is_one_number(db: str) -> None:
    keys = [{"order": 4, "line": 1}, {"order": 4, "line": 2}]
    assert records_in_words("site_db", "invoices", keys, "en") == "Invoices no. 4 / 1, 4 / 2"
