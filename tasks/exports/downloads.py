"""Export bundles on offer: a link to the address on file, a second code for each download (law.md S2-S5).

Repeating is safe: a bundle is stored under its own digest before its row, a request has one offer, and a code opens
the bundle once. A new link takes the place of the one before; a second click within a minute sends nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from models import audit, storage
from models.database import reading, unit_of_work
from models.errors import Permanent, Rejected
from models.letters import DownloadCode, LetterKind, NewLink
from models.settings import settings
from models.tables import Case, Challenge, Download, Letter, Receipt, Request, RequestState
from models.tokens import new_token, read_code, show_code, token_hash
from tasks import challenges
from tasks.challenges import Answer, Issued
from tasks.letters.correspondence import portal_link, requester_facts
from tasks.letters.write_letter import write_letter

CODES_A_MINUTE = 1
CODES_AN_HOUR = 5
LINKS_A_REQUEST = 5  # sent anew by an officer


@dataclass(frozen=True, slots=True)
class Offered:
    """The link's token, kept nowhere else."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DownloadView:
    """What the page of a download may say before the code. `size` in bytes; `code_open`: a code waits to be typed."""

    case_ref: str
    right: str
    language: str
    size: int
    expires_at: datetime
    code_open: bool
    attempts_left: int


def offer(session: Session, request: Request, bundle: bytes, now: datetime) -> Offered:
    """Store the bundle, then add its row. `Rejected` where the request already has an offer."""
    if _offered(session, request) is not None:
        raise Rejected("this request has a download already: look up the letter that announced it")
    storage_key = storage.keep("bundles", bundle)
    token, expires_at = new_token(), now + timedelta(days=settings().download_days)
    row = Download(
        request_id=request.id,
        token_hash=token_hash(token),
        storage_key=storage_key,
        sha256=storage.sha256(bundle),
        size=len(bundle),
        expires_at=expires_at,
    )
    session.add(row)
    case = session.get_one(Case, request.case_id)
    audit.record(
        session,
        case,
        "engine",
        "download_offered",
        now,
        request=request.right,
        sha256=row.sha256,
        size=row.size,
    )
    return Offered(token, expires_at)


def links_left(session: Session, request: Request) -> int:
    """Return how many new links may still be sent; 0 while the request is open, or where nothing is stored to fetch."""
    case, download = session.get_one(Case, request.case_id), _offered(session, request)
    if request.state != RequestState.CLOSED or not case.verified_address or download is None:
        return 0
    if not storage.holds(download.storage_key):
        return 0
    return max(0, LINKS_A_REQUEST - len(_links_sent(session, request)))


def renew(session: Session, request: Request, officer: str, now: datetime) -> Letter:
    """Put a new link and period in the place of the old ones, for the same bundle; queue the letter that brings it.

    `Rejected` where `links_left` is 0, or where a new link left less than a minute ago.
    """
    download = _offered(session, request, lock=True)
    if download is None or not links_left(session, request):
        raise Rejected("no new link can be sent for this request: answer the person by other means")
    sent = _links_sent(session, request)
    if sent and max(sent) > now - timedelta(minutes=1):
        raise Rejected("a new link left less than a minute ago: wait before you send another")
    token = new_token()
    download.token_hash, download.expires_at = (
        token_hash(token),
        now + timedelta(days=settings().download_days),
    )
    download.opened_at = None
    case, number = session.get_one(Case, request.case_id), len(sent) + 1
    audit.record(session, case, officer, "link_renewed", now, request=request.right, number=number)
    link = portal_link("download", token)
    context = NewLink(**requester_facts(case), link=link, link_expires_on=download.expires_at)
    to, key = case.verified_address, f"{request.ref}:new_link-{number}"
    return write_letter(session, case, request, LetterKind.NEW_LINK, context, to, key, now)


def _offered(session: Session, request: Request, *, lock: bool = False) -> Download | None:
    query = select(Download).where(Download.request_id == request.id)
    return session.exec(query.with_for_update() if lock else query).first()


def _links_sent(session: Session, request: Request) -> list[datetime]:
    query = select(Letter.written_at)
    return list(
        session.exec(query.where(Letter.request_id == request.id, Letter.kind == LetterKind.NEW_LINK))
    )


