"""Run one flow run in this process: what `python -m prefect.engine` does, without starting a Python for it."""

from uuid import UUID

from prefect.engine import handle_engine_signals
from prefect.flow_engine import load_flow, load_flow_run, run_flow


def execute(flow_run_id: UUID) -> None:
    """Load the run's flow by its deployment's entrypoint and run it; the process ends with Prefect's exit status."""
    with handle_engine_signals(flow_run_id):
        run = load_flow_run(flow_run_id=flow_run_id)
        run_flow(load_flow(run), flow_run=run)
