"""Every message ends in exactly one place: a case, the holding pen with its reason, or machine mail (DESIGN.md 4.6)."""

import threading
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from sqlmodel import select

from models.cases import find_case
from models.database import reading, unit_of_work
from models.errors import NotFound, Rejected
from models.letters import LetterKind
from models.rights import Right
from models.settings import settings
from models.storage import forget
from models.tables import Case, Challenge, ClockEvent, Letter, Message, MessageState, Request
from tasks.challenges import issue
from tasks.handle_mail import dismiss, handle, handle_kept, release
from tasks.write_letter import write_letter
from tests.support.case_rows import NOW, ON_FILE
from tests.support.letter_samples import sample
from tests.support.mail_in import (
    ACCESS,
    BOTH,
    ERASURE,
    PERSON,
    audited,
    cases,
    keep,
    mail,
    receive,
    requests,
    stored,
)

VAGUE = "Une question sur mes données personnelles.\n"


def opened(text: str = ACCESS) -> Case:
    """A case as an e-mail opens it."""
    handled, _ = receive(mail(text))
    with reading() as session:
        return find_case(session, handled.case_ref)


def letter_to(case: Case, kind: LetterKind = LetterKind.ACKNOWLEDGE, recipient: str = PERSON) -> Letter:
    with unit_of_work() as session:
        found = session.get_one(Case, case.id)
        return write_letter(session, found, None, kind, sample(kind, "fr"), recipient, f"{kind}", NOW)


def test_a_request_opens_a_case_with_one_request_per_right(db: str) -> None:
    number = keep(mail(BOTH, "My data"), NOW - timedelta(days=2))
    (handled,) = handle_kept(NOW)
    (case,) = cases()
    assert handled.state == MessageState.CASE
    assert handled.case_ref == case.ref == "DSR-2026-0001"
    assert handled.new_requests == ("DSR-2026-0001/access", "DSR-2026-0001/erasure")
    assert (case.requester_address, case.language, case.mailbox) == (PERSON, "en", settings().mailbox)
    assert case.received_at == NOW - timedelta(days=2), "the clock starts at arrival (D2)"
    assert case.opened_at == NOW
    with reading() as session:
        assert [event.at for event in session.exec(select(ClockEvent))] == [case.received_at]
    message = stored(number)
    assert (message.case_id, message.state, message.handled_at) == (case.id, MessageState.CASE, NOW)
    assert message.classification["kind"] == "request"
    assert message.classification["because"]
    assert handle_kept(NOW) == []


def test_references_count_up(db: str) -> None:
    for number in range(3):
        receive(mail(sender=f"person{number}@mail.example", message_id=f"<{number}@x.example>"))
    assert [case.ref for case in cases()] == ["DSR-2026-0001", "DSR-2026-0002", "DSR-2026-0003"]


def test_machine_mail_opens_nothing(db: str) -> None:
    letters = {
        "newsletter": mail(
            "Our new products.\n", "News", "news@shop.example", "<2@x>", List_Unsubscribe="<mailto:u@x.example>"
        ),
        "own address": mail(sender=settings().mailbox.upper(), message_id="<3@x>"),
        "away": mail("Je suis absent.\n", "Réponse automatique", message_id="<4@x>", Auto_Submitted="auto-replied"),
        "bounce": bounce("<nothing@of.ours>"),
    }  # fmt: skip
    for name, raw in letters.items():
        handled, message = receive(raw)
        assert handled.state == message.state == MessageState.MACHINE, name
        assert message.reason, name
    assert cases() == []


def test_our_own_letter_that_a_list_sends_back_is_machine_mail(db: str) -> None:
    """A list that writes itself into From must not make our acknowledgement a request."""
    letter = letter_to(opened())
    handled, _ = receive(mail(sender="list@partner.example", message_id=letter.message_id))
    assert handled.state == MessageState.MACHINE
    assert len(cases()) == 1


