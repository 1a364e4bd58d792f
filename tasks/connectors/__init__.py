"""Builds the connector of a system from the data map and the environment; building reaches nothing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from models.data_map import CsvSystem, SqlSystem, System
from models.errors import NeedsHuman
from models.records import ManualAnswer
from tasks.connectors.csv_file import CsvConnector
from tasks.connectors.manual import ManualConnector
from tasks.connectors.protocol import Connector
from tasks.connectors.sql import SqlConnector
from tasks.connectors.sql_connections import database_url


def build_connector(
    spec: System,
    environment: Mapping[str, str],
    *,
    answer: Callable[[], ManualAnswer | None] = lambda: None,
    asked_at: datetime | None = None,
) -> Connector:
    """`answer` and `asked_at` matter to manual systems only.

    Raises `NeedsHuman` where a variable of the environment is missing, `Rejected` where it is no usable URL.
    """
    if isinstance(spec, SqlSystem):
        url = database_url(_variable(environment, spec.dsn_env, spec.system), spec.dsn_env)
        return SqlConnector(spec, url)
    if isinstance(spec, CsvSystem):
        return CsvConnector(spec, Path(_variable(environment, spec.path_env, spec.system)))
    return ManualConnector(spec, answer, asked_at)


def _variable(environment: Mapping[str, str], name: str, system: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise NeedsHuman(f"{name} is not set: set it to where {system} is")
    return value
