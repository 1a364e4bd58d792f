"""One-time codes: issued to an address on file, answered in the portal or in a reply (law.md I6, I20).

A code is accepted once; answering again says so and changes nothing. Attempts are counted under the row's lock, so
that tries made at the same time count too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models import audit
from models.calendar import Language, format_day, paris_date
from models.case_clock import deadlines_of
from models.cases import requests_of
from models.database import reading, unit_of_work
from models.errors import Rejected
from models.settings import settings
from models.tables import Case, Challenge, Request
from models.tokens import code_hash, new_code, new_token, read_code, same, token_hash

Purpose = Literal["identity", "download"]
Channel = Literal["portal", "reply"]

MAX_CANDIDATES = 3
_EIGHT_DIGITS = re.compile(
    r"(?<!\d)(?<!\d[ \u00a0\u202f])[0-9](?:[ \u00a0\u202f]?[0-9]){7}(?![ \u00a0\u202f]?\d)"
)
EVIDENCE: dict[Language, dict[Channel, str]] = {
    "en": {
        "portal": "On {day}, the one-time code sent to the address on file was entered on the portal.",
        "reply": "On {day}, the one-time code sent to the address on file came back in a reply.",
    },
    "fr": {
        "portal": "Le {day}, le code à usage unique envoyé à l’adresse connue de nos dossiers a été saisi sur le portail.",
        "reply": "Le {day}, le code à usage unique envoyé à l’adresse connue de nos dossiers nous est revenu dans une réponse.",
    },
}


class Answer(StrEnum):
    """What became of an answer. UNKNOWN and EXPIRED look the same to the outside; VOID: too many wrong codes."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    EXPIRED = "expired"
    VOID = "void"
    UNKNOWN = "unknown"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Issued:
    """What goes into the letter and is kept nowhere else."""

    token: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IdentityView:
    """What the portal may say to whoever holds the link: no name, no address. `answer_by`: the binding day (D27)."""

    case_ref: str
    request_refs: tuple[str, ...]
    language: str
    answer_by: date
    attempts_left: int
    solved: bool


