"""Wait until a server answers. Only asks, so repeating is safe."""

import time
from collections.abc import Callable

import httpx

from models.errors import Unavailable

START_SECONDS = 120


def wait_for_answer(what: str, url: str, check: Callable[[], None] = lambda: None) -> None:
    """Return once `url` answers with success; `check` is called between two tries and may raise."""
    until = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=2, trust_env=False) as client:
        while time.monotonic() < until:
            check()
            try:
                if client.get(url).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
    raise Unavailable(f"{what} is not ready after {START_SECONDS} s: see its log")
