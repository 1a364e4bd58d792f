"""The demo's players: a requester with their mail, colleagues with their tasks, an officer in Prefect.

Each does one thing when it is their turn, through the door a person would use; what was done once is not done again.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import lxml.html

from flows.demo.billing_tool import carry_out
from flows.demo.local_mail import OUTBOX
from flows.demo.people import (
    CODE,
    code_in,
    fill_in,
    form_of,
    letters_to,
    letters_with,
    link_in,
    submit,
    text_of,
    wait_for,
)
from flows.demo.show import OFFICER
from flows.forms import EXTRA
from models.choice_words import WORDS
from models.controller import Text
from models.errors import NotFound
from models.grounds import RestrictionCase
from models.questions import Choice, ground_in_words
from models.settings import Settings

BILLING = "billing@nexoris.com"
SEARCHED = "Searched by name and address, archive and bin included."
CHANGED = "Done in the tool as asked, bin included."
GROUND = RestrictionCase.CLAIMS
REASONS = {
    "access": "Every system was searched, and the free texts harm nobody else.",
    "portability": "The scope is right: what the person gave us, on consent or contract.",
    "rectification": "The person proved who she is, and the name is her own.",
    "erasure": "Nothing but what the law obliges us to keep stays, and only that long.",
    "restriction": "The person needs the data for a claim of her own before the courts.",
    "consent_withdrawal": "Consent was the only basis of these data.",
}


@dataclass
class Stage:
    """What the players share. `done`: links used and forms answered; `bundles`: what was downloaded, by case."""

    config: Settings
    portal: httpx.Client
    say: Callable[[str], None]
    done: set[str] = field(default_factory=set)
    bundles: dict[str, Path] = field(default_factory=dict)

    def first_time(self, what: str) -> bool:
        """Whether nobody has done this before."""
        new = what not in self.done
        self.done.add(what)
        return new


def take_turns(stage: Stage, run: dict[str, Any]) -> None:
    """Let whom the suspended run waits for do their part."""
    tags = [str(tag) for tag in run["tags"]]
    ref = next((tag for tag in tags if tag.startswith("DSR-")), "")
    if "waits-for-requester" in tags:
        enter_code(stage, ref)
    elif "waits-for-colleague" in tags:
        do_tasks(stage, ref)
    elif "waits-for-officer" in tags:
        decide(stage, ref, str(run["parameters"]["request_ref"]).partition("/")[2], run)


def enter_code(stage: Stage, ref: str) -> None:
    """The requester types the code that went to the address on file."""
    for letter in letters_with(stage.config, "identity", ref):
        link = link_in(letter, "identity")
        if stage.first_time(link):
            fill_in(stage.portal, link, {"code": code_in(letter)}).raise_for_status()
            stage.say(f"{ref}  requester   entered the code that went to the address on file")


def do_tasks(stage: Stage, ref: str) -> None:
    """The colleagues open their letters, do what the page says, and say so."""
    for letter in letters_with(stage.config, "task", ref):
        link = link_in(letter, "task")
        if stage.first_time(link):
            _do_task(stage, ref, str(letter["to"]), link)


def _do_task(stage: Stage, ref: str, colleague: str, link: str) -> None:
    page = lxml.html.fromstring(stage.portal.get(link).raise_for_status().text)
    if colleague == BILLING:
        carry_out(Path(os.environ["DSR_BILLING_CSV"]), _texts(page, "dl//bdi"), _texts(page, "li/bdi"))
    search = bool(page.xpath("//input[@id='found']"))
    answer = {"outcome": "none" if search else "done", "note": SEARCHED if search else CHANGED}
    fill_in(stage.portal, link, answer).raise_for_status()
    said = "searched by hand, nothing there" if search else "did by hand what was asked, and said so"
    stage.say(f"{ref}  colleague   {colleague}: {said}")


def _texts(page: lxml.html.HtmlElement, path: str) -> list[str]:
    found: list[Any] = list(page.xpath(f"//{path}"))
    return [" ".join(item.text_content().split()) for item in found]


def decide(stage: Stage, ref: str, right: str, run: dict[str, Any]) -> None:
    """The officer reads the form in Prefect and takes the first decision; what others' rows say may stay."""
    form = form_of(stage.config, run)
    if form is None or not stage.first_time(str(run["state"]["id"])):
        return
    listed = choices(form, "decision")
    choice = next((words for words in listed if words in _said(WORDS[Choice.LEAVE])), listed[0])
    fields = form["properties"]
    values: dict[str, Any] = {"decision": choice, "officer": OFFICER, "reason": REASONS[right]}
    values |= {name: one["default"] for name, one in fields.items() if name.startswith(EXTRA)}
    if "texts_read" in fields:
        values["texts_read"] = choices(form, "texts_read")[0]
    if choice in _said(WORDS[Choice.RESTRICT]):
        values["ground"] = next(words for words in choices(form, "ground") if words in _grounds())
    submit(stage.config, run, values)
    stage.say(f"{ref}  officer     chose in Prefect: {choice}")


def choices(form: dict[str, Any], field_name: str) -> list[str]:
    """Return what a field of a form lets choose from."""
    found = form["properties"][field_name]
    return [str(found["const"])] if "const" in found else list(map(str, found["enum"]))


def _said(words: Text) -> set[str]:
    return {words.fr, words.en}


def _grounds() -> set[str]:
    return {ground_in_words(GROUND, "fr"), ground_in_words(GROUND, "en")}


def download_offers(stage: Stage) -> None:
    """The requesters who were sent a link ask for a code, read it in their mail, and download."""
    for letter in letters_with(stage.config, "download"):
        link = link_in(letter, "download")
        if stage.first_time(link):
            ref = next(word for word in text_of(letter).replace(".", " ").split() if word.startswith("DSR-"))
            path = stage.config.home.resolve() / f"{ref}.zip"
            path.write_bytes(_download(stage, str(letter["to"]), link))
            stage.bundles[ref] = path
            stage.say(f"{ref}  requester   downloaded the answer with a second code: {path.name}")


def _download(stage: Stage, address: str, link: str) -> bytes:
    before = len(_codes(stage, address))
    fill_in(stage.portal, link, {}, action="/code").raise_for_status()
    letter = wait_for("the download code", lambda: next(iter(_codes(stage, address)[before:]), None))
    got = fill_in(stage.portal, link, {"code": code_in(letter)}, action=httpx.URL(link).path)
    if got.headers.get("content-type") != "application/zip":
        raise NotFound(f"the portal gave a page with status {got.status_code} instead of the bundle")
    return got.content


def _codes(stage: Stage, address: str) -> list[EmailMessage]:
    """The letters to an address that hold a code."""
    return [mail for mail in letters_to(stage.config.home / OUTBOX, address) if CODE.search(text_of(mail))]
