"""What happens to a message that is filed: it opens a case, joins one, waits in the pen, or is machine mail.

Everything is written in the transaction of the caller, who holds the message under its lock and files it once.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models import audit
from models.cases import add_requests, open_case
from models.classification import Classification, Kind
from models.rights import Right
from models.settings import settings
from models.tables import Case, Channel, Message, MessageState, Request, TodoKind
from tasks import todos
from tasks.classifier.detect_machine import is_bulk, says_automatic
from tasks.letters.write_letter import is_address
from tasks.mail.may_answer import is_robot, own_domains
from tasks.mail.read_apart import Read
from tasks.mail.read_mail import ParsedMail

STOPS = frozenset({Right.OBJECTION, Right.CONSENT_WITHDRAWAL})
"""Rights whose safe part, the end of marketing, is done at once (law.md Q5, D24)."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a message: `new_requests` want a flow run, `wake` names requests whose wait may be over."""

    state: MessageState
    case_ref: str = ""
    new_requests: tuple[str, ...] = ()
    wake: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that is being filed, with all that is known of it."""

    session: Session
    message: Message
    read: Read
    now: datetime

    @property
    def asks(self) -> frozenset[Right]:
        """The rights it may exercise; none where nobody asks for anything."""
        verdict = self.read.verdict
        return frozenset() if verdict.kind is Kind.NOT_REQUEST else frozenset(verdict.rights)

    @property
    def by_robot(self) -> bool:
        """Whether its headers say that a machine sent it (RFC 3834 5): it wakes nobody and answers nothing."""
        return says_automatic(self.read.mail)


def pen(
    arrived: Arrived,
    reason: str,
    case_ref: str = "",
    new: Iterable[Request] = (),
    wake: tuple[str, ...] = (),
) -> Handled:
    """Have an officer decide the same day (law.md V2, GL 48)."""
    message = arrived.message
    message.reason = f"{reason}; {message.reason}" if message.reason else reason
    todos.note(arrived.session, TodoKind.QUALIFY, arrived.now, message=message)
    return Handled(MessageState.PEN, case_ref, tuple(request.ref for request in new), wake)


def pen_quietly(arrived: Arrived) -> Handled:
    """Keep it in the pen as read as no request: listed, counted once a week, and never deleted before a person looked."""
    message = arrived.message
    message.quiet = True
    message.reason = "; ".join(filter(None, ("no request was found in it", message.reason)))
    return Handled(MessageState.PEN)


def proposed(mail: ParsedMail) -> dict[str, str]:
    """Whom a robot or a form of ours wrote for, as its Reply-To says; nothing where a person signs.

    Shown to the officer, and never taken without them: anybody can write a Reply-To (law.md I20, S5).
    """
    if not (settings().is_own(mail.sender_address) or is_robot(mail.sender_address)):
        return {}
    others = (one for one in mail.reply_to if not settings().is_own(one) and not is_robot(one))
    return {"reply_to": found} if (found := next(others, "")) else {}


def machine_mail(message: Message, reason: str) -> Handled:
    message.reason = reason
    return Handled(MessageState.MACHINE)


def stop_at_once(arrived: Arrived, home: Case | None, asked: Collection[Right]) -> list[Request]:
    """Open the objection that a person may mean, so that marketing stops before anybody qualifies it (law.md Q5, D24)."""
    mail = arrived.read.mail
    if not STOPS & arrived.asks or STOPS & set(asked) or arrived.by_robot:
        return []
    if is_bulk(mail, own_domains()) or proposed(mail):
        return []
    if home is not None:
        return add_requests(arrived.session, home, [Right.OBJECTION], arrived.now)
    return open_for(arrived, [Right.OBJECTION]) if is_address(mail.sender_address) else []


def remind(arrived: Arrived, case: Case) -> None:
    """Note a reminder or complaint: the clock stays, somebody looks (law.md D21)."""
    audit.record(
        arrived.session, case, "requester", "reminded", arrived.now, message=arrived.message.content_hash
    )
    case.reminders += 1
    case.reminded_at = arrived.message.received_at
    todos.note(arrived.session, TodoKind.REMINDER, arrived.now, case=case, message=arrived.message)


def attach(arrived: Arrived, case: Case, by: str) -> None:
    """File a message with `case`; `by`: what joins them, for what proves nothing ends no wait."""
    arrived.message.case_id, arrived.message.joined = case.id, str(by)
    digest = arrived.message.content_hash
    audit.record(arrived.session, case, "requester", "message_received", arrived.now, message=digest)


def open_for(arrived: Arrived, rights: Iterable[Right]) -> list[Request]:
    verdict = arrived.read.verdict
    name = " ".join(part for part in (verdict.first_name, verdict.last_name) if part)
    case = case_from(arrived.message, arrived.message.sender, name, verdict.language, arrived.now)
    requests = open_case(arrived.session, case, dict.fromkeys(rights), arrived.now)
    arrived.message.case_id = case.id
    return requests


def case_from(message: Message, address: str, name: str, language: str, now: datetime) -> Case:
    """A case as a message opens it, received when the message arrived (law.md D2)."""
    return Case(
        ref="",
        received_at=message.received_at,
        mailbox=message.mailbox,
        requester_address=address,
        requester_name=name,
        language=language if language in settings().letter_languages else "en",
        channel=Channel.MAIL,
        opened_at=now,
    )


def case_of(requests: list[Request]) -> str:
    """The reference of the case that has these requests."""
    return requests[0].ref.partition("/")[0]


def verdict_json(verdict: Classification) -> dict[str, Any]:
    """What a message is taken for, as its row keeps it."""
    return {
        "kind": verdict.kind,
        "rights": list(verdict.rights),
        "language": verdict.language,
        "first_name": verdict.first_name,
        "last_name": verdict.last_name,
        "confidence": verdict.confidence,
        "machine": verdict.machine,
        "because": [[evidence.right, evidence.words] for evidence in verdict.because],
    }
