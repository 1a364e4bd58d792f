"""Send queued letters over SMTP: no letter is lost, and one goes out twice only where nobody can know (peers.md 4.3).

A letter is claimed before the conversation and settled after it. If the process dies in between, or the connection
between DATA and 250, the letter is *uncertain*: sent again with the same Message-ID where losing it is worse than a
duplicate, left to the officer where it holds a secret. Safe to run at any time, by many at once.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiosmtplib
from sqlmodel import Session, col, or_, select

from models import audit
from models.database import reading, unit_of_work
from models.errors import DsrError, Permanent, Rejected, Unavailable, Uncertain
from models.settings import Settings, settings
from models.storage import fetch, sha256
from models.tables import Case, Letter, LetterState, Todo, TodoKind
from tasks.letters.note_left import note_left
from tasks.mail.mail_login import access_token, forget_token
from tasks.todos import note

MAX_ATTEMPTS = 30  # about two days
MAX_UNCERTAIN_ATTEMPTS = 5  # each may have reached the person
# Multiples of DSR_SMTP_TIMEOUT_SECONDS. A claim must outlast the longest conversation, or a letter goes out twice.
CONVERSATION, CLAIM = 3, 10
LEFT_TO_OFFICERS = {
    LetterState.FAILED: TodoKind.LETTER_FAILED,
    LetterState.UNCERTAIN: TodoKind.LETTER_UNCERTAIN,
}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Claimed:
    letter_id: int
    attempt: int
    recipient: str
    storage_key: str
    sha256: str


async def send_queued(now: datetime, letter_key: str | None = None) -> int:
    """Send what is due, or the one letter `letter_key`; return how many the relay accepted.

    A long queue takes its time: each letter is claimed and settled at `now` plus what has passed since.
    """
    settle_stale(now)
    began = time.monotonic()
    sent = 0
    for letter_id in _due(now, letter_key):
        sent += await _send_one(letter_id, now + timedelta(seconds=time.monotonic() - began))
    return sent


def _due(now: datetime, letter_key: str | None) -> list[int]:
    with reading() as session:
        query = (
            select(Letter.id)
            .where(
                Letter.state == LetterState.QUEUED,
                or_(col(Letter.next_try_at).is_(None), col(Letter.next_try_at) <= now),
            )
            .order_by(col(Letter.id))
        )
        if letter_key is not None:
            query = query.where(Letter.key == letter_key)
        return list(session.exec(query))


async def _send_one(letter_id: int, now: datetime) -> bool:
    claimed = _claim(letter_id, now)
    if claimed is None:
        return False
    try:
        reply = await _transmit(claimed.recipient, _content(claimed), now)
    except DsrError as error:
        _settle(claimed, error, str(error), now)
        return False
    _settle(claimed, None, reply, now)
    return True


def _claim(letter_id: int, now: datetime) -> _Claimed | None:
    with unit_of_work() as session:
        letter = _locked(session, letter_id)
        if letter.state != LetterState.QUEUED:
            return None
        letter.state = LetterState.SENDING
        letter.claimed_until = now + timedelta(seconds=CLAIM * settings().smtp_timeout_seconds)
        letter.attempts += 1
        return _Claimed(letter.id, letter.attempts, letter.recipient, letter.storage_key, letter.sha256)


def _content(claimed: _Claimed) -> bytes:
    """The exact bytes that were written, or `Permanent`."""
    try:
        content = fetch(claimed.storage_key)
    except OSError as error:
        raise Unavailable("the letter's bytes cannot be read now: check DSR_STORAGE_URL") from error
    if sha256(content) != claimed.sha256:
        raise Permanent("the stored letter is not the one that was written: look into the storage")
    return content


async def _transmit(recipient: str, content: bytes, now: datetime) -> str:
    """Hold one SMTP conversation (RFC 5321); return the code of the relay's answer to the content.

    `Unavailable` when the relay has trouble or says 4xx, `Permanent` when it refuses recipient or content with 5xx,
    `Uncertain` when it may have taken the content and did not say so.
    """
    config = settings()
    client = await _client(config, now)
    stage = "greeting"
    try:
        async with asyncio.timeout(CONVERSATION * config.smtp_timeout_seconds):
            await client.connect()
            await client.mail(config.mailbox)
            stage = "recipient"
            await client.rcpt(recipient)
            stage = "content"
            answer = await client.data(content, timeout=None)
    except ValueError as error:
        if stage == "greeting":
            raise Unavailable("the relay cannot be used with these settings: check DSR_SMTP_*") from error
        raise Permanent("the address cannot be used in SMTP: write to the person by other means") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            forget_token(config.oauth)
        raise _verdict(error, stage) from error
    finally:
        client.close()
    return f"{answer.code}"


async def _client(config: Settings, now: datetime) -> aiosmtplib.SMTP:
    """A connection to be opened, with password or access token; `Unavailable` where no token is to be had."""
    token = await _token(config, now) if config.smtp_auth == "xoauth2" else None
    return aiosmtplib.SMTP(
        hostname=config.smtp_host,
        port=config.smtp_port,
        timeout=config.smtp_timeout_seconds,
        use_tls=config.smtp_tls == "tls",
        start_tls=config.smtp_tls == "starttls",
        username=config.smtp_user or None,
        password=(config.smtp_password.get_secret_value() or None) if token is None else None,
        oauth_token_generator=token,
    )


async def _token(config: Settings, now: datetime) -> aiosmtplib.SMTPTokenGenerator:
    """A function that returns the access token. A token server that refuses us is trouble of ours, not of the letter."""
    try:
        token = await asyncio.to_thread(access_token, config.oauth, now)
    except Rejected as error:
        raise Unavailable(str(error)) from error

    async def known() -> str:
        return token

    return known


def _verdict(error: Exception, stage: str) -> DsrError:
    """What a failure means. Before the recipient is named it is the relay's trouble, whatever its code."""
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
    if stage == "content" and not 400 <= code < 600:
        return Uncertain("the connection ended after the content was sent and before the relay answered")
    if stage != "greeting" and code >= 500:
        return Permanent(f"the relay refused the letter with {code}: check the address and the relay's log")
    return Unavailable(
        f"the relay could not be used ({type(error).__name__}): check DSR_SMTP_* and the relay's log"
    )


