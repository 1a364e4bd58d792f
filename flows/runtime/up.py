"""Start the whole system on one machine, watch it, and stop it without leftovers.

Every part is a process with a log of its own under `home/logs`. When one ends, or on Ctrl-C or SIGTERM, all end.
Starting again finds everything as it was: databases are migrated, deployments updated in place.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from flows.runtime.environment import prefect_environment
from models.database import database
from models.errors import Rejected, Unavailable
from models.migrate import migrate
from models.settings import REPOSITORY, Settings

STOP_SECONDS = 10
START_SECONDS = 120

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the system and where its log is."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def running(
    config: Settings, say: Say, *, worker_module: str = "flows.runtime.worker"
) -> Iterator[list[Part]]:
    """Yield the parts of the running system; on leaving, everything it started is gone."""
    for name, port in (("DSR_PREFECT_PORT", config.prefect_port), ("DSR_WEB_PORT", config.web_port)):
        _refuse_taken(name, port)
    migrate(database())
    environment = os.environ | prefect_environment(config)
    parts: list[Part] = []

    def start(name: str, *command: str) -> Part:
        parts.append(_start(name, command, environment, config.home / "logs"))
        return parts[-1]

    try:
        say("Prefect's server is starting …")
        server = start("prefect-server", "-m", "prefect", "server", "start")
        web = start(
            "web",
            "-m",
            "uvicorn",
            "web.app:create_app",
            "--factory",
            "--no-access-log",
            "--host",
            config.web_host,
            "--port",
            str(config.web_port),
        )
        _wait_ready(server, f"{config.prefect_api}/health")
        say("Deployments are being registered …")
        _run("deployments", ("-m", "flows.runtime.deploy"), environment, config.home / "logs")
        start("worker", "-m", worker_module)
        start("bell", "-m", "flows.runtime.bell")
        _wait_ready(web, f"http://{config.web_host}:{config.web_port}/healthz")
        yield parts
    finally:
        stop(parts)


def watch(parts: list[Part]) -> None:
    """Return on Ctrl-C or SIGTERM; raise `Unavailable` when a part ends by itself."""
    stopping = False

    def request_stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    before = {number: signal.signal(number, request_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not stopping:
            for part in parts:
                _refuse_dead(part)
            time.sleep(0.5)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop(parts: list[Part]) -> None:
    """End every part, last started first, and whatever it left in its process group."""
    for part in reversed(parts):
        if part.process.poll() is None:
            part.process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for part in reversed(parts):
        try:
            part.process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.process.kill()
        _kill_group(part.process.pid)
        part.process.wait()


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _start(name: str, command: tuple[str, ...], environment: Mapping[str, str], logs: Path) -> Part:
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and modules
            [sys.executable, *command],
            cwd=REPOSITORY,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return Part(name, process, log)


def _run(name: str, command: tuple[str, ...], environment: Mapping[str, str], logs: Path) -> None:
    part = _start(name, command, environment, logs)
    if part.process.wait(timeout=START_SECONDS):
        raise Unavailable(f"{name} failed: see {part.log}")


def _wait_ready(part: Part, url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        _refuse_dead(part)
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise Unavailable(f"{part.name} is not ready after {START_SECONDS} s: see {part.log}")


def _refuse_dead(part: Part) -> None:
    status = part.process.poll()
    if status is not None:
        raise Unavailable(f"{part.name} ended with status {status}: see {part.log}")


def _refuse_taken(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Rejected(f"port {port} is taken: stop what uses it, or set {name} to another") from error
