"""Register the work pool and every deployment of prefect.yaml. Running it again updates them in place."""

import subprocess
import sys

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound

from flows.runtime.worker import WarmWorker
from models.settings import REPOSITORY, settings


def main() -> None:
    """Create what is missing, then let Prefect's own command read prefect.yaml."""
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
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    subprocess.run(command, cwd=REPOSITORY, check=True)  # noqa: S603  # our own interpreter


if __name__ == "__main__":
    main()