def issue(
    session: Session, request: Request, purpose: Purpose, sent_to: str, key: str, now: datetime
) -> Issued:
    """Add a challenge and return its secrets once. Older open ones of the same request and purpose stop working.

    `Rejected` when `key` was used before.
    """
    if session.exec(select(Challenge.id).where(Challenge.key == key)).first() is not None:
        raise Rejected("this code was issued before: look up its letter, or use a new key for another code")
    for older in session.exec(_of(request.id, purpose).where(col(Challenge.solved_at).is_(None))):
        older.expires_at = min(older.expires_at, now)
    token, code = new_token(), new_code()
    minutes = settings().code_minutes if purpose == "identity" else settings().download_code_minutes
    challenge = Challenge(
        key=key,
        request_id=request.id,
        purpose=purpose,
        sent_to=sent_to,
        token_hash=token_hash(token),
        code_hash=code_hash(code, token_hash(token)),
        created_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    session.add(challenge)
    session.flush()
    case = session.get_one(Case, request.case_id)
    audit.record(session, case, "engine", "code_issued", now, purpose=purpose, request=request.right)
    return Issued(token, code, challenge.expires_at)


def look(token: str, now: datetime) -> IdentityView | None:
    """Return what an identity link may show, or None for a link that is unknown or too old."""
    with reading() as session:
        challenge = session.exec(_by_token(token)).first()
        if challenge is None or _too_old(session, challenge, now):
            return None
        case = session.get_one(Case, session.get_one(Request, challenge.request_id).case_id)
        return IdentityView(
            case_ref=case.ref,
            request_refs=tuple(request.ref for request in requests_of(session, case)),
            language=case.language,
            answer_by=deadlines_of(session, case, now).binding,
            attempts_left=max(0, settings().code_attempts - challenge.attempts),
            solved=challenge.solved_at is not None,
        )


def answer(token: str, code: str, now: datetime, by: Channel = "portal") -> Answer:
    """Try a typed code on the identity challenge behind `token`, in a transaction of its own."""
    with unit_of_work() as session:
        challenge = session.exec(_by_token(token).with_for_update()).first()
        if challenge is None:
            return Answer.UNKNOWN
        return attempt(session, challenge, (read_code(code),), now, by)


def answer_by_reply(session: Session, case: Case, text: str, now: datetime) -> bool:
    """Whether `text`, written by the requester, holds the code of an open identity challenge of `case`.

    At most three groups of eight digits are tried, together they count as one attempt; none is no attempt.
    """
    candidates = _candidates(text)
    if not candidates:
        return False
    open_ones = session.exec(
        select(Challenge)
        .join(Request, col(Request.id) == col(Challenge.request_id))
        .where(
            Request.case_id == case.id,
            Challenge.purpose == "identity",
            col(Challenge.solved_at).is_(None),
            col(Challenge.expires_at) > now,
        )
        .order_by(col(Challenge.id))
        .with_for_update(of=Challenge)
    ).all()
    answers = [attempt(session, challenge, candidates, now, "reply") for challenge in open_ones]
    return Answer.ACCEPTED in answers


def attempt(
    session: Session, challenge: Challenge, codes: Sequence[str], now: datetime, by: Channel
) -> Answer:
    """Try `codes` on a challenge whose row the caller has locked; together they count as one attempt."""
    if challenge.solved_at is not None:
        return Answer.ALREADY
    if _too_old(session, challenge, now):
        return Answer.EXPIRED
    if challenge.attempts >= settings().code_attempts:
        return Answer.VOID
    case = session.get_one(Case, session.get_one(Request, challenge.request_id).case_id)
    matches = [same(challenge.code_hash, code_hash(code, challenge.token_hash)) for code in codes]
    if not any(matches):
        return _count_wrong(session, case, challenge, now, by)
    challenge.solved_at, challenge.solved_by = now, by
    if challenge.purpose == "identity":
        language: Language = "fr" if settings().officer_language == "fr" else "en"
        day = format_day(paris_date(now), language)
        case.verified_address = challenge.sent_to
        case.identity_evidence = EVIDENCE[language][by].format(day=day)
    audit.record(session, case, "requester", "code_accepted", now, purpose=challenge.purpose, by=by)
    return Answer.ACCEPTED


def _count_wrong(session: Session, case: Case, challenge: Challenge, now: datetime, by: Channel) -> Answer:
    challenge.attempts += 1
    void = challenge.attempts >= settings().code_attempts
    kind = "code_void" if void else "code_wrong"
    audit.record(
        session, case, "requester", kind, now, purpose=challenge.purpose, by=by, attempts=challenge.attempts
    )
    return Answer.VOID if void else Answer.WRONG


def newest(session: Session, request_id: int, purpose: Purpose) -> Challenge | None:
    """Return the newest challenge of a request, its row locked for `attempt`."""
    return session.exec(
        _of(request_id, purpose).order_by(col(Challenge.id).desc()).limit(1).with_for_update()
    ).first()


def _of(request_id: int, purpose: Purpose) -> SelectOfScalar[Challenge]:
    return select(Challenge).where(Challenge.request_id == request_id, Challenge.purpose == purpose)


def _by_token(token: str) -> SelectOfScalar[Challenge]:
    return select(Challenge).where(Challenge.token_hash == token_hash(token), Challenge.purpose == "identity")


def _too_old(session: Session, challenge: Challenge, now: datetime) -> bool:
    """Whether the code's time is over; a closed request asks nobody who they are, but may still be downloaded."""
    if now >= challenge.expires_at:
        return True
    closed = session.get_one(Request, challenge.request_id).closed_at is not None
    return closed and challenge.purpose == "identity"


def _candidates(text: str) -> tuple[str, ...]:
    """Return the first groups of eight digits that are no part of a longer number, each once."""
    found = ("".join(filter(str.isdecimal, match.group())) for match in _EIGHT_DIGITS.finditer(text))
    return tuple(dict.fromkeys(found))[:MAX_CANDIDATES]
