"""`dsr demo` as a newcomer starts it: a process of its own on free ports, with its home in a folder of the test's.

Every process of it carries its `DSR_HOME`, so that whatever is left over can be told from other people's.
"""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from flows.demo.people import wait_for  # who waits for a command waits with it
from models.settings import REPOSITORY

READY_SECONDS = 150  # on a machine that runs other tests besides; alone it takes a third of that
STOP_SECONDS = 20


class Ended(NamedTuple):
    """Exit status, and the command lines of the processes that are still there."""

    status: int
    left_over: list[str]


@dataclass(frozen=True, slots=True)
class Running:
    """A command of ours that runs: its process, its home, what it printed, and where its servers are."""

    process: subprocess.Popen[bytes]
    home: Path
    output: Path
    public_url: str
    prefect_url: str

    def printed(self) -> str:
        """What it has written so far, stderr too."""
        return self.output.read_text()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def environment(home: Path, **settings: object) -> dict[str, str]:
    """The variables of a machine that has never seen us, with free ports and `settings` (`prefect_port=…`)."""
    prefect, web, smtp = free_ports(3)
    ours = {
        "home": home,
        "prefect_port": prefect,
        "prefect_url": f"http://127.0.0.1:{prefect}",
        "web_port": web,
        "public_url": f"http://127.0.0.1:{web}",
        "smtp_port": smtp,
    } | settings
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(("DSR_", "PREFECT_"))}
    return foreign | {f"DSR_{name.upper()}": str(value) for name, value in ours.items()} | {"COLUMNS": "200"}


def start(folder: Path, *command: str, **settings: object) -> Running:
    """Start `dsr` with a command; its output goes to a file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    variables = environment(folder / "home", **settings) | {"PYTHONPATH": str(REPOSITORY)}
    output = folder / "output.txt"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", "import cli; cli.main()", *command],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    urls = variables["DSR_PUBLIC_URL"], variables["DSR_PREFECT_URL"]
    return Running(process, Path(variables["DSR_HOME"]), output, *urls)


def start_demo(folder: Path, **settings: object) -> Running:
    """Start `dsr demo` and return once it says what to click."""
    demo = start(folder, "demo", **settings)

    def ready() -> bool:
        assert demo.process.poll() is None, f"the demo ended:\n{demo.printed()}"
        return "Ctrl-C ends everything." in demo.printed()

    try:
        wait_for("the demo's guide", ready, READY_SECONDS)
    except BaseException:
        end(demo)
        raise
    return demo


def end(running: Running, number: int = signal.SIGINT) -> Ended:
    """Send Ctrl-C, wait for the end, and kill and name what is left."""
    if running.process.poll() is None:
        running.process.send_signal(number)
    try:
        status = running.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        status = -signal.SIGKILL
        running.process.kill()
        running.process.wait()
    left = processes_of(running.home)
    _, alive = psutil.wait_procs(left, timeout=2)
    names = [_command_line(process) for process in alive]
    for process in alive:
        process.kill()
    return Ended(status, names)


def processes_of(home: Path) -> list[psutil.Process]:
    """Every living process that was started for this home, forks and orphans too."""
    return [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("DSR_HOME") == str(home)
    ]


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
