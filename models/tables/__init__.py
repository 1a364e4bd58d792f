"""The tables, one file per aggregate; importing this package registers them all for Alembic.

`case` owns correspondence and clocks, `request` one right and its steps. Rows are added, seldom changed,
and audit events never.
"""

from models.tables.audit import AuditEvent
from models.tables.case import Case, Channel, ClockEvent, Mandate, ReferenceCounter
from models.tables.challenge import Challenge, Download
from models.tables.finding import FindingRow, ManualTask, Receipt
from models.tables.letter import Letter, LetterState, Reached
from models.tables.message import UNPROVED, WRITTEN, Bringing, Message, MessageState
from models.tables.officer import Officer, Role
from models.tables.plan import Restriction, StoredPlan
from models.tables.request import Decision, Request, RequestState, Step, WaitsFor
from models.tables.sla import Alert, Heartbeat, RequestDates, SentReport, Stretch
from models.tables.suppression import Disclosure, Notification, Reappearance, Suppression
from models.tables.todo import Todo, TodoKind

__all__ = [
    "UNPROVED",
    "WRITTEN",
    "Alert",
    "AuditEvent",
    "Bringing",
    "Case",
    "Challenge",
    "Channel",
    "ClockEvent",
    "Decision",
    "Disclosure",
    "Download",
    "FindingRow",
    "Heartbeat",
    "Letter",
    "LetterState",
    "Mandate",
    "ManualTask",
    "Message",
    "MessageState",
    "Notification",
    "Officer",
    "Reached",
    "Reappearance",
    "Receipt",
    "ReferenceCounter",
    "Request",
    "RequestDates",
    "RequestState",
    "Restriction",
    "Role",
    "SentReport",
    "Step",
    "StoredPlan",
    "Stretch",
    "Suppression",
    "Todo",
    "TodoKind",
    "WaitsFor",
]
