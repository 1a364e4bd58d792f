"""A Prefect worker whose flow runs are forks of one warm process (docs/adr: warm forks).

Each run has a process of its own, as with Prefect's process worker: a crash or a leak stays there. Python and Prefect are
imported once, in the fork server, so that a run starts in a tenth of a second instead of four.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing import forkserver
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread
from prefect.client.schemas.objects import FlowRun
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from flows.runtime.environment import PRELOAD
from flows.runtime.execute import execute
from models.settings import settings


class WarmResult(BaseWorkerResult):
    """Exit status and process number of a run."""


class WarmWorker(BaseWorker[BaseJobConfiguration, BaseVariables, WarmResult]):
    """Polls a work pool like any Prefect worker; only how a run's process starts is its own."""

    type = "warm"
    job_configuration = BaseJobConfiguration
    _description = "Runs each flow run in a fork of a process that has everything imported."
    _display_name = "Warm forks"

    def __init__(self, *args: Any, preload: Sequence[str] = PRELOAD, **options: Any) -> None:
        """`preload`: modules to import in the fork server before the first run."""
        super().__init__(*args, **options)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> WarmResult:
        """Fork, wait for the end, and hand the exit status on; a signal's is negative, as Prefect expects."""
        del configuration
        process = self._context.Process(target=execute, args=(flow_run.id,), name=str(flow_run.id))
        process.start()
        assert process.pid is not None, "a started process has a number"
        if task_status is not None:
            task_status.started(process.pid)
        try:
            await anyio.to_thread.run_sync(process.join, abandon_on_cancel=True)
        finally:
            if process.is_alive():
                os.kill(process.pid, signal.SIGTERM)
        return WarmResult(status_code=process.exitcode or 0, identifier=str(process.pid))


def main() -> None:
    """Work until SIGTERM.

    The pool limits how many runs go at once, on the server: a worker's own limit makes it die when a run is resumed
    before the process that suspended it has ended. `--when-told`: import everything, and begin when stdin is closed.
    """
    worker = WarmWorker(work_pool_name=settings().work_pool, name="dsr")
    forkserver.ensure_running()
    if "--when-told" in sys.argv:
        sys.stdin.read()
    anyio.run(worker.start)


if __name__ == "__main__":
    main()
