"""Officers: added on the command line, known by password and one-time code (DESIGN.md 4.11).

Logging in twice changes nothing; a one-time code works once, whichever door it was shown at.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pyotp
from email_validator import EmailNotValidError, validate_email
from pwdlib import PasswordHash
from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from models.database import reading, unit_of_work
from models.errors import Rejected
from models.storage import decrypt, encrypt
from models.tables import Officer, Role
from models.tokens import same

ISSUER = "Nexoris DSR"
MIN_PASSWORD = 12  # characters, as the CNIL asks of a password alone (deliberation 2022-100)
STEP_SECONDS = 30  # RFC 6238
CLOCK_DRIFT_STEPS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Provisioning:
    """What a new officer scans once. `otpauth_uri` is empty where no one-time codes were asked for."""

    officer_id: int
    otpauth_uri: str


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Somebody who is known. A manager sees figures and no case."""

    officer_id: int
    name: str
    role: str = Role.OFFICER

    @property
    def manager(self) -> bool:
        """Whether they may look at the SLA pages and nothing else."""
        return self.role != Role.OFFICER


def deciding() -> ColumnElement[bool]:
    """Who may decide and is written to about cases: officers who have not left, and no manager."""
    return and_(col(Officer.left_at).is_(None), col(Officer.role) == Role.OFFICER)


def add_officer(  # noqa: PLR0913  # who it is, and how they log in
    session: Session,
    name: str,
    address: str,
    password: str,
    now: datetime,
    *,
    totp: bool = True,
    role: Role = Role.OFFICER,
) -> Provisioning:
    """Add an officer or a manager; `Rejected` for a short password, an address that is none, or a name or address in use."""
    name = " ".join(name.split())
    if not name:
        raise Rejected("an officer needs a name: it is shown in the forms")
    if len(password) < MIN_PASSWORD:
        raise Rejected(f"choose a password of at least {MIN_PASSWORD} characters")
    try:
        address = validate_email(
            address, check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError as error:
        raise Rejected("this is no e-mail address: correct it") from error
    taken = select(Officer.id).where(or_(col(Officer.name) == name, col(Officer.address) == address))
    if session.exec(taken).first() is not None:
        raise Rejected("an officer of this name or address exists: choose another")
    secret = pyotp.random_base32() if totp else ""
    officer = Officer(
        name=name,
        address=address,
        password_hash=_hasher().hash(password),
        role=role,
        totp_secret=encrypt(secret.encode()).decode() if secret else "",
        added_at=now,
    )
    session.add(officer)
    session.flush()
    uri = pyotp.TOTP(secret).provisioning_uri(name=address, issuer_name=ISSUER) if secret else ""
    return Provisioning(officer.id, uri)


def log_in(address: str, password: str, totp: str, now: datetime) -> LoggedIn | None:
    """Return who this is, or None. Unknown address, wrong password and wrong code look and take the same.

    The caller limits attempts.
    """
    with reading() as session:
        found = session.exec(_active().where(Officer.address == address.strip().lower())).first()
    if not _hasher().verify(password, found.password_hash if found else _nobody()) or found is None:
        return None
    if not found.totp_secret:
        return LoggedIn(found.id, found.name, found.role)
    with unit_of_work() as session:
        officer = session.get_one(Officer, found.id)
        return (
            LoggedIn(officer.id, officer.name, officer.role)
            if check_totp(session, officer, totp, now)
            else None
        )


def known(officer_id: int) -> LoggedIn | None:
    """Return the officer of a session, or None where they left."""
    with reading() as session:
        officer = session.exec(_active().where(Officer.id == officer_id)).first()
        return LoggedIn(officer.id, officer.name, officer.role) if officer else None


def check_totp(session: Session, officer: Officer, code: str, now: datetime) -> bool:
    """Whether `code` is the officer's one-time code of this half minute or one beside it, and was not used yet.

    False where none is enrolled. The accepted step is written down in the caller's transaction (RFC 6238, 5.2).
    """
    row = session.exec(
        select(Officer)
        .where(Officer.id == officer.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if not row.totp_secret:
        return False
    typed = "".join(code.split())
    totp = pyotp.TOTP(decrypt(row.totp_secret.encode()).decode())
    newest = int(now.astimezone(UTC).timestamp()) // STEP_SECONDS
    for step in (newest + drift for drift in CLOCK_DRIFT_STEPS):
        fresh = step > int(row.totp_last_used or -1)
        if same(totp.generate_otp(step).encode().hex(), typed.encode().hex()) and fresh:
            row.totp_last_used = str(step)
            return True
    return False


def _active() -> SelectOfScalar[Officer]:
    return select(Officer).where(col(Officer.left_at).is_(None))


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    """A hash nobody has the password of: an unknown address takes as long as a known one."""
    return _hasher().hash(pyotp.random_base32())
