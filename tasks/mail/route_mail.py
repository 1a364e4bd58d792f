"""Decide where a message goes, in the transaction that files it: a case, the holding pen, or machine mail.

The caller holds the message under its lock and files it once (`tasks.mail.handle_mail`).
"""

import logging
import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from sqlmodel import Session, col, select

from models.cases import count_from
from models.classification import Kind, Machine
from models.rights import Right
from models.settings import settings
from models.tables import Case, Message, MessageState, Request, WaitsFor
from tasks.challenges import answer_by_reply
from tasks.classifier.detect_machine import is_bulk, is_marked_automatic, is_personal
from tasks.letters.write_letter import is_address
from tasks.mail import thread_mail
from tasks.mail.file_mail import (
    Arrived,
    Handled,
    attach,
    case_of,
    machine_mail,
    open_for,
    pen,
    pen_quietly,
    proposed,
    remind,
    stop_at_once,
    verdict_json,
)
from tasks.mail.may_answer import own_domains, why_not
from tasks.mail.note_bounce import note_bounce

__all__ = ["Handled", "route"]

OURS = "our own address sent it for somebody: say who asks"
ROBOT = "a robot sent it for somebody: say who asks"
FORWARDED = "a colleague forwarded it: say who asks and when it arrived at the company"
ANSWERS = {WaitsFor.REQUESTER, WaitsFor.MESSAGE}
SURE = 0.8  # confidence from which a message read as no request may wait for the weekly look
DOCUMENTS = re.compile(
    r"application/(?:pdf|rtf|msword|octet-stream|zip|vnd\.)|image/(?!gif)|message/|text/(?:plain|rtf)"
)
log = logging.getLogger(__name__)


def route(arrived: Arrived) -> Handled:
    """Put the message where it belongs, and write down the reason."""
    session, message, mail = arrived.session, arrived.message, arrived.read.mail
    message.automatic = why_not(mail, session, arrived.now)
    copied = thread_mail.came_before(session, message)
    if copied is not None:
        return _copy(arrived, copied)
    ours = settings().is_own(mail.sender_address)
    if thread_mail.letters_called(session, [mail.message_id]) or (ours and not _for_somebody(arrived)):
        return machine_mail(message, "our own address wrote it")
    if arrived.read.report is not None:
        note_bounce(session, message, arrived.read.report, mail, arrived.now)
        return machine_mail(message, str(Machine.BOUNCE))
    if thread_mail.reuses_an_id(session, message):
        message.reason = "an earlier message has the same Message-ID and other words"
        log.warning("message %s: %s", message.id, message.reason)
    thread = thread_mail.find_thread(session, arrived.read)
    if thread is not None:
        arrived = replace(arrived, read=replace(arrived.read, verdict=arrived.read.own))
    message.classification = verdict_json(arrived.read.verdict) | proposed(mail)
    answered = _answered_code(arrived, thread)
    machine = "" if answered else _why_machine(arrived, thread)
    if machine:
        message.case_id = thread.case.id if thread else None
        return machine_mail(message, machine)
    if ours:
        return _doubt(arrived) if arrived.read.verdict.kind is Kind.NOT_REQUEST else pen(arrived, OURS)
    return _written(arrived, thread, answered=answered)


def _for_somebody(arrived: Arrived) -> bool:
    """Whether a form of ours may have sent it in the name of a person who asks for something (law.md Q2)."""
    named = proposed(arrived.read.mail)
    return bool(named or arrived.asks) and not arrived.by_robot


def _saw_our_letter(arrived: Arrived, thread: thread_mail.Thread) -> bool:
    """Whether the writer saw a letter of ours: they write to its reply address, or answer its Message-ID.

    A reference can be counted up, and whoever answers a message of the case may have written that one too.
    """
    if thread.by is thread_mail.By.TOKEN:
        return True
    mail = arrived.read.mail
    answered = thread_mail.letters_called(arrived.session, [*mail.in_reply_to.split(), *mail.references])
    return any(letter.case_id == thread.case.id for letter in answered)


