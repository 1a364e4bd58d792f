"""Start the whole system on one machine, watch it, and stop it without leftovers.

Every part is a process with a log of its own under `home/logs`. When one ends, or on Ctrl-C, SIGTERM or a closed
terminal, at whatever moment, all end. All parts start at once, because importing takes each of them seconds; only the
worker holds back until the deployments are registered. Starting again finds everything as it was: databases are
migrated, deployments updated in place.
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

from flows.runtime.clock import utc_now
from flows.runtime.environment import prefect_environment
from flows.runtime.waiting import wait_for_answer
from models.database import database
from models.errors import Rejected, Unavailable
from models.migrate import migrate
from models.settings import REPOSITORY, Settings
from tasks.clock.heartbeat import expect

STOP_SECONDS = 10
END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the system and where its log is."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tell(self) -> None:
        """Let a process that was started `--when-told` begin."""
        assert self.process.stdin is not None, "the worker has one"
        self.process.stdin.close()


@contextmanager
def running(
    config: Settings, say: Say, *, worker_module: str = "flows.runtime.worker"
) -> Iterator[list[Part]]:
    """Yield the parts of the running system; on leaving, everything it started is gone."""
    for name, port in (("DSR_PREFECT_PORT", config.prefect_port), ("DSR_WEB_PORT", config.web_port)):
        _refuse_taken(name, port)
    migrate(database())
    expect(utc_now())
    environment = os.environ | prefect_environment(config)
    parts: list[Part] = []

    def start(name: str, *command: str, stdin: int = subprocess.DEVNULL) -> Part:
        parts.append(_start(name, command, environment, config.home / "logs", stdin))
        return parts[-1]

    with _signals_as_interrupt():
        try:
            say("Prefect's server is starting …")
            start("prefect-server", "-m", "flows.runtime.server")
            deployments = start("deployments", "-m", "flows.runtime.deploy")
            worker = start("worker", "-m", worker_module, "--when-told", stdin=subprocess.PIPE)
            web = ["-m", "uvicorn", "web.app:create_app", "--factory", "--no-access-log"]
            start("web", *web, "--host", config.web_host, "--port", str(config.web_port))
            start("bell", "-m", "flows.runtime.bell")
            _wait_registered(parts, deployments)
            worker.tell()
            where = f"http://{config.web_host}:{config.web_port}/livez"
            wait_for_answer("the web app", where, lambda: _refuse_dead(parts))
            yield parts
        finally:
            _ignore_signals()
            stop(parts)


def watch(parts: list[Part]) -> None:
    """Return on Ctrl-C or SIGTERM; raise `Unavailable` when a part ends by itself."""
    try:
        while True:
            _refuse_dead(parts)
            time.sleep(0.5)
    except KeyboardInterrupt:
        return


@contextmanager
def _signals_as_interrupt() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the system like Ctrl-C."""

    def interrupt(*_: object) -> None:
        _ignore_signals()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in END}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    """While it ends, a second Ctrl-C must not leave anything behind."""
    for number in END:
        signal.signal(number, signal.SIG_IGN)


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


def _start(
    name: str, command: tuple[str, ...], environment: Mapping[str, str], logs: Path, stdin: int
) -> Part:
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and modules
            [sys.executable, *command],
            cwd=REPOSITORY,
            env=dict(environment),
            stdin=stdin,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return Part(name, process, log)


def _wait_registered(parts: list[Part], deployments: Part) -> None:
    while deployments.process.poll() is None:
        _refuse_dead(parts)
        time.sleep(0.1)
    parts.remove(deployments)
    if deployments.process.returncode:
        raise Unavailable(f"the deployments could not be registered: see {deployments.log}")


def _refuse_dead(parts: list[Part]) -> None:
    for part in parts:
        status = part.process.poll()
        if status is not None and part.name != "deployments":
            raise Unavailable(f"{part.name} ended with status {status}: see {part.log}")


def _refuse_taken(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Rejected(f"port {port} is taken: stop what uses it, or set {name} to another") from error
