"""Hostile and ordinary messages: what is read out of them, and that nothing but Rejected is ever raised."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Rejected
from tasks.mail import read_mail as module
from tasks.mail.read_mail import fresh_text, read_mail
from tests.support.mail_samples import letter

ORDINARY = (
    b"Received: from out.example by mx.nexoris.example; Tue, 3 Nov 2026 09:00:05 +0100\r\n"
    b"Received: from pc by out.example; Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    b"Return-Path: <>\r\n"
    b"From: =?utf-8?q?=C3=89lo=C3=AFse_Ch=C3=A2telain?= <Eloise@Example.ORG>\r\n"
    b"Reply-To: autre@example.org\r\nTo: privacy@nexoris.example, Boss <boss@nexoris.example>\r\n"
    b"Cc: Team: a@example.org, b@example.org;\r\n"
    b"Subject: =?utf-8?b?RG9ubsOpZXM=?=\r\nDate: Tue, 3 Nov 2026 08:59:00 +0000\r\n"
    b"Message-ID: <1@example.org>\r\nIn-Reply-To: <0@example.org>\r\nReferences: <x@y> <0@example.org>\r\n"
    b"Auto-Submitted: No\r\nList-Id: <l.example.org>\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Co=FBt : 3 =80\r\n-- \r\nEloise\r\n"
)


def with_body(content: bytes, kind: bytes = b"text/plain; charset=utf-8", **headers: str) -> bytes:
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()).encode()
    return b"From: a@b.fr\r\n" + extra + b"Content-Type: " + kind + b"\r\n\r\n" + content


def test_an_ordinary_message():
    mail = read_mail(ORDINARY)
    assert (mail.sender_name, mail.sender_address) == ("Éloïse Châtelain", "eloise@example.org")
    assert (mail.message_id, mail.in_reply_to) == ("<1@example.org>", "<0@example.org>")
    assert mail.references == ("<x@y>", "<0@example.org>")
    assert mail.to == ("privacy@nexoris.example", "boss@nexoris.example")
    assert (mail.cc, mail.reply_to) == (("a@example.org", "b@example.org"), ("autre@example.org",))
    assert (mail.subject, mail.text, mail.fresh_text) == ("Données", "Coût : 3 €\n-- \nEloise", "Coût : 3 €")
    assert (mail.return_path, mail.auto_submitted, mail.machine_header("list-id")) == (
        "",
        "no",
        "<l.example.org>",
    )


def test_receipt_is_the_topmost_hop_and_nothing_lower():
    assert read_mail(ORDINARY).received_at == datetime(2026, 11, 3, 8, 0, 5, tzinfo=UTC)
    broken = ORDINARY.replace(b"; Tue, 3 Nov 2026 09:00:05 +0100", b"; soon", 1)
    assert read_mail(broken).received_at is None


@pytest.mark.parametrize("stamp", ["Tue, 3 Nov 2026 08:59:00 -0000", "Tue, 3 Nov 2026 08:59:00"])
def test_a_date_without_zone_is_read_as_utc(stamp):
    assert read_mail(f"Date: {stamp}\r\n\r\nx".encode()).sent_at == datetime(2026, 11, 3, 8, 59, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["", "yesterday", "Tue, 99 Nov 99999 08:59:00 +9999", "\x00"])
def test_no_date_is_none(stamp):
    assert read_mail(f"Date: {stamp}\r\n\r\nx".encode()).sent_at is None


def test_html_becomes_what_a_person_sees():
    page = b"<style>p{}</style><p>Supprimez <b>mon</b> compte</p><script>alert(1)</script>"
    assert read_mail(with_body(page, b"text/html; charset=utf-8")).text == "Supprimez mon compte"


def test_a_stub_beside_html_is_not_the_text():
    page = b"<p>" + b"Please delete my account. " * 20 + b"</p>"
    raw = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nNo HTML here\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        + page
        + b"\r\n--b--"
    )
    assert "delete my account" in read_mail(with_body(raw, b"multipart/alternative; boundary=b")).text


def test_attachments_are_described_and_not_trusted():
    raw = (
        b"--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="../../etc/passwd"\r\n\r\nQUJDRA==\r\n--b--'
    )
    mail = read_mail(with_body(raw, b"multipart/mixed; boundary=b"))
    assert mail.text == "hello"
    assert [(a.name, a.media_type, a.size) for a in mail.attachments] == [
        ("../../etc/passwd", "application/pdf", 4)
    ]


def test_a_forwarded_message_is_read_where_there_is_no_other_text():
    raw = with_body(b"From: x@y.fr\r\nSubject: s\r\n\r\nEffacez mon compte", b"message/rfc822")
    assert read_mail(raw).text == "Effacez mon compte"


@pytest.mark.parametrize(
    "charset", ["no-such-charset", "zlib", "idna", "rot13", "utf-8\x00", "", "'", "unicode_escape"]
)
def test_a_bad_charset_still_gives_the_text(charset):
    raw = with_body("Données".encode(), f"text/plain; charset={charset}".encode())
    assert read_mail(raw).text == "Données"


def test_bytes_that_are_no_utf8_are_read_as_windows_1252():
    assert read_mail(with_body(b"Donn\xe9es \x80")).text == "Données €"


def test_nul_controls_and_direction_marks_are_removed():
    mail = read_mail(with_body("a\x00b\u202ec\u200bd".encode(), Subject="x\x00y\u202e"))
    assert (mail.text, mail.subject) == ("abcd", "xy")


def test_line_breaks_cannot_leave_a_header():
    raw = b"From: =?utf-8?q?A=0D=0ABcc:_victim=40x.fr?= <a@b.fr>\r\nSubject: =?utf-8?q?s=0D=0ABcc:_v=40x.fr?=\r\n\r\nx"
    mail = read_mail(raw)
    assert "\n" not in mail.sender_name + mail.subject
    assert "\r" not in mail.sender_name + mail.subject
    assert mail.sender_address == "a@b.fr"


def test_an_encoded_word_cannot_add_an_address():
    raw = b"From: =?utf-8?q?=3Cboss=40nexoris.example=3E=2C?= <evil@b.fr>\r\n\r\nx"
    assert read_mail(raw).sender_address == "evil@b.fr"


@pytest.mark.parametrize(
    "sender", ["", "undisclosed-recipients:;", "Group: ;", "<>", "@", "a@b@c", "(((", '"\\', "\r\n x"]
)
def test_odd_senders_do_not_raise(sender):
    assert isinstance(read_mail(f"From: {sender}\r\nTo: {sender}\r\n\r\nx".encode()).sender_address, str)


def test_nothing_at_all():
    mail = read_mail(b"")
    assert (mail.text, mail.sender_address, mail.return_path, mail.attachments) == ("", "", None, ())


def test_the_limits():
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(100)
    )
    wide = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1_000
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" * 100
    for raw, reason in ((deep, "deep"), (wide, "parts"), (forwarded, "deep"), (deep * 60, "parts")):
        with pytest.raises(Rejected, match=reason):
            read_mail(raw)


@pytest.mark.parametrize(
    "quote", ["On 3 May 2026 at 10:12, Ana <a@b.fr> wrote:", "Le 3 mai 2026 à 10:12, Ana <a@b.fr> a écrit :"]
)
def test_a_quoted_thread_is_stripped(quote):
    assert fresh_text(f"Merci !\n\n{quote}\n> un\n> deux\n") == "Merci !"


def test_a_forward_and_a_pure_quote_are_kept_whole():
    forward = "FYI\n\n-----Original Message-----\nFrom: a@b.fr\nSent: today\nTo: c@d.fr\nSubject: x\n\nDelete my data"
    assert "Delete my data" in fresh_text(forward, "Fwd: x")
    assert fresh_text(forward, "Re: x") == "FYI"
    assert fresh_text("> Effacez tout") == "> Effacez tout"


def is_clean(mail: module.ParsedMail) -> bool:
    shown = "".join((mail.subject, mail.sender_name, mail.text, mail.fresh_text, *mail.to))
    return "\x00" not in shown and bool(shown.encode("utf-8") or True)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2_000))
def test_random_bytes_are_read_or_rejected(raw):
    with suppress(Rejected):
        assert is_clean(read_mail(raw))


HOSTILE = (
    b"\x00",
    b"\r\n",
    b"=?utf-8?b?",
    b"?=",
    b"<",
    b">",
    b"(",
    b'"',
    b"\xff",
    b"--b",
    b"boundary=b",
    b": ",
    b";",
    b"@",
)
SEEDS = (
    ORDINARY,
    letter("Bonjour", "Supprimez mon compte"),
    with_body(b"--b\r\n\r\nx\r\n--b--", b"multipart/mixed; boundary=b"),
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(HOSTILE) | st.binary(max_size=8), st.integers(0, 12)),
        max_size=12,
    ),
)
def test_mutated_messages_are_read_or_rejected(raw, mutations):
    for place, bits, cut in mutations:
        index = int(place * len(raw))
        raw = raw[:index] + bits + raw[index + cut :]
    with suppress(Rejected):
        assert is_clean(read_mail(raw))
