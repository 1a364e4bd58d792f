"""Starting and stopping the system as people do it: what is wrong is said in a sentence, and nothing is left running."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.running import end, processes_of, start, wait_for

PARTS = 5  # dsr itself, server, deployments, worker, web; the bell is the sixth


def refused(folder: Path, *command: str, **settings: object) -> str:
    """Run a command that must not start; what it says."""
    running = start(folder, *command, **settings)
    try:
        status = running.process.wait(60)
    except subprocess.TimeoutExpired:
        end(running)
        raise
    said = running.printed()
    assert (status, processes_of(running.home)) == (1, []), said
    assert "Traceback" not in said
    return said


def once(first: object, *others: object) -> list[object]:
    """The first in each run, the others in the long set."""
    return [first, *(pytest.param(other, marks=pytest.mark.long) for other in others)]


@pytest.mark.parametrize("name", once("smtp_port", "prefect_port", "web_port"))
def test_a_taken_port_is_named_with_the_setting_that_moves_it(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(tmp_path, "demo", **{name: port})
    assert said.count("\n") == 1, said
    assert said.startswith(f"dsr: port {port} is taken:")
    assert f"DSR_{name.upper()}" in said


def test_a_missing_secret_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    said = refused(tmp_path, "up")
    assert said.count("\n") == 1, said
    assert said.startswith(
        "dsr: the settings are not usable: DSR_ENCRYPTION_KEYS is missing: run `dsr keys new`"
    )


@pytest.mark.parametrize("number", once(signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
def test_whatever_ends_it_while_it_starts_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    running = start(tmp_path, "demo")

    def parts() -> bool:
        return len(processes_of(running.home)) > PARTS

    wait_for("the parts of the system", parts)
    ended = end(running, number)
    assert ended.left_over == []
    assert ended.status not in {0, -signal.SIGKILL}, "it was not finished, and says so"
    assert "Traceback" not in running.printed()