def bounce(message_id: str) -> bytes:
    report = EmailMessage(policy=SMTP)
    report["From"] = "MAILER-DAEMON@mx.example"
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Message-ID"] = "<dsn@mx.example>"
    report["Auto-Submitted"] = "auto-replied"
    report["Return-Path"] = "<>"
    report.set_content("550 5.1.1 user unknown\n")
    original = EmailMessage(policy=SMTP)
    original["Message-ID"] = message_id
    original.set_content("…")
    report.add_attachment(original)
    return report.as_bytes()


def test_a_bounce_is_noted_at_the_case_of_the_letter_it_speaks_of(db: str) -> None:
    case = opened()
    handled, message = receive(bounce(letter_to(case).message_id))
    assert handled.state == MessageState.MACHINE
    assert message.case_id == case.id
    assert audited(case)[-1] == "delivery_report"


@pytest.mark.parametrize("name", ["In_Reply_To", "References"])
def test_a_reply_in_the_thread_joins_its_case(db: str, name: str) -> None:
    case = opened()
    letter = letter_to(case)
    headers = {name: f"<unknown@mail.example> {letter.message_id}"}
    reply = mail("Merci !\n", "Re: x", "Camille <other@mail.example>", "<2@mail.example>", **headers)
    handled, message = receive(reply)
    assert (handled.state, handled.case_ref, handled.new_requests) == (MessageState.CASE, case.ref, ())
    assert handled.wake == (f"{case.ref}/access",)
    assert message.case_id == case.id
    assert audited(case)[-1] == "message_received"
    assert len(cases()) == 1


def test_a_reply_by_reference_joins_only_from_an_address_of_the_case(db: str) -> None:
    case = opened()
    subject = f"RE: votre demande {case.ref.lower()}"
    handled, _ = receive(mail("Merci !\n", subject, message_id="<2@x>"))
    assert (handled.state, handled.case_ref) == (MessageState.CASE, case.ref)
    stranger, message = receive(mail("Merci !\n", subject, "eve@other.example", "<3@x>"))
    assert (stranger.state, stranger.case_ref, stranger.wake) == (MessageState.PEN, "", ())
    assert message.case_id is None
    nobody, _ = receive(mail("Merci !\n", subject, "undisclosed:;", "<4@x>"))
    assert nobody.case_ref == "", "no address is not an address of the case"
    with unit_of_work() as session:
        session.get_one(Case, case.id).verified_address = ON_FILE.upper()
    proved, _ = receive(mail("Merci !\n", subject, ON_FILE, "<5@x>"))
    assert proved.case_ref == case.ref


def test_a_request_of_a_stranger_that_names_a_case_is_a_case_of_its_own(db: str) -> None:
    case = opened()
    handled, _ = receive(mail(ERASURE, f"Re: {case.ref}", "eve@other.example", "<2@x>"))
    assert handled.state == MessageState.CASE
    assert handled.case_ref != case.ref
    assert [request.ref for request in requests()] == [f"{case.ref}/access", f"{handled.case_ref}/erasure"]


def test_a_code_in_a_reply_proves_the_address_on_file(db: str) -> None:
    case = opened()
    with unit_of_work() as session:
        request = session.exec(select(Request)).one()
        issued = issue(session, request, "identity", ON_FILE, "k", NOW)
    letter = letter_to(case, LetterKind.ASK_IDENTITY, ON_FILE)
    text = f"Voici : {issued.code[:4]} {issued.code[4:]}\n"
    handled, _ = receive(mail(text, "Re: x", ON_FILE, "<2@x>", In_Reply_To=letter.message_id))
    assert (handled.state, handled.wake) == (MessageState.CASE, (f"{case.ref}/access",))
    with reading() as session:
        assert session.exec(select(Challenge)).one().solved_by == "reply"
        assert session.get_one(Case, case.id).verified_address == ON_FILE


@pytest.mark.parametrize("who", [PERSON, "friend@other.example"])
def test_a_new_request_in_a_thread_is_seen_by_a_person(db: str, who: str) -> None:
    """Neither swallowed by the case nor lost: released, it has a clock of its own."""
    case = opened()
    letter = letter_to(case)
    text = ERASURE if who == PERSON else ACCESS
    handled, message = receive(mail(text, "Re: x", who, "<2@x>", In_Reply_To=letter.message_id))
    assert handled.state == MessageState.PEN
    assert case.ref in message.reason
    released = release(message.id, [Right.ERASURE], NOW, "Ana")
    assert released.case_ref != case.ref
    assert len(cases()) == 2


