r"""An IMAP mailbox: IDLE is the wake-up, searching is the truth (mail.md 1.4).

Kept messages get the keyword `DsrKept`, not only `\Seen`: a colleague who opens the mailbox in a mail program must not
hide a request from us. A server without keywords needs `imap_done_folder`. Marking twice changes nothing. Nothing is
ever expunged: that would also remove what colleagues have marked as deleted.
"""

import imaplib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any

from imap_tools import AND, BaseMailBox
from imap_tools.utils import encode_folder

from models.errors import Unavailable
from models.mailbox_settings import MailboxSettings
from tasks.mail.inbox import HEADER_BYTES, HEAVY, LARGEST, TOO_LARGE, Arrived, MayBring, always
from tasks.mail.inbox_imap_login import (
    FAILURES,
    KEPT,
    Refused,
    hang_up,
    keeps_keywords,
    open_mailbox,
    sentence,
)

SEARCHES, LOSSES = 3, 3  # each running


class ImapInbox:
    """One folder of one account; connects when first used and again after a failure."""

    def __init__(self, config: MailboxSettings, largest: int = LARGEST, since: date | None = None) -> None:
        """Only remembers; nothing is opened yet. Of a message of more than `largest` bytes only the header is fetched.

        What the server took before the day `since` is left alone.
        """
        self._config = config
        self._largest = largest
        self._since = since
        self._connection: BaseMailBox | None = None

    def unmarked(self, may_bring: MayBring = always) -> Iterator[Arrived]:
        """Yield messages without our keyword, oldest first, without setting any flag.

        A uid is written `UIDVALIDITY:UID`: numbers that the server gives out anew are other messages (RFC 9051, 2.3.1.1).
        A message that the server cannot give does not keep the others waiting: `Unavailable` is raised after the last,
        or at once where that loses the connection several times running.
        """
        with self._talking() as box:
            validity, numbers = _validity(box), self._search(box)
            large = set(self._search(box, self._largest)) if numbers else set()
            heavy = set(self._search(box, HEAVY)) if numbers else set()
        failure, lost = None, 0
        for number in numbers:
            left = TOO_LARGE if number in large else ""
            if number in heavy - large:
                left = may_bring(f"{validity}:{number}")
            try:
                arrived = self._fetch(validity, number, left)
            except Unavailable as error:
                failure, lost = error, lost + (not isinstance(error.__cause__, Refused))
                if lost >= LOSSES:
                    raise
                continue
            lost = 0
            if arrived is not None:
                yield arrived
        if failure is not None:
            raise failure

    def mark(self, uid: str, *, whole: bool = True) -> None:
        r"""Set the keyword and `\Seen`, then move where a folder for that is configured.

        What is not kept whole gets the keyword alone; where the server has none, it moves, unread. A uid from before the
        server renumbered its messages is ignored: the message comes again and is recognised.
        """
        validity, _, number = uid.partition(":")
        with self._talking() as box:
            if _validity(box) != validity:
                return
            keywords = keeps_keywords(box)
            flags = " ".join([KEPT] * keywords + [r"\Seen"] * whole)
            if flags:
                _ask(box, "STORE", number, "+FLAGS.SILENT", f"({flags})")
            if self._config.imap_done_folder and (whole or not keywords):
                _ask(box, "MOVE", number, encode_folder(self._config.imap_done_folder))

    def count(self) -> int:
        """Search, and look for the folder that kept mail moves to."""
        done = self._config.imap_done_folder
        with self._talking() as box:
            if done and not box.folder.exists(done):
                raise Refused("has no such folder to move kept mail to: check its imap_done_folder")
            return len(self._search(box))

    def older(self, than: date) -> int:
        """Search by the day on which the server took them."""
        with self._talking() as box:
            return len(self._search(box, before=than))

    def wait(self, seconds: float) -> bool:
        """IDLE for at most `seconds`, and never longer than `imap_idle_seconds`, unless something is there already.

        Searching afterwards also finds a dead connection, about which IDLE says nothing.
        """
        with self._talking() as box:
            if self._search(box):
                return True
            box.idle.wait(timeout=min(seconds, self._config.imap_idle_seconds))
            return bool(self._search(box))

    def close(self) -> None:
        """Log out; a dead connection is as good."""
        box, self._connection = self._connection, None
        if box is not None:
            with suppress(*FAILURES):
                box.logout()

    def _search(
        self, box: BaseMailBox, larger_than: int | None = None, before: date | None = None
    ) -> list[str]:
        return _search(box, size_gt=larger_than, date_gte=self._since, date_lt=before)

    def _fetch(self, validity: str, number: str, left: str) -> Arrived | None:
        """One message, or None where it has gone since the search; its header alone where it has to be `left`."""
        what = f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>" if left else "BODY.PEEK[]"
        with self._talking() as box:
            if _validity(box) != validity:
                return None
            parts = _ask(box, "FETCH", number, f"(INTERNALDATE {what})")
            found = [part for part in parts if isinstance(part, tuple)]
            if not found and number in self._search(box):
                raise Refused("lists a message that it does not give: look at the mail server's log")
        if not found:
            return None
        arrived_at = _internal_date([found[0][0], *parts])
        return Arrived(f"{validity}:{number}", found[0][1], arrived_at, left)

    @contextmanager
    def _talking(self) -> Iterator[BaseMailBox]:
        try:
            self._connection = self._connection or open_mailbox(self._config, datetime.now(UTC))
            yield self._connection
        except FAILURES as error:
            if not isinstance(error, Refused):
                box, self._connection = self._connection, None
                if box is not None:
                    hang_up(box)
            raise Unavailable(sentence(self._config, error)) from error


def _search(box: BaseMailBox, **narrower: Any) -> list[str]:
    """The numbers without our keyword. A server may tell of new mail after an answer that left it out: then ask again.

    Where no keyword lasts, all that is in the folder: kept mail has moved out of it.
    """
    marked = keeps_keywords(box)
    criteria = AND(no_keyword=KEPT if marked else None, all=None if marked else True, **narrower)
    numbers: list[str] = []
    for _ in range(SEARCHES):
        box.client.untagged_responses.pop("EXISTS", None)
        numbers = box.uids(criteria)
        if numbers or "EXISTS" not in box.client.untagged_responses:
            break
    return numbers


def _ask(box: BaseMailBox, command: str, *arguments: Any) -> list[Any]:
    """Send a UID command; anything but OK is a failure."""
    status, answer = box.client.uid(command, *arguments)
    if status != "OK":
        raise Refused(f"refused {command}: check its imap_folder and imap_done_folder")
    return answer


def _validity(box: BaseMailBox) -> str:
    """The UIDVALIDITY that the server told when the folder was opened."""
    told = box.client.untagged_responses.get("UIDVALIDITY")
    return str(told[-1], "ascii") if told and isinstance(told[-1], bytes) else ""


def _internal_date(parts: list[object]) -> datetime:
    """When the server took the message (RFC 9051 INTERNALDATE); servers put it before or after the body."""
    for part in parts:
        stamp = imaplib.Internaldate2tuple(part) if isinstance(part, bytes) else None
        if stamp is not None:
            return datetime.fromtimestamp(time.mktime(stamp), UTC)
    return datetime.now(UTC)
