"""Examine every part of the system: it works, or what to do. Reads only."""

import os
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import httpx
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlmodel import Session, col, func, select

from models.audit import verify
from models.data_map_loading import load_data_map
from models.database import database, reading
from models.errors import DsrError, NotFound
from models.mailbox_settings import MailboxSettings
from models.migrate import alembic_config
from models.records import Frozen
from models.settings import settings
from models.storage import decrypt, encrypt, fetch, keep
from models.tables import Letter, LetterState, Message, MessageState, Request
from tasks.check_map import check_map
from tasks.clock.heartbeat import CLOCKWORK, silent, started
from tasks.letters.unsent_letters import unsent
from tasks.mail.handle_mail import waiting_since
from tasks.mail.keep_mail import open_inbox
from tasks.officers import deciding

UNDERSTOOD_WITHIN = timedelta(minutes=15)
OLD = timedelta(days=60)


class Check(Frozen):
    """One part: `say` is a fact when `ok`, and else what to do."""

    part: str
    ok: bool
    say: str


def examine(now: datetime, *, deep: bool = False) -> list[Check]:
    """Return a check per part. `deep` also compares every system with the data map, which can take a while."""
    parts: dict[str, Callable[[], str]] = {
        "settings": lambda: f"home {settings().home}, mail from {settings().mail_source}",
        "database": _database,
        "storage": _storage,
        "data map": lambda: f"{len(load_data_map(settings().data_map).systems)} systems described",
        "officers": _officers,
        **_mailboxes(now),
        "mail relay": _relay,
        "prefect": _prefect,
        "web": _web,
        "clockwork": lambda: _clockwork(now),
        "letters": lambda: _letters(now),
        "requests": _requests,
        "intake": lambda: _intake(now),
        "holding pen": _pen,
        "audit log": _audit,
    }
    if deep:
        parts["systems"] = lambda: _systems(now)
    return [_check(part, look) for part, look in parts.items()]


def _check(part: str, look: Callable[[], str]) -> Check:
    try:
        return Check(part=part, ok=True, say=look())
    except DsrError as error:
        return Check(part=part, ok=False, say=str(error))
    except Exception as error:  # noqa: BLE001  # a doctor that dies helps nobody
        return Check(part=part, ok=False, say=f"unexpected {type(error).__name__}: see the logs")


def _database() -> str:
    with database().connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
        head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    if now != head:
        raise NotFound(f"the schema is {now or 'missing'}, not {head}: `dsr up` brings it up to date")
    return f"{database().dialect.name}, schema {now}"


def _storage() -> str:
    sample = b"doctor"
    if fetch(keep("doctor", sample)) != sample or decrypt(encrypt(sample)) != sample:
        raise NotFound("what is stored does not come back: check DSR_STORAGE_URL")
    return "keeps and gives back"


def _officers() -> str:
    with reading() as session:
        known = session.exec(select(func.count()).where(deciding())).one()
    if not known:
        raise NotFound("nobody may decide: add an officer with `dsr officer add NAME ADDRESS`")
    return f"{known} may decide"


def _mailboxes(now: datetime) -> dict[str, Callable[[], str]]:
    """A look at each: the published one is `mailbox`, a further one says its address besides."""
    first, *further = settings().mailboxes
    named = {"mailbox": first, **{f"mailbox {mailbox.address}": mailbox for mailbox in further}}
    return {part: partial(_mailbox, mailbox, now) for part, mailbox in named.items()}


def _mailbox(mailbox: MailboxSettings, now: datetime) -> str:
    inbox = open_inbox(mailbox)
    try:
        waiting = inbox.count()
        old = inbox.older(than=(now - OLD).date()) if waiting and _is_new(mailbox) else 0
    finally:
        inbox.close()
    if old and settings().mail_since is None:
        raise NotFound(
            f"{old} of {waiting} messages in {mailbox.address} are older than {OLD.days} days, and each old request "
            "would open an overdue case and be acknowledged: set DSR_MAIL_SINCE before the first start"
        )
    return f"{mailbox.address} answers, {waiting} to take in"


