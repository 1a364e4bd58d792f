"""The address to which answers to a case's letters go: `privacy+TOKEN@`, where the settings have a pattern for it.

A case gets its token once, under its row's lock; asking again returns the same address.
"""

import secrets
from base64 import b32encode

from sqlmodel import Session, select

from models.mailbox_settings import TOKEN
from models.settings import settings
from models.tables import Case

TOKEN_BYTES = 10  # 80 bits: 16 characters of base32 without padding


def reply_address(session: Session, case: Case) -> str:
    """Return the case's reply address, in the caller's transaction; "" where `DSR_REPLY_ADDRESS` is not set.

    The token leads mail to its case and proves nothing about who wrote it. Lower case: local parts lose theirs on the way.
    """
    if not settings().reply_address:
        return ""
    locked = session.exec(
        select(Case).where(Case.id == case.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not locked.reply_token:
        locked.reply_token = b32encode(secrets.token_bytes(TOKEN_BYTES)).decode("ascii").lower()
        session.add(locked)
        session.flush()
    return settings().reply_address.replace(TOKEN, locked.reply_token)
