"""A clockwork flow's heartbeat: noted when it has run to its end, and not when it failed."""

from collections.abc import Callable
from functools import wraps

from flows.runtime.clock import utc_now
from tasks.clock.heartbeat import beat


def beating(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Return a decorator, to stand below `@flow`, for the clockwork flow called `name`."""

    def decorate(run: Callable[[], None]) -> Callable[[], None]:
        @wraps(run)
        def whole() -> None:
            run()
            beat(name, utc_now())

        return whole

    return decorate
