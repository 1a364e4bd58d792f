"""The tables, one file per aggregate; importing this package registers them all for Alembic.

`case` owns correspondence and clocks, `request` one right and its steps. Rows are added, seldom changed,
and audit events never.
"""

from models.tables.audit import AuditEvent
from models.tables.case import Case, ClockEvent, ReferenceCounter
from models.tables.challenge import Challenge, Download
from models.tables.finding import FindingRow, ManualTask, Receipt
from models.tables.letter import Letter, LetterState
from models.tables.message import Message, MessageState
from models.tables.officer import Officer
from models.tables.request import Decision, Request, RequestState, Step, WaitsFor

__all__ = [
    "AuditEvent",
    "Case",
    "Challenge",
    "ClockEvent",
    "Decision",
    "Download",
    "FindingRow",
    "Letter",
    "LetterState",
    "ManualTask",
    "Message",
    "MessageState",
    "Officer",
    "Receipt",
    "ReferenceCounter",
    "Request",
    "RequestState",
    "Step",
    "WaitsFor",
]
