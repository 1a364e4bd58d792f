"""The case page on plans, receipts, restrictions and colleagues' files: whole, in words, escaped, for officers only."""

import io
import zipfile
from datetime import timedelta

import httpx
import pytest
from sqlmodel import col, select

from models import storage
from models.database import unit_of_work
from models.rights import Right
from models.settings import settings
from models.tables import Case, Decision, ManualTask, Receipt, Request, StoredPlan
from tests.support.case_rows import NOW, add_case
from tests.support.effect_rows import EVIDENCE, MENTIONS, erased_case, restricted_case
from tests.web.conftest import Site

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}}"


def erased(name: str = "Hugo Noirot") -> tuple[Case, Request]:
    with unit_of_work() as session:
        return erased_case(session, NOW - timedelta(days=2), name)


def words_of(desk: httpx.Client, case: Case) -> str:
    answer = desk.get(f"/desk/cases/{case.ref}")
    assert answer.status_code == 200, answer.text
    return answer.text.replace("\u00a0", " ")


def test_an_erasure_shows_both_plans_and_who_approved_which(desk: httpx.Client) -> None:
    case, _ = erased()
    page = words_of(desk, case)
    for expected in (
        "Plan 2 ·",
        "supprimer 30, minimiser 1, conserver 1",
        "approuvé par Dana Privacy",
        "Plan 1 ·",
        "supprimer 2, minimiser 1, conserver 1",
        "pas exécuté partout",
        "the data in site_db changed: plan again",
        "Vidé à la main :",
    ):
        assert expected in page, expected
    assert page.index("Plan 2 ·") < page.index("Plan 1 ·")


def test_what_was_done_is_said_once_per_kind_with_dates_and_bases(desk: httpx.Client) -> None:
    case, _ = erased()
    page = words_of(desk, case)
    done = page[page.index("Ce qui a été fait") : page.index("Ce qui restait")]
    for expected in (
        "Factures n° 155",
        "conservé",
        "effacé : E-mail de facturation",
        "lun. 31 déc. 2035",
        "article L123-22",
        "Fiche de contact n° 81",
        "minimisé",
        "supprimé",
        "… et 10 de plus",
        "1955 enregistrements relus : 1 en trop, 70 mentions chez d’autres",
    ):
        assert expected in done, expected
    assert done.count("Formulaires envoyés") == 1
    assert "{&#39;fr" not in page


def test_every_mention_is_on_the_page(desk: httpx.Client) -> None:
    case, _ = erased()
    page = words_of(desk, case)
    left = page[page.index("Ce qui restait") :]
    assert f"{MENTIONS} enregistrements" in left
    assert ", ".join(map(str, range(1, MENTIONS + 1))) in left
    assert "pas effacé dans Notes de nos équipes" in left


def test_a_restriction_and_an_extension_are_said(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, _ = restricted_case(session, NOW - timedelta(days=5))
    page = words_of(desk, case)
    for expected in (
        "Données seulement stockées depuis le mer. 18 nov. 2026",
        "à réexaminer le mar. 16 févr. 2027",
        "18(1)(a)",
        "La personne sera prévenue avant la fin",
        "Fiche de contact n° 0, 1, 2",
        "Prolongé de deux mois, annoncé le ven. 20 nov. 2026",
        "le volume des données",
        "Vos messages de dix ans",
    ):
        assert expected in page, expected


def test_the_desk_speaks_english_of_it_too(desk: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "officer_language", "en")
    case, _ = erased()
    page = words_of(desk, case)
    for expected in (
        "approved by Dana Privacy",
        "Invoices no. 155",
        "Article L123-22",
        "1 too many, 70 mentions with others",
        "Download the attached files",
        "</strong> · erasure ·",
    ):
        assert expected in page, expected


def test_a_colleagues_files_are_one_harmless_archive(desk: httpx.Client) -> None:
    case, _ = erased()
    page = words_of(desk, case)
    assert "Elay (relation client)</strong> · effacement ·" in page
    with unit_of_work() as session:
        task = session.exec(select(ManualTask.id)).one()
    path = f"/desk/cases/{case.ref}/tasks/{task}.zip"
    assert path in page
    answer = desk.get(path)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{case.ref}-{task}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert [archive.read(name) for name in names] == [file.content for file in EVIDENCE]
    assert names[0] == "001-capture.png"
    assert names[1].endswith(".html.txt")
    assert not {"/", "\\", "<"} & set("".join(names))


def test_files_are_for_officers_and_through_their_own_case_only(site: Site, desk: httpx.Client) -> None:
    case, _ = erased()
    with unit_of_work() as session:
        other, _ = add_case(session, Right.ERASURE)
        task = session.exec(select(ManualTask)).one()
    path = f"/desk/cases/{case.ref}/tasks/{task.id}.zip"
    assert site.browser().get(path).status_code == 303
    assert desk.get(f"/desk/cases/{other.ref}/tasks/{task.id}.zip").status_code == 404
    assert desk.get(f"/desk/cases/{case.ref}/tasks/999.zip").status_code == 404
    storage.forget(task.evidence_key)
    assert desk.get(path).status_code == 404


def test_what_was_purged_or_is_no_longer_mapped_leaves_the_page_whole(desk: httpx.Client) -> None:
    case, request = erased()
    with unit_of_work() as session:
        for plan in session.exec(select(StoredPlan)):
            storage.forget(plan.storage_key)
        task = session.exec(select(ManualTask)).one()
        task.evidence_key = "purged"
        session.add(
            Receipt(
                request_id=request.id,
                kind="turned_around",
                system="gone_system",
                record='{"table": "old_table", "key": {"id": 3}}',
                detail={"columns": ["old_column"]},
                at=NOW,
            )
        )
    page = words_of(desk, case)
    assert "Le détail a été effacé" in page
    assert "old_table 3" in page
    assert "Télécharger les fichiers joints" not in page


def test_hostile_values_are_text(desk: httpx.Client) -> None:
    case, request = erased(HOSTILE)
    with unit_of_work() as session:
        task = session.exec(select(ManualTask)).one()
        task.note, task.person = HOSTILE, HOSTILE
        for decision in session.exec(select(Decision).order_by(col(Decision.id))):
            decision.reason = decision.officer = HOSTILE
        session.add(
            Receipt(
                request_id=request.id,
                kind=HOSTILE,
                system=HOSTILE,
                record='{"table": "<b>t</b>", "key": {"<i>k</i>": "<u>v</u>"}}',
                detail={"columns": ["<b>c</b>"], "problem": HOSTILE},
                at=NOW,
            )
        )
    page = words_of(desk, case)
    for sign in ("<script", "<img", "<b>", "<u>", "<i>"):
        assert sign not in page, sign
    assert "&lt;script&gt;alert(1)" in page
    assert "{{7*7}}" in page
