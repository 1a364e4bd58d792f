"""What nobody can read or be sure of waits for a person, with the reason, and stops nobody else (law.md V2; peers.md test 10)."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models.classification import Kind
from models.database import reading
from models.errors import NotFound, Rejected
from models.rights import Right
from models.storage import forget
from models.tables import Channel, ClockEvent, Message, MessageState, TodoKind
from tasks.mail.handle_mail import Handled, handle, handle_kept
from tasks.mail.pen import Qualified, dismiss, qualify, release, waiting
from tests.support.at_once import at_once
from tests.support.case_rows import NOW
from tests.support.mail_in import (
    ACCESS,
    ERASURE,
    PERSON,
    VAGUE,
    audited,
    cases,
    close,
    keep,
    letter_to,
    mail,
    opened,
    receive,
    receive_as,
    requests,
    stored,
    todo_kinds,
)


def test_what_is_unclear_waits_for_a_person(db: str) -> None:
    for number, text in enumerate([VAGUE, "Bonjour !\n", ""]):
        handled, message = receive(mail(text, "x", message_id=f"<{number}@x>"))
        assert handled.state == MessageState.PEN
        assert message.reason
    assert cases() == []


def test_a_request_that_cannot_be_answered_by_mail_waits_for_a_person(db: str) -> None:
    raw = mail().replace(b"camille.perso@mail.example", "camille@exämple.com".encode())
    handled, message = receive(raw)
    assert handled.state == MessageState.PEN
    assert "cannot be answered" in message.reason


def nested(depth: int) -> bytes:
    head = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n".encode()
        for level in range(depth)
    )
    return b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + head


HOSTILE = {
    "empty": b"",
    "nothing but line breaks": b"\r\n\r\n\r\n",
    "NUL": b"From: a\x00@b.example\r\nSubject: \x00\r\n\r\n\x00 access to my personal data\x00",
    "100 levels": nested(100),
    "5000 parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\nContent-Type: multipart/x\r\n\r\n" * 5000,
    "unknown charset": b'From: =?nope?q?=FF?= <a@b.example>\r\nContent-Type: text/plain; charset="nope"\r\n\r\n\xff\xfe',
    "surrogates": b"From: \xed\xa0\x80 <a@b.example>\r\nSubject: \xed\xb0\x80\r\n\r\n\xed\xa0\x80",
    "line breaks in the address": b"From: a@b.example\r\n Bcc: v@x.example\r\nSubject: =?utf-8?q?a=0D=0ABcc=3A_v?=\r\n\r\nhello",
    "long name": b"From: " + b"A" * 100_000 + b" <a@b.example>\r\n\r\nPlease send me a copy of my personal data.",
    "markup": b"From: \"{{7*7}} <script>\" <a@b.example>\r\nSubject: '; DROP TABLE message; --\r\n\r\nMy personal data.",
    "references": b"From: a@b.example\r\nReferences: " + b"<x@y> " * 20_000 + b"\r\n\r\nhello",
}  # fmt: skip


def test_hostile_mail_ends_in_one_place_and_stops_nobody(db: str) -> None:
    """peers.md test 10: pen with a reason or a case, and the message behind them is handled."""
    numbers = [keep(raw) for raw in HOSTILE.values()]
    last = keep(mail(message_id="<last@x>"))
    handle_kept(NOW)
    for name, number in zip(HOSTILE, numbers, strict=True):
        message = stored(number)
        assert message.state != MessageState.KEPT, name
        assert message.state == MessageState.CASE or message.reason, name
        assert "\n" not in message.sender + message.subject, name
    assert stored(last).state == MessageState.CASE
    for name in ("100 levels", "5000 parts"):
        unread = stored(numbers[list(HOSTILE).index(name)])
        assert (unread.state, unread.sender) == (MessageState.PEN, ""), name


def test_a_hostile_name_is_one_short_line(db: str) -> None:
    sender = "=?utf-8?q?Camille=0D=0ABcc=3A_victim=40other=2Eexample?= <a@mail.example>"
    raw = mail().replace(b"From: Camille Durand <camille.perso@mail.example>", b"From: " + sender.encode())
    receive(raw)
    (case,) = cases()
    assert case.requester_address == "a@mail.example"
    assert "\n" not in case.requester_name
    assert "\r" not in case.requester_name


def test_bytes_that_are_gone_do_not_stop_the_others(db: str) -> None:
    number, other = keep(mail()), keep(mail(message_id="<2@x>"))
    forget(stored(number).storage_key)
    handle_kept(NOW)
    assert stored(number).state == MessageState.PEN
    assert stored(other).state == MessageState.CASE


def test_the_pen_releases_a_message_once(db: str) -> None:
    _, message = receive(mail(VAGUE))
    with pytest.raises(Rejected, match="--right"):
        release(message.id, [], NOW, "Ana")
    handled = release(message.id, [Right.ACCESS, Right.ACCESS], NOW, "Ana")
    (case,) = cases()
    assert handled.new_requests == (f"{case.ref}/access",)
    assert case.received_at == message.received_at
    assert audited(case)[-1] == "message_qualified"
    released = stored(message.id)
    assert (released.state, released.case_id, released.reason) == (
        MessageState.CASE,
        case.id,
        "qualified by Ana",
    )
    for again in (
        lambda: release(message.id, [Right.ACCESS], NOW, "Ana"),
        lambda: dismiss(message.id, "x", NOW, "A"),
    ):
        with pytest.raises(Rejected, match="not in the holding pen"):
            again()


def test_the_pen_dismisses_with_a_reason(db: str) -> None:
    _, message = receive(mail(VAGUE))
    with pytest.raises(Rejected, match="say why"):
        dismiss(message.id, "  ", NOW, "Ana")
    dismiss(message.id, "a question to sales", NOW, "Ana")
    assert stored(message.id).state == MessageState.DISMISSED
    assert stored(message.id).reason == "dismissed by Ana: a question to sales"
    assert cases() == []


def test_the_pen_does_not_open_what_it_cannot_answer(db: str) -> None:
    number = keep(HOSTILE["100 levels"])
    handle(number, NOW)
    with pytest.raises(Rejected, match="other means"):
        release(number, [Right.ACCESS], NOW, "Ana")
    with pytest.raises(NotFound):
        release(4711, [Right.ACCESS], NOW, "Ana")
    with pytest.raises(NotFound):
        dismiss(4711, "x", NOW, "Ana")


def forward() -> bytes:
    return mail(f"TR :\n\n{ACCESS}", "TR: Mes données", "Claire <claire.martin@nexoris.com>", "<f@x>")


def test_a_forward_is_qualified_with_who_asks_and_since_when(db: str) -> None:
    """law.md D3: internal detours never extend the period."""
    _, message = receive(forward())
    with pytest.raises(Rejected, match="the person who asks"):
        qualify(message.id, Qualified((Right.ACCESS,), channel=Channel.FORWARD), "Ana", NOW)
    arrived = NOW - timedelta(days=4)
    for wrong in (
        Qualified((Right.ACCESS,), address=PERSON, received_at=NOW + timedelta(days=1)),
        Qualified((Right.ACCESS,), address="privacy@nexoris.com"),
        Qualified((Right.ACCESS,), address="no address"),
        Qualified((), address=PERSON),
    ):
        with pytest.raises(Rejected):
            qualify(message.id, wrong, "Ana", NOW)
    assert stored(message.id).state == MessageState.PEN
    answer = Qualified(
        (Right.ACCESS,),
        "Camille Durand",
        PERSON,
        "fr",
        arrived,
        channel=Channel.FORWARD,
        reason="by phone too",
    )
    handled = qualify(message.id, answer, "Ana", NOW)
    [case] = cases()
    assert handled == Handled(MessageState.CASE, case.ref, (f"{case.ref}/access",), ())
    assert (case.requester_name, case.requester_address, case.language) == ("Camille Durand", PERSON, "fr")
    assert (case.received_at, case.channel, case.recorded_by) == (arrived, Channel.FORWARD, "Ana")
    with reading() as session:
        assert session.exec(select(ClockEvent.at)).one() == arrived
    assert stored(message.id).reason == "qualified by Ana: by phone too"
    assert todo_kinds() == []


def test_what_belongs_to_an_open_case_is_filed_there(db: str) -> None:
    case = opened()
    _, message = receive(mail(ACCESS, message_id="<2@x>"))
    assert message.state == MessageState.PEN
    with pytest.raises(NotFound):
        qualify(message.id, Qualified(case_ref="DSR-2026-0099"), "Ana", NOW)
    handled = qualify(message.id, Qualified((Right.ACCESS,), case_ref=case.ref), "Ana", NOW)
    assert handled == Handled(MessageState.CASE, case.ref, (), (f"{case.ref}/access",))
    assert stored(message.id).case_id == case.id
    assert len(cases()) == len(requests()) == 1
    assert todo_kinds() == []


def test_rights_that_the_named_case_lacks_are_a_case_of_its_requester(db: str) -> None:
    """Not of whoever wrote: somebody who saw our letter is not the person."""
    case = opened()
    reply = mail(ERASURE, "Re: x", "eve@other.example", "<2@x>", In_Reply_To=letter_to(case).message_id)
    _, message = receive(reply)
    answer = Qualified((Right.ACCESS, Right.ERASURE), case_ref=case.ref)
    handled = qualify(message.id, answer, "Ana", NOW)
    assert handled.new_requests == (f"{handled.case_ref}/erasure",)
    assert handled.wake == (f"{case.ref}/access",)
    assert stored(message.id).case_id == case.id
    assert [found.requester_address for found in cases()] == [PERSON, PERSON]


def stopped() -> Message:
    return receive_as(mail(VAGUE), Kind.NEEDS_REVIEW, Right.OBJECTION)[1]


def test_a_case_opened_for_its_safe_part_gets_the_other_rights(db: str) -> None:
    """law.md Q4, Q5: one message, one case, one clock."""
    message = stopped()
    handled = qualify(message.id, Qualified((Right.ERASURE, Right.OBJECTION)), "Ana", NOW)
    [case] = cases()
    assert handled.new_requests == (f"{case.ref}/erasure",)
    assert handled.wake == (f"{case.ref}/objection",)
    assert [request.right for request in requests()] == [Right.OBJECTION, Right.ERASURE]
    assert audited(case)[-2:] == ["requests_added", "message_qualified"]


def test_a_case_opened_for_its_safe_part_may_be_all_there_is(db: str) -> None:
    handled = qualify(stopped().id, Qualified(), "Ana", NOW)
    assert (handled.state, handled.new_requests) == (MessageState.CASE, ())
    assert [request.right for request in requests()] == [Right.OBJECTION]


def test_rights_found_after_the_safe_part_is_closed_are_a_new_case(db: str) -> None:
    message = stopped()
    close(cases()[0])
    handled = qualify(message.id, Qualified((Right.ERASURE,)), "Ana", NOW)
    assert len(cases()) == 2
    assert stored(message.id).case_id == cases()[1].id
    assert handled.case_ref == cases()[1].ref


def test_the_safe_part_counts_from_when_the_officer_says(db: str) -> None:
    message = stopped()
    arrived = NOW - timedelta(days=3)
    qualify(message.id, Qualified((Right.ERASURE,), received_at=arrived), "Ana", NOW)
    assert cases()[0].received_at == arrived


def test_dismissing_settles_what_there_was_to_do(db: str) -> None:
    _, message = receive(mail(VAGUE))
    assert todo_kinds() == [TodoKind.QUALIFY]
    assert waiting()[0].number == message.id
    dismiss(message.id, "a question to sales", NOW, "Ana")
    assert todo_kinds() == waiting() == []


def test_two_officers_qualify_a_message_once(db: str) -> None:
    _, message = receive(mail(VAGUE))
    answer = Qualified((Right.ACCESS,))
    results = at_once(*[lambda: qualify(message.id, answer, "Ana", NOW)] * 3)
    assert sorted(type(result).__name__ for result in results) == ["Handled", "Rejected", "Rejected"]
    assert len(cases()) == 1