def test_the_same_request_again_in_the_thread_joins_the_case(db: str) -> None:
    letter = letter_to(opened())
    handled, _ = receive(mail(ACCESS, "Re: x", message_id="<2@x>", In_Reply_To=letter.message_id))
    assert handled.state == MessageState.CASE
    assert len(cases()) == 1


def test_a_complaint_about_a_closed_case_is_seen_by_a_person(db: str) -> None:
    case = opened()
    letter = letter_to(case)
    with unit_of_work() as session:
        session.exec(select(Request)).one().closed_at = NOW
    reply = mail(VAGUE, "Re: x", message_id="<2@x>", In_Reply_To=letter.message_id)
    assert receive(reply)[0].state == MessageState.PEN
    thanks = mail("Merci !\n", "Re: x", message_id="<3@x>", In_Reply_To=letter.message_id)
    assert receive(thanks)[0].state == MessageState.CASE


def test_an_answer_to_an_internal_notice_is_no_message_of_the_requester(db: str) -> None:
    case = opened()
    notice = letter_to(case, LetterKind.DECISION_WAITING, "officer@nexoris.com")
    handled, _ = receive(mail("OK\n", "Re: x", "officer@nexoris.com", "<2@x>", In_Reply_To=notice.message_id))
    assert handled.case_ref == ""


def test_the_same_message_by_another_way_is_dismissed(db: str) -> None:
    receive(mail())
    handled, message = receive(b"Received: from list.example; Mon, 23 Nov 2026 09:00:00 +0000\r\n" + mail())
    assert handled.state == message.state == MessageState.DISMISSED
    assert "before" in message.reason
    assert len(cases()) == 1


def test_copies_without_a_message_id_are_recognised_for_an_hour(db: str) -> None:
    receive(mail(message_id=""))
    copy = b"X-Way: 2\r\n" + mail(message_id="")
    assert receive(copy)[0].state == MessageState.DISMISSED
    next_day = keep(b"X-Way: 3\r\n" + mail(message_id=""), NOW + timedelta(days=1))
    assert handle(next_day, NOW).state == MessageState.CASE


def test_a_message_id_used_again_is_another_message_and_a_warning(db: str) -> None:
    receive(mail())
    for raw in (
        mail(ERASURE),
        mail(sender="other@mail.example"),
        mail("", "Erasure of my personal data please"),
    ):
        handled, message = receive(raw)
        assert handled.state in {MessageState.CASE, MessageState.PEN}
        assert message.message_id == "<1@mail.example>"
    handled, message = receive(mail(ERASURE, sender="third@mail.example"))
    assert handled.state == MessageState.CASE
    assert "same Message-ID" in message.reason
    assert len(cases()) >= 4


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


def at_once(*numbers: int) -> None:
    together = threading.Barrier(len(numbers))

    def handler(number: int) -> None:
        together.wait()
        handle(number, NOW)

    threads = [threading.Thread(target=handler, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_handlers_at_once_open_one_case(db: str) -> None:
    at_once(*[keep(mail())] * 5)
    assert len(cases()) == len(requests()) == 1


def test_copies_handled_at_once_open_one_case(db: str) -> None:
    at_once(*(keep(b"X-Way: %d\r\n" % way + mail()) for way in range(5)))
    assert len(cases()) == 1
    with reading() as session:
        states = sorted(session.exec(select(Message.state)))
    assert states == [MessageState.CASE] + [MessageState.DISMISSED] * 4


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
    with pytest.raises(Rejected, match="dsr case open"):
        release(number, [Right.ACCESS], NOW, "Ana")
    with pytest.raises(NotFound):
        release(4711, [Right.ACCESS], NOW, "Ana")
    with pytest.raises(NotFound):
        dismiss(4711, "x", NOW, "Ana")
