"""Attach pictures and files to a letter. Pure but for the message it is given; nothing is fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart


@dataclass(frozen=True, slots=True)
class Attached:
    """One picture or file. With a `cid` the HTML shows it as `cid:…` (RFC 2392); without, it is a file of its own."""

    name: str
    media_type: str
    content: bytes
    cid: str = ""


def attach(mail: EmailMessage, attachments: Sequence[Attached]) -> None:
    """Add `attachments` to a mail whose text and HTML are set, before headers of the whole that name its content.

    The result is `mixed(alternative(text, related(html, pictures…)), files…)`: every program finds what it can show.
    """
    html = mail.get_body(("html",))
    for one in attachments:
        kind, _, subtype = one.media_type.partition("/")
        if one.cid:
            assert isinstance(html, MIMEPart), "pictures belong to an HTML part"
            html.add_related(
                one.content, kind, subtype, cid=f"<{one.cid}>", filename=one.name, disposition="inline"
            )
        else:
            mail.add_attachment(one.content, kind, subtype, filename=one.name)
