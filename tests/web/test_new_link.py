"""The officer sends a new link from the case page: only where one can be sent, and only with the page's own form."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlmodel import select

from models import storage
from models.database import reading, unit_of_work
from models.tables import AuditEvent, Download, Letter, Request, RequestState
from tasks.exports.downloads import Offered, offer
from tasks.mail.read_mail import read_mail
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.web.conftest import Site, submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
BUTTON = "Envoyer un nouveau lien à la personne"


def answered(state: RequestState = RequestState.CLOSED) -> tuple[str, Offered]:
    """The path of a case whose copy was offered a month ago, and that link."""
    with unit_of_work() as session:
        case, (request, *_) = add_case(session)
        case.verified_address = ON_FILE
        link = offer(session, request, b"PK everything", NOW - timedelta(days=30))
        request.state = state
        return f"/desk/cases/{case.ref}", link


def test_the_button_sends_a_new_link(desk: httpx.Client, site: Site) -> None:
    path, old = answered()
    assert BUTTON in desk.get(path).text
    assert "Encore 5 sur 5" in desk.get(path).text
    sent = submit(desk, f"{path}/access/link", page=path)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}?link=sent")
    page = desk.get(sent.headers["location"]).text
    assert "Un nouveau lien part vers la personne" in page
    assert "Encore 4 sur 5" in page
    assert "nouveau lien de téléchargement" in page
    assert "Nouveau lien de téléchargement envoyé (accès), n° 1" in page
    with reading() as session:
        letter = session.exec(select(Letter)).one()
        event = session.exec(select(AuditEvent).where(AuditEvent.kind == "link_renewed")).one()
    assert (letter.recipient, event.actor) == (ON_FILE, "Dana Privacy")
    token = re.search(r"/download/(\S+)", read_mail(storage.fetch(letter.storage_key)).text)
    assert token
    assert site.browser().get(f"/download/{token[1]}").status_code == 200
    assert site.browser().get(f"/download/{old.token}").status_code == 404


def test_a_second_click_says_that_nothing_was_sent(desk: httpx.Client) -> None:
    path, _ = answered()
    ends = [submit(desk, f"{path}/access/link", page=path).headers["location"] for _ in range(2)]
    assert ends == [f"{path}?link=sent", f"{path}?link=refused"]
    assert "Aucun nouveau lien n’a été envoyé" in desk.get(ends[1]).text
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 1


@pytest.mark.parametrize("state", [state for state in RequestState if state is not RequestState.CLOSED])
def test_an_open_request_has_no_button(desk: httpx.Client, state: RequestState) -> None:
    path, _ = answered(state)
    assert BUTTON not in desk.get(path).text
    assert submit(desk, f"{path}/access/link", page=path).headers["location"] == f"{path}?link=refused"


def test_without_a_stored_copy_there_is_no_button(desk: httpx.Client) -> None:
    path, _ = answered()
    with reading() as session:
        storage.forget(session.exec(select(Download)).one().storage_key)
    assert BUTTON not in desk.get(path).text


def test_only_an_officer_s_own_form_sends(desk: httpx.Client, browser: httpx.Client) -> None:
    path, _ = answered()
    assert desk.post(f"{path}/access/link").status_code == 403
    stranger = submit(browser, f"{path}/access/link", page="/desk/login")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/desk/login?next=/desk")
    assert submit(desk, f"{path}/erasure/link", page=path).status_code == 404
    assert submit(desk, f"{path}/nothing/link", page=path).status_code == 404
    assert submit(desk, "/desk/cases/DSR-2026-9999/access/link", page=path).status_code == 404
    with reading() as session:
        assert session.exec(select(Letter)).all() == []
        assert session.exec(select(Request)).one().state == RequestState.CLOSED


def test_a_made_up_notice_shows_nothing(desk: httpx.Client) -> None:
    path, _ = answered()
    assert "notice bad" not in desk.get(f"{path}?link=<script>").text
    assert "<script" not in desk.get(f"{path}?link=<script>").text
