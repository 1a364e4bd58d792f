"""`dsr demo --auto`: play requesters, colleague and officer through the same public doors, and check what comes out.

Whatever is missing is an error, so that CI can run it.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import httpx
from rich.console import Console
from sqlmodel import select

from flows.demo.local_mail import OUTBOX
from flows.demo.people import (
    code_in,
    fill_in,
    form_of,
    letter_with,
    letters_to,
    link_in,
    submit,
    wait_for,
    waiting_run,
)
from flows.demo.show import OFFICER, demo
from flows.runtime.clock import utc_now
from models.database import reading
from models.errors import NotFound, Rejected
from models.settings import Settings
from models.tables import Case, Message, MessageState
from tasks.case_view import CaseView, case_view

COLLEAGUE = "elay@nexoris.com"
PEOPLE = ("camille.durand@atelier-lumiere.example", "oliver.bennett@harbour-analytics.example")
Say = Callable[[str], None]


def play(console: Console) -> None:
    """Run the demo to its end; raises where anything is missing."""
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {line}", highlight=False, soft_wrap=True)

    with demo(say) as (config, _):
        for address in PEOPLE:
            _one_person(config, address, say)
        _check_newsletter()
        for address in PEOPLE:
            _print_timeline(console, _case_of(address))
    console.print("[bold]Both requests are answered, and nothing is missing.[/bold]")


def _one_person(config: Settings, address: str, say: Say) -> None:
    with httpx.Client(base_url=config.public_url, follow_redirects=True, timeout=30) as portal:
        letter = wait_for("the identity letter", lambda: letter_with(config, address, "/identity/"))
        fill_in(portal, link_in(letter, "identity"), {"code": code_in(letter)}).raise_for_status()
        ref = _case_of(address).ref
        say(f"{ref}  the requester entered the code that went to the address on file")
        task = wait_for("the colleague's task", lambda: letter_with(config, COLLEAGUE, "/task/", ref))
        fill_in(
            portal, link_in(task, "task"), {"outcome": "none", "note": "Searched by hand."}
        ).raise_for_status()
        say(f"{ref}  the colleague searched Elay by hand: nothing there")
        _decide(config, ref, say)
        reply = wait_for("the reply", lambda: letter_with(config, address, "/download/"))
        bundle = _download(config, portal, address, link_in(reply, "download"))
    wait_for("the case to close", lambda: _case_of(address).closed_at)
    path = config.home.resolve() / f"{ref}.zip"
    path.write_bytes(bundle)
    _check_bundle(bundle, ref)
    _check_case(config, _case_of(address))
    say(f"{ref}  downloaded, checked, closed; the bundle: {path}")


def _decide(config: Settings, ref: str, say: Say) -> None:
    run = wait_for("the officer's form", lambda: waiting_run(config, ref, "access"))
    form = wait_for("the form's fields", lambda: form_of(config, run))
    choice = _choices(form, "decision")[0]
    values: dict[str, Any] = {
        "decision": choice,
        "officer": OFFICER,
        "reason": "Every system was searched and the free texts harm nobody else.",
    }
    if "texts_read" in form["properties"]:
        values["texts_read"] = _choices(form, "texts_read")[0]
    submit(config, run, values)
    say(f"{ref}  the officer chose in Prefect: {choice}")


def _choices(form: dict[str, Any], field: str) -> list[str]:
    found = form["properties"][field]
    return [str(found["const"])] if "const" in found else list(map(str, found["enum"]))


def _download(config: Settings, portal: httpx.Client, address: str, link: str) -> bytes:
    before = _letters(config, address)
    fill_in(portal, link, {}, action="/code").raise_for_status()

    def code_letter() -> EmailMessage | None:
        return next(iter(_letters(config, address)[len(before) :]), None)

    code = code_in(wait_for("the download code", code_letter))
    got = fill_in(portal, link, {"code": code}, action=httpx.URL(link).path)
    if got.headers.get("content-type") != "application/zip":
        raise NotFound(f"the portal gave a page with status {got.status_code} instead of the bundle")
    return got.content


def _letters(config: Settings, address: str) -> list[EmailMessage]:
    return list(letters_to(config.home / OUTBOX, address))


def _case_of(address: str) -> CaseView:
    with reading() as session:
        ref = session.exec(select(Case.ref).where(Case.requester_address == address)).one()
        return case_view(session, ref, utc_now())


def _check_newsletter() -> None:
    with reading() as session:
        states = session.exec(select(Message.state).where(Message.sender.startswith("infolettre@"))).all()
    if states != [MessageState.MACHINE]:
        raise Rejected(f"the newsletter should be machine mail, and is {states}")


def _check_bundle(bundle: bytes, ref: str) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read(next(name for name in names if name.endswith("manifest.json"))))
    if ref not in json.dumps(manifest) or not any(name.endswith("index.html") for name in names):
        raise NotFound(f"{ref}: the bundle lacks its page or its manifest")


def _check_case(config: Settings, case: CaseView) -> None:
    kinds = [letter.kind for letter in case.letters if letter.recipient == case.requester_address]
    wanted = ["acknowledge", "ask_identity", "access_reply", "download_code"]
    unsent = [letter.kind for letter in case.letters if letter.state != "sent"]
    out = len(_letters(config, case.requester_address))
    if kinds != wanted or unsent or out != len(wanted) or case.audit_broken:
        raise Rejected(
            f"{case.ref}: letters {kinds}, unsent {unsent}, arrived {out}, audit {case.audit_broken or 'ok'}"
        )


def _print_timeline(console: Console, case: CaseView) -> None:
    dates = case.dates
    console.print(
        f"\n[bold]{case.ref}[/bold] · received {dates.received_on} · due {dates.binding}", highlight=False
    )
    for event in case.audit:
        detail = ", ".join(f"{key} {value}" for key, value in event.detail.items() if key in SHOWN and value)
        console.print(
            f"  {event.at:%H:%M:%S}  {event.actor:<14} {event.kind:<22} {detail}",
            highlight=False,
            soft_wrap=True,
        )


SHOWN = {"letter", "systems", "choice", "outcome", "question", "rights", "system"}
