"""`dsr demo`: sample systems, officer, mail server, the whole engine, messages for every right, and what to click.

Each start begins with an empty folder, so a demo looks the same every time.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlmodel import select

from flows.demo.guard import mark, refuse_real_installation
from flows.demo.local_mail import mail_server, people, sample_messages, send_sample_messages
from flows.demo.people import wait_for
from flows.runtime.up import Part, running, watch
from models.database import database, reading, unit_of_work
from models.errors import NotFound, Unavailable
from models.migrate import migrate
from models.settings import Settings, settings
from models.tables import Case, Request, Role
from tasks.officers import add_officer
from tasks.samples.sample_history import write_history
from tasks.samples.sample_systems import create_sample_systems

HOME = Path(".dsr-demo")
OFFICER = "Claire Martin"
OFFICER_ADDRESS = "claire.martin@nexoris.com"
OFFICER_PASSWORD = "demonstration"  # noqa: S105  # printed on the screen, for sample data only
MANAGER = "Mona Direction"
MANAGER_ADDRESS = "mona.direction@nexoris.com"
HISTORY = 400  # requests answered in the past year
READY_SECONDS = 90


@contextmanager
def demo(
    say: Callable[[str], None], tell_letter: Callable[[str], None] | None = None
) -> Iterator[tuple[Settings, list[Part]]]:
    """Yield settings and parts of a running demo, after its messages were sent.

    `tell_letter` gets a line for each letter that goes out, `say` where there is none.
    """
    config = _prepare()
    with mail_server(config, tell_letter or say), running(config, say) as parts:
        say(f"{send_sample_messages(config)} messages are sent to {config.mailbox}")
        yield config, parts


def _prepare() -> Settings:
    """Set the environment that every part inherits, and fill an empty home."""
    refuse_real_installation(Path(os.environ.setdefault("DSR_HOME", str(HOME))))
    os.environ.setdefault("DSR_SMTP_PORT", "2525")
    os.environ.setdefault("DSR_POLL_SECONDS", "1")
    os.environ |= {"DSR_DEMO": "true", "DSR_SMTP_TLS": "none", "DSR_SMTP_HOST": "127.0.0.1"}
    config = settings()
    shutil.rmtree(config.home, ignore_errors=True)
    mark(config.home)
    now = datetime.now(UTC)
    os.environ |= create_sample_systems(config.home.resolve() / "systems", now)
    migrate(database())
    with unit_of_work() as session:
        add_officer(session, OFFICER, OFFICER_ADDRESS, OFFICER_PASSWORD, now, totp=False)
    return config


def show(console: Console) -> None:
    """Run the demo for a person, until Ctrl-C."""

    def say(line: str) -> None:
        console.print(line, soft_wrap=True)

    with demo(say) as (config, parts):
        _wait_for_cases()
        _add_history()
        for line in guide(config):
            say(line)
        watch(parts)
        console.print("Stopping …")


def _add_history() -> None:
    """Give management something to look at: a year of answered requests, invented, and somebody who may see figures."""
    now = datetime.now(UTC)
    with unit_of_work() as session:
        write_history(session, HISTORY, now)
        add_officer(session, MANAGER, MANAGER_ADDRESS, OFFICER_PASSWORD, now, totp=False, role=Role.MANAGER)


def _wait_for_cases() -> None:
    """Return when every request waits for somebody: there is something to click, and no letter pushes the guide away.

    After `READY_SECONDS` the first two people's requests are enough.
    """
    try:
        wait_for("a case of everybody", _all_wait, READY_SECONDS)
    except NotFound:
        waiting = {address for waits_for, address in _cases() if waits_for}
        if not waiting.issuperset(people()[:2]):
            raise Unavailable(
                f"the sample messages led to no case within {READY_SECONDS} s: see {HOME}/logs"
            ) from None


def _all_wait() -> bool:
    found = _cases()
    return len({address for _, address in found}) == len(people()) and all(waits for waits, _ in found)


def _cases() -> list[tuple[str, str]]:
    """Whom each request waits for, and whose it is."""
    with reading() as session:
        return list(session.exec(select(Request.waits_for, Case.requester_address).join(Case)))


def guide(config: Settings) -> list[str]:
    """Return what runs where and what to click."""
    mail, desk = f"{config.public_url}/demo/mail", f"{config.public_url}/desk"
    runs = f"{config.prefect_url}/v2/runs?state=Suspended&tags=waits-for-officer&sort=NAME_ASC"
    year = datetime.now(UTC).year
    return [
        "",
        f"[bold]{len(sample_messages())} messages arrived at {config.mailbox}: every right, and a newsletter.[/bold]",
        f"    Cases DSR-{year}-…  0001, 0002 access (Camille Durand, Oliver Bennett)   0003 rectification   0004 erasure",
        "    0005 objection   0006 portability   0007 restriction   0008 withdrawal of consent   0009 access + erasure",
        f" 1  The people's mail      {mail}   open the letter to Camille Durand, follow its link,",
        "                            and enter the code it holds: that proves the address on file is hers",
        f" 2  The colleague's task   {mail}   the letter to elay@: say that Elay holds nothing",
        f" 3  [bold]The officer decides[/bold]    {runs}",
        "                            open the run, choose Resume in its menu ⋮, read, answer",
        f" 4  The person downloads   {mail}   Camille's reply: its link, a second code, the bundle",
        f" 5  [bold]Most to see: 0004[/bold]      {mail}   enter Alice Eastgate's code, then approve in (3) the",
        "                            erasure plan: what goes, what the law keeps until when, what is blanked",
        f" 6  The officer's desk     {desk}   {OFFICER_ADDRESS} / {OFFICER_PASSWORD}",
        f" 7  Management             {config.public_url}/sla   {MANAGER_ADDRESS} / {OFFICER_PASSWORD}",
        f"    On the command line    dsr case list · dsr pen list · dsr doctor   (with DSR_DEMO=true DSR_HOME={config.home})",
        f"    Logs in {config.home}/logs. dsr demo --auto plays everybody's part. Ctrl-C ends everything.",
    ]
