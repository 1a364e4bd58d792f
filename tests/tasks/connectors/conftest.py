"""The shop database of the SQL connector’s tests, on each engine in turn."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.mariadb import mariadb


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[str]:
    """SQLAlchemy URL with `{}` for a database's name, of a MariaDB that lives as long as the tests."""
    with mariadb() as url:
        yield url


@pytest.fixture
def mariadb_url(mariadb_server: str) -> Iterator[str]:
    """The URL of an empty database; other databases on the server would be gaps in the map."""
    engine = sa.create_engine(mariadb_server.format(""), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE DATABASE shop CHARACTER SET utf8mb4")
    yield mariadb_server.format("shop")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP DATABASE shop")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/shop.sqlite"


@pytest.fixture
def run(url: str) -> Iterator[Callable[..., None]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    def run(*statements: str, **values: Any) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement), values)

    run("CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(100))")
    run("INSERT INTO people VALUES (1, 'ann@a.example'), (2, 'bob@b.example')")
    yield run
    engine.dispose()
