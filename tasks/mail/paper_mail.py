"""What came on paper or by telephone, as a message of its own: notes as its text, files attached (RFC 5322).

So everything that reads, shows and purges mail does the same with it. Pure: nothing is stored here.
"""

import re
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from models.by_hand import ByHand
from models.calendar import Language
from models.controller import Text
from models.records import Document
from models.settings import settings
from models.storage import sha256
from models.tables import Channel
from tasks.mail.read_kept import read_bytes

POSTAL = "X-Postal-Address"
SUBJECTS = {
    Channel.POST: Text(fr="Demande reçue par courrier postal", en="Request received by post"),
    Channel.PHONE: Text(fr="Demande reçue par téléphone", en="Request received by telephone"),
    Channel.FORWARD: Text(fr="Demande transmise par un collègue", en="Request passed on by a colleague"),
    Channel.COUNTER: Text(fr="Demande faite sur place", en="Request made in person"),
    Channel.FORM: Text(fr="Demande reçue par un formulaire", en="Request received by a form"),
}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_NO_FILE = {"multipart", "message", "text"}  # would be read as part of the message instead of a file


def message_id_of(key: str) -> str:
    """Return the Message-ID of what the form `key` brought."""
    domain = settings().mailbox.rpartition("@")[2]
    return f"<by-hand.{sha256(key.encode())[:32]}@{domain}>"


def as_mail(given: ByHand, mailbox: str, key: str) -> bytes:
    """Return the message. A colleague's forward without notes has the text of the mail that was forwarded."""
    language: Language = "fr" if settings().officer_language == "fr" else "en"
    mail = EmailMessage(policy=policy.SMTP)
    if given.address:
        mail["From"] = Address(given.name, addr_spec=given.address)
    mail["To"] = mailbox
    mail["Subject"] = getattr(SUBJECTS[given.channel], language)
    mail["Date"] = format_datetime(given.received_at)
    mail["Message-ID"] = message_id_of(key)
    if given.postal:
        mail[POSTAL] = " | ".join(given.postal)
    mail.set_content(_clean(given.notes) or _forwarded(given.files) or "–")
    for file in given.files:
        main, _, sub = file.media_type.partition("/")
        if main in _NO_FILE:
            main, sub = "application", "octet-stream"
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=_clean(file.name))
    return mail.as_bytes()


def postal_lines(raw: bytes) -> list[str]:
    """Return the lines of the postal address that a message by hand carries."""
    found = message_from_bytes(raw, policy=policy.default).get(POSTAL, "")
    return [line.strip() for line in str(found).split("|") if line.strip()]


def _forwarded(files: tuple[Document, ...]) -> str:
    """Return the text of the first mail among the files; empty where it cannot be read."""
    first = next((file.content for file in files if file.name.lower().endswith(".eml")), None)
    mail = read_bytes(first, settings().message_seconds) if first is not None else None
    return _clean(mail.text) if mail is not None else ""


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text.replace("\r\n", "\n").encode("utf-8", "replace").decode())
