"""Settings: `.env.example` names them all, secrets are asked for in plain words and never printed."""

import json
import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from models.errors import Rejected
from models.mailbox_settings import OAuthSettings
from models.settings import REPOSITORY, Settings, settings
from tests.conftest import forget_settings

EXAMPLE = REPOSITORY / ".env.example"
LINE = re.compile(r"^# (DSR_[A-Z0-9_]+)=(.*)$")
KEY = Fernet.generate_key().decode()
ADVICE = "run `dsr keys new` and put the line it prints into .env"


@pytest.fixture
def clean(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No `DSR_*` variable, no `.env`, not the demo."""
    assert home
    for name in ("DSR_DEMO", "DSR_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def further(address: str = "contact@nexoris.com", **changes: object) -> str:
    """`DSR_MORE_MAILBOXES` with one complete mailbox; keys of the OAuth client are sorted into it."""
    box: dict[str, object] = {
        "address": address,
        "imap_host": "imap.example.org",
        "imap_user": address,
        "imap_password": "x",
    } | changes
    oauth = {key: box.pop(key) for key in list(box) if key in OAuthSettings.model_fields}
    return json.dumps([box | ({"oauth": oauth} if oauth else {})])


def examples() -> list[tuple[str, str, str]]:
    """Name, value and the line above of every setting in the example."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    found = [(LINE.match(line), above) for above, line in zip(["", *lines], lines, strict=False)]
    return [(match[1], match[2], above) for match, above in found if match]


def test_the_example_names_every_setting_once_and_no_other() -> None:
    names = [name for name, _, _ in examples()]
    assert sorted(names) == sorted(f"DSR_{field.upper()}" for field in Settings.model_fields)


def test_every_example_has_its_line_of_explanation() -> None:
    assert not [name for name, _, above in examples() if not above.startswith("# ") or LINE.match(above)]


def test_what_must_be_filled_in_comes_first() -> None:
    assert [name for name, _, _ in examples()][:3] == [
        "DSR_ENCRYPTION_KEYS",
        "DSR_SESSION_SECRET",
        "DSR_FINGERPRINT_KEYS",
    ]


def test_the_example_as_it_is_sets_nothing() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.strip() and not line.startswith("#")]


