"""`dsr demo`: sample systems, officer, mail server, the whole engine, three messages, and ten lines that say what to click.

Each start begins with an empty folder, so a demo looks the same every time.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlmodel import select

from flows.demo.guard import mark, refuse_real_installation
from flows.demo.local_mail import mail_server, send_sample_messages
from flows.runtime.up import Part, running, watch
from models.database import database, reading, unit_of_work
from models.errors import Unavailable
from models.migrate import migrate
from models.settings import Settings, settings
from models.tables import Request, WaitsFor
from tasks.officers import add_officer
from tasks.sample_systems import create_sample_systems

HOME = Path(".dsr-demo")
OFFICER = "Claire Martin"
OFFICER_ADDRESS = "claire.martin@nexoris.com"
OFFICER_PASSWORD = "demonstration"  # noqa: S105  # printed on the screen, for sample data only
READY_SECONDS = 60


@contextmanager
def demo(say: Callable[[str], None]) -> Iterator[tuple[Settings, list[Part]]]:
    """Yield settings and parts of a running demo, after its messages were sent."""
    config = _prepare()
    with mail_server(config, say), running(config, say) as parts:
        send_sample_messages(config)
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
    with demo(console.print) as (config, parts):
        _wait_for_cases()
        for line in guide(config):
            console.print(line, soft_wrap=True)
        watch(parts)
        console.print("Stopping …")


def _wait_for_cases() -> None:
    """Return when both requests wait for somebody: there is something to click."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with reading() as session:
            waiting = session.exec(select(Request).where(Request.waits_for != WaitsFor.NOBODY)).all()
        if len(waiting) == len({"1-access-fr", "2-access-en"}):
            return
        time.sleep(0.2)
    raise Unavailable(f"the sample messages led to no case within {READY_SECONDS} s: see {HOME}/logs")


def guide(config: Settings) -> list[str]:
    """Return what runs where and what to click."""
    desk = f"{config.public_url}/desk"
    runs = f"{config.prefect_url}/v2/runs?state=Suspended&tags=waits-for-officer"
    return [
        "",
        "[bold]Three messages arrived at privacy@nexoris.com: two requests for access and a newsletter.[/bold]",
        f" 1  The people's mail      {config.public_url}/demo/mail   open the letter to Camille Durand, follow its link,",
        "                            and enter the code it holds: that proves the address on file is hers",
        f" 2  The colleague's task   {config.public_url}/demo/mail   the letter to elay@: say that Elay holds nothing",
        f" 3  [bold]The officer decides[/bold]    {runs}",
        "                            open the run, choose Resume in its menu ⋮, read, answer",
        f" 4  The person downloads   {config.public_url}/demo/mail   Camille's reply: its link, a second code, the bundle",
        f" 5  The officer's desk     {desk}   {OFFICER_ADDRESS} / {OFFICER_PASSWORD}",
        f"    On the command line    dsr case list · dsr pen list · dsr doctor   (with DSR_DEMO=true DSR_HOME={config.home})",
        f"    Logs in {config.home}/logs. Ctrl-C ends everything.",
    ]
