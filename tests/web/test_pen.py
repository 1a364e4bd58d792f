"""A message that waits: read as text, its telling words marked, and decided on in one of three forms."""

import httpx
import pytest
from sqlmodel import select

from models import storage
from models.database import reading, unit_of_work
from models.rights import Right
from models.settings import REPOSITORY
from models.tables import Case, Mandate, Message, MessageState, Request, Todo
from tasks.mail.handle_mail import handle
from tasks.mail.mark_words import mark
from tests.support.case_rows import NOW, add_case
from tests.support.mail_in import keep, mail
from tests.web.conftest import csrf_of, submit
from web.reason_words import FRENCH, reason_in_words

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
TEXT = "Bonjour,\n\nUne question sur mes données personnelles : que deviennent-elles ? <b>Merci</b>\n"
HOSTILE = "<script>alert(1)</script> {{7*7}}"


def penned(raw: bytes | None = None) -> int:
    number = keep(raw or mail(TEXT))
    handle(number, NOW)
    with reading() as session:
        assert session.get_one(Message, number).state == MessageState.PEN
    return number


def stored(number: int) -> Message:
    with reading() as session:
        return session.get_one(Message, number)


def cases() -> list[Case]:
    with reading() as session:
        return list(session.exec(select(Case)))


def test_the_message_is_shown_as_text_with_the_words_that_told(desk: httpx.Client) -> None:
    number = penned()
    with unit_of_work() as session:
        message = session.get_one(Message, number)
        because = [["access", "donnees personnelles"], [None, "une question"], "nonsense", [1]]
        message.classification = message.classification | {"because": because, "rights": ["access"]}
    page = desk.get(f"/desk/pen/{number}").text
    assert ">données personnelles</mark>" in page
    assert ">Une question</mark>" in page
    assert "&lt;b&gt;Merci" in page
    assert "<b>" not in page
    assert 'id="right-access" name="rights" value="access" checked' in page


def test_whatever_the_classifier_wrote_the_page_opens(desk: httpx.Client) -> None:
    number = penned()
    for odd in ({}, {"because": None, "rights": "access"}, {"because": [[None]], "language": 7}):
        with unit_of_work() as session:
            session.get_one(Message, number).classification = odd
        assert desk.get(f"/desk/pen/{number}").status_code == 200


def test_bytes_that_are_gone_or_odd_are_said(desk: httpx.Client) -> None:
    number = penned(
        b"From: a@b.example\r\n" + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 600
    )
    assert "ne peut pas être lu ici" in desk.get(f"/desk/pen/{number}").text
    storage.forget(stored(number).storage_key)
    assert desk.get(f"/desk/pen/{number}").status_code == 200
    assert desk.get(f"/desk/pen/{number}.eml").status_code == 404


def test_the_original_is_a_download(desk: httpx.Client) -> None:
    number = penned()
    answer = desk.get(f"/desk/pen/{number}.eml")
    assert answer.content == storage.fetch(stored(number).storage_key)
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_a_request_opens_a_case(desk: httpx.Client) -> None:
    number = penned()
    page = f"/desk/pen/{number}"
    answer = submit(
        desk, f"{page}/request", page=page, rights="erasure", name="Camille Durand", address="camille@mail.example",
        language="fr", channel="mail", received_at="2026-11-20T08:00",
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    (case,) = cases()
    assert (case.requester_address, case.requester_name) == ("camille@mail.example", "Camille Durand")
    assert case.received_at.isoformat() == "2026-11-20T07:00:00+00:00"
    shown = desk.get(answer.headers["location"]).text
    assert f"Le dossier {case.ref} est ouvert" in shown
    assert f"{page}/request" not in shown
    assert stored(number).state == MessageState.CASE
    with reading() as session:
        assert all(todo.done_by == "Dana Privacy" for todo in session.exec(select(Todo)))
        assert session.exec(select(Request.right)).one() == "erasure"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"rights": ""}, "Cochez au moins un droit"),
        ({"received_at": "2026-11-24T08:00"}, "après son arrivée ici"),
        ({"received_at": "soon"}, "Indiquez le jour"),
        ({"address": "nobody"}, "Cette adresse ne peut pas servir"),
        ({"address": ""}, "Indiquez l’adresse de la personne qui demande"),
        ({"agent_name": "Maître Roux"}, "Choisissez en quelle qualité"),
        ({"mandate_kind": "lawyer"}, "Indiquez le nom de qui agit"),
        ({"address": "privacy@nexoris.com"}, "address of our own"),
    ],
)
def test_what_cannot_be_comes_back_with_everything_that_was_typed(
    desk: httpx.Client, fields: dict[str, str], told: str
) -> None:
    number = penned()
    page = f"/desk/pen/{number}"
    good = {
        "rights": "access",
        "name": "Zoé Typed",
        "address": "zoe@mail.example",
        "channel": "mail",
        "language": "fr",
    }
    answer = submit(desk, f"{page}/request", page=page, **good | fields)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'value="Zoé Typed"' in answer.text
    assert cases() == []


