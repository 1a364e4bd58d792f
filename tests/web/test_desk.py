"""The officer's door: nobody without a log-in, every case in order of its due date, all that is hostile shown as text."""

from datetime import timedelta
from email.message import EmailMessage

import httpx
import pyotp
import pytest
from sqlmodel import select

from models import storage
from models.database import unit_of_work
from models.rights import Right
from models.settings import settings
from models.tables import AuditEvent, Case, Letter, Message, Officer
from tasks.officers import add_officer
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.support.desk_rows import add_message, fill_desk, rich_case
from tests.web.conftest import ADDRESS, PASSWORD, Site, csrf_of, submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{7*7}}"


def rich() -> Case:
    with unit_of_work() as session:
        return rich_case(session, NOW - timedelta(days=12))


@pytest.mark.parametrize(
    "path",
    ["/desk", "/desk?which=all", "/desk/cases/DSR-2026-0001", "/desk/cases/DSR-2026-0001/messages/1.eml"],
)
def test_nobody_looks_without_a_login(browser: httpx.Client, path: str) -> None:
    rich()
    answer = browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/desk/login?next={path.partition('?')[0]}"
    assert "Camille" not in answer.text


def test_after_the_login_one_comes_back_to_where_one_was_going(browser: httpx.Client) -> None:
    with unit_of_work() as session:
        add_officer(session, "Dana", ADDRESS, PASSWORD, NOW, totp=False)
    page = "/desk/login?next=/desk/cases/DSR-2026-0001"
    answer = submit(
        browser,
        "/desk/login",
        page=page,
        address=ADDRESS,
        password=PASSWORD,
        next="/desk/cases/DSR-2026-0001",
    )
    assert answer.headers["location"] == "/desk/cases/DSR-2026-0001"


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/desk//evil", "/desk@x", "javascript:1"]
)
def test_the_login_leads_nowhere_else(browser: httpx.Client, target: str) -> None:
    with unit_of_work() as session:
        add_officer(session, "Dana", ADDRESS, PASSWORD, NOW, totp=False)
    answer = submit(browser, "/desk/login", address=ADDRESS, password=PASSWORD, next=target)
    assert answer.headers["location"] == "/desk"


def test_login_needs_the_one_time_code_where_one_is_enrolled(browser: httpx.Client) -> None:
    with unit_of_work() as session:
        made = add_officer(session, "Dana", ADDRESS, PASSWORD, NOW)
    without = submit(browser, "/desk/login", address=ADDRESS, password=PASSWORD)
    assert without.status_code == 422
    code = pyotp.parse_uri(made.otpauth_uri).at(NOW)  # type: ignore[union-attr]
    assert submit(browser, "/desk/login", address=ADDRESS, password=PASSWORD, totp=code).status_code == 303


def test_unknown_address_and_wrong_password_get_the_same_answer(browser: httpx.Client) -> None:
    with unit_of_work() as session:
        add_officer(session, "Dana", ADDRESS, PASSWORD, NOW, totp=False)
    pages = [
        submit(browser, "/desk/login", address=address, password="wrong wrong wrong")
        for address in (ADDRESS, "nobody@nexoris.example")
    ]
    assert {page.status_code for page in pages} == {422}
    assert pages[0].text.replace(ADDRESS, "nobody@nexoris.example") == pages[1].text


def test_the_sixth_wrong_password_is_not_tried(site: Site, browser: httpx.Client) -> None:
    with unit_of_work() as session:
        add_officer(session, "Dana", ADDRESS, PASSWORD, NOW, totp=False)
    codes = [submit(browser, "/desk/login", address=ADDRESS, password="wrong").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]
    assert submit(browser, "/desk/login", address=ADDRESS, password=PASSWORD).status_code == 429
    site.now = NOW + timedelta(minutes=16)
    assert submit(browser, "/desk/login", address=ADDRESS, password=PASSWORD).status_code == 303


def test_many_addresses_from_one_place_are_limited_too(browser: httpx.Client) -> None:
    codes = [
        submit(browser, "/desk/login", address=f"officer{n}@nexoris.example", password="x").status_code
        for n in range(22)
    ]
    assert codes == [422] * 20 + [429] * 2


def test_login_and_logout_need_their_form(site: Site, desk: httpx.Client) -> None:
    fields = {"address": ADDRESS, "password": PASSWORD}
    assert site.browser().post("/desk/login", data=fields).status_code == 403
    assert desk.post("/desk/logout").status_code == 403
    assert desk.get("/desk").status_code == 200
    assert submit(desk, "/desk/logout", page="/desk").status_code == 303
    assert desk.get("/desk").status_code == 303


def test_a_session_ends_after_twelve_hours_and_when_the_officer_leaves(
    site: Site, desk: httpx.Client
) -> None:
    site.now = NOW + timedelta(hours=11)
    assert desk.get("/desk").status_code == 200
    site.now = NOW + timedelta(hours=12)
    assert desk.get("/desk").status_code == 303
    site.now = NOW
    assert desk.get("/desk").status_code == 200
    with unit_of_work() as session:
        session.exec(select(Officer)).one().left_at = NOW
    assert desk.get("/desk").status_code == 303


def test_a_cookie_made_up_is_no_session(browser: httpx.Client) -> None:
    browser.cookies.set("dsr", "eyJvZmZpY2VyIjogMX0=.aaaaaa.bbbbbbbbbbbb")
    assert browser.get("/desk").status_code == 303


