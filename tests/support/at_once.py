"""Several callers at the same moment, each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Run all of them behind one barrier; what each returned, or the exception it raised."""
    together = threading.Barrier(len(actions))
    results: list[object] = []

    def run(action: Callable[[], object]) -> None:
        together.wait()
        try:
            results.append(action())
        except Exception as error:  # noqa: BLE001  # the test looks at it
            results.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
