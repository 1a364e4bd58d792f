"""The requester fetches their copy, in a browser's eyes (law.md S2-S5; peers.md test 13)."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from models import storage
from models.database import reading, unit_of_work
from models.tables import AuditEvent, Letter, Request
from models.tokens import new_token
from tasks.exports.downloads import Offered, offer
from tasks.mail.read_mail import read_mail
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.web.conftest import Site, submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
BUNDLE = b"PK\x03\x04 everything"


def offered() -> tuple[Request, Offered]:
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        case.verified_address = ON_FILE
        return request, offer(session, request, BUNDLE, NOW)


def newest_code() -> str:
    with reading() as session:
        letter = session.exec(select(Letter).order_by(Letter.id.desc())).first()  # type: ignore[attr-defined]
    assert letter
    found = re.search(r"\b\d{4} \d{4}\b", read_mail(storage.fetch(letter.storage_key)).text)
    assert found
    return found[0]


def test_the_page_explains_and_a_code_opens_the_file(browser: httpx.Client) -> None:
    request, link = offered()
    page = browser.get(f"/download/{link.token}")
    assert page.status_code == 200
    assert "M’envoyer un code" in page.text
    assert 'name="code"' not in page.text
    sent = submit(browser, f"/download/{link.token}/code", page=f"/download/{link.token}")
    assert sent.status_code == 303
    after = browser.get(sent.headers["location"])
    assert "Un code vous est envoyé" in after.text
    answer = submit(browser, f"/download/{link.token}", code=newest_code())
    assert answer.content == BUNDLE
    assert answer.headers["content-type"] == "application/zip"
    name = request.ref.replace("/", "-")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.zip"'
    assert answer.headers["cache-control"] == "no-store"


def test_asking_twice_in_a_minute_sends_one_letter(browser: httpx.Client) -> None:
    _, link = offered()
    for expected in ("yes", "wait"):
        sent = submit(browser, f"/download/{link.token}/code", page=f"/download/{link.token}")
        assert sent.headers["location"].endswith(f"?sent={expected}")
    assert "nous venons d’en envoyer un" in browser.get(sent.headers["location"]).text
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 1


def test_wrong_codes_void_and_a_used_code_is_refused(site: Site) -> None:
    _, link = offered()
    browser = site.browser()
    submit(browser, f"/download/{link.token}/code", page=f"/download/{link.token}")
    code = newest_code()
    bad = f"{(int(code.replace(' ', '')) + 1) % 10**8:08d}"
    pages = [submit(browser, f"/download/{link.token}", code=bad) for _ in range(5)]
    assert "Il vous reste 4 essais" in pages[0].text
    assert "Trop de codes erronés" in pages[4].text
    site.now = NOW + timedelta(minutes=2)
    submit(browser, f"/download/{link.token}/code", page=f"/download/{link.token}")
    assert submit(browser, f"/download/{link.token}", code=newest_code()).content == BUNDLE
    again = submit(browser, f"/download/{link.token}", code=newest_code())
    assert again.status_code == 422
    assert "a déjà servi" in again.text


def test_unknown_and_expired_links_get_the_same_answer(site: Site) -> None:
    _, link = offered()
    site.now = link.expires_at
    answers = [site.browser().get(f"/download/{token}") for token in (link.token, new_token())]
    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub(r"/download/[\w-]+", "", answer.text) for answer in answers}) == 1


def test_forms_from_elsewhere_send_nothing(browser: httpx.Client) -> None:
    _, link = offered()
    assert browser.post(f"/download/{link.token}/code").status_code == 403
    assert browser.post(f"/download/{link.token}", data={"code": "12345678"}).status_code == 403
    with reading() as session:
        assert session.exec(select(Letter)).all() == []
        assert "code_wrong" not in session.exec(select(AuditEvent.kind)).all()


def test_the_page_names_nobody(browser: httpx.Client) -> None:
    _, link = offered()
    text = browser.get(f"/download/{link.token}").text
    assert "Camille" not in text
    assert ON_FILE not in text
