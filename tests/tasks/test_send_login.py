"""A relay that wants an access token instead of a password (XOAUTH2)."""

from collections.abc import Iterator

import pytest

from models.settings import settings
from models.tables import LetterState
from tasks.mail import mail_login
from tasks.mail.mail_login import access_token
from tests.conftest import forget_settings
from tests.support.outbox import (
    LATER,
    letter,
    relay_in_settings,
    send,
    write,
)
from tests.support.smtp import Relay
from tests.support.token_server import CLIENT_ID, CLIENT_SECRET, TokenServer, token_server


@pytest.fixture
def relay(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    with relay_in_settings(monkeypatch) as running:
        yield running


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenServer]:
    """A token server that the settings name, for the relay too."""
    mail_login._remembered.clear()
    with token_server() as running:
        for name, value in {
            "SMTP_AUTH": "xoauth2",
            "SMTP_USER": "privacy@nexoris.com",
            "OAUTH_TOKEN_URL": f"{running.url}/token",
            "OAUTH_CLIENT_ID": CLIENT_ID,
            "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
        }.items():
            monkeypatch.setenv(f"DSR_{name}", value)
        yield running
    mail_login._remembered.clear()


def test_a_relay_that_wants_an_access_token(relay: Relay, tokens: TokenServer) -> None:
    """A token that the relay refuses is forgotten: the next try asks for another, and the letter waits unharmed."""
    forget_settings()
    number = write()
    assert send() == 0
    assert letter(number).state == LetterState.QUEUED
    assert "SMTPAuthenticationError" in letter(number).smtp_reply
    assert "@" not in letter(number).smtp_reply
    access_token(settings().oauth, LATER)
    relay.tokens.extend(tokens.good)
    assert send(LATER) == 1
    assert len(tokens.good) == 2
    assert relay.logins == ["user=privacy@nexoris.com"] * 2


def test_a_token_server_that_refuses_us_loses_no_letter(relay: Relay, tokens: TokenServer) -> None:
    tokens.status, tokens.answer = 400, b'{"error": "invalid_client"}'
    forget_settings()
    number = write()
    assert send() == 0
    assert letter(number).state == LetterState.QUEUED
    assert "invalid_client" in letter(number).smtp_reply
    assert relay.asked == []
