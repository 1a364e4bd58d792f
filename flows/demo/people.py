"""What requesters, colleagues and officers do from outside: read their mail, follow a link, fill in a form.

Only public doors are used: the mail server's outbox, the portal's pages, Prefect's API.
"""

import mailbox
import re
import time
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import httpx
import lxml.html

from flows.demo.local_mail import OUTBOX
from models.errors import NotFound
from models.settings import Settings

T = TypeVar("T")
CODE = re.compile(r"\b\d{4}\s\d{4}\b")


def wait_for(what: str, look: Callable[[], T | None], seconds: float = 90) -> T:
    """Return what `look` finds as soon as it is neither None nor False; `NotFound` where it does not come in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found is not None and found is not False:
            return found
        time.sleep(0.1)
    raise NotFound(f"{what} did not come within {seconds:g} s: see the logs")


def letters(outbox: Path) -> Iterator[EmailMessage]:
    """Yield every letter that went out, oldest first."""
    box = mailbox.Maildir(outbox, create=False)
    for key in sorted(box.keys(), key=lambda name: (outbox / "new" / name).stat().st_mtime_ns):
        yield BytesParser(policy=policy.default).parsebytes(box.get_bytes(key))


def letters_to(outbox: Path, address: str) -> Iterator[EmailMessage]:
    """Yield the letters sent to `address`, oldest first."""
    return (mail for mail in letters(outbox) if mail["to"] == address)


def letters_with(config: Settings, door: str, ref: str = "") -> list[EmailMessage]:
    """Return the letters that hold a link to a door of the portal, oldest first; of one case where it is named."""
    return [
        mail
        for mail in letters(config.home / OUTBOX)
        if f"/{door}/" in text_of(mail) and ref in f"{mail['subject']}\n{text_of(mail)}"
    ]


def text_of(mail: EmailMessage) -> str:
    """Return a letter's plain text."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def link_in(mail: EmailMessage, door: str) -> str:
    """Return the letter's link to a door of the portal: identity, download or task."""
    found = re.search(rf"https?://\S+/{door}/\S+", text_of(mail))
    if found is None:
        raise NotFound(f"the letter holds no link to /{door}/")
    return unescape(found[0])


def code_in(mail: EmailMessage) -> str:
    """Return the letter's one-time code, as it stands there."""
    found = CODE.search(text_of(mail))
    if found is None:
        raise NotFound("the letter holds no code")
    return found[0]


def fill_in(portal: httpx.Client, url: str, values: dict[str, str], action: str = "") -> httpx.Response:
    """Open a page and submit its form (the one whose action ends with `action`) as a browser without scripts does."""
    page = portal.get(url).raise_for_status()
    root = lxml.html.fromstring(page.text, base_url=str(page.url))
    forms: list[Any] = list(root.iter("form"))
    form = next(form for form in forms if str(form.get("action") or "").partition("?")[0].endswith(action))
    fields = {name: value for name, value in form.form_values() if isinstance(value, str)} | values
    return portal.post(str(page.url.join(str(form.get("action") or page.url))), data=fields)


def _api(config: Settings) -> httpx.Client:
    user, _, password = config.prefect_auth.get_secret_value().partition(":")
    return httpx.Client(base_url=config.prefect_api, auth=(user, password) if user else None, timeout=30)


def suspended_runs(config: Settings) -> list[dict[str, Any]]:
    """Return every flow run that waits for somebody, as Prefect's API gives it."""
    with _api(config) as api:
        wanted = {"state": {"type": {"any_": ["PAUSED"]}}}
        return list(api.post("/flow_runs/filter", json={"flow_runs": wanted}).raise_for_status().json())


def form_of(config: Settings, run: dict[str, Any]) -> dict[str, Any] | None:
    """Return the form's JSON schema, as the UI reads it; None while it is not saved yet."""
    key = run["state"]["state_details"]["run_input_keyset"]["schema"]
    with _api(config) as api:
        saved = api.get(f"/flow_runs/{run['id']}/input/{key}")
    return dict(saved.json()) if saved.is_success else None


def submit(config: Settings, run: dict[str, Any], values: dict[str, Any]) -> None:
    """Answer a suspended run's form."""
    with _api(config) as api:
        answer = (
            api.post(f"/flow_runs/{run['id']}/resume", json={"run_input": values}).raise_for_status().json()
        )
    if answer["status"] != "ACCEPT":
        raise NotFound(f"Prefect did not take the answer: {answer['status']}")
