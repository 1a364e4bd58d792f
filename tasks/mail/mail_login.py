"""Access tokens for mail servers (OAuth 2.0, RFC 6749): asked for once, remembered until shortly before they expire.

Asking again yields another token that is as good.
"""

import re
import threading
from datetime import datetime, timedelta

import httpx

from models.errors import Rejected, Unavailable
from models.mailbox_settings import OAuthSettings

EARLY = timedelta(minutes=2)  # a login takes its time, and clocks differ
UNTOLD_SECONDS = 300.0  # life of a token whose server does not tell (RFC 6749, 5.1 only recommends it)
TIMEOUT_SECONDS = 30.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")  # printable: it becomes part of a command (RFC 6750, 2.1)
_ERROR = re.compile(r"[a-z_]{1,40}")
_remembered: dict[OAuthSettings, tuple[str, datetime]] = {}
_lock = threading.Lock()


def access_token(oauth: OAuthSettings, now: datetime) -> str:
    """Return a token that is good for at least two minutes more, or as long as the server gives it.

    `Rejected` where the token server refuses us, `Unavailable` where it does not answer as it should.
    """
    with _lock:
        token, until = _remembered.get(oauth, ("", now))
        if until <= now:
            token, seconds = _ask(oauth)
            _remembered[oauth] = token, now + timedelta(seconds=seconds) - EARLY
        return token


def forget_token(oauth: OAuthSettings) -> None:
    """A mail server refused the token: the next one is asked for anew."""
    with _lock:
        _remembered.pop(oauth, None)


def _ask(oauth: OAuthSettings) -> tuple[str, float]:
    """A token and its life in seconds."""
    secret, refresh = oauth.client_secret.get_secret_value(), oauth.refresh_token.get_secret_value()
    form = {
        "grant_type": "refresh_token" if refresh else "client_credentials",
        "client_id": oauth.client_id,
        "client_secret": secret,
        "refresh_token": refresh,
        "scope": oauth.scope,
    }
    try:
        answer = httpx.post(
            oauth.token_url,
            data={key: value for key, value in form.items() if value},
            timeout=TIMEOUT_SECONDS,
        )
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(
            f"the token server does not answer as it should ({type(error).__name__}): check oauth_token_url"
        ) from error
    if not isinstance(told, dict):
        raise Unavailable("the token server does not answer as it should: check oauth_token_url")
    if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
        raise Rejected(
            f"the token server says {_named(told)}: check oauth_client_id, its secret and oauth_scope"
        )
    token = told.get("access_token")
    if not answer.is_success or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Unavailable(f"the token server gave no token (status {answer.status_code}): try again later")
    return token, _seconds(told.get("expires_in"))


def _named(told: dict[str, object]) -> str:
    """The error's name in RFC 6749, 5.2; whatever else stands there is not for our logs."""
    name = told.get("error")
    return name if isinstance(name, str) and _ERROR.fullmatch(name) else "no"


def _seconds(told: object) -> float:
    try:
        return max(0.0, float(str(told)))
    except ValueError:
        return UNTOLD_SECONDS
