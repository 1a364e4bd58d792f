"""The bell, as its own process: it hears every mailbox, and finds a mail server again that went away (real Dovecot)."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.settings import REPOSITORY
from tests.support import dovecot as servers
from tests.support.dovecot import PASSWORD, Dovecot, deliver, dovecot
from tests.support.imap import PATIENCE, mail, opened


@contextmanager
def prefect() -> Iterator[tuple[str, "queue.Queue[str]"]]:
    """What the bell knows of Prefect: a deployment's number and a place for runs. Yields URL and what was started."""
    started: queue.Queue[str] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            self.answer({"id": "intake-deployment"})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            started.put(self.path)
            self.answer({})

        def answer(self, content: object) -> None:
            raw = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", started
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def bell(home: Path, prefect_url: str, server: Dovecot, accounts: list[str]) -> Iterator[Path]:
    """The running bell of mailboxes with these accounts; yields its log."""
    common = {"imap_host": "127.0.0.1", "imap_port": server.imap_port, "imap_tls": False}
    boxes = [
        {"address": f"box-{number}@nexoris.com", "imap_user": account, "imap_password": PASSWORD} | common
        for number, account in enumerate(accounts)
    ]
    environment = os.environ | {
        "DSR_DEMO": "true",
        "DSR_HOME": str(home),
        "DSR_PREFECT_URL": prefect_url,
        "DSR_MORE_MAILBOXES": json.dumps(boxes),
    }
    home.mkdir(exist_ok=True)
    log = home / "bell.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.runtime.bell"],
            cwd=REPOSITORY,
            env=environment,
            stdout=out,
            stderr=out,
        )
    try:
        yield log
    finally:
        process.kill()
        process.wait(PATIENCE)


@pytest.fixture
def keep(home: Path) -> Callable[[Dovecot, str], None]:
    """What the intake does on the server, so that the bell may listen again."""

    def mark_all(server: Dovecot, account: str) -> None:
        with opened(server, account) as inbox:
            for arrived in inbox.unmarked():
                inbox.mark(arrived.uid)

    return mark_all


def test_it_hears_every_mailbox_and_a_server_that_comes_back(
    home: Path, keep: Callable[[Dovecot, str], None]
) -> None:
    accounts = [f"{uuid.uuid4().hex}@example.org" for _ in range(2)]
    with dovecot() as server, prefect() as (url, started), bell(home, url, server, accounts) as log:
        for number, account in enumerate(accounts):
            deliver(server, mail(number), account)
            assert started.get(timeout=PATIENCE) == "/api/deployments/intake-deployment/create_flow_run"
            keep(server, account)
        servers.stop(server)
        servers.start(server)
        deliver(server, mail(9), accounts[1])
        started.get(timeout=PATIENCE)
        keep(server, accounts[1])
        told = log.read_text()
    assert re.search(
        r"the bell of box-1@nexoris\.com is out of order for \d s: the mailbox box-1@nexoris\.com: ", told
    )
    assert not [account for account in accounts if account in told]
