"""Keyed digests of e-mail addresses and phone numbers, so that one can be recognised without being kept (law.md A5).

Pure. A digest is HMAC-SHA256 under a key of the settings: without the key, a list of likely addresses cannot be tried
out. Rotation puts a new key first; the older ones stay, because a digest cannot be made anew without the address.
"""

import hmac
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import idna

from models.errors import Rejected
from models.settings import settings

KINDS = ("email", "phone")
LONGEST_EMAIL = 320  # characters: 64 before the @ and 255 behind it (RFC 5321, 4.5.3.1)
LONGEST_PHONE = 40
DIGITS = range(6, 16)  # how many a number has; E.164 allows fifteen
_DEMO_KEY = "demo fingerprints, refused outside the demo"
_FRENCH = re.compile(r"(?:0|\+330)([1-9][0-9]{8})")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`key_id` names the key and tells nothing about it; `digest` is 64 hexadecimal digits."""

    kind: str
    key_id: str
    digest: str


def normalise(kind: str, value: str) -> str:
    """Return the one spelling of an e-mail address or a phone number; `Rejected` where it is neither.

    Addresses: NFC, stripped, case folded, the domain in IDNA; dots and plus signs are kept, for with some providers they
    make another mailbox. Numbers: digits behind one +; 00 is +, and ten digits that begin with 0 are French.
    """
    if kind not in KINDS:
        raise Rejected("only e-mail addresses and phone numbers have a fingerprint: give one of these")
    return _email(value) if kind == "email" else _phone(value)


def fingerprints(kind: str, value: str) -> tuple[Fingerprint, ...]:
    """Return the fingerprint under each configured key, newest first; raises what `normalise` raises."""
    message = f"{kind}:{normalise(kind, value)}"
    keys = [key.get_secret_value() for key in settings().fingerprint_keys] or [_DEMO_KEY]
    return tuple(Fingerprint(kind, _digest(key, "key id")[:8], _digest(key, message)) for key in keys)


def email_digest(address: str) -> str:
    """Return the digest of an address under the newest key; empty for what is no address."""
    return next(iter(email_digests(address)), "")


def email_digests(address: str) -> tuple[str, ...]:
    """Return its digest under each key, newest first; none for what is no address."""
    try:
        return tuple(each.digest for each in fingerprints("email", address))
    except Rejected:
        return ()


def _digest(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode(), "sha256").hexdigest()


def _email(value: str) -> str:
    text = unicodedata.normalize("NFC", value).strip()
    local, at, domain = text.rpartition("@")
    if len(text) > LONGEST_EMAIL or not (local and at and domain and _is_plain(text)):
        raise Rejected("this is no e-mail address: write name@domain")
    return f"{unicodedata.normalize('NFC', local.casefold())}@{_domain(domain)}"


def _is_plain(text: str) -> bool:
    """No spaces, no controls, no halves of characters: what an address never holds, and UTF-8 may refuse."""
    return not any(unicodedata.category(character) in {"Cc", "Cs", "Zs", "Zl", "Zp"} for character in text)


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    """The domain in ASCII (RFC 5891, UTS 46); as it is written where it is no registrable name."""
    bare = domain.removesuffix(".") or domain
    try:
        return idna.encode(bare, uts46=True).decode()
    except idna.IDNAError:
        return bare.casefold()


def _phone(value: str) -> str:
    text = value.strip()
    digits = "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())
    if len(text) > LONGEST_PHONE or any(character.isalpha() for character in text) or "@" in text:
        raise Rejected("this is no phone number: write +33 1 23 45 67 89")
    number = digits
    if text.startswith(("+", "(+", "\uff0b")):
        number = f"+{digits}"
    elif digits.startswith("00"):
        number = f"+{digits[2:]}"
    if french := _FRENCH.fullmatch(number):
        number = f"+33{french[1]}"
    if len(number.removeprefix("+")) not in DIGITS:
        raise Rejected("this is no phone number: write +33 1 23 45 67 89")
    return number
