"""What a test does when a server it needs is not installed."""

import os
import shutil
from typing import NoReturn

import pytest


def missing(what: str, how: str) -> NoReturn:
    """Skip on a developer's machine; fail in CI, where a skipped test would prove nothing."""
    sentence = f"{what} is missing: {how}"
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def chromium() -> str:
    """Return the browser's path."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or missing("Chromium", "install Debian's package chromium")
