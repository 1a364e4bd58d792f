"""A colleague's door: hostile names and files, limits, one answer."""

from http.client import HTTPConnection
from io import BytesIO

import httpx
import pytest
from fastapi import UploadFile
from sqlmodel import select
from starlette.datastructures import Headers

from models.database import reading, unit_of_work
from models.manual_work import Brief, ChangeAction
from models.records import Identifier, ManualAnswer
from models.rights import Right
from models.tables import ManualTask, Request
from models.tokens import new_token
from tasks.colleagues.manual_tasks import manual_answer, open_task
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, ON_FILE, add_case, manual_system
from tests.web.conftest import csrf_of, submit
from web.security import UPLOAD_BODY
from web.tasks_door import document

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HOSTILE = "<script>alert(1)</script>\"' {{7*7}} \u202egpj.exe"


def opened(name: str = "Camille Durand") -> tuple[Request, str]:
    with unit_of_work() as session:
        _, (request, *_) = add_case(session, name=name)
        return request, open_task(session, request, manual_system(), 1, NOW)


def asked(action: ChangeAction = "rectify", *rights: Right, lines: tuple[str, ...] = (HOSTILE,)) -> str:
    """The link of a change by hand."""
    brief = Brief(
        identifiers=(Identifier(kind="email", value=ON_FILE), Identifier(kind="email", value=HOSTILE)),
        name="Camille Durand",
        lines=lines,
    )
    with unit_of_work() as session:
        _, (request, *_) = add_case(session, *rights)
        return open_task(session, request, manual_system(), 0, NOW, action=action, brief=brief)


def outcome_of_the_task() -> tuple[str, str]:
    with reading() as session:
        task = session.exec(select(ManualTask)).one()
        return task.outcome, task.note


def answered(request: Request) -> ManualAnswer | None:
    with reading() as session:
        return manual_answer(session, request, "elay", 1)


def test_the_page_says_whom_to_look_for(browser: httpx.Client) -> None:
    _, token = opened()
    page = browser.get(f"/task/{token}")
    assert page.status_code == 200
    for expected in ("Camille Durand", "camille.perso@mail.example", "lundi 30 novembre 2026", "corbeille"):
        assert expected in page.text


def test_several_files_come_back(browser: httpx.Client) -> None:
    request, token = opened()
    files = [
        ("files", ("fiche.pdf", b"%PDF", "application/pdf")),
        ("files", ("notes.csv", b"a;b", "text/csv; charset=utf-8")),
    ]
    page = submit(browser, f"/task/{token}", outcome="found", note="deux fiches", files=files)
    assert page.status_code == 200
    assert "votre réponse est enregistrée" in page.text
    answer = answered(request)
    assert answer is not None
    found = [(document.name, document.media_type, document.content) for document in answer.documents]
    assert found == [
        ("fiche.pdf", "application/pdf", b"%PDF"),
        ("notes.csv", "application/octet-stream", b"a;b"),
    ]


