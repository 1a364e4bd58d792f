"""`dsr demo --auto`: play requesters, colleagues and officer through the same public doors until every case is closed.

Whoever is waited for acts, in whichever order the runs come to them; then everything is checked and told. Whatever is
missing is an error, so that CI can run it.
"""

import time

import httpx
from rich.console import Console

from flows.demo.checks import check_cases
from flows.demo.local_mail import people
from flows.demo.people import suspended_runs
from flows.demo.report import tell
from flows.demo.roles import Stage, download_offers, take_turns
from flows.demo.show import demo
from flows.runtime.clock import utc_now
from models.database import reading
from models.errors import NotFound
from models.tables import RequestState
from tasks.case_view import CaseLine, case_list

CASES = len(people())
LIMIT_SECONDS = 420
PAUSE_SECONDS = 0.25


def play(console: Console) -> None:
    """Run the demo to its end; raises where anything is missing."""
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {line}", highlight=False, soft_wrap=True)

    with (
        demo(say, lambda _: None) as (config, _),
        httpx.Client(base_url=config.public_url, follow_redirects=True, timeout=30) as portal,
    ):
        stage = Stage(config, portal, say)
        _until_all_closed(stage, began + LIMIT_SECONDS)
        proofs = check_cases(stage)
        tell(console, proofs)
    console.print(
        f"\n[bold]✓ {CASES} cases, {len(proofs)} requests, every right: answered and checked[/bold]"
        f" in {time.monotonic() - began:.0f} s; downloads are in {config.home}/",
        highlight=False,
        soft_wrap=True,
    )


def _until_all_closed(stage: Stage, until: float) -> None:
    """Let everybody act whenever it is their turn."""
    while True:
        with reading() as session:
            cases = case_list(session, utc_now(), "all")
        for run in suspended_runs(stage.config):
            take_turns(stage, run)
        download_offers(stage)
        _say_answered(stage, cases)
        if len(cases) == CASES and all(case.closed_at for case in cases):
            return
        if time.monotonic() > until:
            raise NotFound(f"not every case came to its end: {_still_open(cases)}; see the logs")
        time.sleep(PAUSE_SECONDS)


def _say_answered(stage: Stage, cases: list[CaseLine]) -> None:
    for case in cases:
        for request in case.requests:
            if request.state == RequestState.CLOSED and stage.first_time(f"{case.ref}/{request.right}"):
                stage.say(f"{case.ref}  engine      answered: {request.right.replace('_', ' ')}")


def _still_open(cases: list[CaseLine]) -> str:
    return ", ".join(
        f"{case.ref}/{request.right} waits for {request.waits_for or 'nobody'} {request.problem}".strip()
        for case in cases
        for request in case.requests
        if request.state != RequestState.CLOSED
    )
