"""Other programs ask whether an address is suppressed or held: known callers, plain answers, nothing kept or logged."""

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from limits.storage import memory

from models.database import unit_of_work
from models.records import Identifier
from models.rights import Right
from models.tables import Case, Request, RequestState
from tasks.keeping.suppress import Scope, suppress
from tasks.steps import Scene
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, ON_FILE, add_case
from web import checks

TOKEN, OTHER = "check-token-of-the-site-forms", "check-token-of-the-automation"
WAYS = ("/suppression/check", "/holds/check")
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def tokens(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DSR_CHECK_TOKENS", json.dumps([TOKEN, OTHER]))
    forget_settings()
    checks._limiter.cache_clear()
    yield
    checks._limiter.cache_clear()


def ask(
    browser: httpx.Client, body: Any, token: str = TOKEN, way: str = WAYS[0], **more: Any
) -> httpx.Response:
    return browser.post(way, json=body, headers={"Authorization": f"Bearer {token}"}, **more)


def suppressed(value: str, scope: Scope = "marketing", kind: str = "email") -> None:
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.OBJECTION)
        suppress(Scene(session, case, request, NOW), [Identifier(kind=kind, value=value)], scope, "objection")


def test_a_suppressed_address_is_told_with_its_scopes_and_nothing_else(browser: httpx.Client) -> None:
    suppressed(ON_FILE)
    suppressed(ON_FILE, "erased")
    suppressed("01 99 00 99 01", kind="phone")
    answer = ask(browser, {"email": f" {ON_FILE.upper()}"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"suppressed": True, "scopes": ["erased", "marketing"]},
    )
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    both = ask(browser, {"email": "oliver@client.example", "phone": "+33199009901"}, OTHER)
    assert both.json() == {"suppressed": True, "scopes": ["marketing"]}
    unknown = ask(browser, {"email": "oliver@client.example"})
    assert unknown.json() == {"suppressed": False, "scopes": []}


@sqlite
def test_many_contacts_are_answered_in_their_order(browser: httpx.Client) -> None:
    suppressed(ON_FILE)
    contacts = [{"email": "a@b.example"}, {"email": ON_FILE}, {"phone": "0199009901"}]
    assert ask(browser, {"contacts": contacts}).json() == {
        "contacts": [
            {"suppressed": False, "scopes": []},
            {"suppressed": True, "scopes": ["marketing"]},
            {"suppressed": False, "scopes": []},
        ]
    }


@sqlite
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \xe9"],
)
def test_nobody_asks_without_a_token(browser: httpx.Client, way: str, header: str) -> None:
    answer = browser.post(way, content=b"{", headers={"Authorization": header.encode("latin-1")})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "DSR_CHECK_TOKENS" in answer.json()["error"]


@sqlite
@pytest.mark.parametrize("configured", ["[]", '[""]'])
def test_without_configured_tokens_nobody_asks(
    monkeypatch: pytest.MonkeyPatch, browser: httpx.Client, configured: str
) -> None:
    monkeypatch.setenv("DSR_CHECK_TOKENS", configured)
    forget_settings()
    assert (
        browser.post(WAYS[0], json={"email": ON_FILE}, headers={"Authorization": "Bearer"}).status_code == 401
    )
    assert ask(browser, {"email": ON_FILE}).status_code == 401


HOSTILE: list[Any] = [
    {}, [], None, 7, "x", {"email": None}, {"email": 7}, {"email": ["a@b.example"]}, {"email": ""}, {"email": "no address"},
    {"email": "' OR 1=1 --"}, {"email": "a@b.example\x00"}, {"email": "\ud800@b.example"}, {"email": "a" * 400 + "@b.example"},
    {"phone": "call me"}, {"phone": "9" * 41}, {"email": "a@b.example", "scope": "all"}, {"contacts": []},
    {"contacts": [{}]}, {"contacts": ["a@b.example"]}, {"contacts": [{"email": "a@b.example"}] * 501},
    {"contacts": [{"email": "a@b.example"}], "email": "a@b.example"},
]  # fmt: skip