def _answered_code(arrived: Arrived, thread: thread_mail.Thread | None) -> bool:
    """Whether it holds the identity code. Only who saw our letter may try one: a stranger would use up the tries.

    It comes before any verdict by words: somebody on a journey sends a code too.
    """
    mail = arrived.read.mail
    if thread is None or is_marked_automatic(mail) or not _saw_our_letter(arrived, thread):
        return False
    # Locks as the portal does: code, then case.
    return answer_by_reply(arrived.session, thread.case, mail.fresh_text or mail.text, arrived.now)


def _why_machine(arrived: Arrived, thread: thread_mail.Thread | None) -> str:
    """Why it is no person's word; a robot that passes on a request is not put away (peers.md 4.2)."""
    verdict = arrived.read.verdict
    if verdict.kind is not Kind.NOT_REQUEST:
        return ""
    if verdict.machine is not None:
        return str(verdict.machine)
    if thread is not None:
        return "a machine answered" if arrived.by_robot else ""
    mail, ours = arrived.read.mail, own_domains()
    nobodys = is_bulk(mail, ours) and not is_personal(mail) and not verdict.because
    return "bulk mail that asks for nothing" if nobodys else ""


def _written(arrived: Arrived, thread: thread_mail.Thread | None, *, answered: bool) -> Handled:
    """Route what a person wrote, or may have written."""
    session, message, sender = arrived.session, arrived.message, arrived.read.mail.sender_address
    mine = thread_mail.open_requests_of(session, sender)
    party = thread is not None and thread_mail.is_party(session, thread.case, sender)
    if thread_mail.is_colleague(sender) and not (mine or party):
        if thread is not None:
            message.case_id = thread.case.id
        return pen(arrived, FORWARDED) if thread or arrived.asks else _doubt(arrived, known=True)
    if thread is not None:
        asked = {Right(request.right) for request, _ in mine} if party else set()
        return _join(arrived, thread, asked, party, answered=answered)
    if mine and (arrived.read.verdict.kind is not Kind.REQUEST or not _all_new(arrived, mine)):
        return _ask_whether(arrived, mine)
    if arrived.read.verdict.kind is not Kind.REQUEST or not arrived.asks:
        stopped = stop_at_once(arrived, None, ())
        return _stopped(arrived, stopped) if stopped else _doubt(arrived)
    if not is_address(sender) or proposed(arrived.read.mail):
        return pen(arrived, ROBOT if is_address(sender) else "the sender's address cannot be answered")
    requests = open_for(arrived, arrived.read.verdict.rights)
    return Handled(MessageState.CASE, case_of(requests), tuple(request.ref for request in requests))


def _all_new(arrived: Arrived, mine: Iterable[tuple[Request, Case]]) -> bool:
    return bool(arrived.asks) and arrived.asks.isdisjoint(request.right for request, _ in mine)


def _join(
    arrived: Arrived, thread: thread_mail.Thread, asked: Collection[Right], party: bool, *, answered: bool
) -> Handled:
    """Add a message to its case; where it asks for more, a person decides whether that is a new case (law.md V2).

    An answer that anybody could have written ends no wait: a person reads it first.
    """
    session, case, kind = arrived.session, thread.case, arrived.read.verdict.kind
    proved = _saw_our_letter(arrived, thread)
    attach(arrived, case, thread.by if proved else thread_mail.By.REFERENCE)
    open_ones = _open_of(session, case)
    held = {request.right for request in open_ones} if party else set()
    more = arrived.asks - held
    if answered and kind is Kind.NEEDS_REVIEW:
        more = frozenset()
    answers = answered or any(request.waits_for in ANSWERS for request in open_ones)
    if open_ones and (kind is Kind.FOLLOW_UP or (kind is Kind.REQUEST and held and not more and not answers)):
        remind(arrived, case)
    wake = () if arrived.by_robot else tuple(request.ref for request in open_ones)
    speaks = bool(arrived.read.verdict.because)  # a word of thanks says nothing that somebody must read
    if answers and not proved:
        return pen(
            arrived,
            f"{case.ref} waits for an answer, and it may be one: see who wrote it",
            case.ref,
            wake=wake,
        )
    if more or (not open_ones and kind is not Kind.NOT_REQUEST and speaks):
        stopped = stop_at_once(arrived, case if open_ones else None, asked) if party else []
        why = f"it answers {case.ref} and may ask for something new: read it and decide today"
        why = f"marketing stops; {why}" if stopped else why
        return pen(arrived, why, case.ref, stopped, wake)
    return Handled(MessageState.CASE, case.ref, wake=wake)


