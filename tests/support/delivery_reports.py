"""Delivery reports as mail servers write them, about letters of ours; every address is invented."""

import uuid
from email.message import EmailMessage
from email.policy import SMTP

DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example>"
EXPLAINS = "Your message could not be delivered to one or more recipients.\n"


def multipart_report(
    returned: bytes,
    recipient: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    headers_only: bool = False,
) -> bytes:
    """A report of RFC 3464, with the whole letter or its headers."""
    boundary = "=_report"
    letter = returned.partition(b"\r\n\r\n")[0] + b"\r\n" if headers_only else returned
    kind = b"text/rfc822-headers" if headers_only else b"message/rfc822"
    head = (
        f"Return-Path: <>\r\nFrom: {DAEMON}\r\nTo: privacy@nexoris.com\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{uuid.uuid5(uuid.NAMESPACE_OID, f'{returned!r}{action}{status}')}@mx.example>\r\n"
        f"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{EXPLAINS}\r\n"
        f"--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} <{recipient}>: unknown\r\n\r\n"
        f"--{boundary}\r\n"
    ).encode()
    return head + b"Content-Type: " + kind + b"\r\n\r\n" + letter + f"\r\n--{boundary}--\r\n".encode()


def plain_report(
    text: str, subject: str = "Undelivered Mail Returned to Sender", message_id: str = "<plain@mx.example>"
) -> bytes:
    """What an old server writes: words, and nothing that a machine could read."""
    mail = EmailMessage(policy=SMTP)
    mail["Return-Path"] = "<>"
    mail["From"] = DAEMON
    mail["To"] = "privacy@nexoris.com"
    mail["Subject"] = subject
    mail["Message-ID"] = message_id
    mail.set_content(text)
    return mail.as_bytes()


def postfix_words(recipient: str, reply: str = "550 5.1.1 User unknown") -> str:
    """The text of a Postfix report, of which only the text arrived."""
    return (
        "This is the mail system at host mx.example.\n\n"
        "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
        "                   The mail system\n\n"
        f"<{recipient}>: host mail.example[192.0.2.7] said: {reply} (in reply\n    to RCPT TO command)\n"
    )
