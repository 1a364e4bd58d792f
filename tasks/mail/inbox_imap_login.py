"""Open an IMAP mailbox, by password or access token, and say in one sentence why that failed. Changes nothing there."""

import imaplib
import ssl
from contextlib import suppress
from datetime import datetime

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailboxFolderSelectError, MailBoxUnencrypted

from models.errors import DsrError
from models.mailbox_settings import MailboxSettings
from tasks.mail.mail_login import access_token, forget_token

KEPT = "DsrKept"
TIMEOUT_SECONDS = 30.0  # of silence; the next round of the intake, for every mailbox, waits for the slowest


class Refused(imaplib.IMAP4.error):
    """The server said no, and the connection is as good as before. Its words follow "the server of …"."""


FAILURES = (ImapToolsError, imaplib.IMAP4.error, OSError, DsrError)


def open_mailbox(config: MailboxSettings, now: datetime) -> BaseMailBox:
    """Return a mailbox that is logged in with its folder open; raises one of `FAILURES`."""
    box = _reached(config)
    try:
        _log_in(box, config, now)
        _open_folder(box, config)
    except BaseException:
        hang_up(box)
        raise
    return box


def _open_folder(box: BaseMailBox, config: MailboxSettings) -> None:
    try:
        box.folder.set(config.imap_folder)
    except MailboxFolderSelectError as error:
        raise Refused("has no such folder, or does not open it: check its imap_folder") from error
    if not (config.imap_done_folder or keeps_keywords(box)):
        raise Refused("keeps no keywords, so that kept mail must move: set its imap_done_folder")


def keeps_keywords(box: BaseMailBox) -> bool:
    r"""Whether the open folder keeps our keyword for good (RFC 9051 PERMANENTFLAGS; Exchange keeps none)."""
    told = box.client.untagged_responses.get("PERMANENTFLAGS")
    flags = [part for part in told or [rb"\*"] if isinstance(part, bytes)]
    return any(rb"\*" in part or KEPT.encode() in part for part in flags)


def hang_up(box: BaseMailBox) -> None:
    """Close the socket without a word: a server that does not answer would keep us waiting."""
    with suppress(*FAILURES):
        box.client.shutdown()


def sentence(config: MailboxSettings, error: BaseException) -> str:
    """What went wrong and what to do, without the account's name and without what the server says."""
    where = f"the mailbox {config.address}"
    match error:
        case Refused():
            return f"{where}: its server {error} (DSR_IMAP_* or DSR_MORE_MAILBOXES)"
        case DsrError():
            return f"{where}: {error}"
        case ssl.SSLError():
            why = f"no TLS with its server ({type(error).__name__}): check the certificate, imap_port and imap_tls"
        case TimeoutError():
            why = f"its server does not answer within {TIMEOUT_SECONDS:g} s: check imap_host and imap_port"
        case OSError():
            why = f"its server cannot be reached ({type(error).__name__}): check imap_host and imap_port"
        case _:
            why = f"the conversation broke off ({type(error).__name__}): look at the mail server's log"
    return f"{where}: {why} (DSR_IMAP_* or DSR_MORE_MAILBOXES)"


def _reached(config: MailboxSettings) -> BaseMailBox:
    host, port = config.imap_host, config.imap_port
    if config.imap_tls:
        return MailBox(host, port, timeout=TIMEOUT_SECONDS, ssl_context=ssl.create_default_context())
    return MailBoxUnencrypted(host, port, timeout=TIMEOUT_SECONDS)


def _log_in(box: BaseMailBox, config: MailboxSettings, now: datetime) -> None:
    """Log in; a token that is refused may have been revoked before its time, so a new one is tried once."""
    if config.imap_auth == "password":
        user, password = config.imap_user, config.imap_password.get_secret_value()
        login = box.login if (user + password).isascii() else box.login_utf8
        try:
            login(user, password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (ImapToolsError, imaplib.IMAP4.error) as error:
            raise Refused("refuses the login: check its imap_user and imap_password") from error
    elif not _present_token(box, config, now):
        forget_token(config.oauth)
        if not _present_token(box, config, now):
            raise Refused(
                "refuses the access token: check its imap_user, oauth_scope and what the token may do"
            )


def _present_token(box: BaseMailBox, config: MailboxSettings, now: datetime) -> bool:
    """SASL XOAUTH2; False where it is refused. The server tells why in a challenge, which is answered with nothing."""
    answers = [f"user={config.imap_user}\1auth=Bearer {access_token(config.oauth, now)}\1\1".encode(), b""]
    try:
        box.client.authenticate("XOAUTH2", lambda _challenge: answers.pop(0) if answers else None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        return False
    return True