def _ask_whether(arrived: Arrived, mine: list[tuple[Request, Case]]) -> Handled:
    """Ask the officer about mail of somebody who has a case open and does not answer in its thread."""
    same = [case for request, case in mine if request.right in arrived.asks]
    case = (same or [case for _, case in mine])[0]
    stopped = stop_at_once(arrived, None, {Right(request.right) for request, _ in mine})
    why = f"its sender has {case.ref} open: say whether it belongs to it or is a case of its own"
    if stopped:
        return pen(arrived, f"marketing stops; {why}", case_of(stopped), stopped)
    attach(arrived, case, "sender")
    if arrived.read.verdict.kind is Kind.FOLLOW_UP:
        remind(arrived, case)
    wake = () if arrived.by_robot else tuple(r.ref for r in _open_of(arrived.session, case))
    return pen(arrived, why, case.ref, wake=wake)


def _stopped(arrived: Arrived, stopped: list[Request]) -> Handled:
    why = "marketing stops; it may ask for more: read it and decide today"
    return pen(arrived, why, case_of(stopped), stopped)


def _copy(arrived: Arrived, first: Message) -> Handled:
    """Put a copy aside; where it arrived before the first one read, the clock runs from then (law.md D3)."""
    session, message = arrived.session, arrived.message
    case = session.get(Case, first.case_id) if first.case_id is not None else None
    if case is not None and case.received_at == first.received_at:
        count_from(session, case, message.received_at, "engine", arrived.now)
    first.received_at = min(first.received_at, message.received_at)
    message.reason = "the same message arrived before"
    return Handled(MessageState.DISMISSED)


def _open_of(session: Session, case: Case) -> list[Request]:
    query = select(Request).where(Request.case_id == case.id, col(Request.closed_at).is_(None))
    return list(session.exec(query.order_by(col(Request.id))))


def _doubt(arrived: Arrived, *, known: bool = False) -> Handled:
    """Into the pen; what is clearly no request, from nobody `known`, is listed there and keeps nobody busy."""
    if arrived.read.verdict.kind is Kind.NOT_REQUEST and not known and _may_rest(arrived):
        return pen_quietly(arrived)
    reasons = {
        Kind.NOT_REQUEST: "no request was found in it",
        Kind.FOLLOW_UP: "it seems to belong to an earlier case, which could not be found",
        Kind.NEEDS_REVIEW: "it may be a request: read it and decide today",
        Kind.REQUEST: "it is a request, but of which right is not clear",
    }
    return pen(arrived, reasons[arrived.read.verdict.kind])


def _may_rest(arrived: Arrived) -> bool:
    """Whether a message read as no request may wait for the weekly look.

    Not where the request may stand in a file, or in a language that the classifier hardly reads, or where we had a case
    of its sender's.
    """
    mail = arrived.read.mail
    filed = any(DOCUMENTS.match(attachment.media_type) for attachment in mail.attachments)
    if (filed and mail.report_type != "feedback-report") or arrived.read.verdict.confidence < SURE:
        return False
    return not thread_mail.had_case(arrived.session, mail.sender_address)