def test_with_a_mandate_the_sender_is_the_agent(desk: httpx.Client) -> None:
    number = penned(mail(TEXT, sender="Maître Roux <roux@avocats.example>"))
    page = f"/desk/pen/{number}"
    answer = submit(
        desk, f"{page}/request", page=page, rights="access", name="Camille Durand", address="roux@avocats.example",
        channel="mail", language="fr", mandate_kind="lawyer", agent_name="Maître Roux", agent_address="roux@avocats.example",
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    (case,) = cases()
    assert (case.requester_name, case.requester_address) == ("Camille Durand", "")
    with reading() as session:
        assert session.exec(select(Mandate.agent_address)).one() == "roux@avocats.example"


def test_a_case_that_stopped_marketing_for_the_agent_is_the_person_s_too(desk: httpx.Client) -> None:
    number = penned(mail(TEXT, sender="Maître Roux <roux@avocats.example>"))
    with unit_of_work() as session:
        own, _ = add_case(session, Right.OBJECTION, address="roux@avocats.example")
        session.get_one(Message, number).case_id = own.id
    page = f"/desk/pen/{number}"
    answer = submit(
        desk, f"{page}/request", page=page, rights="objection", name="Camille Durand", address="roux@avocats.example",
        mandate_kind="lawyer", agent_name="Maître Roux", agent_address="roux@avocats.example",
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    (case,) = cases()
    assert (case.ref, case.requester_address) == (own.ref, "")


def test_more_of_a_case_goes_to_that_case(desk: httpx.Client) -> None:
    with unit_of_work() as session:
        case, _ = add_case(session, Right.ACCESS)
    number = penned()
    page = f"/desk/pen/{number}"
    assert f'value="{case.ref}" selected' in desk.get(page).text, "the sender's open case is proposed"
    answer = submit(desk, f"{page}/case", page=page, case_ref=case.ref, reason="a detail")
    assert answer.status_code == 303
    assert f"au dossier {case.ref}" in desk.get(page).text
    assert stored(number).case_id == case.id


@pytest.mark.parametrize("ref", ["", "DSR-2020-0001"])
def test_a_case_that_is_not_there_is_asked_for_again(desk: httpx.Client, ref: str) -> None:
    number = penned()
    page = f"/desk/pen/{number}"
    answer = submit(desk, f"{page}/case", page=page, other_ref=ref)
    assert answer.status_code == 422
    assert stored(number).state == MessageState.PEN


def test_a_message_that_asks_for_nothing_is_put_aside_with_its_reason(desk: httpx.Client) -> None:
    number = penned()
    page = f"/desk/pen/{number}"
    assert submit(desk, f"{page}/dismiss", page=page, reason=" ").status_code == 422
    assert submit(desk, f"{page}/dismiss", page=page, reason="publicité").status_code == 303
    assert "Le message est écarté" in desk.get(page).text
    assert "publicité" in stored(number).reason


def test_what_a_colleague_decided_meanwhile_is_shown_instead(desk: httpx.Client) -> None:
    number = penned()
    page = f"/desk/pen/{number}"
    token = csrf_of(desk.get(page))
    submit(desk, f"{page}/dismiss", page=page, reason="publicité")
    answer = desk.post(
        f"{page}/request", data={"csrf": token, "rights": "access", "address": "a@mail.example"}
    )
    assert answer.status_code == 422
    assert "Le message est écarté" in answer.text
    assert cases() == []


def test_hostile_fields_are_text(desk: httpx.Client) -> None:
    number = penned()
    page = f"/desk/pen/{number}"
    answer = submit(
        desk,
        f"{page}/request",
        page=page,
        name=HOSTILE,
        address=HOSTILE,
        received_at=HOSTILE,
        purpose=HOSTILE,
    )
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "{{7*7}}" in answer.text
    assert desk.get(f"{page}?opened=%3Cscript%3E").text.count("<script") == 0


def test_a_message_that_never_waited_is_not_here(desk: httpx.Client) -> None:
    number = penned()
    with unit_of_work() as session:
        session.get_one(Message, number).state = MessageState.MACHINE
    assert desk.get(f"/desk/pen/{number}").status_code == 404
    assert desk.get("/desk/pen/999").status_code == 404
    assert desk.get("/desk/pen/999.eml").status_code == 404


@pytest.mark.parametrize(
    ("text", "evidence", "marked"),
    [
        ("Je veux l’accès à mes données.", [("access", "l acces a mes donnees")], ["l’accès à mes données"]),
        ("Bitte meine Daten löschen", [("erasure", "daten loschen")], ["Daten löschen"]),
        ("accès, accès", [("access", "acces")], ["accès, accès"]),
        ("rien", [("access", "tout"), ("access", ""), ("access", "?!")], []),
        ("", [("access", "x")], []),
    ],
)
def test_words_are_found_again_however_they_were_folded(
    db: str, text: str, evidence: list[tuple[str, str]], marked: list[str]
) -> None:
    del db
    pieces = mark(text, evidence)
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.because] == marked


def test_reasons_are_said_in_the_officers_language(db: str) -> None:
    del db
    both = "marketing stops; its sender has DSR-2026-0007 open: say whether it belongs to it or is a case of its own"
    assert reason_in_words("fr", both).startswith(
        "le démarchage s’arrête ; son expéditeur a DSR-2026-0007 ouvert"
    )
    assert reason_in_words("en", both) == both
    assert reason_in_words("fr", "something new") == "something new"


def test_every_reason_with_words_is_one_that_is_written(db: str) -> None:
    del db
    written = "".join(path.read_text() for path in (REPOSITORY / "tasks").rglob("*.py"))
    unknown = [part for part in FRENCH if part.replace("{ref}", "{case.ref}") not in written]
    assert unknown == []
