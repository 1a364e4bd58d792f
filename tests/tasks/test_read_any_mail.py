"""Generated MIME trees and headers: any bytes give a clean message or Rejected, and a verdict of the promised types."""

import random
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Rejected
from tasks.mail.read_mail import MAX_PARTS, read_mail
from tests.support.fuzz_mail import WORDS, check, is_well_formed

CHARSETS = (
    "utf-8",
    "iso-8859-1",
    "x-unknown",
    "idna",
    "rot13",
    "utf-7",
    "hex",
    "",
    "\x00",
    "utf-8;",
    "a" * 300,
)
ENCODINGS = ("7bit", "8bit", "base64", "quoted-printable", "uuencode", "x-odd", "")
KINDS = (
    "text/plain",
    "text/html",
    "application/pdf",
    "image/png",
    "text",
    "",
    "/",
    "multipart/mixed",
    "message/rfc822",
)
HEADERS = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "Reply-To", "Received", "Return-Path", "Auto-Submitted", "Content-Disposition")  # fmt: skip

leaves = st.builds(
    lambda kind, charset, encoding, name, content: (
        f'Content-Type: {kind}; charset="{charset}"; name="{name}"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'.encode(
            "utf-8", "surrogatepass"
        )
        + content
        + b"\r\n"
    ),
    st.sampled_from(KINDS),
    st.sampled_from(CHARSETS),
    st.sampled_from(ENCODINGS),
    st.text(max_size=10),
    st.binary(max_size=200) | st.sampled_from(WORDS),
)


def container(kind: str, number: int, parts: list[bytes], closed: bool) -> bytes:
    head = f"Content-Type: {kind}; boundary=b{number}\r\n\r\n".encode()
    body = b"".join(b"--b%d\r\n" % number + part for part in parts)
    return head + body + (b"--b%d--\r\n" % number if closed else b"")


kinds = ("multipart/mixed", "multipart/alternative", "multipart/related", "multipart/report; report-type=delivery-status", "multipart/digest")  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        container, st.sampled_from(kinds), st.integers(0, 3), st.lists(inner, max_size=4), st.booleans()
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(trees)
def test_any_tree_of_parts_is_read_and_classified(tree):
    check(b"From: Ana <a@b.fr>\r\nSubject: Bonjour\r\nMIME-Version: 1.0\r\n" + tree)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3_000) | st.lists(st.sampled_from(WORDS), max_size=60).map(b"".join))
def test_any_bytes_get_a_verdict_of_the_promised_types(raw):
    check(raw)


@pytest.mark.parametrize("seed", range(10))
def test_five_hundred_generated_messages(seed):
    chance = random.Random(seed)
    for _ in range(50):
        lines = []
        for name in chance.sample(HEADERS, chance.randint(1, len(HEADERS))):
            value = b"".join(
                chance.choice((*WORDS, b"a@b.fr", b"Ana", b" ", b",")) for _ in range(chance.randint(0, 6))
            )
            lines.append(name.encode() + b": " + value + b"\r\n")
        check(b"".join(lines) + b"\r\n" + chance.randbytes(chance.randint(0, 300)))


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1_000 + b"--b--",
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(100)),
        b"From: \r\nTo: \r\nSubject: \r\n\r\n",
        b"From\x00: a@b.fr\r\nSubject: \x00\x00\r\n\r\n\x00\x00",
        b"Subject: " + b"=?utf-8?q?" * 3_000 + b"\r\n\r\nx",
        b"From: " + b"<" * 5_000 + b"a@b.fr" + b">" * 5_000 + b"\r\n\r\nx",
    ],
)  # fmt: skip
def test_what_peers_broke_on(raw):
    check(raw)


def test_a_wide_message_is_rejected_by_its_parts():
    with pytest.raises(Rejected, match=str(MAX_PARTS)):
        read_mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1_000)


def test_an_archive_is_never_opened(monkeypatch):
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(5_000_000))

    def opened(*args: object, **kwargs: object) -> None:
        raise AssertionError(args)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", opened)
    raw = (
        b"From: a@b.fr\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n"
        b"--b\r\nContent-Type: application/zip; name=42.zip\r\n\r\n" + bomb.getvalue() + b"\r\n--b--"
    )
    mail = read_mail(raw)
    is_well_formed(mail)
    assert mail.text == "hello"
    assert mail.attachments[0].size < 20_000


@pytest.mark.parametrize(
    "text",
    [
        "mes données " * 17_000,
        "delete my data and " * 10_000,
        "a" * 200_000,
        "Ab " * 66_000,
        "Le 3 mai 2026 :\n> " * 11_000,
        "(" * 200_000,
        "Nom : " + "a'" * 99_000,
    ],
)
def test_two_hundred_kilobytes_are_read_in_time(text):
    import time

    began = time.process_time()
    check(b"From: a@b.fr\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode())
    assert time.process_time() - began < 2
