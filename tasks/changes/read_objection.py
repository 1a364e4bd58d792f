"""Read whether an objection is about marketing alone, which acts without conditions, or about more (law.md R7a, R7b).

Reads only. Marketing stops in any case; what is not clearly marketing alone is shown to an officer.
"""

import re
from typing import Any

from sqlmodel import col, select

from models.tables import WRITTEN, Message
from tasks.classifier.load_vocabulary import plain_words
from tasks.mail.read_kept import read_kept
from tasks.steps import Scene

MARKETING = re.compile(
    r"newsletter|infolettre|prospect|desabonn|desinscri|demarch|publicit|commercia|marketing|mailing|\be ?mails?\b|"
    r"unsubscribe|opt out|take me off|stop (emailing|writing|contacting|sending)|advert|promotion|\bcontact|spam|campagne|"
    r"campaign"
)
PURPOSE = re.compile(
    r"fins? (de prospection|commerciales?|publicitaires?|marketing)|prospection commerciale|direct marketing|"
    r"marketing purposes|newsletter"
)
WIDER = re.compile(r"traitement|processing|legitim|\binterets?\b|\binterests?\b|article 21|art 21")
MORE = re.compile(
    r"situation particuliere|particular situation|profil|statisti|scor|partage|sharing|third part|\btiers\b|analys|segment"
)


def read_objection(scene: Scene) -> dict[str, Any]:
    """Return `{"marketing": True}` where the case's first message objects to marketing and to nothing else."""
    first = scene.session.exec(
        select(Message)
        .where(Message.case_id == scene.case.id, col(Message.state).in_(WRITTEN))
        .order_by(col(Message.id))
        .limit(1)
    ).first()
    text = ""
    mail = read_kept(first.storage_key) if first is not None else None
    if mail is not None:
        text = plain_words(f"{mail.subject}\n{mail.fresh_text or mail.text}")
    return {"marketing": only_marketing(text)}


def only_marketing(text: str) -> bool:
    """Whether `text`, folded, speaks of marketing and of no other processing."""
    wider = bool(WIDER.search(text)) and not PURPOSE.search(text)
    return bool(MARKETING.search(text)) and not wider and not MORE.search(text)
