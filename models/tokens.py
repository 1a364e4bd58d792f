"""Random link tokens and one-time codes, and the digests under which they are kept.

A token has 192 random bits, so a plain digest of it tells nothing. A code has 27, which anyone with the database could
try out: its digest is keyed with a secret that is not in the database. Pure but for the random source.
"""

import hashlib
import hmac
import re
import secrets

from models.settings import settings

CODE_DIGITS = 8

_DEMO_SECRET = "demo secret, refused outside the demo"  # noqa: S105  # settings() refuses to start without a real one
_SEPARATORS = re.compile(r"[\s.\-]")


def new_token() -> str:
    """Return 192 random bits as 32 characters that are safe in a URL."""
    return secrets.token_urlsafe(24)


def new_code() -> str:
    """Return eight random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def show_code(code: str) -> str:
    """Return the code as people read it: `1234 5678`."""
    return f"{code[:4]} {code[4:]}"


def read_code(typed: str) -> str:
    """Return the digits of what a person typed, or an empty string where it is no code."""
    digits = _SEPARATORS.sub("", typed)
    return digits if len(digits) == CODE_DIGITS and digits.isascii() and digits.isdecimal() else ""


def token_hash(token: str) -> str:
    """Return SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def code_hash(code: str, salt: str) -> str:
    """Return a keyed digest of the code, different for each `salt`."""
    return hmac.new(derived_secret("one-time code"), f"{salt}:{code}".encode(), "sha256").hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one, other)


def derived_secret(use: str) -> bytes:
    """Return 32 bytes derived from DSR_SESSION_SECRET, different for each use, the same in every process."""
    secret = settings().session_secret.get_secret_value() or _DEMO_SECRET
    return hmac.new(secret.encode(), use.encode(), "sha256").digest()