def test_nothing_found_needs_no_file_though_browsers_send_an_empty_one(browser: httpx.Client) -> None:
    request, token = opened()
    fields = {"csrf": csrf_of(browser.get(f"/task/{token}")), "outcome": "none"}
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields
    ]
    empty = '--b\r\nContent-Disposition: form-data; name="files"; filename=""\r\n'
    body = "".join([*parts, empty, "Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"])
    page = browser.post(
        f"/task/{token}", content=body.encode(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert "votre réponse est enregistrée" in page.text
    answer = answered(request)
    assert answer is not None
    assert answer.outcome == "none"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\calc.exe", "calc.exe"),
        ("CON", "CON_"),
        ("a\x00b\x1f.pdf", "ab.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("..", "document"),
        ("/", "document"),
        ("x" * 400 + ".pdf", "x" * 120),
        ('"; filename="b.html', "; filename=b.html"),
        ("<img src=x>.html", "img src=x.html"),
    ],
)
def test_hostile_file_names_become_harmless(db: str, sent: str, kept: str) -> None:
    headers = Headers({"content-type": "text/html"})
    taken = document(UploadFile(BytesIO(b"x"), filename=sent, headers=headers))
    assert taken.name == kept
    assert len(taken.name) <= 120
    assert not set(taken.name) & set("/\\\x00\r\n\u202e")


def test_a_hostile_requester_name_is_text(browser: httpx.Client) -> None:
    _, token = opened(HOSTILE)
    page = browser.get(f"/task/{token}")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "{{7*7}}" in page.text
    assert "<bdi>&lt;script" in page.text  # the direction mark ends with its element


@pytest.mark.parametrize(
    ("outcome", "files", "said", "field"),
    [
        ("", [], "Dites si vous avez trouvé", "outcome-error"),
        ("found", [], "Joignez ce que vous avez trouvé, ou", "files-error"),
        ("none", [("files", ("a.txt", b"x", "text/plain"))], "mais des fichiers sont joints", "files-error"),
        (
            "found",
            [("files", (f"{n}.txt", b"x", "text/plain")) for n in range(21)],
            "Joignez 20 fichiers au plus",
            "files-error",
        ),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    browser: httpx.Client, outcome: str, files: list[object], said: str, field: str
) -> None:
    request, token = opened()
    page = submit(browser, f"/task/{token}", outcome=outcome, note="ma remarque", files=files)
    assert page.status_code == 422
    assert said in page.text
    assert f'id="{field}"' in page.text
    assert answered(request) is None
    if files:
        assert "ma remarque</textarea>" in page.text


def test_25_megabytes_are_the_limit(browser: httpx.Client) -> None:
    request, token = opened()
    page = submit(
        browser,
        f"/task/{token}",
        outcome="found",
        files=[("files", ("big.bin", bytes(25_000_001), "application/octet-stream"))],
    )
    assert page.status_code == 422
    assert "25\u00a0Mo au plus" in page.text
    assert answered(request) is None


def test_a_body_beyond_every_limit_is_not_read(browser: httpx.Client) -> None:
    """Announced or not: reading stops at the limit."""
    _, token = opened()
    boundary = {"content-type": "multipart/form-data; boundary=b"}
    connection = HTTPConnection(browser.base_url.host, browser.base_url.port)
    connection.putrequest("POST", f"/task/{token}")
    connection.putheader("content-type", boundary["content-type"])
    connection.putheader("content-length", "99999999999")
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'

    def endless() -> object:
        yield head
        for _ in range(UPLOAD_BODY // 1_000_000 + 5):
            yield bytes(1_000_000)

    try:
        status = browser.post(f"/task/{token}", headers=boundary, content=endless()).status_code  # type: ignore[arg-type]
    except httpx.TransportError:
        status = 413  # the server hung up while we were still sending
    assert status == 413


def test_a_form_from_elsewhere_is_refused(browser: httpx.Client) -> None:
    request, token = opened()
    assert browser.post(f"/task/{token}", data={"outcome": "none"}).status_code == 403
    assert answered(request) is None


def test_unknown_links_are_dead(browser: httpx.Client) -> None:
    opened()
    assert browser.get(f"/task/{new_token()}").status_code == 404


def test_the_first_answer_stands_and_the_page_then_names_nobody(browser: httpx.Client) -> None:
    request, token = opened()
    csrf = csrf_of(browser.get(f"/task/{token}"))
    browser.post(f"/task/{token}", data={"csrf": csrf, "outcome": "none"})
    again = browser.post(
        f"/task/{token}",
        data={"csrf": csrf, "outcome": "found"},
        files=[("files", ("a.txt", b"x", "text/plain"))],
    )
    assert "votre réponse est enregistrée" in again.text
    assert "Camille" not in browser.get(f"/task/{token}").text
    answer = answered(request)
    assert answer is not None
    assert answer.outcome == "none"


@pytest.mark.parametrize(
    ("action", "right", "said"),
    [
        ("stop", Right.OBJECTION, "Cessez toute prospection"),
        ("stop", Right.CONSENT_WITHDRAWAL, "retire son consentement"),
        ("restrict", Right.RESTRICTION, "conservez seulement"),
        ("lift", Right.RESTRICTION, "de nouveau utiliser"),
        ("rectify", Right.RECTIFICATION, "À modifier"),
        ("erase", Right.ERASURE, "À conserver"),
    ],
)
def test_each_change_says_what_to_do(
    browser: httpx.Client, action: ChangeAction, right: Right, said: str
) -> None:
    page = browser.get(f"/task/{asked(action, right)}")
    assert page.status_code == 200
    assert said in page.text
    assert ("jeudi 26 novembre" if action == "stop" else "lundi 30 novembre") in page.text


def test_what_the_brief_holds_is_text(browser: httpx.Client) -> None:
    page = browser.get(f"/task/{asked()}")
    assert "<script" not in page.text
    assert page.text.count("<bdi>&lt;script&gt;alert(1)") == 2
    assert ON_FILE in page.text


@pytest.mark.parametrize("action", ["stop", "restrict", "lift", "rectify", "erase"])
def test_a_change_in_english(
    browser: httpx.Client, monkeypatch: pytest.MonkeyPatch, action: ChangeAction
) -> None:
    token = asked(action)
    monkeypatch.setenv("DSR_OFFICER_LANGUAGE", "en")
    forget_settings()
    page = submit(browser, f"/task/{token}")
    assert page.status_code == 422
    assert "What to do" in page.text
    assert "Choose what became of it." in page.text


def test_every_fault_of_a_change_is_said_beside_its_field_and_nothing_typed_is_lost(
    browser: httpx.Client,
) -> None:
    token = asked()
    files = [("files", (f"{n}.txt", b"x", "text/plain")) for n in range(21)]
    page = submit(browser, f"/task/{token}", outcome="not_done", note="fini", files=files)
    assert page.status_code == 422
    for expected in ('id="note-error"', 'id="files-error"', 'href="#note"', 'href="#files"'):
        assert expected in page.text
    assert "10 caractères au moins" in page.text
    assert 'value="not_done" aria-describedby="not_done-hint" checked' in page.text
    assert "fini</textarea>" in page.text
    assert outcome_of_the_task() == ("", "")


def test_a_change_that_is_done_is_told_and_then_names_nobody(browser: httpx.Client) -> None:
    token = asked()
    page = submit(
        browser, f"/task/{token}", outcome="done", note="Nom changé\u202e dans\x00 la fiche.\r\nVérifié."
    )
    assert "votre réponse est enregistrée" in page.text
    assert outcome_of_the_task() == ("done", "Nom changé dans la fiche.\nVérifié.")
    after = browser.get(f"/task/{token}").text
    for personal in ("Camille", ON_FILE, "alert(1)"):
        assert personal not in after
