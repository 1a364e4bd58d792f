"""A desk with cases in every state, for pictures and for the desk's tests; persons and letters are invented."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from sqlmodel import Session

from models import audit, storage
from models.case_clock import deadlines_of
from models.letters import Acknowledge, LetterKind
from models.records import Finding, FindingStatus
from models.rights import Right
from models.tables import (
    Case,
    Decision,
    Letter,
    LetterState,
    Message,
    MessageState,
    Request,
    RequestState,
    Step,
    WaitsFor,
)
from tasks.challenges import Issued, attempt, issue, newest
from tasks.colleagues.manual_tasks import open_task
from tasks.exports.downloads import Offered, offer
from tasks.letters.correspondence import requester_facts
from tasks.letters.write_letter import write_letter
from tasks.search_systems import store_findings
from tasks.steps import Scene
from tests.support.bundle_samples import client_findings
from tests.support.case_rows import NOW, ON_FILE, add_case, manual_system

REQUEST_TEXT = """Bonjour,

Je m'appelle Camille Durand. Je souhaite recevoir une copie de toutes les données que vous avez
sur moi, et que vous cessiez de m'envoyer votre lettre d'information.

Merci d'avance,
Camille Durand
"""
RUN = "0a1b2c3d-0000-4000-8000-000000000042"


def fill_desk(session: Session, now: datetime = NOW) -> Case:
    """Add eight cases; return the one with something in every section."""
    rich = rich_case(session, now - timedelta(days=12))
    others = [
        (
            "Amélie Lefèvre",
            "a.lefevre@atelier.example",
            "fr",
            32,
            (Right.ERASURE,),
            RequestState.REVIEW,
            "officer",
        ),
        (
            "John Whitfield",
            "john@whitfield.example",
            "en",
            26,
            (Right.ACCESS,),
            RequestState.REVIEW,
            "officer",
        ),
        ("", "contact@garage-martin.example", "fr", 9, (Right.RECTIFICATION,), RequestState.DISCOVERY, ""),
        (
            "Sofía Álvarez",
            "sofia@alvarez.example",
            "en",
            5,
            (Right.PORTABILITY,),
            RequestState.IDENTITY,
            "requester",
        ),
        (
            "Bruno Keller",
            "b.keller@keller.example",
            "fr",
            2,
            (Right.ACCESS, Right.ERASURE),
            RequestState.DISCOVERY,
            "colleague",
        ),
        (
            "Nadia Benali",
            "nadia@benali.example",
            "fr",
            0,
            (Right.CONSENT_WITHDRAWAL,),
            RequestState.RECEIVED,
            "",
        ),
    ]
    for name, address, language, days, rights, state, waits_for in others:
        case, requests = add_case(
            session,
            *rights,
            name=name,
            address=address,
            language=language,
            received_at=now - timedelta(days=days),
        )
        for request in requests:
            request.state, request.waits_for = state, waits_for
        session.add(case)
    return rich


def rich_case(session: Session, received_at: datetime) -> Case:
    """A case half-way: identity proved, systems searched but one, the officer is asked."""
    case, (access, objection) = add_case(
        session, Right.ACCESS, Right.OBJECTION, address=ON_FILE, received_at=received_at
    )
    add_message(session, case, REQUEST_TEXT, "Mes données personnelles", received_at)
    acknowledge(session, case, received_at + timedelta(minutes=2))
    issued = issue(
        session, access, "identity", ON_FILE, f"{access.ref}:identity-0", received_at + timedelta(minutes=3)
    )
    prove(session, access, issued, received_at + timedelta(hours=5))
    open_task(session, access, manual_system(), 1, received_at + timedelta(hours=6))
    add_findings(session, access, received_at + timedelta(hours=6))
    add_decision(session, case, objection, received_at + timedelta(hours=7))
    access.state, access.waits_for, access.waits_on = RequestState.REVIEW, WaitsFor.OFFICER, "review"
    access.flow_run_id = RUN
    objection.state, objection.outcome = RequestState.CLOSED, "answered"
    objection.replied_at = objection.closed_at = received_at + timedelta(hours=7)
    session.flush()
    return case


def add_message(
    session: Session, case: Case, text: str, subject: str, at: datetime, html: str = ""
) -> Message:
    """Keep an inbound message of the case."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = case.requester_address, case.mailbox, subject
    mail["Message-ID"] = f"<{case.id}.{int(at.timestamp())}@mail.example>"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    raw = mail.as_bytes()
    message = Message(
        mailbox=case.mailbox,
        message_id=mail["Message-ID"],
        content_hash=storage.sha256(raw),
        storage_key=storage.keep("mail", raw),
        received_at=at,
        kept_at=at,
        state=MessageState.CASE,
        case_id=case.id,
        sender=case.requester_address,
        subject=subject,
    )
    session.add(message)
    session.flush()
    audit.record(session, case, "requester", "message_received", at, message=message.content_hash)
    return message


