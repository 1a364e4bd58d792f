"""The real web app behind a real server, with a clock that tests can set."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest
import uvicorn

from models.database import unit_of_work
from tasks.officers import add_officer
from tests.support.case_rows import NOW
from web.app import create_app
from web.clock import clock

PASSWORD = "correct horse battery"
ADDRESS = "dana@nexoris.example"


@dataclass
class Site:
    """The running app. `now` is the time it believes in."""

    url: str
    now: datetime = NOW
    clients: list[httpx.Client] = field(default_factory=list)

    def browser(self) -> httpx.Client:
        """A browser of its own: cookies are kept, redirects are not followed by themselves."""
        client = httpx.Client(base_url=self.url, timeout=30)
        self.clients.append(client)
        return client


@pytest.fixture
def site(db: str) -> Iterator[Site]:
    app = create_app()
    listener = socket.create_server(("127.0.0.1", 0))
    running = Site(f"http://127.0.0.1:{listener.getsockname()[1]}")
    app.dependency_overrides[clock] = lambda: running.now
    config = uvicorn.Config(app, access_log=False, log_level="warning", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield running
    for client in running.clients:
        client.close()
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def browser(site: Site) -> httpx.Client:
    return site.browser()


@pytest.fixture
def desk(site: Site) -> httpx.Client:
    """The browser of an officer who is logged in."""
    with unit_of_work() as session:
        add_officer(session, "Dana Privacy", ADDRESS, PASSWORD, NOW, totp=False)
    client = site.browser()
    answer = submit(client, "/desk/login", address=ADDRESS, password=PASSWORD)
    assert answer.status_code == 303, answer.text
    return client


def csrf_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def submit(
    client: httpx.Client, path: str, page: str = "", files: Any = None, **fields: str
) -> httpx.Response:
    """Open `page` (or `path`), take its CSRF token, and send the form to `path`."""
    token = csrf_of(client.get(page or path))
    return client.post(path, data={"csrf": token, **fields}, files=files)
