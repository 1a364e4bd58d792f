"""Register the work pool and every deployment of prefect.yaml. Running it again updates them in place.

It waits for the server first, so that it can be started together with it.
"""

import contextlib
import sys

from prefect.cli import app as prefect_command
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound

from flows.runtime.waiting import wait_for_answer
from flows.runtime.worker import WarmWorker
from models.settings import REPOSITORY, settings


def main() -> None:
    """Create what is missing, then let Prefect's own command read prefect.yaml."""
    wait_for_answer("Prefect's server", f"{settings().prefect_api}/health")
    name, limit = settings().work_pool, settings().parallel_runs
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
            client.update_work_pool(name, WorkPoolUpdate(concurrency_limit=limit))
        except ObjectNotFound:
            template = WarmWorker.get_default_base_job_template()
            client.create_work_pool(
                WorkPoolCreate(
                    name=name, type=WarmWorker.type, base_job_template=template, concurrency_limit=limit
                )
            )
    sys.argv = [
        "prefect",
        "--no-prompt",
        "deploy",
        "--all",
    ]  # in this process, where Prefect is imported already
    with contextlib.chdir(REPOSITORY):
        prefect_command()


if __name__ == "__main__":
    main()
