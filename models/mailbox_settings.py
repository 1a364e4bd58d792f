"""What is to be known of one mailbox and of our own addresses: values, checked when the settings are read."""

import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

TOKEN = "{token}"  # noqa: S105  # a place in a pattern, not a secret
_SAMPLE = "a" * 16  # as long as a token may be
_HERE = {"127.0.0.1", "::1", "localhost"}


class OAuthSettings(BaseModel):
    """How to get an access token (RFC 6749): with a refresh token where there is one, else as the application itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token_url: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    scope: str = ""

    @field_validator("token_url")
    @classmethod
    def _is_encrypted(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and not (parts.hostname and (parts.scheme == "https" or parts.hostname in _HERE)):
            raise ValueError("it must begin with https://, for a secret is sent there")
        return url

    @property
    def usable(self) -> bool:
        """Whether it names a place and somebody to ask as."""
        secret = self.client_secret.get_secret_value() or self.refresh_token.get_secret_value()
        return bool(self.token_url and self.client_id and secret)


class MailboxSettings(BaseModel):
    """One mailbox that the intake empties; `address` is its name in every table."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: str
    source: str = Field(default="imap", pattern="^(maildir|imap)$")
    maildir: Path = Path()
    imap_host: str = ""
    imap_port: int = 993
    imap_tls: bool = True
    imap_user: str = ""
    imap_auth: str = Field(default="password", pattern="^(password|xoauth2)$")
    imap_password: SecretStr = SecretStr("")
    imap_folder: str = "INBOX"
    imap_done_folder: str = ""
    imap_idle_seconds: int = Field(default=300, ge=1, le=1740)  # RFC 2177: 29 minutes
    oauth: OAuthSettings = OAuthSettings()

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        return checked_address(address)

    @property
    def missing(self) -> str:
        """What a mailbox like this one still needs, as names of settings; empty: nothing."""
        needed = {"maildir": self.maildir != Path()}
        if self.source == "imap":
            needed = {"imap_host": bool(self.imap_host), "imap_user": bool(self.imap_user)}
            if self.imap_auth == "xoauth2":
                needed |= {"oauth_token_url, oauth_client_id and oauth_client_secret": self.oauth.usable}
            else:
                needed |= {"imap_password": bool(self.imap_password.get_secret_value())}
        return ", ".join(name for name, given in needed.items() if not given)


class FurtherMailbox(MailboxSettings):
    """One of `DSR_MORE_MAILBOXES`: complete by itself, but for the OAuth client, which may be that of the first."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        lent = self.oauth == OAuthSettings() and self.missing.startswith("oauth_")
        if self.missing and not lent:
            raise ValueError(f"this mailbox lacks {self.missing}")
        return self


def checked_address(address: str) -> str:
    """Return a bare address as it is written; `ValueError` for anything else."""
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"it is no mail address: {error}") from error


def checked_pattern(pattern: str) -> str:
    """Return a reply address with one `{token}` before its `@`, or the empty one."""
    if not pattern:
        return pattern
    if pattern.partition("@")[0].count(TOKEN) != 1 or pattern.count(TOKEN) != 1:
        raise ValueError(f"it must hold {TOKEN} once, before the @: for instance privacy+{TOKEN}@nexoris.com")
    checked_address(pattern.replace(TOKEN, _SAMPLE))
    return pattern


def token_in(pattern: str, address: str) -> str:
    """The token in an address made from `pattern`, in lower case; empty where it was not made from it."""
    if not pattern:
        return ""
    before, _, after = pattern.lower().partition(TOKEN)
    found = re.fullmatch(f"{re.escape(before)}([a-z0-9]+){re.escape(after)}", address.strip().lower())
    return found[1] if found else ""


def without_tag(address: str) -> str:
    """`privacy@…` for `Privacy+anything@…` (RFC 5233 sub-address)."""
    local, at, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"
