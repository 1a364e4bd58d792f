"""The mailbox port: where messages arrive, and the embedded Maildir behind it.

Reading changes nothing on the server; a message is marked only after its bytes are committed here. Messages that were
kept before are recognised by content, so reading one again is harmless.
"""

import mailbox
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message on the server: its exact bytes, and when the server took it (law.md D2)."""

    uid: str
    raw: bytes
    arrived_at: datetime


class Inbox(Protocol):
    """A source of messages. Every method may raise `Unavailable`."""

    def unmarked(self) -> Iterator[Arrived]:
        """Yield what has not been marked, oldest first."""

    def mark(self, uid: str) -> None:
        """Note on the server that this message is kept here."""

    def wait(self, seconds: float) -> bool:
        """Block until something is there to keep (True), or for about `seconds` (False); False may come early."""

    def close(self) -> None:
        """Give connections back."""


class MaildirInbox:
    """A Maildir: `new/` is what is not marked, marking moves to `cur/` as seen."""

    def __init__(self, folder: Path) -> None:
        """Create the folder where it is missing."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._box = mailbox.Maildir(folder, create=True)

    def unmarked(self) -> Iterator[Arrived]:
        """Yield the files of `new/`, oldest first; a file is written once, when it is delivered."""
        for written, path in sorted(self._delivered()):
            try:
                raw = path.read_bytes()
            except FileNotFoundError:  # another process was faster
                continue
            yield Arrived(path.name, raw, datetime.fromtimestamp(written, UTC))

    def mark(self, uid: str) -> None:
        """Move to `cur/`; gone already is as good."""
        with suppress(FileNotFoundError):
            (self._folder / "new" / uid).rename(self._folder / "cur" / f"{uid.partition(':')[0]}:2,S")

    def wait(self, seconds: float) -> bool:
        """Look into `new/` four times a second."""
        until = time.monotonic() + seconds
        while not self._delivered():
            if time.monotonic() >= until:
                return False
            time.sleep(0.25)
        return True

    def close(self) -> None:
        """Nothing is held open."""

    def deliver(self, raw: bytes) -> None:
        """Put a message in, as a delivery agent does (tmp/, then new/)."""
        self._box.add(raw)

    def _delivered(self) -> list[tuple[float, Path]]:
        found = []
        for path in (self._folder / "new").iterdir():
            with suppress(FileNotFoundError):
                if path.is_file() and not path.name.startswith("."):
                    found.append((path.stat().st_mtime, path))
        return found
