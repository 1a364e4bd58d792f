"""What nobody can read or be sure of waits for a person, with the reason, and stops nobody else (law.md V2; peers.md test 10)."""

import pytest

from models.errors import NotFound, Rejected
from models.rights import Right
from models.storage import forget
from models.tables import MessageState
from tasks.handle_mail import dismiss, handle, handle_kept, release
from tests.support.case_rows import NOW
from tests.support.mail_in import VAGUE, audited, cases, keep, mail, receive, stored


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
    assert audited(case)[-1] == "message_released"
    released = stored(message.id)
    assert (released.state, released.case_id, released.reason) == (
        MessageState.CASE,
        case.id,
        "released by Ana",
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
