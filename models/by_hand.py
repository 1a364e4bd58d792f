"""A request that came by another way than the mailbox, as an officer types it in (law.md Q2, A1). Values only."""

from datetime import datetime

from pydantic import AwareDatetime

from models.letters import Line
from models.mandates import MandateGiven
from models.records import Document, Frozen
from models.rights import Right
from models.tables import Channel

HAND_CHANNELS = (Channel.POST, Channel.PHONE, Channel.FORWARD, Channel.COUNTER, Channel.FORM)


class ByHand(Frozen):
    """What was received. `received_at`: arrival at the company, whoever received it (law.md D2, D3).

    `name` and `address` are the person's own, never an agent's. `postal`: lines of the address on paper. `notes`: the
    request in its own words, or what was said on the telephone. `key`: of the form, so that a form counts once.
    `another`: it is not the request that looks the same.
    """

    rights: tuple[Right, ...]
    channel: Channel
    received_at: AwareDatetime
    name: Line = ""
    address: Line = ""
    postal: tuple[Line, ...] = ()
    language: str = "fr"
    notes: str = ""
    files: tuple[Document, ...] = ()
    mandate: MandateGiven | None = None
    key: str = ""
    another: bool = False


class Opened(Frozen):
    """The case. `already`: this form had opened it before. `late`: its statutory period was over on arrival here."""

    ref: str
    requests: tuple[str, ...]
    already: bool = False
    late: bool = False
    received_at: datetime