def settle_stale(now: datetime) -> None:
    """Settle letters whose sender died in the middle: nobody knows how far it came."""
    stale = (Letter.state == LetterState.SENDING, col(Letter.claimed_until) <= now)
    with reading() as session:
        found = session.exec(select(Letter.id).where(*stale)).all()
    for letter_id in found:
        with unit_of_work() as session:
            letter = session.exec(
                select(Letter).where(Letter.id == letter_id, *stale).with_for_update()
            ).first()
            if letter is not None:
                _conclude(session, letter, Uncertain(), "the sending process died", now)


def _settle(claimed: _Claimed, error: DsrError | None, reply: str, now: datetime) -> None:
    """Record how an attempt ended. A sender that was too slow may only add that the letter has left."""
    with unit_of_work() as session:
        letter = _locked(session, claimed.letter_id)
        still_mine = letter.state == LetterState.SENDING and letter.attempts == claimed.attempt
        if still_mine or error is None:
            _conclude(session, letter, error, reply, now)


def _conclude(session: Session, letter: Letter, error: DsrError | None, reply: str, now: datetime) -> None:
    letter.state, letter.smtp_reply = _next_state(letter, error), reply
    letter.next_try_at = letter.sent_at = None
    if letter.state == LetterState.SENT:
        letter.sent_at = now
        note_left(session, letter, now)
    if letter.state == LetterState.QUEUED:
        letter.next_try_at = now + timedelta(minutes=min(120, 2 ** (letter.attempts - 1)))
    _note_for_officers(session, letter, now)
    kind = "letter_uncertain" if isinstance(error, Uncertain) else f"letter_{letter.state}"
    if kind != "letter_queued" and letter.case_id is not None:
        case = session.get_one(Case, letter.case_id)
        again = letter.state == LetterState.QUEUED
        audit.record(session, case, "engine", kind, now, letter=letter.kind, reply=reply, again=again)


def _note_for_officers(session: Session, letter: Letter, now: datetime) -> None:
    """What will not leave by itself any more is an officer's to do; that it has left after all settles it.

    Letters about no case go to officers: what became of them is logged, for one more letter would not arrive either.
    """
    if letter.case_id is None:
        if letter.state in LEFT_TO_OFFICERS:
            log.warning("letter %s, which is about no case, is %s", letter.id, letter.state)
    elif letter.state in LEFT_TO_OFFICERS:
        kind = LEFT_TO_OFFICERS[LetterState(letter.state)]
        todo = note(session, kind, now, case=session.get_one(Case, letter.case_id), letter=letter)
        if todo.done_at is not None:  # it was sent again, and failed again
            todo.done_at, todo.done_by, todo.told_at, todo.noted_at = None, "", None, now
    elif letter.state == LetterState.SENT:
        stuck = col(Todo.kind).in_(list(LEFT_TO_OFFICERS.values()))
        about = select(Todo).where(Todo.letter_id == letter.id, stuck, col(Todo.done_at).is_(None))
        for todo in session.exec(about.with_for_update()):
            todo.done_at, todo.done_by = now, "engine"


def _next_state(letter: Letter, error: DsrError | None) -> LetterState:
    match error:
        case None:
            return LetterState.SENT
        case Permanent():
            return LetterState.FAILED
        case Uncertain():
            again = not letter.secret and letter.attempts < MAX_UNCERTAIN_ATTEMPTS
            return LetterState.QUEUED if again else LetterState.UNCERTAIN
        case _:
            return LetterState.QUEUED if letter.attempts < MAX_ATTEMPTS else LetterState.FAILED


def _locked(session: Session, letter_id: int) -> Letter:
    return session.exec(select(Letter).where(Letter.id == letter_id).with_for_update()).one()