def acknowledge(session: Session, case: Case, at: datetime) -> Letter:
    """Write the acknowledgement and mark it sent."""
    dates = deadlines_of(session, case, at)
    context = Acknowledge(
        **requester_facts(case),
        rights=(Right.ACCESS, Right.OBJECTION),
        commitment=dates.commitment,
        statutory_due=dates.statutory_due,
    )
    key = f"{case.ref}:acknowledge"
    letter = write_letter(
        session, case, None, LetterKind.ACKNOWLEDGE, context, case.requester_address, key, at
    )
    letter.state, letter.sent_at = LetterState.SENT, at
    audit.record(session, case, "engine", "letter_sent", at, letter=letter.kind, reply="250")
    return letter


def prove(session: Session, request: Request, issued: Issued, at: datetime) -> None:
    """Answer the identity code."""
    challenge = newest(session, request.id, "identity")
    assert challenge is not None
    attempt(session, challenge, ("00000000",), at - timedelta(minutes=1), "portal")
    attempt(session, challenge, (issued.code,), at, "portal")


def add_findings(session: Session, request: Request, at: datetime, round_number: int = 1) -> None:
    """One round of discovery: two systems answered, one waits for a colleague."""
    site, *_ = client_findings()
    waits = "Elay administrator must search elay and answer by 2026-11-18"
    findings = [
        site.model_copy(update={"searched_at": at}),
        Finding(system="billing", status=FindingStatus.NONE, searched_at=at),
        Finding(system="elay", status=FindingStatus.WAITING, searched_at=at, problem=waits),
    ]
    case = session.get_one(Case, request.case_id)
    store_findings(round_number, findings)(Scene(session, case, request, at))
    for name in ("identity-0", f"search-{round_number}", "ask-colleagues"):
        session.add(Step(request_id=request.id, name=name, done_at=at, lease_version=1))


def add_decision(session: Session, case: Case, request: Request, at: datetime) -> None:
    """An officer's accepted decision."""
    decision = Decision(
        request_id=request.id,
        question="review",
        round=1,
        officer="Dana Privacy",
        choice="answered",
        reason="Retirée de la lettre d’information le 11 novembre, confirmation envoyée.",
        accepted=True,
        content_hash=storage.sha256(b"what was shown"),
        decided_at=at,
    )
    session.add(decision)
    audit.record(
        session,
        case,
        "Dana Privacy",
        "decided",
        at,
        request=request.right,
        question="review",
        choice="answered",
    )


def offered_case(session: Session, name: str, address: str, language: str) -> tuple[Request, Offered]:
    """A case of nine days whose copy is on offer since now."""
    case, (request, *_) = add_case(
        session, name=name, address=address, language=language, received_at=NOW - timedelta(days=9)
    )
    case.verified_address = address
    request.state, request.outcome, request.replied_at = RequestState.DELIVERY, "answered", NOW
    return request, offer(session, request, bytes(842_000), NOW)
