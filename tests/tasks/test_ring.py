"""Ringing a suspended run: only where it may be rung, and never with a failure that spreads (DESIGN.md 4.3)."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from models.database import unit_of_work
from models.settings import settings
from models.tables import WaitsFor
from tasks.ring import ring
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, add_case

RUN = "0a1b2c3d-0000-4000-8000-000000000042"


@pytest.fixture
def prefect(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A server that answers like Prefect's resume and remembers what it was asked."""
    seen: dict[str, Any] = {"status": 200, "answer": {"status": "ACCEPT"}, "calls": []}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen["calls"].append((self.path, json.loads(body), self.headers.get("authorization")))
            self.send_response(seen["status"])
            self.end_headers()
            self.wfile.write(json.dumps(seen["answer"]).encode())

        def log_message(self, *arguments: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DSR_PREFECT_URL", f"http://127.0.0.1:{server.server_port}")
    forget_settings()
    yield seen
    server.shutdown()
    server.server_close()


def waiting(whom: WaitsFor, run: str = RUN) -> str:
    with unit_of_work() as session:
        _, (request, *_) = add_case(session)
        request.waits_for, request.flow_run_id = whom, run
        return request.ref


@pytest.mark.parametrize("whom", [WaitsFor.REQUESTER, WaitsFor.COLLEAGUE])
def test_a_run_that_waits_for_somebody_outside_is_resumed(prefect: dict[str, Any], whom: WaitsFor) -> None:
    assert ring(waiting(whom), NOW)
    assert prefect["calls"] == [(f"/api/flow_runs/{RUN}/resume", {}, None)]


@pytest.mark.parametrize("whom", [WaitsFor.OFFICER, WaitsFor.NOBODY])
def test_an_officer_s_form_is_never_rung(prefect: dict[str, Any], whom: WaitsFor) -> None:
    assert not ring(waiting(whom), NOW)
    assert prefect["calls"] == []


def test_without_a_run_there_is_nothing_to_ring(prefect: dict[str, Any]) -> None:
    assert not ring(waiting(WaitsFor.REQUESTER, run=""), NOW)
    assert not ring("DSR-2026-9999/access", NOW)
    assert prefect["calls"] == []


def test_the_server_s_login_is_sent(prefect: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_PREFECT_AUTH", "admin:pa:ss")
    forget_settings()
    assert ring(waiting(WaitsFor.REQUESTER), NOW)
    assert prefect["calls"][0][2] == "Basic YWRtaW46cGE6c3M="


@pytest.mark.parametrize(
    ("status", "answer"),
    [(200, {"status": "ABORT"}), (200, {}), (200, ["odd"]), (404, {}), (401, {}), (500, {})],
)
def test_a_refusal_is_false(
    prefect: dict[str, Any], caplog: pytest.LogCaptureFixture, status: int, answer: object
) -> None:
    prefect.update(status=status, answer=answer)
    ref = waiting(WaitsFor.REQUESTER)
    with caplog.at_level(logging.WARNING, "tasks.ring"):
        assert not ring(ref, NOW)
    assert [record.getMessage() for record in caplog.records] == [
        f"{ref} was not resumed: `recover` rings again"
    ]


def test_a_server_that_is_away_is_false(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_PREFECT_URL", "http://127.0.0.1:9")
    forget_settings()
    assert settings().prefect_api == "http://127.0.0.1:9/api"
    ref = waiting(WaitsFor.REQUESTER)
    assert not ring(ref, NOW)
