"""Chromium as people use it: every host it asks is written down, pages can be photographed and checked with axe."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.support.require import chromium

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=fr-FR",  # what a date field shows is the browser's own language, not the page's
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves, and nothing waits for an answer
]
PATIENCE = 30_000  # milliseconds, for machines that run other tests besides
LARGEST = 200_000  # bytes of a picture
LOCAL = {"", "127.0.0.1"}  # blob: and data: have no host


@dataclass
class Visitor:
    """One person's browser window, what it asked for, and what axe found on its pages."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    violations: dict[str, list[str]] = field(default_factory=dict)

    def check(self, name: str) -> None:
        """Look at the page with axe."""
        found = Axe().run(self.page).response["violations"]
        self.violations[name] = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as tools:
        expect.set_options(timeout=PATIENCE)
        launched = tools.chromium.launch(
            executable_path=chromium(), args=ARGUMENTS, env={**os.environ, "LANGUAGE": "fr"}
        )
        yield launched
        launched.close()


def visitor(launched: Browser, width: int = 1100, height: int = 900) -> Visitor:
    """A new person, French, in a fresh window."""
    context = launched.new_context(
        viewport={"width": width, "height": height}, locale="fr-FR", timezone_id="Europe/Paris"
    )
    context.set_default_timeout(PATIENCE)
    here = Visitor(context.new_page())
    context.on("request", lambda asked: here.hosts.add(urlsplit(asked.url).hostname or ""))
    here.page.on("websocket", lambda socket: here.hosts.add(urlsplit(socket.url).hostname or ""))
    return here


def picture(what: Page | Locator, folder: Path, name: str) -> None:
    """Save what is seen as a PNG, small enough to stand in a README."""
    path = folder / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    what.screenshot(path=path, animations="disabled")
    assert path.stat().st_size < LARGEST, f"{path.name} has {path.stat().st_size} bytes"


def code_in(text: str) -> str:
    """The one-time code as it stands in a letter."""
    found = re.search(r"\b\d{4}\s\d{4}\b", text)
    assert found, "the letter holds no code"
    return found[0]
