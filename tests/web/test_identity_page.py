"""The requester confirms who they are, in a browser's eyes (law.md I6; peers.md test 13)."""

import logging
import re

import httpx
import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.tables import Case, Challenge, Request
from models.tokens import new_token, show_code
from tasks.challenges import Issued, issue
from tests.support.case_rows import NOW, ON_FILE, add_case
from tests.web.conftest import Site, csrf_of, submit

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def asked(language: str = "fr", name: str = "Camille Durand") -> tuple[Case, Issued]:
    with unit_of_work() as session:
        case, (request, *_) = add_case(session, language=language, name=name)
        return case, issue(session, request, "identity", ON_FILE, f"{request.ref}:identity-0", NOW)


def attempts() -> int:
    with reading() as session:
        return session.exec(select(Challenge)).one().attempts


def wrong(issued: Issued, n: int = 1) -> str:
    return f"{(int(issued.code) + n) % 10**8:08d}"


def test_the_right_code_says_what_happens_next_and_until_when(browser: httpx.Client) -> None:
    _, issued = asked()
    answer = submit(browser, f"/identity/{issued.token}", code=show_code(issued.code))
    assert answer.status_code == 200
    assert "votre identité est confirmée" in answer.text
    assert "mercredi 23 décembre 2026" in answer.text  # 30 days after 23 November


def test_the_page_again_still_says_so(browser: httpx.Client) -> None:
    _, issued = asked()
    submit(browser, f"/identity/{issued.token}", code=issued.code)
    again = browser.get(f"/identity/{issued.token}")
    assert "votre identité est confirmée" in again.text
    assert "csrf" not in again.text


def test_a_wrong_code_says_how_many_tries_are_left_beside_its_field(browser: httpx.Client) -> None:
    _, issued = asked()
    answer = submit(browser, f"/identity/{issued.token}", code=wrong(issued))
    assert answer.status_code == 422
    assert "Il vous reste 4 essais" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'aria-describedby="code-hint code-error"' in answer.text
    assert "<title>Erreur" in answer.text


def test_brute_force_ends_at_the_fifth_try(browser: httpx.Client) -> None:
    _, issued = asked()
    token = csrf_of(browser.get(f"/identity/{issued.token}"))
    pages = [
        browser.post(f"/identity/{issued.token}", data={"csrf": token, "code": wrong(issued, n)})
        for n in range(1, 40)
    ]
    assert ["essai" in page.text for page in pages[:4]] == [True] * 4
    assert all("Trop de codes erronés" in page.text for page in pages[4:])
    right = browser.post(f"/identity/{issued.token}", data={"csrf": token, "code": issued.code})
    assert "Trop de codes erronés" in right.text
    assert attempts() == 5


def test_unknown_and_expired_links_get_the_same_answer(site: Site) -> None:
    _, issued = asked(language="en")
    site.now = issued.expires_at
    answers = [site.browser().get(f"/identity/{token}") for token in (issued.token, new_token(), "x")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub(r"/identity/[\w-]+", "", answer.text) for answer in answers}) == 1


def test_answering_a_dead_link_gets_the_same_answer_too(site: Site) -> None:
    _, issued = asked()
    client = site.browser()
    token = csrf_of(client.get(f"/identity/{issued.token}"))
    site.now = issued.expires_at
    answers = [
        client.post(f"/identity/{each}", data={"csrf": token, "code": issued.code})
        for each in (issued.token, new_token())
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({re.sub(r"/identity/[\w-]+", "", answer.text) for answer in answers}) == 1


def test_a_form_from_elsewhere_counts_no_try(browser: httpx.Client) -> None:
    _, issued = asked()
    browser.get(f"/identity/{issued.token}")
    for fields in ({}, {"csrf": ""}, {"csrf": "forged"}):
        answer = browser.post(f"/identity/{issued.token}", data={"code": issued.code, **fields})
        assert answer.status_code == 403
    assert attempts() == 0


def test_another_browser_s_form_token_is_refused(site: Site) -> None:
    _, issued = asked()
    theirs = csrf_of(site.browser().get(f"/identity/{issued.token}"))
    mine = site.browser()
    mine.get(f"/identity/{issued.token}")
    assert mine.post(f"/identity/{issued.token}", data={"csrf": theirs}).status_code == 403


def test_the_page_names_nobody(browser: httpx.Client) -> None:
    """Whoever finds the link learns neither name nor address."""
    case, issued = asked(name="Camille Durand")
    text = browser.get(f"/identity/{issued.token}").text
    assert case.requester_name not in text
    assert case.requester_address not in text
    assert ON_FILE not in text


def test_the_language_is_the_case_s_and_can_be_switched(browser: httpx.Client) -> None:
    _, french = asked("fr")
    _, english = asked("en")
    _, german = asked("de")
    assert '<html lang="fr">' in browser.get(f"/identity/{french.token}").text
    assert '<html lang="en">' in browser.get(f"/identity/{english.token}").text
    assert '<html lang="en">' in browser.get(f"/identity/{german.token}").text
    switched = browser.get(f"/identity/{french.token}?lang=en")
    assert "Confirm your identity" in switched.text
    assert '<html lang="fr">' in browser.get(f"/identity/{french.token}?lang=xx").text


def test_no_token_reaches_log_or_referer(browser: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    _, issued = asked()
    logging.getLogger("httpx").disabled = True  # the test's own browser
    try:
        with caplog.at_level(logging.DEBUG):
            submit(browser, f"/identity/{issued.token}", code=wrong(issued))
            answer = submit(browser, f"/identity/{issued.token}", code=issued.code)
    finally:
        logging.getLogger("httpx").disabled = False
    ours = [record for record in caplog.records if not record.name.startswith("httpcore")]
    assert issued.token not in str([record.getMessage() for record in ours])
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_the_right_code_wakes_each_request_of_the_case(
    browser: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Prefect is away here: the code still counts, and `recover` rings again."""
    case, issued = asked()
    with unit_of_work() as session:
        request = session.exec(select(Request).where(Request.case_id == case.id)).one()
        request.waits_for, request.flow_run_id = "requester", "0a1b2c3d-0000-4000-8000-000000000042"
    answer = submit(browser, f"/identity/{issued.token}", code=issued.code)
    assert answer.status_code == 200
    with reading() as session:
        assert session.get_one(Case, case.id).verified_address == ON_FILE
