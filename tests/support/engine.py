"""The engine without its worker: a real Prefect server for the whole session, and flow runs executed in warm forks.

Each run is a process of its own, as in production; the test decides when it runs and may put a SIGKILL into it.
"""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx

from flows.runtime.environment import PRELOAD, prefect_environment
from models.settings import REPOSITORY, Settings
from tasks import steps

START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prefect_server(home: Path) -> Iterator[dict[str, str]]:
    """A Prefect server on a free port with our deployments; yields the environment its clients need."""
    port = free_port()
    config = Settings(
        demo=True,
        home=home,
        prefect_port=port,
        prefect_url=f"http://127.0.0.1:{port}",
        parallel_runs=50,
    )
    environment = prefect_environment(config) | {
        "DSR_PREFECT_URL": config.prefect_url,
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    }
    demo = {
        "DSR_DEMO": "true",
        "DSR_HOME": str(home),
        "DSR_PARALLEL_RUNS": "50",
        "DSR_PREFECT_PORT": str(port),
    }
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "flows.runtime.server"],
            env=os.environ | environment | demo,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_ready(f"{config.prefect_api}/health", server)
            subprocess.run(
                [sys.executable, "-m", "flows.runtime.deploy"],
                cwd=REPOSITORY,
                env=os.environ | environment | demo,
                stdout=log,
                stderr=log,
                check=True,
            )
            yield environment
        finally:
            os.killpg(
                server.pid, signal.SIGKILL
            )  # nothing of it is kept, and a polite end takes twenty seconds
            server.wait(timeout=20)


def _wait_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "the Prefect server ended: see its log"
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("the Prefect server is not ready")


def warm_up() -> None:
    """Import everything once, in the fork server, under the environment as it is now."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([*PRELOAD, "tests.support.engine"])


class Engine:
    """Runs what Prefect has scheduled, one process each, on the databases of one test."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._context = multiprocessing.get_context("forkserver")

    def run(
        self, flow_run_id: str, kill: tuple[str, str] | None = None, record_to: Path | None = None
    ) -> int:
        """Execute one flow run in a fork; return its exit status.

        `kill`: the boundary (moment, step) at which it gets SIGKILL; `record_to`: where it writes those it passes.
        """
        return self._fork(_execute, flow_run_id, kill, record_to)

    def repair(self, ahead_seconds: float = 0) -> int:
        """Run `recover` in a fork, as if that many seconds had passed."""
        return self._fork(_repair, ahead_seconds)

    def take_in(self) -> int:
        """Run intake in a fork."""
        return self._fork(_take_in)

    def _fork(self, target: object, *arguments: object) -> int:
        process = self._context.Process(target=_begin, args=(dict(self.environment), target, *arguments))
        process.start()
        process.join(120)
        assert process.exitcode is not None, "the run does not end"
        return process.exitcode

    def state_of(self, flow_run_id: str) -> str:
        """The state's name of a run."""
        return str(self.api("GET", f"/flow_runs/{flow_run_id}")["state"]["name"])

    def api(self, method: str, path: str, **options: object) -> dict[str, object]:
        """A call of Prefect's API, as the UI makes it."""
        url = f"{self.environment['PREFECT_API_URL']}{path}"
        return dict(httpx.request(method, url, timeout=30, **options).raise_for_status().json())  # type: ignore[arg-type]

    def text(self, path: str) -> str:
        """A text that Prefect's API gives as JSON."""
        url = f"{self.environment['PREFECT_API_URL']}{path}"
        return str(httpx.get(url, timeout=30).raise_for_status().json())


def _begin(environment: dict[str, str], target: object, *arguments: object) -> None:
    os.environ.update(environment)
    target(*arguments)  # type: ignore[operator]


def _execute(flow_run_id: str, kill: tuple[str, str] | None, record_to: Path | None) -> None:
    from flows.runtime.execute import execute

    def pass_boundary(moment: str, step: str) -> None:
        if record_to is not None:
            with record_to.open("a") as out:
                out.write(f"{moment} {step}\n")
        if (moment, step) == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    steps.at_boundary = pass_boundary
    execute(UUID(flow_run_id))


def _repair(ahead_seconds: float) -> None:
    from datetime import timedelta

    from flows.recover import repair
    from flows.runtime.clock import utc_now

    if problems := repair(utc_now() + timedelta(seconds=ahead_seconds)).problems:
        raise RuntimeError("; ".join(problems))


def _take_in() -> None:
    from flows.intake import take_in

    take_in()