def look(token: str, now: datetime) -> DownloadView | None:
    """Return what the link's page may show, or None for a link that is unknown or too old.

    The first look is recorded: law.md S4 asks for a log of opening.
    """
    with reading() as session:
        download = _find(session, token, now)
        if download is None:
            return None
        request = session.get_one(Request, download.request_id)
        case = session.get_one(Case, request.case_id)
        code = session.exec(_codes(request.id).order_by(col(Challenge.id).desc()).limit(1)).first()
        left = max(0, settings().code_attempts - code.attempts) if code else 0
        view = DownloadView(
            case_ref=case.ref,
            right=request.right,
            language=case.language,
            size=download.size,
            expires_at=download.expires_at,
            code_open=code is not None and code.solved_at is None and code.expires_at > now and left > 0,
            attempts_left=left,
        )
    if download.opened_at is None:
        _record_opening(token, now)
    return view


def _record_opening(token: str, now: datetime) -> None:
    with unit_of_work() as session:
        download = _find(session, token, now, lock=True)
        if download is None or download.opened_at is not None:
            return
        download.opened_at = now
        request = session.get_one(Request, download.request_id)
        case = session.get_one(Case, request.case_id)
        audit.record(session, case, "requester", "download_opened", now, request=request.right)


def send_code(token: str, now: datetime) -> int | None:
    """Queue a letter with a fresh code to the verified address; return the letter's id.

    None: the link does not work, no address is verified (S5), or one code a minute or five an hour are used up.
    """
    with unit_of_work() as session:
        download = _find(session, token, now, lock=True)
        if download is None:
            return None
        request = session.get_one(Request, download.request_id)
        case = session.get_one(Case, request.case_id)
        sent = [challenge.created_at for challenge in session.exec(_codes(request.id))]
        if not case.verified_address or _too_many(sent, now):
            return None
        key = f"{request.ref}:download_code-{len(sent) + 1}"
        issued = challenges.issue(session, request, "download", case.verified_address, key, now)
        to, kind, context = case.verified_address, LetterKind.DOWNLOAD_CODE, _letter(case, issued)
        return write_letter(session, case, request, kind, context, to, key, now, secret=True).id


def _letter(case: Case, issued: Issued) -> DownloadCode:
    return DownloadCode(**requester_facts(case), code=show_code(issued.code), expires_at=issued.expires_at)


def take(token: str, code: str, now: datetime) -> bytes | Answer:
    """Return the bundle for the right code, else why not. A code opens it once; each download is recorded."""
    with unit_of_work() as session:
        download = _find(session, token, now, lock=True)
        if download is None:
            return Answer.UNKNOWN
        challenge = challenges.newest(session, download.request_id, "download")
        if challenge is None:
            return Answer.EXPIRED
        answer = challenges.attempt(session, challenge, (read_code(code),), now, "portal")
        if answer is not Answer.ACCEPTED:
            return answer
        bundle = storage.fetch(download.storage_key)
        if storage.sha256(bundle) != download.sha256:
            raise Permanent("the stored bundle is not the one that was approved: restore it from a backup")
        _record_download(session, download, now)
        return bundle


def _record_download(session: Session, download: Download, now: datetime) -> None:
    request = session.get_one(Request, download.request_id)
    download.downloads += 1
    facts = {"request": request.right, "sha256": download.sha256, "count": download.downloads}
    if download.downloaded_at is None:
        download.downloaded_at = now
        session.add(Receipt(request_id=request.id, kind="downloaded", detail=facts, at=now))
    case = session.get_one(Case, request.case_id)
    audit.record(session, case, "requester", "downloaded", now, **facts)


def _find(session: Session, token: str, now: datetime, *, lock: bool = False) -> Download | None:
    query = select(Download).where(Download.token_hash == token_hash(token), col(Download.expires_at) > now)
    return session.exec(query.with_for_update() if lock else query).first()


def _codes(request_id: int) -> SelectOfScalar[Challenge]:
    return select(Challenge).where(Challenge.request_id == request_id, Challenge.purpose == "download")


def _too_many(sent: list[datetime], now: datetime) -> bool:
    minute = sum(at > now - timedelta(minutes=1) for at in sent)
    hour = sum(at > now - timedelta(hours=1) for at in sent)
    return minute >= CODES_A_MINUTE or hour >= CODES_AN_HOUR
