"""What waits in the holding pen. Reads only; `tasks.handle_mail` releases and dismisses."""

from datetime import datetime

from sqlmodel import col, select

from models.database import reading
from models.records import Frozen
from models.tables import Message, MessageState


class Penned(Frozen):
    """One message that a person must decide on, and why."""

    number: int
    received_at: datetime
    sender: str
    subject: str
    reason: str


def waiting() -> list[Penned]:
    """Return the messages in the pen, oldest first: their clocks may be running (law.md V2, GL 48)."""
    with reading() as session:
        query = select(Message).where(Message.state == MessageState.PEN).order_by(col(Message.received_at))
        return [
            Penned(
                number=message.id,
                received_at=message.received_at,
                sender=message.sender,
                subject=message.subject,
                reason=message.reason,
            )
            for message in session.exec(query)
        ]