def _is_new(mailbox: MailboxSettings) -> bool:
    """Whether nothing of this mailbox was ever taken in."""
    if not inspect(database()).has_table("message"):
        return True
    with reading() as session:
        return (
            session.exec(select(Message.id).where(Message.mailbox == mailbox.address).limit(1)).first()
            is None
        )


def _relay() -> str:
    where = f"{settings().smtp_host}:{settings().smtp_port}"
    try:
        with smtplib.SMTP(settings().smtp_host, settings().smtp_port, timeout=5) as relay:
            relay.noop()
    except (OSError, smtplib.SMTPException) as error:
        raise NotFound(f"no mail relay answers at {where}: check DSR_SMTP_HOST and DSR_SMTP_PORT") from error
    return f"{where} answers"


def _prefect() -> str:
    return _answers(f"{settings().prefect_api}/health", "start it with `dsr up`")


def _web() -> str:
    return _answers(f"http://{settings().web_host}:{settings().web_port}/livez", "start it with `dsr up`")


def _answers(url: str, otherwise: str) -> str:
    try:
        httpx.get(url, timeout=5).raise_for_status()
    except httpx.HTTPError as error:
        raise NotFound(f"no answer from {url}: {otherwise}") from error
    return f"{url} answers"


def _clockwork(now: datetime) -> str:
    if not started():
        raise NotFound("the engine was never started here: start it with `dsr up`")
    if quiet := silent(now):
        named = ", ".join(
            f"{one.flow} since {one.since:%Y-%m-%d %H:%M} UTC" if one.since else f"{one.flow} ever"
            for one in quiet
        )
        raise NotFound(
            f"not run to their end: {named}; see that `dsr up` runs, and their last runs in Prefect"
        )
    return f"{len(CLOCKWORK)} flows run on time"


def _letters(now: datetime) -> str:
    with reading() as session:
        bad = ", ".join(f"{letter.key} ({letter.state})" for letter in unsent(session, now))
        queued = session.exec(select(func.count()).where(Letter.state == LetterState.QUEUED)).one()
    if bad:
        raise NotFound(f"should have left and did not, look at them on the desk: {bad}")
    return f"{queued} to send"


def _requests() -> str:
    with reading() as session:
        stuck = _refs(session, select(Request.ref).where(Request.problem != ""))
    if stuck:
        raise NotFound(f"these cannot go on, the desk says why: {stuck}")
    return "none is stuck"


def _intake(now: datetime) -> str:
    """How long messages wait to be understood: a few minutes are usual."""
    with reading() as session:
        number, oldest = waiting_since(session)
    if oldest is not None and now - oldest > UNDERSTOOD_WITHIN:
        raise NotFound(
            f"{number} kept and not understood, the oldest since {oldest:%Y-%m-%d %H:%M} UTC: "
            "see that storage and memory suffice, and the logs of intake"
        )
    return f"{number} kept a moment ago" if number else "every kept message is understood"


def _pen() -> str:
    with reading() as session:
        to_decide = select(func.count()).where(Message.state == MessageState.PEN, ~col(Message.quiet))
        penned = session.exec(to_decide).one()
    if penned:
        raise NotFound(f"{penned} messages wait for a decision today: `dsr pen list`")
    return "nothing waits for a decision today"


def _audit() -> str:
    with reading() as session:
        broken = verify(session)
    if broken:
        raise NotFound(f"{broken[0].case_ref}, event {broken[0].number}: {broken[0].why}")
    return "every chain holds"


def _systems(now: datetime) -> str:
    problems = check_map(load_data_map(settings().data_map), os.environ, now)
    if problems:
        raise NotFound("; ".join(f"{problem.system}: {problem.message}" for problem in problems))
    return "every table, column and key is in the data map"


def _refs(session: Session, query: object) -> str:
    return ", ".join(session.exec(query).all())  # type: ignore[call-overload]  # a select of one text column