def test_the_list_shows_what_is_due_first_at_the_top(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        fill_desk(session)
    page = desk.get("/desk").text
    order = [
        page.index(name) for name in ("Amélie", "John", "Camille", "garage-martin", "Sofía", "Bruno", "Nadia")
    ]
    assert order == sorted(order)
    assert "2 jours de retard" in page
    assert "dans 4 jours" in page
    assert "7 dossiers" in page


def test_the_list_can_be_searched(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        fill_desk(session)
    page = desk.get("/desk", params={"q": "WHITFIELD"}).text
    assert "John Whitfield" in page
    assert "Nadia" not in page
    assert "«\u00a0&lt;b&gt;\u00a0»" in desk.get("/desk", params={"q": "<b>"}).text


def test_closed_cases_have_their_own_list(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session)
        case.closed_at = NOW
    assert "Camille" not in desk.get("/desk").text
    assert "Camille" in desk.get("/desk?which=closed").text
    assert "Camille" in desk.get("/desk?which=all").text
    assert desk.get("/desk?which=other").status_code == 404


def test_a_long_list_has_pages(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        for number in range(101):
            add_case(session, name=f"Person {number:03d}")
    assert "Page 1 sur 2" in desk.get("/desk").text
    second = desk.get("/desk?page_number=2").text
    assert "Person 100" in second
    assert "Person 000" not in second
    assert "Page 2 sur 2" in desk.get("/desk?page_number=99").text


def test_the_case_page_shows_everything_about_a_case(desk: httpx.Client) -> None:
    case = rich()
    page = desk.get(f"/desk/cases/{case.ref}").text
    for expected in (
        "vendredi 11 décembre 2026",  # 30 days
        "[D26]",
        "accès",
        "Art. 15 RGPD",
        "Recherche\u00a0: 2 systèmes sur 3",
        "le référent (relecture)",
        "/runs/flow-run/0a1b2c3d-0000-4000-8000-000000000042",
        "Retirée de la lettre d’information",
        "Je souhaite recevoir une copie",
        "accusé de réception",
        "Code accepté (identité, portail)",
        "Journal intact",
        "Elay administrator",
        ON_FILE,
    ):
        assert expected in page, expected


def test_a_tampered_audit_log_is_said(desk: httpx.Client) -> None:
    case = rich()
    with unit_of_work() as session:
        event = session.exec(
            select(AuditEvent).where(AuditEvent.case_id == case.id, AuditEvent.number == 3)
        ).one()
        event.actor = "somebody else"
    page = desk.get(f"/desk/cases/{case.ref}").text
    assert "Journal rompu à l’événement 3" in page
    assert "Journal intact" not in page


def test_a_letter_with_a_secret_is_never_shown(desk: httpx.Client) -> None:
    case = rich()
    raw = EmailMessage()
    raw["Subject"] = "Votre code"
    raw.set_content("Votre code est 1234 5678")
    with unit_of_work() as session:
        session.add(
            Letter(
                key="secret",
                case_id=case.id,
                kind="ask_identity",
                language="fr",
                recipient=ON_FILE,
                subject="Votre code",
                message_id="<s@x>",
                storage_key=storage.keep("letters", raw.as_bytes()),
                sha256="0" * 64,
                secret=True,
                written_at=NOW,
            )
        )
    page = desk.get(f"/desk/cases/{case.ref}").text
    assert "1234 5678" not in page
    assert "Il n’est jamais montré" in page


def test_hostile_names_subjects_and_mails_are_text(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session, name=HOSTILE, address='"<b>"@x.example')
        add_message(
            session, case, HOSTILE, "Objet <b>gras</b>", NOW, html=f"<p>{HOSTILE}</p><style>*{{}}</style>"
        )
        case.identity_evidence = HOSTILE
    for path in ("/desk", f"/desk/cases/{case.ref}"):
        page = desk.get(path).text
        assert "<script" not in page
        assert "<img" not in page
        assert "<b>" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "{{7*7}}" in page


def test_the_original_message_is_a_download_of_its_exact_bytes(desk: httpx.Client) -> None:
    case = rich()
    with unit_of_work() as session:
        message = session.exec(select(Message).where(Message.case_id == case.id)).one()
    answer = desk.get(f"/desk/cases/{case.ref}/messages/{message.id}.eml")
    assert answer.content == storage.fetch(message.storage_key)
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_a_message_is_reached_through_its_own_case_only(desk: httpx.Client) -> None:
    case = rich()
    with unit_of_work() as session:
        other, _ = add_case(session, Right.ERASURE)
        message = session.exec(select(Message).where(Message.case_id == case.id)).one()
    assert desk.get(f"/desk/cases/{other.ref}/messages/{message.id}.eml").status_code == 404
    assert desk.get(f"/desk/cases/{case.ref}/messages/x.eml").status_code == 404
    assert desk.get("/desk/cases/DSR-2026-9999").status_code == 404


def test_what_was_purged_is_said(desk: httpx.Client) -> None:
    case = rich()
    with unit_of_work() as session:
        message = session.exec(select(Message).where(Message.case_id == case.id)).one()
    storage.forget(message.storage_key)
    assert "Ce texte ne peut pas être montré" in desk.get(f"/desk/cases/{case.ref}").text
    assert desk.get(f"/desk/cases/{case.ref}/messages/{message.id}.eml").status_code == 404


def test_the_desk_speaks_the_officers_language(desk: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "officer_language", "en")
    case = rich()
    page = desk.get(f"/desk/cases/{case.ref}").text
    assert '<html lang="en">' in page
    assert "Friday 11 December 2026" in page
    assert csrf_of(desk.get("/desk"))
