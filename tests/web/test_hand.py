"""The form for what came by another way than the mailbox, and the page of a mandate."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from models import storage
from models.database import reading, unit_of_work
from models.tables import Case, Mandate, Message, Request
from tasks.mail.read_mail import read_mail
from tests.support.case_rows import NOW, add_case
from tests.support.desk_rows import acknowledge
from tests.web.conftest import csrf_of, submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
NEW = "/desk/cases/new"
GOOD = {
    "rights": "access",
    "channel": "post",
    "received_at": "2026-11-20T09:00",
    "name": "Camille Durand",
    "language": "fr",
    "notes": "Je veux une copie de mes données.",
    "postal": "12 rue des Lilas\n75011 Paris",
}


def cases() -> list[Case]:
    with reading() as session:
        return list(session.exec(select(Case)))


def test_a_letter_opens_a_case_with_its_scan(desk: httpx.Client) -> None:
    files = [("files", ("../../lettre<1>.pdf", b"%PDF", "application/pdf"))]
    answer = submit(desk, NEW, files=files, key="form-1", **GOOD)
    assert answer.status_code == 303, answer.text
    (case,) = cases()
    assert answer.headers["location"] == f"/desk/cases/{case.ref}?opened=new"
    assert (case.channel, case.recorded_by, case.requester_address) == ("post", "Dana Privacy", "")
    assert case.received_at.isoformat() == "2026-11-20T08:00:00+00:00"
    page = desk.get(answer.headers["location"]).text
    for shown in (
        "est ouvert",
        "courrier postal",
        "saisie par Dana Privacy",
        "Je veux une copie",
        "aucune adresse e-mail",
    ):
        assert shown in page, shown
    with reading() as session:
        raw = storage.fetch(session.exec(select(Message.storage_key)).one())
        assert session.exec(select(Request.right)).one() == "access"
    (file,) = read_mail(raw).attachments
    assert "/" not in file.name
    assert file.size == 4


def test_the_same_form_again_opens_nothing(desk: httpx.Client) -> None:
    fields = GOOD | {"key": "form-1"}
    first, again = submit(desk, NEW, **fields), submit(desk, NEW, **fields)
    assert again.headers["location"] == first.headers["location"].replace("new", "already")
    assert "Rien n’a été ouvert deux fois" in desk.get(again.headers["location"]).text
    assert len(cases()) == 1


def test_each_page_brings_a_key_of_its_own(desk: httpx.Client) -> None:
    keys = {re.search(r'name="key" value="([^"]+)"', desk.get(NEW).text)[1] for _ in range(2)}  # type: ignore[index]
    assert len(keys) == 2


def test_what_looks_the_same_is_asked_about(desk: httpx.Client) -> None:
    submit(desk, NEW, key="form-1", **GOOD)
    answer = submit(desk, NEW, key="form-2", **GOOD)
    assert answer.status_code == 422
    assert "DSR-2026-0001" in answer.text
    assert 'name="another"' in answer.text
    assert submit(desk, NEW, key="form-2", another="yes", **GOOD).status_code == 303
    assert len(cases()) == 2


def test_a_late_one_says_so(desk: httpx.Client) -> None:
    answer = submit(desk, NEW, key="form-1", **GOOD | {"received_at": "2026-08-01T09:00"})
    assert answer.headers["location"].endswith("opened=late")
    assert "délai légal était déjà dépassé" in desk.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"rights": ""}, "Cochez au moins un droit"),
        ({"channel": ""}, "Choisissez par où"),
        ({"channel": "mail"}, "Choisissez par où"),
        ({"received_at": ""}, "Indiquez le jour"),
        ({"received_at": "2026-11-23T10:31"}, "dans l’avenir"),
        ({"received_at": "0001-01-01T00:00"}, "antérieure au RGPD"),
        ({"name": ""}, "Indiquez un nom ou une adresse"),
        ({"address": "x"}, "Cette adresse ne peut pas servir"),
        ({"mandate_kind": "heir"}, "Indiquez le nom de qui agit"),
        ({"mandate_kind": "heir", "agent_name": "Ann", "valid_until": "never"}, "Cette date ne se lit pas"),
        ({"address": "a@b.example", "mandate_kind": "agent", "agent_name": "Ann", "agent_address": "A@b.example"}, "aussi donnée"),
    ],
)  # fmt: skip
def test_what_cannot_be_comes_back(desk: httpx.Client, fields: dict[str, str], told: str) -> None:
    answer = submit(desk, NEW, key="form-1", **GOOD | fields)
    assert answer.status_code == 422
    assert told in answer.text
    assert "Je veux une copie de mes données." in answer.text
    assert cases() == []


def test_it_needs_the_form(desk: httpx.Client) -> None:
    assert desk.post(NEW, data=GOOD).status_code == 403
    assert cases() == []


def test_a_large_scan_is_taken_and_a_larger_one_is_not(desk: httpx.Client) -> None:
    big = [("files", ("scan.pdf", b"x" * 1_000_000, "application/pdf"))]
    assert submit(desk, NEW, files=big, key="1", **GOOD).status_code == 303
    assert (
        submit(
            desk, NEW, files=[("files", ("s.pdf", b"x" * 21_000_000, "application/pdf"))], key="2", **GOOD
        ).status_code
        == 422
    )
    assert (
        submit(
            desk, NEW, files=[("files", ("s.pdf", b"x" * 31_000_000, "application/pdf"))], key="3", **GOOD
        ).status_code
        == 413
    )


def test_a_mandate_is_recorded_checked_and_shown(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
    page = f"/desk/cases/{case.ref}/mandate"
    assert submit(desk, page).status_code == 422
    scan = [("document", ("mandat.html", b"<script>", "text/html"))]
    answer = submit(
        desk, page, files=scan, mandate_kind="lawyer", agent_name="Maître <b>Roux</b>", agent_address="roux@avocats.example",
        purpose="accès", valid_until="2026-10-01", may_receive="yes",
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    shown = desk.get(answer.headers["location"]).text
    for words in ("Maître &lt;b&gt;Roux", "expiré", "pas encore vérifié", "inscription au barreau"):
        assert words in shown, words
    copy = desk.get(f"{page}/scan")
    assert (copy.content, copy.headers["content-type"]) == (b"<script>", "application/octet-stream")
    assert copy.headers["content-disposition"] == f'attachment; filename="{case.ref}-mandate.html"'
    assert "mandat" in desk.get("/desk").text
    assert submit(desk, f"{page}/verdict", page=page, why="", verdict="holds").status_code == 422
    assert (
        submit(desk, f"{page}/verdict", page=page, why="inscrite au barreau", verdict="holds").status_code
        == 303
    )
    assert "vérifié par Dana Privacy" in desk.get(f"/desk/cases/{case.ref}").text
    with reading() as session:
        assert session.exec(select(Mandate.checked_by)).one() == "Dana Privacy"


def test_a_mandate_of_no_case_is_not_found(desk: httpx.Client) -> None:
    for path in ("mandate", "mandate/scan"):
        assert desk.get(f"/desk/cases/DSR-2020-0001/{path}").status_code == 404
    token = csrf_of(desk.get(NEW))
    assert desk.post("/desk/cases/DSR-2020-0001/mandate", data={"csrf": token}).status_code == 404


def test_reminders_and_letters_that_came_back_are_seen_in_list_and_case(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
        case.reminders, case.reminded_at = 2, NOW - timedelta(hours=1)
        letter = acknowledge(session, case, NOW)
        letter.bounced_at, letter.bounce = NOW, "5.1.1"
    listed, shown = desk.get("/desk").text, desk.get(f"/desk/cases/{case.ref}").text
    assert "relancé 2 fois" in listed
    assert "1 courrier revenu" in listed
    assert "Relancé 2 fois" in shown
    assert "Raison\u00a0: 5.1.1" in shown
