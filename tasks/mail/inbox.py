"""The mailbox port: where messages arrive, and the embedded Maildir behind it.

Reading changes nothing on the server; a message is marked only after its bytes are committed here. Messages that were
kept before are recognised by content, so reading one again is harmless.
"""

import mailbox
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

LARGEST = 50_000_000  # bytes of a message that are brought here; `open_inbox` takes it from the settings
HEAVY = (
    2_000_000  # bytes from which a message may be what a process dies of: asked about before it is brought
)
HEADER_BYTES = 100_000  # of a message that is not brought, no more than this


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message on the server: its exact bytes, and when the server took it (law.md D2).

    `left`: why `raw` is the header alone, and the message stays unread where it is; empty for a whole message.
    """

    uid: str
    raw: bytes
    arrived_at: datetime
    left: str = ""


MayBring = Callable[[str], str]
"""Whether the heavy message of this uid may be brought: an empty answer, or why it has to stay where it is."""
TOO_LARGE = "it is larger than DSR_MESSAGE_MAX_BYTES: only its header is kept here, it stays unread in the mailbox: read it there and decide today"


def always(uid: str) -> str:
    """Bring every heavy message."""
    del uid
    return ""


class Inbox(Protocol):
    """A source of messages. Every method may raise `Unavailable`."""

    def unmarked(self, may_bring: MayBring = always) -> Iterator[Arrived]:
        """Yield what has not been marked, oldest first; ask `may_bring` about each that is heavy, before it is brought."""

    def mark(self, uid: str, *, whole: bool = True) -> None:
        """Note on the server that this message is kept here; what is not kept whole stays unread and in its place."""

    def older(self, than: date) -> int:
        """How many of what is not marked arrived before that day."""

    def count(self) -> int:
        """How many messages are not marked; `Unavailable` also where marking one would fail."""

    def wait(self, seconds: float) -> bool:
        """Block until something is there to keep (True), or for about `seconds` (False); False may come early."""

    def close(self) -> None:
        """Give connections back."""


class MaildirInbox:
    """A Maildir: `new/` is what is not marked, marking moves to `cur/` as seen."""

    def __init__(self, folder: Path, largest: int = LARGEST, since: date | None = None) -> None:
        """Create the folder where it is missing. Of a message of more than `largest` bytes only the header is read.

        What arrived before the day `since`, in UTC, is left alone.
        """
        self._largest = largest
        self._since = since
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._box = mailbox.Maildir(folder, create=True)

    def unmarked(self, may_bring: MayBring = always) -> Iterator[Arrived]:
        """Yield the files of `new/`, oldest first; a file is written once, when it is delivered."""
        for written, path in sorted(self._delivered()):
            try:
                size = path.stat().st_size
                left = TOO_LARGE if size > self._largest else may_bring(path.name) if size > HEAVY else ""
                raw = _header(path) if left else path.read_bytes()
            except FileNotFoundError:  # another process was faster
                continue
            yield Arrived(path.name, raw, datetime.fromtimestamp(written, UTC), left)

    def mark(self, uid: str, *, whole: bool = True) -> None:
        """Move to `cur/`, as seen where it is kept whole; gone already is as good."""
        name = f"{uid.partition(':')[0]}:2,{'S' if whole else ''}"
        with suppress(FileNotFoundError):
            (self._folder / "new" / uid).rename(self._folder / "cur" / name)

    def older(self, than: date) -> int:
        """Count by the time at which the files were written."""
        return sum(datetime.fromtimestamp(written, UTC).date() < than for written, _ in self._delivered())

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
                written = path.stat().st_mtime
                if path.is_file() and not path.name.startswith(".") and not self._leaves_alone(written):
                    found.append((written, path))
        return found

    def _leaves_alone(self, written: float) -> bool:
        return self._since is not None and datetime.fromtimestamp(written, UTC).date() < self._since


def _header(path: Path) -> bytes:
    """Everything up to the first empty line, with it."""
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
    ends = [start.find(line) + len(line) for line in (b"\r\n\r\n", b"\n\n") if line in start]
    return start[: min(ends, default=len(start))]