@sqlite
@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_question_is_refused_in_a_sentence(browser: httpx.Client, body: Any) -> None:
    answer = browser.post(
        WAYS[0],
        content=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert list(answer.json()) == ["error"]
    assert ": " in answer.json()["error"]


@sqlite
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 30_000, b'{"email": 1' + b"1" * 9_000 + b"}"])
def test_bytes_that_are_no_json_are_refused(browser: httpx.Client, way: str, content: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    answer = browser.post(way, content=content, headers=headers)
    assert answer.status_code == 422
    assert "send JSON" in answer.json()["error"]


@sqlite
def test_a_form_of_another_site_cannot_ask(browser: httpx.Client) -> None:
    answer = browser.post(WAYS[0], data={"email": ON_FILE}, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 422


@sqlite
def test_the_contact_that_is_wrong_is_named_by_its_number(browser: httpx.Client) -> None:
    answer = ask(browser, {"contacts": [{"email": "a@b.example"}, {"email": "secret name"}]})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("contact 2: ")
    assert "secret" not in answer.text


@sqlite
def test_a_body_that_is_too_long_is_not_read(browser: httpx.Client) -> None:
    contacts = [{"email": f"{'a' * 200}{n}@b.example"} for n in range(400)]
    answer = ask(browser, {"contacts": contacts})
    assert answer.status_code == 413
    assert list(answer.json()) == ["error"]


@sqlite
def test_each_token_may_ask_so_often_a_minute(monkeypatch: pytest.MonkeyPatch, browser: httpx.Client) -> None:
    monkeypatch.setenv("DSR_CHECKS_PER_MINUTE", "5")
    forget_settings()
    seconds = NOW.timestamp()
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: seconds))  # the library's clock, stopped
    three, five, six = ({"contacts": [{"email": "a@b.example"}] * n} for n in (3, 5, 6))
    one = {"email": "a@b.example"}
    assert ask(browser, three).status_code == 200
    assert ask(browser, three).status_code == 429
    assert ask(browser, one, way=WAYS[1]).status_code == 200
    assert ask(browser, one).status_code == 200
    refused = ask(browser, one)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "5 contacts a minute" in refused.json()["error"]
    assert ask(browser, one, OTHER).status_code == 200
    seconds += 59
    assert ask(browser, one).status_code == 429
    seconds += 2
    assert ask(browser, five).status_code == 200
    never = ask(browser, six, OTHER)
    assert never.status_code == 422
    assert "at most 5" in never.json()["error"]


@sqlite
def test_nothing_that_is_asked_reaches_a_log(browser: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for body in ({"email": ON_FILE}, {"email": f"{ON_FILE} x"}, {"email": ON_FILE, "x": 1}):
        ask(browser, body)
        ask(browser, body, "wrong")
    assert "camille" not in caplog.text.lower()
    assert TOKEN not in caplog.text


@sqlite
def test_the_door_is_not_described_and_takes_no_other_method(browser: httpx.Client) -> None:
    assert browser.get("/openapi.json").status_code == 404
    assert browser.get(f"{WAYS[0]}?email={ON_FILE}").status_code == 405


def held(browser: httpx.Client, address: str) -> bool:
    answer = ask(browser, {"email": address}, way=WAYS[1])
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["held"]
    return bool(answer.json()["held"])


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
def test_data_wait_while_their_person_wants_to_see_them(browser: httpx.Client, right: Right) -> None:
    with unit_of_work() as session:
        case, [request] = add_case(session, right, address="Camille.Perso@Mail.Example")
        case.verified_address = ON_FILE
        case_id, request_id = case.id, request.id
    assert held(browser, ON_FILE.upper())
    assert held(browser, "camille.perso@mail.example")
    assert not held(browser, "oliver@client.example")
    with unit_of_work() as session:
        session.get_one(Request, request_id).state = RequestState.CLOSED
    assert not held(browser, ON_FILE)
    with unit_of_work() as session:
        assert session.get_one(Case, case_id).closed_at is None


@sqlite
def test_an_erasure_holds_nothing_back_and_a_case_without_address_is_no_trouble(
    browser: httpx.Client,
) -> None:
    with unit_of_work() as session:
        add_case(session, Right.ERASURE, address=ON_FILE)
        add_case(session, Right.ACCESS, address="")
    assert not held(browser, ON_FILE)
    for wrong in ({"email": "nobody"}, {"phone": "0199009901"}, {}):
        assert ask(browser, wrong, way=WAYS[1]).status_code == 422
