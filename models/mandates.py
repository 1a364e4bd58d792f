"""Somebody acts for the person: what was handed in to prove it (law.md I13 to I19). Values only."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from models.letters import Line
from models.records import Document, Frozen
from models.rights import Right


class AgentKind(StrEnum):
    """As what somebody acts. A minor's request and a dead person's go to a person (I18, I19)."""

    AGENT = "agent"
    LAWYER = "lawyer"
    PORTAL = "portal"
    PARENT = "parent"
    GUARDIAN = "guardian"
    HEIR = "heir"


class MandateGiven(Frozen):
    """A mandate as an officer typed it in. `rights`: those it names; empty where it names none.

    `agent_address` is an e-mail address or empty. `document` is the scan, of whatever format.
    """

    kind: AgentKind
    agent_name: Line
    agent_address: Line = ""
    rights: tuple[Right, ...] = ()
    purpose: Line = Field(default="", max_length=500)
    valid_until: date | None = None
    may_receive: bool = False
    evidence: Line = Field(default="", max_length=500)
    document: Document | None = None
