"""How much faster a warm fork starts than a new Python (docs/adr/0006): the ratio of both, measured in one run."""

import multiprocessing
import statistics
import subprocess
import sys
import time
from multiprocessing.connection import Connection

from flows.runtime.environment import PRELOAD
from models.settings import REPOSITORY

ROUNDS = 5
COLD = "import flows.runtime.execute, flows.access"


def _child(out: Connection) -> None:
    import flows.access
    import flows.runtime.execute  # noqa: F401

    out.send(True)


def _warm(context: multiprocessing.context.ForkServerContext) -> float:
    began = time.perf_counter()
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs,))
    process.start()
    ours.recv()
    took = time.perf_counter() - began
    process.join()
    return took


def _cold() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", COLD], cwd=REPOSITORY, check=True)  # noqa: S603  # our own interpreter
    return time.perf_counter() - began


def main() -> None:
    """Print the median of each and the ratio."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    _warm(context)
    warm = statistics.median(_warm(context) for _ in range(ROUNDS))
    cold = statistics.median(_cold() for _ in range(ROUNDS))
    print(
        f"until a run's first line: warm fork {warm:.3f} s, new Python {cold:.2f} s, ratio 1 : {cold / warm:.0f}"
    )
