"""The one settings class: every `DSR_*` variable, checked at start, printed redacted."""

from functools import cache
from pathlib import Path
from typing import Self

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from models.errors import Rejected
from models.intake_settings import IntakeSettings
from models.mailbox_settings import (
    FurtherMailbox,
    MailboxSettings,
    OAuthSettings,
    checked_address,
    checked_pattern,
    token_in,
    without_tag,
)
from models.watch_settings import SHORTEST_SECRET, WatchSettings

REPOSITORY = Path(__file__).resolve().parents[1]
_PLACEHOLDERS = {"", "changeme", "change-me", "secret", "demo"}


class Settings(IntakeSettings, WatchSettings):
    """Where things are and who is who. Every field is `DSR_` + its name in capitals; `.env` is read too.

    Secrets have no default: `Settings` refuses to exist with an empty or placeholder one outside the demo.
    """

    model_config = SettingsConfigDict(
        env_prefix="DSR_", env_file=".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    demo: bool = Field(
        default=False, description="sample data, placeholder secrets allowed, demo mailbox on the web"
    )
    home: Path = Field(
        Path(".dsr"), description="folder for SQLite databases, Prefect's home and the embedded Maildir"
    )
    database_url: SecretStr = Field(
        default=SecretStr(""), description="empty: SQLite under home; else postgresql+psycopg://…"
    )
    storage_url: str = Field(
        "", description="empty: a folder under home; else an fsspec URL such as s3://bucket/dsr"
    )
    data_map: Path = Field(
        REPOSITORY / "data_map", description="folder with controller.yaml and one file per system"
    )

    encryption_keys: list[SecretStr] = Field(
        default=[], description='JSON list of Fernet keys, newest first; older ones still decrypt: ["…"]'
    )
    session_secret: SecretStr = Field(default=SecretStr(""), description="signs the desk's login cookie")

    public_url: str = Field(
        "http://127.0.0.1:8300", description="where requesters and officers reach the web app"
    )
    web_host: str = "127.0.0.1"
    web_port: int = 8300
    prefect_url: str = Field(
        default="http://127.0.0.1:4200", description="where officers reach the Prefect UI"
    )
    prefect_port: int = 4200
    prefect_auth: SecretStr = Field(
        SecretStr(""), description="user:password of the Prefect server; empty: none"
    )
    prefect_database_url: SecretStr = Field(
        default=SecretStr(""), description="empty: SQLite under home; else postgresql+asyncpg://…"
    )
    work_pool: str = "dsr"
    poll_seconds: float = Field(default=2, gt=0, description="how often the worker asks for runs to start")
    parallel_runs: int = Field(default=4, ge=1, description="flow runs at once; keep it low on SQLite")

    mailbox: str = Field(
        "privacy@nexoris.com", description="the published address; names the mailbox everywhere"
    )
    mail_source: str = Field(default="maildir", pattern="^(maildir|imap)$")
    maildir: Path | None = Field(default=None, description="empty: a Maildir under home")
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: bool = True
    imap_user: str = ""
    imap_auth: str = Field(default="password", pattern="^(password|xoauth2)$")
    imap_password: SecretStr = SecretStr("")
    imap_folder: str = "INBOX"
    imap_done_folder: str = Field(default="", description="empty: mark as seen; else move kept mail there")
    imap_idle_seconds: int = Field(
        300, ge=1, le=1740, description="IDLE is renewed after this; a poll follows each time"
    )

    more_mailboxes: tuple[FurtherMailbox, ...] = Field(
        default=(), description="JSON list of further mailboxes: the keys are those of MailboxSettings"
    )
    reply_address: str = Field(
        default="", description="pattern with {token}, for instance privacy+{token}@nexoris.com; empty: none"
    )
    oauth_token_url: str = Field(default="", description="where access tokens for IMAP and SMTP come from")
    oauth_client_id: str = ""
    oauth_client_secret: SecretStr = SecretStr("")
    oauth_refresh_token: SecretStr = Field(
        default=SecretStr(""), description="empty: client credentials (RFC 6749, 4.4)"
    )
    oauth_scope: str = ""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_tls: str = Field(default="starttls", pattern="^(none|starttls|tls)$")
    smtp_user: str = ""
    smtp_auth: str = Field(default="password", pattern="^(password|xoauth2)$")
    smtp_password: SecretStr = SecretStr("")
    smtp_timeout_seconds: float = Field(default=30, gt=0)
    sender_name: str = "Nexoris, données personnelles"
    letter_languages: tuple[str, ...] = ("fr", "en")

    officer_language: str = Field(
        "fr", pattern="^(fr|en)$", description="language of forms, alerts and the desk"
    )
    lease_seconds: int = Field(default=120, ge=1, description="how long a silent flow run keeps its request")
    code_minutes: int = Field(default=7 * 24 * 60, ge=5, description="life of an identity code (law.md I6)")
    download_code_minutes: int = Field(default=30, ge=5)
    code_attempts: int = Field(default=5, ge=1, description="wrong codes before a code is void")
    download_days: int = Field(default=7, ge=1, description="life of a download link (law.md S4)")
    system_timeout_seconds: float = Field(
        default=60, gt=0, description="for each system, all attempts together"
    )
    system_attempts: int = Field(default=3, ge=1)
    grace_days: int = Field(0, ge=0, le=20, description="between approving an erasure and carrying it out")
    second_officer: bool = Field(default=False, description="whether every erasure needs a second officer")
    restriction_review_days: int = Field(90, ge=1, description="when a restriction is looked at again")
    large_records: int = Field(1000, ge=1, description="records and documents: a large quantity (recital 63)")

    fingerprint_keys: list[SecretStr] = Field(
        default=[], description="JSON list of secrets, newest first, that key the digests of addresses"
    )
    check_tokens: list[SecretStr] = Field(
        default=[], description="JSON list: who may ask POST /suppression/check; empty: nobody"
    )
    checks_per_minute: int = Field(120, ge=1, description="for each token")
    objection_years: int = Field(3, ge=3, description="life of a suppression entry after an objection (A5)")
    backup_days: int = Field(120, ge=1, description="the longest backup cycle of any system (law.md F14)")
    ledger_url: str = Field(
        "", description="empty: a folder under home; else an fsspec URL outside of what backups restore"
    )
    bundle_days: int = Field(30, ge=1, description="an export bundle is kept that long (law.md S4)")
    keep_after_close_days: int = Field(30, ge=1, description="raw mails and letters of a closed case")
    proof_years: int = Field(5, ge=1, description="the reply letter of a closed case (law.md A4)")
    answers_per_day: int = Field(
        default=5, ge=1, description="automatic answers to one address in 24 hours (RFC 3834)"
    )

    @field_validator("mailbox")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        return checked_address(address)

    @field_validator("reply_address")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        return checked_pattern(pattern)

    @field_validator("encryption_keys")
    @classmethod
    def _are_fernet_keys(cls, keys: list[SecretStr]) -> list[SecretStr]:
        for key in keys:
            Fernet(key.get_secret_value())
        return keys

    @model_validator(mode="after")
    def _refuses_placeholders(self) -> Self:
        if self.demo:
            return self
        if not self.encryption_keys:
            raise ValueError(
                "DSR_ENCRYPTION_KEYS is missing: run `dsr keys new` and put the line it prints into .env"
            )
        if self.session_secret.get_secret_value().lower() in _PLACEHOLDERS:
            raise ValueError(
                "DSR_SESSION_SECRET is missing: run `dsr keys new` and put the line it prints into .env"
            )
        if not self.fingerprint_keys:
            raise ValueError(
                "DSR_FINGERPRINT_KEYS is missing: run `dsr keys new` and put the line it prints into .env"
            )
        for name in ("fingerprint_keys", "check_tokens"):
            if any(len(secret.get_secret_value()) < SHORTEST_SECRET for secret in getattr(self, name)):
                raise ValueError(
                    f"DSR_{name.upper()} holds something shorter than {SHORTEST_SECRET} characters: run `dsr keys new`"
                    " and put the line it prints into .env"
                )
        return self

    @model_validator(mode="after")
    def _knows_its_mailboxes(self) -> Self:
        names = [without_tag(mailbox.address) for mailbox in self.mailboxes]
        if len(set(names)) < len(names):
            raise ValueError(
                "DSR_MORE_MAILBOXES names an address twice, or that of DSR_MAILBOX: leave one out"
            )
        for mailbox in self.mailboxes if not self.demo else ():
            if mailbox.missing:
                names_missing = ", ".join(f"DSR_{name.upper()}" for name in mailbox.missing.split(", "))
                raise ValueError(f"{mailbox.address} cannot be read: set {names_missing}")
        if self.smtp_auth == "xoauth2" and not (self.smtp_user and self.oauth.usable):
            raise ValueError(
                "DSR_SMTP_AUTH is xoauth2: set DSR_SMTP_USER, DSR_OAUTH_TOKEN_URL, DSR_OAUTH_CLIENT_ID and a secret"
            )
        return self

    @property
    def oauth(self) -> OAuthSettings:
        """The OAuth client of the first mailbox and of the relay."""
        return OAuthSettings(
            token_url=self.oauth_token_url,
            client_id=self.oauth_client_id,
            client_secret=self.oauth_client_secret,
            refresh_token=self.oauth_refresh_token,
            scope=self.oauth_scope,
        )

    @property
    def mailboxes(self) -> tuple[MailboxSettings, ...]:
        """Every mailbox the intake empties, the published one first."""
        first = MailboxSettings(
            address=self.mailbox,
            source=self.mail_source,
            maildir=self.maildir_path,
            oauth=self.oauth,
            **{
                name: getattr(self, name) for name in MailboxSettings.model_fields if name.startswith("imap_")
            },
        )
        further = [
            box if box.oauth.usable else box.model_copy(update={"oauth": self.oauth})
            for box in self.more_mailboxes
        ]
        return first, *further

    @property
    def own_addresses(self) -> frozenset[str]:
        """The mailboxes' addresses in lower case."""
        return frozenset(mailbox.address.lower() for mailbox in self.mailboxes)

    def is_own(self, address: str) -> bool:
        """Whether mail to `address` comes back to us: a mailbox of ours, with any `+tag`, or a case's reply address."""
        ours = {without_tag(known) for known in self.own_addresses}
        return without_tag(address) in ours or bool(self.token_in(address))

    def token_in(self, address: str) -> str:
        """The case token in an address made from `reply_address`, in lower case; else empty."""
        return token_in(self.reply_address, address)

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the application database."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home.resolve() / 'dsr.sqlite'}"

    @property
    def storage(self) -> str:
        """The fsspec URL under which encrypted files are kept."""
        return self.storage_url or f"file://{self.home.resolve() / 'files'}"

    @property
    def ledger(self) -> str:
        """The fsspec URL of the erasure ledger, apart from what a restored backup brings back (law.md F14)."""
        return self.ledger_url or f"file://{self.home.resolve() / 'ledger'}"

    @property
    def maildir_path(self) -> Path:
        """The embedded mailbox."""
        return self.maildir or self.home / "maildir"

    @property
    def prefect_api(self) -> str:
        """URL of Prefect's API."""
        return f"{self.prefect_url.rstrip('/')}/api"


@cache
def settings() -> Settings:
    """Return the settings of this process, read once from the environment; `Rejected` tells what is missing."""
    try:
        return Settings()
    except ValueError as error:
        reasons = "; ".join(_reason(detail) for detail in getattr(error, "errors", list)())
        raise Rejected(f"the settings are not usable: {reasons or error}") from error


def _reason(detail: dict[str, object]) -> str:
    where = "_".join(str(part) for part in detail["loc"])  # type: ignore[attr-defined]  # pydantic's location tuple
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"DSR_{where.upper()}: {message}" if where else message
