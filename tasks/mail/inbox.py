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

LARGEST = 100_000_000  # bytes of a message that are brought here; `open_inbox` derives it from the settings
HEADER_BYTES = 100_000  # of a message above that, no more than this


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message on the server: its exact bytes, and when the server took it (law.md D2).

    `too_large`: `raw` is the header alone, because the rest is more than this machine's memory should be asked for.
    """

    uid: str
    raw: bytes
    arrived_at: datetime
    too_large: bool = False


class Inbox(Protocol):
    """A source of messages. Every method may raise `Unavailable`."""

    def unmarked(self) -> Iterator[Arrived]:
        """Yield what has not been marked, oldest first."""

    def mark(self, uid: str) -> None:
        """Note on the server that this message is kept here."""

    def count(self) -> int:
        """How many messages are not marked; `Unavailable` also where marking one would fail."""

    def wait(self, seconds: float) -> bool:
        """Block until something is there to keep (True), or for about `seconds` (False); False may come early."""

    def close(self) -> None:
        """Give connections back."""


class MaildirInbox:
    """A Maildir: `new/` is what is not marked, marking moves to `cur/` as seen."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        """Create the folder where it is missing. Of a message of more than `largest` bytes only the header is read."""
        self._largest = largest
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._box = mailbox.Maildir(folder, create=True)

    def unmarked(self) -> Iterator[Arrived]:
        """Yield the files of `new/`, oldest first; a file is written once, when it is delivered."""
        for written, path in sorted(self._delivered()):
            try:
                too_large = path.stat().st_size > self._largest
                raw = _header(path) if too_large else path.read_bytes()
            except FileNotFoundError:  # another process was faster
                continue
            yield Arrived(path.name, raw, datetime.fromtimestamp(written, UTC), too_large)

    def mark(self, uid: str) -> None:
        """Move to `cur/`; gone already is as good."""
        with suppress(FileNotFoundError):
            (self._folder / "new" / uid).rename(self._folder / "cur" / f"{uid.partition(':')[0]}:2,S")

    def count(self) -> int:
        """Count the files of `new/`."""
        return len(self._delivered())

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


def _header(path: Path) -> bytes:
    """Everything up to the first empty line, with it."""
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
    ends = [start.find(line) + len(line) for line in (b"\r\n\r\n", b"\n\n") if line in start]
    return start[: min(ends, default=len(start))]
