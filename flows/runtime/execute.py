"""Run one flow run in this process: what `python -m prefect.engine` does, without starting a Python for it."""

from uuid import UUID

from prefect.context import SettingsContext
from prefect.engine import handle_engine_signals
from prefect.flow_engine import load_flow, load_flow_run, run_flow
from prefect.settings import get_current_settings


def execute(flow_run_id: UUID) -> None:
    """Load the run's flow by its deployment's entrypoint and run it; the process ends with Prefect's exit status.

    Prefect's heartbeats are off: our lease tells a dead run (DESIGN.md 4.4), and their thread holds up each end by up
    to a second.
    """
    current = get_current_settings()
    flows = current.flows.model_copy(update={"heartbeat_frequency": None})
    context = SettingsContext.get()
    assert context is not None, "Prefect enters its settings when it is imported"
    quiet = context.model_copy(update={"settings": current.model_copy(update={"flows": flows})})
    with quiet, handle_engine_signals(flow_run_id):
        run = load_flow_run(flow_run_id=flow_run_id)
        run_flow(load_flow(run), flow_run=run)
