"""The running system repairs itself: `recover` is on its schedule, and nobody calls it."""

import httpx
import pytest

from tests.support.running import end, start_demo, wait_for

pytestmark = pytest.mark.long


def _run_ids(api: str, ref: str) -> list[str]:
    wanted = {"flow_runs": {"tags": {"all_": [ref, "access"]}}}
    return [str(run["id"]) for run in httpx.post(f"{api}/flow_runs/filter", json=wanted, timeout=30).json()]


def test_a_run_that_crashed_is_started_again_without_a_hand(tmp_path):
    running = start_demo(tmp_path)
    try:
        api = f"{running.prefect_url}/api"
        [crashed] = _run_ids(api, "DSR-2026-0001")
        state = {"state": {"type": "CRASHED", "name": "Crashed"}, "force": True}
        httpx.post(f"{api}/flow_runs/{crashed}/set_state", json=state, timeout=30).raise_for_status()
        wait_for("a second run", lambda: len(_run_ids(api, "DSR-2026-0001")) == 2, seconds=240)
    finally:
        ended = end(running)
    assert ended.left_over == []
