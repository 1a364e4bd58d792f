"""Each recipient of the data is told once a request, knows no more than it must, or it is said why it was not told."""

from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlmodel import select

from models.audit import verify
from models.database import reading, unit_of_work
from models.records import Identifier
from models.replies import Told
from models.rights import Right
from models.storage import fetch
from models.tables import Case, Letter, Notification, Request
from tasks.keeping.disclosures import Disclosed, record_disclosure
from tasks.letters.notify_recipients import notify_recipients, tell_lifted
from tasks.steps import Scene
from tests.support.case_rows import NOW, ON_FILE, add_case

EMAIL = Identifier(kind="email", value=ON_FILE)
PHONE = Identifier(kind="phone", value="01 99 00 99 01")


def disclose(
    recipient: str, address: str, identifier: Identifier = EMAIL, day: int = 5, what: str = "data"
) -> None:
    with unit_of_work() as session:
        one = Disclosed(identifier, recipient, address, date(2026, 3, day), what)
        record_disclosure(session, one, "Claire Martin", NOW)


def a_request(language: str = "fr", name: str = "Camille Durand") -> int:
    with unit_of_work() as session:
        _, [request] = add_case(session, Right.ERASURE, language=language, name=name)
        return request.id


def tell(request_id: int, *identifiers: Identifier, right: Right = Right.ERASURE) -> dict[str, Any]:
    with unit_of_work() as session:
        request = session.get_one(Request, request_id)
        scene = Scene(session, session.get_one(Case, request.case_id), request, NOW)
        effect = notify_recipients(right, identifiers or (EMAIL, PHONE), ("Everything was erased.",))
        return effect(scene) or {}


def letters() -> dict[str, EmailMessage]:
    with reading() as session:
        rows = session.exec(select(Letter)).all()
    mails = {row.recipient: message_from_bytes(fetch(row.storage_key), policy=policy.default) for row in rows}
    return {to: mail for to, mail in mails.items() if isinstance(mail, EmailMessage)}


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_without_a_disclosure_nobody_is_told(db: str) -> None:
    disclose("Partner SA", "dpo@partner.example", Identifier(kind="email", value="bob@b.example"))
    assert tell(a_request()) == {"letters": [], "told": []}


def test_each_recipient_gets_one_letter_whatever_is_run_again(db: str) -> None:
    disclose("Partner SA", "old@partner.example", day=1, what="contact details")
    disclose("PARTNER SA", "dpo@partner.example", day=7, what="order history")
    disclose("By Post SARL", "")
    request_id = a_request("en")
    first = tell(request_id)
    assert first["told"] == [
        {
            "recipient": "By Post SARL",
            "told": False,
            "why_not": "we have no e-mail address of this recipient; we tell them by other means",
        },
        {"recipient": "PARTNER SA", "told": True, "why_not": ""},
    ]
    assert [Told(**one) for one in first["told"]]
    assert tell(request_id) == first
    [(to, mail)] = letters().items()
    assert to == "dpo@partner.example"
    text = words(mail)
    for part in (
        "Camille Durand",
        ON_FILE,
        "order history; contact details",
        "7 March 2026",
        "Everything was erased.",
    ):
        assert part in text
    with reading() as session:
        assert len(session.exec(select(Notification)).all()) == 2
        [letter] = session.exec(select(Letter)).all()
        assert [letter.key] == first["letters"]
        assert letter.request_id == request_id
        assert verify(session) == []


def test_a_recipient_is_named_only_the_identifiers_it_was_given(db: str) -> None:
    disclose("Caller SA", "dpo@caller.example", PHONE)
    disclose("Mailer SA", "dpo@mailer.example", EMAIL)
    tell(a_request(name=""))
    written = letters()
    assert PHONE.value in words(written["dpo@caller.example"])
    assert ON_FILE not in words(written["dpo@caller.example"])
    assert PHONE.value not in words(written["dpo@mailer.example"])


def test_another_request_tells_again(db: str) -> None:
    disclose("Partner SA", "dpo@partner.example")
    assert tell(a_request())["letters"] != tell(a_request())["letters"]
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 2


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "right", [Right.RECTIFICATION, Right.ERASURE, Right.RESTRICTION, Right.CONSENT_WITHDRAWAL]
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_right_that_is_told_has_its_letter(db: str, right: Right, language: str) -> None:
    disclose("Partner SA", "dpo@partner.example")
    tell(a_request(language), right=right)
    [mail] = letters().values()
    assert "19" in words(mail)
    assert mail["Content-Language"] == language


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_name_that_shows_nothing_is_replaced(db: str) -> None:
    disclose("Partner SA", "dpo@partner.example")
    assert tell(a_request(name="\u200b\u202e"))["letters"]


@pytest.mark.parametrize(
    ("language", "says"),
    [("fr", "de nouveau utiliser ces données"), ("en", "may use these data again")],
)
def test_who_was_asked_to_restrict_is_told_once_that_it_has_ended(db: str, language: str, says: str) -> None:
    disclose("Partner SA", "dpo@partner.example")
    disclose("By Post SARL", "")
    request_id = a_request(language)
    tell(request_id, right=Right.RESTRICTION)
    disclose("Latecomer SA", "dpo@late.example")
    with unit_of_work() as session:
        request = session.get_one(Request, request_id)
        scene = Scene(session, session.get_one(Case, request.case_id), request, NOW)
        [key] = tell_lifted([EMAIL])(scene)["letters"]  # type: ignore[index]
        assert tell_lifted([EMAIL])(scene) == {"letters": [key]}
    assert key.endswith("-lifted")
    [(to, mail)] = letters().items()
    assert to == "dpo@partner.example"
    assert says in " ".join(words(mail).split())
    assert {"fr": "a pris fin", "en": "has ended"}[language] in mail["subject"]
    with reading() as session:
        assert len(session.exec(select(Letter)).all()) == 2
        assert verify(session) == []


def test_where_nobody_was_asked_to_restrict_nobody_is_told_of_the_end(db: str) -> None:
    disclose("Partner SA", "dpo@partner.example")
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.OBJECTION)
        assert tell_lifted([EMAIL])(Scene(session, case, request, NOW)) == {"letters": []}
    assert letters() == {}
