"""One address, one fingerprint, however it is written; different addresses, different ones; no key, no fingerprint."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Rejected
from models.fingerprints import fingerprints, normalise
from tests.conftest import forget_settings


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("  Camille.Durand@Client.Example \n", "camille.durand@client.example"),
        ("camille+news@client.example", "camille+news@client.example"),
        ("CAMILLE@BÜCHER.example", "camille@xn--bcher-kva.example"),
        ("camille@xn--BCHER-kva.example", "camille@xn--bcher-kva.example"),
        ("camille@client.example.", "camille@client.example"),
        ("rene\u0301@client.example", "ren\u00e9@client.example"),
        ("STRASSE@client.example", "strasse@client.example"),
        ("straße@client.example", "strasse@client.example"),
        ('"a@b"@client.example', '"a@b"@client.example'),
        ("a@under_score.Example", "a@under_score.example"),
        ("a@[192.0.2.1]", "a@[192.0.2.1]"),
    ],
)
def test_an_address_has_one_spelling(written: str, expected: str) -> None:
    assert normalise("email", written) == expected


def test_dots_and_plus_make_another_address() -> None:
    assert len({normalise("email", a) for a in ("ab@c.example", "a.b@c.example", "ab+x@c.example")}) == 3


@pytest.mark.parametrize(
    "written",
    [
        "+33 1 99 00 99 01",
        "0033199009901",
        "01 99 00 99 01",
        "01.99.00.99.01",
        "(+33) 1-99-00-99-01",
        "+33 (0)1 99 00 99 01",
        "\uff0b33\u00a01\u00a099\u00a000\u00a099\u00a001",
        "٠١٩٩٠٠٩٩٠١",
    ],
)
def test_a_number_has_one_spelling(written: str) -> None:
    assert normalise("phone", written) == "+33199009901"


def test_a_foreign_number_keeps_its_country() -> None:
    assert normalise("phone", "+44 20 7946 0958") == "+442079460958"
    assert normalise("phone", "020 7946 0958") == "02079460958"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", ""),
        ("email", "camille"),
        ("email", "@client.example"),
        ("email", "camille@"),
        ("email", "camille durand@client.example"),
        ("email", "camille@client.example\x00"),
        ("email", "camille@client.example\r\nBcc: all@client.example"),
        ("email", "\ud800@client.example"),
        ("email", "a" * 400 + "@client.example"),
        ("phone", ""),
        ("phone", "call me"),
        ("phone", "12"),
        ("phone", "9" * 60),
        ("phone", "camille@client.example"),
        ("visitor_id", "8d1f0a5c3b7e2946"),
    ],
)
def test_what_is_neither_is_refused_and_not_quoted(kind: str, value: str) -> None:
    with pytest.raises(Rejected) as refused:
        fingerprints(kind, value)
    assert not value or value not in str(refused.value)


@given(st.sampled_from(["email", "phone"]), st.text(max_size=60) | st.emails())
def test_hostile_text_is_refused_or_stays_as_it_is_when_asked_again(kind: str, value: str) -> None:
    try:
        once = normalise(kind, value)
    except Rejected:
        return
    assert normalise(kind, once) == once


def test_each_key_gives_one_newest_first(home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["new", "old"]')
    forget_settings()
    newest, oldest = fingerprints("email", "A@b.example")
    assert newest.digest == hmac.new(b"new", b"email:a@b.example", hashlib.sha256).hexdigest()
    assert oldest.digest == hmac.new(b"old", b"email:a@b.example", hashlib.sha256).hexdigest()
    assert newest.key_id != oldest.key_id
    assert len(newest.key_id) == 8
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["old"]')
    forget_settings()
    assert fingerprints("email", "a@B.example") == (oldest,)


def test_the_demo_needs_no_key_and_kinds_never_meet(home: None) -> None:
    [address] = fingerprints("email", "33199009901@b.example")
    assert fingerprints("email", "33199009901@b.example") == (address,)
    assert fingerprints("phone", "0199009901")[0].digest != address.digest
