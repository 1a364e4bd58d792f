"""Opens a mapped database, to read one snapshot or to change it in one transaction (SQLite, PostgreSQL, MariaDB, MySQL).

Repeating is safe: reading changes nothing, and a transaction is whole or did not happen. A driver's own words may
quote rows, so they are left out of every error.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from models.data_map import SqlSystem
from models.errors import Rejected, Unavailable

DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
OWN_SCHEMAS = {
    "postgresql": frozenset({"information_schema"}),
    "mysql": frozenset({"information_schema", "mysql", "performance_schema", "sys"}),
    "mariadb": frozenset({"information_schema", "mysql", "performance_schema", "sys"}),
    "sqlite": frozenset[str](),
}
"""The schemas in which each kind of database keeps its own books."""

PASSING = frozenset(
    {
        1020,
        1040,
        1044,
        1045,
        1049,
        1053,
        1129,
        1130,
        1152,
        1158,
        1159,
        1160,
        1161,
        1205,
        1213,
        1317,
        1969,
        3024,
    }
)
"""MariaDB and MySQL: cannot be reached as things are, is busy, or another writer was faster; so do 2000 to 2999."""


@dataclass(frozen=True)
class Database:
    """A mapped database and where it is. Time limits in seconds: to connect, and for one statement (not on SQLite)."""

    spec: SqlSystem
    url: sa.URL
    connect_seconds: int = 5
    statement_seconds: int = 60

    @property
    def system(self) -> str:
        """The key of the system in the data map."""
        return self.spec.system


def database_url(text: str, variable: str) -> sa.URL:
    """The URL with the driver that is installed. Raises `Rejected`, never quoting the URL: it holds a password."""
    try:
        url = sa.make_url(text.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        raise Rejected(
            f"{variable} is no database URL: write postgresql://…, mariadb://… or sqlite:///…"
        ) from None
    if url.get_backend_name() in DRIVERS:
        return url.set(drivername=DRIVERS[url.get_backend_name()])
    if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
        return url
    raise Rejected(f"{variable} must name a PostgreSQL, MariaDB or MySQL database, or an SQLite file")


@contextmanager
def reading(database: Database) -> Iterator[sa.Connection]:
    """One snapshot, in which nothing can be changed.

    Raises `Unavailable` where the database cannot be reached, and `Rejected` where it does not let us read.
    """
    system = database.system
    try:
        with _connect(database, write=False) as connection:
            _begin(connection, database, write=False)
            yield connection
    except (OperationalError, InterfaceError) as error:
        if not _may_pass(error):
            raise _unread(system, error) from None
        raise Unavailable(f"{system} cannot be read: see that its database runs and is reachable") from None
    except DBAPIError as error:
        raise _unread(system, error) from None


@contextmanager
def changing(database: Database) -> Iterator[sa.Connection]:
    """One transaction, committed where the block ends without an error, else as if it had never begun.

    Raises `Unavailable` where the database cannot be reached or another writer was faster: try again, unchanged.
    Raises `Rejected` where it refuses.
    """
    system = database.system
    try:
        with _connect(database, write=True) as connection:
            _begin(connection, database, write=True)
            yield connection
            connection.commit()
    except (OperationalError, InterfaceError) as error:
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_READONLY":
            raise Rejected(f"{system} may only be read: give its account the right to change rows") from None
        if not _may_pass(error):
            raise refused(system, error) from None
        raise Unavailable(
            f"{system} could not be changed: see that its database runs, is reachable and is not busy"
        ) from None
    except DBAPIError as error:
        raise refused(system, error) from None


def refused(place: str, error: DBAPIError) -> Rejected:
    """The database did not accept a change of `place`, a system or one of its tables."""
    kind = type(error.orig).__name__
    return Rejected(
        f"{place} refused the change ({kind}), so nothing was changed: ask whoever runs this database to look at"
        " its rules and at the rights of our account"
    )


def _unread(system: str, error: DBAPIError) -> Rejected:
    return Rejected(
        f"{system} refused to be read ({type(error.orig).__name__}): see the rights of its account"
    )


def _may_pass(error: DBAPIError) -> bool:
    """Whether trying again, unchanged, may help. PyMySQL calls most errors operational, and puts their number first."""
    number = next(iter(getattr(error.orig, "args", ())), None)
    return not isinstance(number, int) or number in PASSING or 2000 <= number < 3000


def _connect(database: Database, *, write: bool) -> sa.Connection:
    return _engine(database.url, database.connect_seconds, database.statement_seconds, write).connect()


@lru_cache(maxsize=16)
def _engine(url: sa.URL, connect_seconds: int, statement_seconds: int, write: bool) -> sa.Engine:
    """Kept for the statements it has compiled: reflection alone has dozens. No connection is kept."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        file = Path(str(url.database)).resolve().as_uri()

        def connect() -> sqlite3.Connection:  # mode=rw: a missing file is an error, never a new file
            return sqlite3.connect(
                f"{file}?mode={'rw' if write else 'ro'}",
                uri=True,
                timeout=connect_seconds,
                isolation_level=None,
            )

        return sa.create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    limits = {"connect_timeout": connect_seconds}
    if kind != "postgresql":  # its statements end on the server; here the client stops waiting as well
        limits |= dict.fromkeys(("read_timeout", "write_timeout"), statement_seconds + 1)
    return sa.create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        # InnoDB notices another writer only where what was read is locked
        isolation_level="SERIALIZABLE" if write and kind != "postgresql" else "REPEATABLE READ",
        connect_args=limits,
        execution_options={"postgresql_readonly": not write},
    )


def _begin(connection: sa.Connection, database: Database, *, write: bool) -> None:
    """Time limits, moments in UTC, and nothing that is lost or cut without an error."""
    seconds = database.statement_seconds
    if connection.dialect.name == "postgresql":
        statements = [f"SET LOCAL statement_timeout = {seconds * 1000:d}", "SET LOCAL TIME ZONE 'UTC'"]
    elif connection.dialect.name == "sqlite":
        statements = ["BEGIN"]
        if write:  # secure_delete: what is deleted leaves the file too
            statements = ["PRAGMA foreign_keys = ON", "PRAGMA secure_delete = ON", "BEGIN IMMEDIATE"]
    else:
        limit = f"max_statement_time = {seconds:d}"
        if not getattr(connection.dialect, "is_mariadb", False):
            limit = f"max_execution_time = {seconds * 1000:d}"
        statements = [
            f"SET SESSION {limit}, innodb_lock_wait_timeout = {seconds:d}, time_zone = '+00:00'",
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), foreign_key_checks = 1",
            "START TRANSACTION" if write else "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ]
    for statement in statements:
        connection.exec_driver_sql(statement)
