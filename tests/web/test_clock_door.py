"""An officer extends a period from the desk: dates before the decision, what is wrong after, and once."""

from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.tables import ClockEvent, Letter
from tests.support.case_rows import NOW, add_case
from tests.web.conftest import Site, submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
REASON = "Vos échanges remplissent plusieurs boîtes que nous relisons une à une."


@pytest.fixture
def ref(db: str) -> str:
    assert db
    with unit_of_work() as session:
        return add_case(session)[0].ref


def extended() -> list[ClockEvent]:
    with reading() as session:
        return list(session.exec(select(ClockEvent).where(ClockEvent.kind == "extended")))


def test_the_case_leads_to_the_form_and_the_form_names_the_dates(desk: httpx.Client, ref: str) -> None:
    assert f'href="/desk/cases/{ref}/extension"' in desk.get(f"/desk/cases/{ref}").text
    page = desk.get(f"/desk/cases/{ref}/extension").text
    assert "mercredi 23 décembre 2026" in page
    assert "mardi 23 février 2027" in page
    assert "le volume des données" in page
    assert 'name="code"' not in page, "nobody uses codes here"


def test_it_is_extended_once_and_the_person_told(desk: httpx.Client, ref: str) -> None:
    path = f"/desk/cases/{ref}/extension"
    answer = submit(desk, path, ground="volume", reason=REASON)
    assert answer.status_code == 303
    assert "mardi 23 février 2027" in desk.get(answer.headers["location"]).text
    [event] = extended()
    assert event.recorded_by == "Dana Privacy"
    with reading() as session:
        assert session.exec(select(Letter.kind)).one() == "extension"
    page = desk.get(path).text
    assert "ne peut pas être prolongé" in page
    assert '<form method="post" novalidate' not in page
    assert f'href="{path}"' not in desk.get(f"/desk/cases/{ref}").text
    case = desk.get(f"/desk/cases/{ref}").text
    assert "dès que son avis sera parti" in case
    with unit_of_work() as session:
        session.exec(select(Letter)).one().sent_at = NOW
    assert "Prolongé de deux mois, annoncé le" in desk.get(f"/desk/cases/{ref}").text
    with unit_of_work() as session:
        session.exec(select(Letter)).one().bounced_at = NOW
    assert "n’a pas pu partir ou est revenu" in desk.get(f"/desk/cases/{ref}").text


def test_what_is_wrong_is_said_and_what_was_typed_stays(desk: httpx.Client, ref: str) -> None:
    answer = submit(desk, f"/desk/cases/{ref}/extension", ground="surge", reason="Trop <b>.")
    assert answer.status_code == 422
    assert "30 caractères" in answer.text
    assert '<option value="surge" selected>' in answer.text
    assert "Trop &lt;b&gt;." in answer.text
    assert "<title>Erreur" in answer.text
    assert extended() == []


def test_too_late_there_is_no_form(site: Site, desk: httpx.Client, ref: str) -> None:
    with unit_of_work() as session:
        old = add_case(session, received_at=site.now - timedelta(days=40))[0].ref
    assert "ne peut pas être prolongé" in desk.get(f"/desk/cases/{old}/extension").text
    answer = submit(
        desk,
        f"/desk/cases/{old}/extension",
        page=f"/desk/cases/{ref}/extension",
        ground="volume",
        reason=REASON,
    )
    assert answer.status_code == 422
    assert extended() == []


def test_nobody_else_extends(site: Site, desk: httpx.Client, ref: str) -> None:
    path = f"/desk/cases/{ref}/extension"
    assert desk.post(path, data={"ground": "volume", "reason": REASON}).status_code == 403
    assert site.browser().get(path).status_code == 303
    assert desk.get("/desk/cases/DSR-2020-0001/extension").status_code == 404
    assert (
        submit(
            desk, "/desk/cases/DSR-2020-0001/extension", page=path, ground="volume", reason=REASON
        ).status_code
        == 404
    )
    assert extended() == []
