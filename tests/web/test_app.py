"""What every page carries: headers, cookies, words; and the demo's mailbox."""

import re
from email.message import EmailMessage
from mailbox import Maildir
from pathlib import Path

import httpx
import pytest
import yaml
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader

from models.settings import settings
from models.tokens import new_token
from tasks.clock.heartbeat import expect
from tests.conftest import forget_settings
from tests.support.case_rows import NOW
from tests.web.conftest import Site
from web.app import create_app
from web.pages import FOLDER, words

ROOMS = [
    "/",
    "/identity/x",
    "/download/x",
    "/task/x",
    "/desk",
    "/desk/login",
    "/nowhere",
    "/healthz",
    "/demo/mail",
]
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def test_the_app_is_healthy_on_both_engines(browser: httpx.Client) -> None:
    expect(NOW)  # as `dsr up` does
    answer = browser.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


@sqlite
@pytest.mark.parametrize("path", ROOMS)
def test_every_answer_carries_the_headers(browser: httpx.Client, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@sqlite
def test_static_files_may_be_kept(browser: httpx.Client) -> None:
    answer = browser.get("/static/site.css")
    assert answer.status_code == 200
    assert "no-store" not in answer.headers.get("cache-control", "")
    assert browser.get("/static/../app.py").status_code == 404


@sqlite
def test_pages_need_nothing_from_elsewhere_and_no_script(browser: httpx.Client) -> None:
    for path in ROOMS:
        page = browser.get(path).text
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)
        assert "<script" not in page
        assert not re.search(r"\sstyle=|\son\w+=", page)


@sqlite
def test_cookies_are_strict_and_secure_behind_https(
    db: str, monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    plain = site.browser().get("/desk/login").headers["set-cookie"].lower()
    assert "httponly" in plain
    assert "samesite=lax" in plain
    assert "secure" not in plain
    monkeypatch.setenv("DSR_PUBLIC_URL", "https://privacy.nexoris.example")
    forget_settings()
    (session_layer,) = [layer for layer in create_app().user_middleware if "session_cookie" in layer.kwargs]
    assert session_layer.kwargs["https_only"] is True
    assert session_layer.kwargs["session_cookie"] == "__Host-dsr"


@sqlite
def test_odd_methods_bodies_and_queries_are_refused_politely(browser: httpx.Client) -> None:
    assert browser.put("/identity/x").status_code == 405
    assert browser.get("/desk/login?next[]=1").status_code == 200
    answer = browser.post(
        "/desk/login", content=b"x" * 100_000, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 413
    assert "<html" in answer.text
    assert "x" * 100 not in answer.text
    assert browser.post(
        "/desk/login", content=b"\xff\xfe%%%", headers={"content-type": "multipart/form-data"}
    ).status_code in {400, 403, 404}


@sqlite
def test_a_path_made_up_leads_nowhere(browser: httpx.Client) -> None:
    """A page that repeated its own path could carry a link to somewhere else."""
    answer = browser.get("//evil.example/%22%3E%3Cscript%3E")
    assert answer.status_code == 404
    assert "evil.example" not in answer.text
    assert browser.get("/desk/cases/x%26next=evil").headers["location"] == "/desk/login?next=/desk"


@sqlite
def test_there_is_no_api_description(browser: httpx.Client) -> None:
    assert {browser.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}


@sqlite
def test_every_form_that_changes_something_checks_its_token(db: str, browser: httpx.Client) -> None:
    """A route added later is covered too. Programs show a token of their own instead, and no cookie."""
    posts = [route for route in _routes(create_app()) if "POST" in route.methods]
    assert len(posts) >= 6
    for route in posts:
        path = re.sub(r"\{\w+\}", new_token(), route.path)
        refused = 401 if path.endswith("/check") else 403
        assert browser.post(path).status_code == refused, route.path


def _routes(app: object) -> list[APIRoute]:
    found: list[APIRoute] = []
    waiting = list(app.routes)  # type: ignore[attr-defined]
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        waiting.extend(getattr(getattr(route, "original_router", route), "routes", None) or [])
    return found


def test_both_languages_have_the_same_sentences_and_facts() -> None:
    facts = {
        language: {key: sorted(re.findall(r"{(\w+)}", text)) for key, text in words(language).items()}
        for language in ("fr", "en")
    }
    assert facts["fr"] == facts["en"]


def test_every_sentence_is_used_and_every_used_one_exists() -> None:
    environment = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True)
    source = "".join(
        environment.loader.get_source(environment, name)[0]
        for name in environment.list_templates()  # type: ignore[union-attr]
    )
    used = set(re.findall(r"""\bt\(["']([a-z_]+\.[a-z_0-9]+)["'](?! ~)""", source))
    assert used <= set(words("en"))
    built = {
        key
        for key in words("en")
        if re.match(
            r"(event|name)\.|\w+\.(error|title|text)_|task\.(found|none)|cases\.(open|closed|all)$|login\."
            r"|right\.|hand\.channel_|mandate\.(kind|hint)_|todo\.(kind_|do_|reached_|(settled|acknowledged|sent_again|held_sent|held_dropped)$)|pen\.case_line$",
            key,
        )
    }
    more = set(re.findall(r"""["']([a-z]+\.[a-z_]+)["'] if""", source)) | set(
        re.findall(r"""else ["']([a-z]+\.[a-z_]+)["']""", source)
    )
    assert set(words("en")) - used - built - more == set()


def test_the_words_are_plain_text() -> None:
    for language in ("fr", "en"):
        raw = yaml.safe_load((FOLDER / "words" / f"{language}.yaml").read_text())
        assert all(
            isinstance(text, str) and "<" not in text for texts in raw.values() for text in texts.values()
        )


@pytest.fixture
def letters(site: Site) -> str:
    """The key of one letter in the demo's mailbox."""
    box = Maildir(settings().home / "demo-outbox")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "privacy@nexoris.com", "camille@mail.example", "Objet <b>"
    mail.set_content("texte")
    mail.add_alternative(
        '<p>Bonjour <a href="http://x.example/">lien</a><script>alert(1)</script></p>', subtype="html"
    )
    return box.add(mail)


@sqlite
def test_the_demo_s_letters_are_listed_by_recipient(browser: httpx.Client, letters: str) -> None:
    page = browser.get("/demo/mail").text
    assert "camille@mail.example" in page
    assert f'href="/demo/mail/{letters}"' in page
    assert "Objet &lt;b&gt;" in page


@sqlite
def test_a_demo_letter_s_body_stays_in_its_sandbox(browser: httpx.Client, letters: str) -> None:
    page = browser.get(f"/demo/mail/{letters}").text
    assert 'sandbox="allow-top-navigation-by-user-activation"' in page
    body = browser.get(f"/demo/mail/{letters}/body")
    policy = body.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "allow-scripts" not in policy
    assert body.text.startswith('<base target="_top">')
    assert browser.get("/demo/mail/nothing").status_code == 404
    assert browser.get("/demo/mail/..%2F..%2Fdsr.sqlite").status_code == 404


@sqlite
def test_an_empty_demo_mailbox_is_a_page_too(browser: httpx.Client) -> None:
    assert "Aucun courrier" in browser.get("/demo/mail").text


def test_outside_the_demo_there_is_no_mailbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "demo", False)
    assert not any(route.path.startswith("/demo") for route in _routes(create_app()))