def test_the_examples_are_the_defaults(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean.chdir(REPOSITORY)
    given = [(name, value) for name, value, _ in examples() if value]
    file = tmp_path / "examples"
    file.write_text("".join(f"{name}={value}\n" for name, value in given), encoding="utf-8")
    clean.setenv("DSR_DEMO", "true")
    uncommented = Settings(_env_file=file)
    default = Settings(_env_file=None)
    assert uncommented.maildir_path == default.maildir_path
    assert uncommented.data_map.resolve() == default.data_map
    others = set(Settings.model_fields) - {"maildir", "data_map"}
    assert uncommented.model_dump(include=others) == default.model_dump(include=others)


@pytest.mark.parametrize("secret", ["", "changeme", "CHANGE-ME", "secret", "demo"])
def test_outside_the_demo_a_placeholder_secret_is_refused_with_advice(
    clean: pytest.MonkeyPatch, secret: str
) -> None:
    clean.setenv("DSR_ENCRYPTION_KEYS", f'["{KEY}"]')
    clean.setenv("DSR_SESSION_SECRET", secret)
    with pytest.raises(Rejected, match=re.escape(ADVICE)) as refused:
        settings()
    assert "DSR_SESSION_SECRET" in str(refused.value)


def test_outside_the_demo_missing_keys_are_refused_with_advice(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_SESSION_SECRET", "a long enough secret of somebody's own")
    with pytest.raises(Rejected, match=re.escape(ADVICE)) as refused:
        settings()
    assert "DSR_ENCRYPTION_KEYS" in str(refused.value)


def test_imap_without_a_server_is_refused_with_advice(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_ENCRYPTION_KEYS", f'["{KEY}"]')
    clean.setenv("DSR_SESSION_SECRET", "a long enough secret of somebody's own")
    clean.setenv("DSR_FINGERPRINT_KEYS", '["another secret of somebody\'s own"]')
    clean.setenv("DSR_MAIL_SOURCE", "imap")
    with pytest.raises(Rejected, match="set DSR_IMAP_HOST, DSR_IMAP_USER, DSR_IMAP_PASSWORD"):
        settings()


@pytest.mark.parametrize("name", ["DSR_FINGERPRINT_KEYS", "DSR_CHECK_TOKENS"])
def test_a_secret_that_can_be_guessed_is_refused_with_advice(clean: pytest.MonkeyPatch, name: str) -> None:
    clean.setenv("DSR_ENCRYPTION_KEYS", f'["{KEY}"]')
    clean.setenv("DSR_SESSION_SECRET", "a long enough secret of somebody's own")
    clean.setenv("DSR_FINGERPRINT_KEYS", '["another secret of somebody\'s own"]')
    clean.setenv(name, '["too short"]')
    with pytest.raises(Rejected, match=re.escape(ADVICE)) as refused:
        settings()
    assert name in str(refused.value)
    assert "too short" not in str(refused.value)


def test_a_refusal_does_not_quote_a_secret(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_ENCRYPTION_KEYS", '["not-a-key-at-all-0123456789"]')
    clean.setenv("DSR_SESSION_SECRET", "a long enough secret of somebody's own")
    with pytest.raises(Rejected) as refused:
        settings()
    assert "not-a-key-at-all" not in str(refused.value)


def test_in_the_demo_secrets_may_be_missing(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_DEMO", "true")
    assert settings().demo


def test_printed_settings_show_no_secret(clean: pytest.MonkeyPatch) -> None:
    secrets = {
        "DSR_SESSION_SECRET": "session-secret-of-this-test",
        "DSR_SMTP_PASSWORD": "smtp-password-of-this-test",
        "DSR_IMAP_PASSWORD": "imap-password-of-this-test",
        "DSR_OAUTH_CLIENT_SECRET": "client-secret-of-this-test",
        "DSR_OAUTH_REFRESH_TOKEN": "refresh-token-of-this-test",
        "DSR_METRICS_TOKEN": "metrics-token-of-this-test-only",
        "DSR_PREFECT_AUTH": "officer:prefect-login-of-this-test",
        "DSR_DATABASE_URL": "postgresql://dsr:database-password-of-this-test@db/dsr",
        "DSR_PREFECT_DATABASE_URL": "postgresql+asyncpg://dsr:other-password-of-this-test@db/prefect",
    }
    for name, value in secrets.items():
        clean.setenv(name, value)
    lists = {
        "DSR_FINGERPRINT_KEYS": "fingerprint-key-of-this-test",
        "DSR_CHECK_TOKENS": "check-token-of-this-test-only",
    }
    for name, value in lists.items():
        clean.setenv(name, f'["{value}"]')
    clean.setenv("DSR_ENCRYPTION_KEYS", f'["{KEY}"]')
    inner = {
        "imap_password": "password-of-the-second-mailbox",
        "client_secret": "secret-of-the-second-mailbox",
    }
    clean.setenv("DSR_MORE_MAILBOXES", further(**inner))
    config = settings()
    secret_fields = {
        name for name, field in Settings.model_fields.items() if SecretStr.__name__ in str(field.annotation)
    }
    assert secret_fields == {"encryption_keys"} | {
        name.removeprefix("DSR_").lower() for name in secrets | lists
    }
    boxes = config.mailboxes
    assert boxes[1].imap_password.get_secret_value() == inner["imap_password"]
    shown_everywhere = (str(config), repr(config), config.model_dump_json(), str(config.model_dump()))
    for shown in (*shown_everywhere, str(boxes), *(box.model_dump_json() for box in boxes)):
        assert not [
            value for value in [KEY, *secrets.values(), *lists.values(), *inner.values()] if value in shown
        ]


def test_a_refusal_quotes_no_secret(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_SESSION_SECRET", "session-secret-of-this-test")
    with pytest.raises(ValueError, match="DSR_ENCRYPTION_KEYS") as refused:
        Settings()
    assert "session-secret-of-this-test" not in str(refused.value)


def test_the_first_mailbox_is_the_published_one(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_DEMO", "true")
    (only,) = settings().mailboxes
    assert (only.address, only.source, only.maildir) == (
        settings().mailbox,
        "maildir",
        settings().maildir_path,
    )
    assert settings().own_addresses == {"privacy@nexoris.com"}


def test_further_mailboxes_are_complete_in_themselves(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_DEMO", "true")
    clean.setenv("DSR_IMAP_PASSWORD", "of the first")
    clean.setenv("DSR_MORE_MAILBOXES", further("Contact@Nexoris.com", imap_folder="Privacy"))
    first, second = settings().mailboxes
    assert (second.imap_host, second.imap_folder, second.imap_port) == ("imap.example.org", "Privacy", 993)
    assert second.imap_password.get_secret_value() == "x"
    assert first.imap_password.get_secret_value() == "of the first"
    assert settings().own_addresses == {"privacy@nexoris.com", "contact@nexoris.com"}


def test_one_oauth_client_may_serve_all_mailboxes(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_DEMO", "true")
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        clean.setenv(f"DSR_OAUTH_{name}", "of the first")
    clean.setenv("DSR_OAUTH_TOKEN_URL", "https://login.example.org/token")
    clean.setenv("DSR_MORE_MAILBOXES", further(imap_auth="xoauth2"))
    assert settings().mailboxes[1].oauth == settings().oauth
    settings.cache_clear()
    own = {"token_url": "https://other.example.org/token", "client_id": "own", "refresh_token": "own"}
    clean.setenv("DSR_MORE_MAILBOXES", further(imap_auth="xoauth2", **own))
    assert settings().mailboxes[1].oauth.client_id == "own"


@pytest.mark.parametrize(
    ("boxes", "advice"),
    [
        (further(imap_host=""), "lacks imap_host"),
        (further(imap_password=""), "lacks imap_password"),
        (further(source="maildir"), "lacks maildir"),
        (further("nobody"), "no mail address"),
        (further("privacy+x@nexoris.com"), "names an address twice"),
        (further("PRIVACY@nexoris.com"), "names an address twice"),
        (further(imap_pasword="misspelt-secret"), "Extra inputs"),
        (further(token_url="http://login.example.org/token"), "https://"),
        (further(imap_auth="xoauth2"), "DSR_OAUTH_CLIENT_ID"),
        ("[{", "more_mailboxes"),
    ],
)
def test_a_mailbox_that_cannot_be_read_is_refused_with_advice(
    clean: pytest.MonkeyPatch, boxes: str, advice: str
) -> None:
    clean.setenv("DSR_ENCRYPTION_KEYS", f'["{KEY}"]')
    clean.setenv("DSR_SESSION_SECRET", "a long enough secret of somebody's own")
    clean.setenv("DSR_FINGERPRINT_KEYS", '["another secret of somebody\'s own"]')
    clean.setenv("DSR_MORE_MAILBOXES", boxes)
    with pytest.raises(Rejected, match=re.escape(advice)) as refused:
        settings()
    assert "misspelt-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "pattern", ["privacy@nexoris.com", "privacy+{token}", "p@{token}.fr", "{token}{token}@x.fr"]
)
def test_a_reply_address_without_a_token_or_a_domain_is_refused(
    clean: pytest.MonkeyPatch, pattern: str
) -> None:
    clean.setenv("DSR_DEMO", "true")
    clean.setenv("DSR_REPLY_ADDRESS", pattern)
    with pytest.raises(Rejected, match="DSR_REPLY_ADDRESS"):
        settings()


def test_what_comes_back_to_us_is_known(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_DEMO", "true")
    clean.setenv("DSR_MORE_MAILBOXES", further("dpo@nexoris.com"))
    clean.setenv("DSR_REPLY_ADDRESS", "reply-{token}@answers.nexoris.com")
    own = ["Privacy@Nexoris.com", "privacy+x@nexoris.com", "DPO@nexoris.com", "Reply-K7Q@answers.nexoris.com"]
    foreign = [
        "",
        "+@",
        "privacy@client.example",
        "xprivacy@nexoris.com",
        "reply-@answers.nexoris.com",
        "reply-a@b",
    ]
    assert [settings().is_own(address) for address in own] == [True] * 4
    assert [settings().is_own(address) for address in foreign] == [False] * 6
    assert settings().token_in("Reply-K7Q@answers.nexoris.com") == "k7q"
    assert settings().token_in("privacy+k7q@nexoris.com") == ""


def test_a_reply_address_may_be_the_mailbox_with_a_tag(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("DSR_DEMO", "true")
    clean.setenv("DSR_REPLY_ADDRESS", "privacy+{token}@nexoris.com")
    assert settings().token_in(" Privacy+ABC234@nexoris.com") == "abc234"
    assert settings().token_in("privacy@nexoris.com") == ""
    assert settings().is_own("privacy+abc234@nexoris.com")


@pytest.mark.parametrize("name", ["DSR_ALERT_DAYS", "DSR_NOTICE_DAYS"])
@pytest.mark.parametrize("value", ["[14, -1]", "[251]"])
def test_days_before_a_last_day_that_would_silence_every_alert_are_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert home
    monkeypatch.setenv(name, value)
    forget_settings()
    with pytest.raises(Rejected, match="working days before the last day, 0 to 250"):
        settings()
