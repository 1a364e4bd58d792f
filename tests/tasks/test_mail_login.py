"""Access tokens: remembered, renewed in time, refused in one sentence; and a real Dovecot lets us in with them."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from models.errors import Rejected, Unavailable
from models.mailbox_settings import OAuthSettings
from tasks.mail import mail_login
from tasks.mail.mail_login import access_token, forget_token
from tests.support.case_rows import NOW
from tests.support.dovecot import Dovecot, deliver, dovecot
from tests.support.imap import mail, opened, texts
from tests.support.token_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    TokenServer,
    token_server,
)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Dovecot, TokenServer]]:
    with token_server() as tokens, dovecot(f"{tokens.url}/introspect") as server:
        yield server, tokens


@pytest.fixture
def tokens(running: tuple[Dovecot, TokenServer]) -> Iterator[TokenServer]:
    """The token server as it is at first; nothing is remembered."""
    state = running[1]
    state.seconds, state.status, state.answer = 3600, 200, None
    state.user = f"{uuid.uuid4().hex}@example.org"
    state.good.clear()
    state.asked.clear()
    mail_login._remembered.clear()
    yield state
    mail_login._remembered.clear()


@pytest.fixture
def server(running: tuple[Dovecot, TokenServer]) -> Dovecot:
    return running[0]


def client(tokens: TokenServer, **changes: str) -> OAuthSettings:
    given = {"token_url": f"{tokens.url}/token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return OAuthSettings.model_validate(given | changes)


def options(tokens: TokenServer, **changes: str) -> dict[str, object]:
    """The settings of a mailbox that logs in with tokens."""
    oauth = {f"oauth_{name}": getattr(client(tokens, **changes), name) for name in OAuthSettings.model_fields}
    return {"imap_auth": "xoauth2", "imap_password": "", **oauth}


def test_a_token_is_asked_for_once_and_again_before_it_expires(tokens: TokenServer) -> None:
    oauth = client(tokens, scope="mail.read")
    first = access_token(oauth, NOW)
    assert access_token(oauth, NOW + timedelta(minutes=57)) == first
    second = access_token(oauth, NOW + timedelta(minutes=59))
    assert (first, second) == tuple(tokens.good)
    assert tokens.asked[0] == {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": "mail.read",
    }


def test_a_refresh_token_is_used_where_there_is_one(tokens: TokenServer) -> None:
    assert access_token(client(tokens, refresh_token=REFRESH_TOKEN), NOW) == tokens.good[0]
    assert tokens.asked[0]["grant_type"] == "refresh_token"
    assert tokens.asked[0]["refresh_token"] == REFRESH_TOKEN
    assert "scope" not in tokens.asked[0]


def test_each_client_has_tokens_of_its_own(tokens: TokenServer) -> None:
    assert access_token(client(tokens), NOW) != access_token(client(tokens, scope="other"), NOW)


def test_a_token_of_unknown_life_is_not_trusted_for_long(tokens: TokenServer) -> None:
    tokens.seconds = None
    access_token(client(tokens), NOW)
    access_token(client(tokens), NOW + timedelta(minutes=2))
    access_token(client(tokens), NOW + timedelta(minutes=4))
    assert len(tokens.asked) == 2


def test_a_refusal_is_one_sentence_without_secrets(tokens: TokenServer) -> None:
    with pytest.raises(Rejected, match="invalid_client: check oauth_client_id") as refused:
        access_token(client(tokens, client_secret="wrong-secret"), NOW)
    assert not [word for word in ("wrong-secret", "camille", CLIENT_ID) if word in str(refused.value)]
    with pytest.raises(Rejected, match="invalid_grant"):
        access_token(client(tokens, refresh_token="wrong"), NOW)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Sign in</html>",
        b"[]",
        b"{}",
        b'{"access_token": 5}',
        b'{"access_token": "a\\u0001b"}',
        b'{"access_token": ""}',
    ],
)
def test_an_answer_without_a_usable_token_is_no_login(tokens: TokenServer, answer: bytes) -> None:
    tokens.answer = answer
    with pytest.raises(Unavailable, match="token"):
        access_token(client(tokens), NOW)


@pytest.mark.parametrize("status", [302, 429, 500, 503])
def test_a_token_server_in_trouble_is_tried_again_later(tokens: TokenServer, status: int) -> None:
    tokens.status = status
    with pytest.raises(Unavailable, match=f"status {status}"):
        access_token(client(tokens), NOW)
    tokens.status = 200
    assert access_token(client(tokens), NOW)


def test_a_token_server_that_is_away_is_told(tokens: TokenServer) -> None:
    away = client(tokens).model_copy(update={"token_url": "http://127.0.0.1:1/token"})
    with pytest.raises(Unavailable, match="check oauth_token_url"):
        access_token(away, NOW)


def test_the_mailbox_opens_with_a_token(server: Dovecot, tokens: TokenServer) -> None:
    deliver(server, mail(1), tokens.user)
    with opened(server, tokens.user, **options(tokens)) as inbox:
        assert texts(inbox) == [".1"]
        assert inbox.wait(0)
        inbox.close()
        assert texts(inbox) == [".1"]
    assert len(tokens.asked) == 1


def test_a_token_that_was_revoked_is_replaced(server: Dovecot, tokens: TokenServer) -> None:
    deliver(server, mail(1), tokens.user)
    with opened(server, tokens.user, **options(tokens)) as inbox:
        assert texts(inbox) == [".1"]
        inbox.close()
        tokens.good.clear()
        assert texts(inbox) == [".1"]
    assert len(tokens.asked) == 2


def test_a_token_that_opens_nothing_is_told_in_one_sentence(server: Dovecot, tokens: TokenServer) -> None:
    """The token is somebody else's."""
    with (
        opened(server, "other@example.org", **options(tokens)) as inbox,
        pytest.raises(
            Unavailable, match=r"privacy@nexoris\.com: its server refuses the access token"
        ) as refused,
    ):
        inbox.count()
    assert len(tokens.asked) == 2, "a new one was tried"
    assert not [token for token in [*tokens.good, "other@example.org"] if token in str(refused.value)]


def test_a_token_server_that_refuses_us_is_told_with_the_mailbox(
    server: Dovecot, tokens: TokenServer
) -> None:
    with (
        opened(server, tokens.user, **options(tokens, client_secret="wrong-secret")) as inbox,
        pytest.raises(Unavailable, match=r"privacy@nexoris\.com: the token server says invalid_client"),
    ):
        inbox.count()


def test_what_is_forgotten_is_asked_for_anew(tokens: TokenServer) -> None:
    first = access_token(client(tokens), NOW)
    forget_token(client(tokens))
    forget_token(client(tokens))
    assert access_token(client(tokens), NOW) != first


def test_secrets_of_a_client_are_not_shown(tokens: TokenServer) -> None:
    oauth = client(tokens, refresh_token=REFRESH_TOKEN)
    assert isinstance(oauth.client_secret, SecretStr)
    assert not [secret for secret in (CLIENT_SECRET, REFRESH_TOKEN) if secret in f"{oauth}{oauth!r}"]
