"""Which case a message belongs to: what can be guessed least counts first, and nothing of it proves who writes."""

from datetime import timedelta

import pytest

from models.database import unit_of_work
from models.rights import Right
from models.tables import Case, Mandate, MessageState
from tasks.mail.handle_mail import handle
from tests.conftest import forget_settings
from tests.support.case_rows import NOW
from tests.support.mail_in import (
    ERASURE,
    PERSON,
    audited,
    cases,
    keep,
    letter_to,
    mail,
    now_is,
    opened,
    receive,
    requests,
    stored,
)

TOKEN = "k7q2mzxw4nbd"
REPLY_TO = f"privacy+{TOKEN}@nexoris.com"
THANKS = "Merci !\n"


@pytest.fixture
def case(db: str, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case whose letters carry a reply address of their own."""
    del db
    monkeypatch.setenv("DSR_REPLY_ADDRESS", "privacy+{token}@nexoris.com")
    forget_settings()
    made = opened()
    with unit_of_work() as session:
        session.get_one(Case, made.id).reply_token = TOKEN
    return made


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To", "X-Original-To"])
@pytest.mark.parametrize("address", [REPLY_TO, f"Nexoris <{REPLY_TO.upper()}>"])
def test_the_token_of_a_reply_address_finds_the_case(case: Case, header: str, address: str) -> None:
    raw = mail(THANKS, "x", "Camille <other@mail.example>", "<2@x>")
    raw = f"{header}: {address}\r\n".encode() + raw.replace(b"To: privacy@nexoris.com\r\n", b"")
    handled, message = receive(raw)
    assert (handled.state, handled.case_ref) == (MessageState.CASE, case.ref)
    assert message.case_id == case.id
    assert handled.wake == (f"{case.ref}/access",)


@pytest.mark.parametrize(
    "address",
    [
        "privacy+aaaaaaaaaaaa@nexoris.com",
        "privacy+@nexoris.com",
        f"privacy+{TOKEN}@evil.example",
        f"x{REPLY_TO}",
        f"privacy+{TOKEN}.@nexoris.com",
    ],
)
def test_another_address_finds_none(case: Case, address: str) -> None:
    raw = b"Delivered-To: " + address.encode() + b"\r\n" + mail(THANKS, "x", "eve@other.example", "<2@x>")
    handled, message = receive(raw)
    assert (handled.case_ref, message.case_id) == ("", None)
    assert case.ref not in message.reason


def test_a_token_counts_more_than_a_thread_and_a_thread_more_than_a_reference(case: Case) -> None:
    other = opened(message_id="<o@x>", sender="other@mail.example")
    third = opened(message_id="<t@x>", sender="third@mail.example")
    letter = letter_to(other)
    about = f"Re: {third.ref}"
    both = mail(THANKS, about, "third@mail.example", "<2@x>", In_Reply_To=letter.message_id)
    assert receive(both)[0].case_ref == other.ref
    all_three = mail(
        THANKS, about, "third@mail.example", "<3@x>", In_Reply_To=letter.message_id, Delivered_To=REPLY_TO
    )
    assert receive(all_three)[0].case_ref == case.ref
    only_named = mail(THANKS, about, "third@mail.example", "<4@x>")
    assert receive(only_named)[0].case_ref == third.ref


def test_a_reply_to_the_first_message_itself_joins_its_case(case: Case) -> None:
    """Somebody who was in copy, or who answers the own message, has no letter of ours to answer."""
    reply = mail(THANKS, "Re: x", "camille@other.example", "<2@x>", In_Reply_To="<1@mail.example>")
    assert receive(reply)[0].case_ref == case.ref


def test_the_agent_of_a_mandate_is_a_party(case: Case) -> None:
    subject = f"Re: {case.ref}"
    assert receive(mail(THANKS, subject, "avocat@barreau.example", "<2@x>"))[0].case_ref == ""
    with unit_of_work() as session:
        session.add(
            Mandate(
                case_id=case.id,
                kind="lawyer",
                agent_name="Me Roy",
                agent_address="Avocat@barreau.example",
                recorded_by="Ana",
                recorded_at=NOW,
            )
        )
    assert receive(mail(THANKS, subject, "avocat@barreau.example", "<3@x>"))[0].case_ref == case.ref


def test_the_address_of_the_sender_proves_nothing(case: Case) -> None:
    """Its mail waits for an officer, and no code in it is tried, so that nobody can use up the tries."""
    handled, message = receive(mail("Le code : 1234 5678\n", "x", message_id="<2@x>"))
    assert (handled.state, message.case_id) == (MessageState.PEN, case.id)
    assert not now_is(case).verified_address
    assert "code_wrong" not in audited(case)


def test_copies_in_two_mailboxes_open_one_case(db: str) -> None:
    """peers.md test 3, To and Cc both ours: the clock runs from the first arrival, whichever is read first (D3)."""
    late = keep(mail(), NOW, "privacy@nexoris.com")
    early = keep(mail(), NOW - timedelta(days=2), "contact@nexoris.com")
    assert handle(late, NOW).state == MessageState.CASE
    assert handle(early, NOW).state == MessageState.DISMISSED
    [case] = cases()
    assert case.received_at == NOW - timedelta(days=2)
    assert audited(case) == ["case_opened", "received_earlier"]
    assert len(requests()) == 1
    later = keep(mail(), NOW + timedelta(days=1), "dpo@nexoris.com")
    assert handle(later, NOW).state == MessageState.DISMISSED
    assert cases()[0].received_at == NOW - timedelta(days=2)


def test_copies_without_a_message_id_in_two_mailboxes_open_one_case(db: str) -> None:
    first = keep(mail(message_id=""), NOW, "privacy@nexoris.com")
    second = keep(mail(message_id=""), NOW - timedelta(minutes=1), "contact@nexoris.com")
    assert [handle(number, NOW).state for number in (first, second)] == ["case", "dismissed"]
    assert len(cases()) == 1


def test_a_reused_message_id_with_another_body_is_a_second_message_and_a_warning(
    db: str, caplog: pytest.LogCaptureFixture
) -> None:
    receive(mail())
    handled, message = receive(mail(ERASURE))
    assert handled.state == MessageState.CASE
    assert "same Message-ID" in message.reason
    assert "same Message-ID" in caplog.text
    assert PERSON not in caplog.text
    assert [request.right for request in requests()] == [Right.ACCESS, Right.ERASURE]
    handled, message = receive(mail("Another question about my personal data.\n"))
    assert handled.state == MessageState.PEN
    assert "same Message-ID" in message.reason


def test_an_endless_message_id_is_filed_and_recognised(db: str) -> None:
    """PostgreSQL refuses an index entry of more than 2,700 bytes."""
    endless = f"<{'é' * 3000}@x>"
    raw = mail(message_id="").replace(b"Subject:", f"Message-ID: {endless}\r\nSubject:".encode())
    assert receive(raw)[0].state == MessageState.CASE
    handled, message = receive(b"X-Way: 2\r\n" + raw)
    assert handled.state == stored(message.id).state == MessageState.DISMISSED
