"""What gets no automatic answer, and that a person's mail gets one (RFC 3834; peers.md 4.2 and test 9)."""

from datetime import datetime, timedelta

import pytest

from models.database import reading, unit_of_work
from models.letters import LetterKind
from models.settings import settings
from models.tables import Letter
from tasks.mail.may_answer import too_many, why_not
from tasks.mail.read_mail import read_mail
from tests.conftest import forget_settings
from tests.support.case_rows import NOW
from tests.support.mail_in import PERSON, mail


def reason(raw: bytes, now: datetime = NOW) -> str:
    with reading() as session:
        return why_not(read_mail(raw), session, now)


def answered(count: int, at: datetime = NOW, to: str = PERSON, kind: str = LetterKind.ACKNOWLEDGE) -> None:
    """Write down that so many letters went to this address."""
    with unit_of_work() as session:
        for number in range(count):
            key = f"{to}:{kind}:{at}:{number}"
            session.add(
                Letter(
                    key=key, kind=kind, language="fr", recipient=to, subject="", message_id=f"<{key}>",
                    storage_key="letters/none", sha256="", secret=False, written_at=at,
                )
            )  # fmt: skip


def test_a_person_may_be_answered(db: str) -> None:
    assert not reason(mail())
    assert not reason(b"Return-Path: <camille.perso@mail.example>\r\n" + mail())


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "Auto-Generated; type=x"},
        {"Auto_Submitted": "(really) auto-notified"},
        {"Auto_Submitted": "nonsense"},
        {"Return_Path": "<>"},
        {"Precedence": "Bulk"},
        {"Precedence": "list"},
        {"Precedence": "junk"},
        {"List_Id": "Les clients <clients.lists.example>"},
        {"List_Unsubscribe": "<https://lists.example/out>"},
        {"List_Post": "<mailto:clients@lists.example>"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
        {"X_Autoreply": "yes"},
    ],
)
def test_a_machine_that_says_so_is_not_answered(db: str, headers: dict[str, str]) -> None:
    assert reason(mail(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"Auto_Submitted": "No (a person wrote it)"},
        {"Auto_Submitted": "(comment) no; x=y"},
        {"Precedence": "first-class"},
        {"X_Auto_Response_Suppress": "DR, NDR, RN"},
    ],
)
def test_headers_that_forbid_nothing(db: str, headers: dict[str, str]) -> None:
    assert not reason(mail(**headers))


@pytest.mark.parametrize(
    "local",
    [
        "MAILER-DAEMON", "postmaster", "no-reply", "noreply", "no.reply", "noreply2", "do-not-reply", "donotreply",
        "ne-pas-repondre", "nepasrepondre", "billing-noreply", "noreply+token", "owner-clients", "clients-request",
        "clients-bounces", "bounces", "listserv", "majordomo",
    ],
)  # fmt: skip
def test_a_robot_is_not_answered(db: str, local: str) -> None:
    assert reason(mail(sender=f"{local}@portal.example"))


@pytest.mark.parametrize(
    "local",
    ["camille", "norbert.reply", "rootes", "jean-requestier", "postmastersen", "renee.bounce", "masterson", "daemonte"],
)  # fmt: skip
def test_people_with_such_names_are_answered(db: str, local: str) -> None:
    assert not reason(mail(sender=f"{local}@client.example"))


def test_our_own_addresses_are_not_answered(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_REPLY_ADDRESS", "dossier-{token}@nexoris.com")
    forget_settings()
    for own in ("Privacy@Nexoris.com", "privacy+x@nexoris.com", "dossier-abcdefgh2345@nexoris.com"):
        assert reason(mail(sender=own)) == "our own address sent it"
    assert not reason(mail(sender="claire.martin@nexoris.com")), "a colleague may have rights too"


def test_an_absence_note_without_any_header_is_not_answered(db: str) -> None:
    """French Outlook writes such ones (mail.md 1.6)."""
    raw = mail(subject="Réponse automatique : votre message", text="Je suis absente jusqu'au 3 décembre.\n")
    assert reason(raw) == "it is an automatic reply or a report"


def test_an_address_gets_only_so_many_answers_a_day(db: str) -> None:
    most = settings().answers_per_day
    answered(most - 1, to=PERSON.upper())
    answered(20, to="somebody.else@mail.example")
    answered(20, kind=LetterKind.ACCESS_REPLY)
    answered(20, at=NOW - timedelta(days=1))
    assert not reason(mail())
    answered(1, at=NOW - timedelta(hours=23))
    assert reason(mail()) == "this address had enough automatic answers today"
    assert not reason(mail(), NOW + timedelta(hours=24))


def test_codes_are_counted_apart(db: str) -> None:
    answered(settings().answers_per_day, kind=LetterKind.ASK_IDENTITY)
    with reading() as session:
        assert too_many(session, PERSON, NOW, LetterKind.ASK_IDENTITY)
        assert not too_many(session, PERSON, NOW)


def test_headers_of_any_kind_do_not_break_it(db: str) -> None:
    for value in ("=?utf-8?b?/?=", "\x00", "é" * 5000, "((((", ""):
        raw = f"Auto-Submitted: {value}\r\nX-Auto-Response-Suppress: {value}\r\nPrecedence: {value}\r\n".encode()
        assert isinstance(reason(raw + mail()), str)
