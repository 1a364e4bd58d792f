"""A watcher that stops is seen from outside while all else runs, and so is that it came back (issue 5, done when 6).

The whole system runs as `dsr demo` starts it. An hour passes by moving every heartbeat back; the engine then goes on, and
only what really runs is heard of again. No cheaper test shows that a stopped deployment, and nothing else, turns all red.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import lxml.html
import pytest
from sqlmodel import select

from flows.runtime.clock import utc_now
from models.database import reading, unit_of_work
from models.settings import REPOSITORY
from models.tables import Heartbeat, Role
from tasks.figures.sla_say import say
from tasks.officers import add_officer
from tests.conftest import forget_settings
from tests.support.running import Running, end, environment, free_ports, start_demo, wait_for
from tests.web.conftest import PASSWORD, submit

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
WATCHER, OTHERS = "watch-deadlines", ("intake", "recover")
AN_HOUR = timedelta(minutes=61)
VERA = "vera@nexoris.example"


@dataclass(frozen=True)
class Outside:
    """The running system as people see it from outside."""

    running: Running
    variables: dict[str, str]
    manager: httpx.Client

    def api(self, method: str, path: str, **body: object) -> dict[str, object]:
        """A call of Prefect's API, as the UI makes it."""
        answer = httpx.request(method, f"{self.running.prefect_url}/api{path}", json=body, timeout=30)
        return dict(answer.raise_for_status().json()) if answer.content else {}

    def deployment(self, flow: str) -> str:
        return str(self.api("GET", f"/deployments/name/{flow}/dsr")["id"])

    def runs_once(self, flow: str) -> None:
        """The deployed flow runs, by the worker, to its end."""
        run = self.api("POST", f"/deployments/{self.deployment(flow)}/create_flow_run")["id"]
        wait_for(
            f"a run of {flow}", lambda: self.api("GET", f"/flow_runs/{run}")["state_type"] == "COMPLETED"
        )

    def health(self) -> tuple[int, list[str]]:
        answer = httpx.get(f"{self.running.public_url}/healthz", timeout=30)
        return answer.status_code, sorted(answer.json().get("silent", {}))

    def doctor(self) -> tuple[int, dict[str, str]]:
        """Exit status of `dsr doctor`, and what it says of the parts that are not well."""
        ended = subprocess.run(
            [sys.executable, "-c", "import cli; cli.main()", "doctor", "--json"],
            cwd=self.running.home.parent, env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return ended.returncode, {
            one["part"]: one["say"] for one in json.loads(ended.stdout) if not one["ok"]
        }

    def banner(self) -> str:
        """What stands in red at the top of the figures; empty where nothing does."""
        page = lxml.html.fromstring(self.manager.get("/sla?lang=en").raise_for_status().text)
        return " ".join(" ".join(page.xpath("//div[@role='alert']//text()")).split())


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    ports = dict(zip(("prefect_port", "web_port", "smtp_port"), free_ports(3), strict=True))
    urls = {name: f"http://127.0.0.1:{ports[port]}" for name, port in (("prefect_url", "prefect_port"), ("public_url", "web_port"))}  # fmt: skip
    running = start_demo(tmp_path, **ports, **urls)
    try:
        variables = environment(running.home, demo="true", **ports, **urls) | {"PYTHONPATH": str(REPOSITORY)}
        for name, value in variables.items():
            if name.startswith("DSR_"):
                monkeypatch.setenv(name, value)
        forget_settings()
        with unit_of_work() as session:
            add_officer(session, "Vera Visitor", VERA, PASSWORD, utc_now(), totp=False, role=Role.MANAGER)
        with httpx.Client(base_url=running.public_url, timeout=30) as manager:
            submit(manager, "/desk/login", address=VERA, password=PASSWORD)
            yield Outside(running, variables, manager)
    finally:
        ended = end(running)
        forget_settings()
    assert ended.left_over == []


def an_hour_passes() -> None:
    with unit_of_work() as session:
        for row in session.exec(select(Heartbeat)):
            row.ended_at -= AN_HOUR


def heard_of(flow: str) -> bool:
    """Whether it ran to its end within the last minutes."""
    with reading() as session:
        return utc_now() - session.get_one(Heartbeat, flow).ended_at < AN_HOUR / 2


def test_a_watcher_that_stops_turns_everything_red_until_it_runs_again(outside: Outside) -> None:
    outside.runs_once(WATCHER)
    assert heard_of(WATCHER)
    assert outside.health() == (200, [])
    assert outside.doctor() == (0, {})
    assert outside.banner() == ""

    outside.api("PATCH", f"/deployments/{outside.deployment(WATCHER)}", paused=True)
    an_hour_passes()
    for flow in OTHERS:
        outside.runs_once(flow)
        assert heard_of(flow)
    assert outside.health() == (503, [WATCHER])
    status, red = outside.doctor()
    assert (status, list(red)) == (1, ["clockwork"])
    assert f"{WATCHER} since" in red["clockwork"]
    assert say("en", f"flow.{WATCHER}") in outside.banner()
    assert not [flow for flow in OTHERS if say("en", f"flow.{flow}") in outside.banner()]

    outside.api("PATCH", f"/deployments/{outside.deployment(WATCHER)}", paused=False)
    outside.runs_once(WATCHER)
    assert outside.health() == (200, [])
    assert outside.doctor() == (0, {})
    assert outside.banner() == ""
