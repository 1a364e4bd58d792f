"""Take in mail: keep what every mailbox has, then understand it. Any part may be repeated: bytes are recognised."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime

from models.mailbox_settings import MailboxSettings
from models.settings import settings
from tasks.mail.handle_mail import Handled, handle_kept
from tasks.mail.keep_mail import keep_new, open_inbox


def take_in_all(now: datetime) -> Iterator[Handled]:
    """Yield what became of each message of every mailbox.

    The mailboxes are emptied side by side: one that does not answer keeps no other waiting. Its failure is raised at
    the end, several of them as a group.
    """
    mailboxes = settings().mailboxes
    failures: list[Exception] = []
    with ThreadPoolExecutor(len(mailboxes)) as pool:
        for done in as_completed([pool.submit(empty, mailbox, now) for mailbox in mailboxes]):
            failure = done.exception()
            if isinstance(failure, Exception):
                failures.append(failure)
            yield from handle_kept(now)
    if len(failures) > 1:
        raise ExceptionGroup(f"{len(failures)} mailboxes could not be emptied", failures)
    if failures:
        raise failures[0]


def empty(mailbox: MailboxSettings, now: datetime) -> int:
    """Keep what one mailbox has; return how many messages were new here."""
    inbox = open_inbox(mailbox)
    try:
        return keep_new(inbox, mailbox.address, now)
    finally:
        inbox.close()
