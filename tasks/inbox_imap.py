r"""An IMAP mailbox: IDLE is the wake-up, searching is the truth (mail.md 1.4).

Kept messages get the keyword `DsrKept`, not only `\Seen`: a colleague who opens the mailbox in a mail program must not
hide a request from us. A server without keywords needs `DSR_IMAP_DONE_FOLDER`. Marking twice changes nothing. Nothing is
ever expunged: that would also remove what colleagues have marked as deleted.
"""

import imaplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from imap_tools import AND, BaseMailBox, ImapToolsError, MailBox, MailBoxUnencrypted
from imap_tools.utils import encode_folder

from models.errors import Unavailable
from models.settings import Settings
from tasks.inbox import Arrived

KEPT = "DsrKept"
TIMEOUT_SECONDS = 60.0
_FAILURES = (ImapToolsError, imaplib.IMAP4.error, OSError)


class ImapInbox:
    """One folder of one account; connects when first used and again after a failure."""

    def __init__(self, config: Settings) -> None:
        """Only remembers; nothing is opened yet."""
        self._config = config
        self._connection: BaseMailBox | None = None

    def unmarked(self) -> Iterator[Arrived]:
        """Yield messages without our keyword, oldest first, without setting any flag.

        A uid is written `UIDVALIDITY:UID`: numbers that the server gives out anew are other messages (RFC 9051, 2.3.1.1).
        """
        with self._talking() as box:
            validity, numbers = _validity(box), _search(box)
        for number in numbers:
            with self._talking() as box:
                if _validity(box) != validity:
                    return
                parts = _ask(box, "FETCH", number, "(INTERNALDATE BODY.PEEK[])")
            found = [part for part in parts if isinstance(part, tuple)]
            if found:
                yield Arrived(f"{validity}:{number}", found[0][1], _internal_date(found[0][0], parts[-1]))

    def mark(self, uid: str) -> None:
        r"""Set the keyword and `\Seen`, then move where a folder for that is configured.

        A uid from before the server renumbered its messages is ignored: the message comes again and is recognised.
        """
        validity, _, number = uid.partition(":")
        with self._talking() as box:
            if _validity(box) != validity:
                return
            _ask(box, "STORE", number, "+FLAGS.SILENT", rf"({KEPT} \Seen)")
            if self._config.imap_done_folder:
                _ask(box, "MOVE", number, encode_folder(self._config.imap_done_folder))

    def wait(self, seconds: float) -> bool:
        """IDLE for at most `seconds`, and never longer than `imap_idle_seconds`, unless something is there already.

        Searching afterwards also finds a dead connection, about which IDLE says nothing.
        """
        with self._talking() as box:
            if _search(box):
                return True
            box.idle.wait(timeout=min(seconds, self._config.imap_idle_seconds))
            return bool(_search(box))

    def close(self) -> None:
        """Log out; a dead connection is as good."""
        box, self._connection = self._connection, None
        if box is not None:
            with suppress(*_FAILURES):
                box.logout()

    @contextmanager
    def _talking(self) -> Iterator[BaseMailBox]:
        try:
            self._connection = self._connection or self._connect()
            yield self._connection
        except _FAILURES as error:
            box, self._connection = self._connection, None
            if box is not None:
                _hang_up(box)
            raise Unavailable(
                f"the mailbox cannot be read ({type(error).__name__}): check DSR_IMAP_*"
            ) from error

    def _connect(self) -> BaseMailBox:
        config = self._config
        box: BaseMailBox
        if config.imap_tls:
            box = MailBox(
                config.imap_host,
                config.imap_port,
                timeout=TIMEOUT_SECONDS,
                ssl_context=ssl.create_default_context(),
            )
        else:
            box = MailBoxUnencrypted(config.imap_host, config.imap_port, timeout=TIMEOUT_SECONDS)
        try:
            box.login(
                config.imap_user, config.imap_password.get_secret_value(), initial_folder=config.imap_folder
            )
        except _FAILURES:
            _hang_up(box)
            raise
        return box


def _hang_up(box: BaseMailBox) -> None:
    """Close the socket without a word: a server that does not answer would keep us waiting."""
    with suppress(*_FAILURES):
        box.client.shutdown()


def _search(box: BaseMailBox) -> list[str]:
    """The numbers without our keyword. A server may tell of new mail after an answer that left it out: then ask again."""
    while True:
        box.client.untagged_responses.pop("EXISTS", None)
        numbers = box.uids(AND(no_keyword=KEPT))
        if numbers or "EXISTS" not in box.client.untagged_responses:
            return numbers


def _ask(box: BaseMailBox, command: str, *arguments: Any) -> list[Any]:
    """Send a UID command; anything but OK is a failure."""
    status, answer = box.client.uid(command, *arguments)
    if status != "OK":
        raise imaplib.IMAP4.error(f"{command} was refused")
    return answer


def _validity(box: BaseMailBox) -> str:
    """The UIDVALIDITY that the server told when the folder was opened."""
    told = box.client.untagged_responses.get("UIDVALIDITY")
    return str(told[-1], "ascii") if told and isinstance(told[-1], bytes) else ""


def _internal_date(head: bytes, tail: object) -> datetime:
    """When the server took the message (RFC 9051 INTERNALDATE); servers put it before or after the body."""
    for part in (head, tail):
        stamp = imaplib.Internaldate2tuple(part) if isinstance(part, bytes) else None
        if stamp is not None:
            return datetime.fromtimestamp(time.mktime(stamp), UTC)
    return datetime.now(UTC)
