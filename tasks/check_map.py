"""Compares the data map with every system it describes (`dsr map check`); it only reads, so repeating is safe."""

from collections.abc import Mapping
from datetime import datetime

from models.data_map import DataMap
from models.errors import DsrError
from models.records import Frozen
from tasks.connectors import build_connector


class Problem(Frozen):
    """Why a system cannot be searched now, in one sentence that says what to do."""

    system: str
    message: str


def check_map(data_map: DataMap, environment: Mapping[str, str], now: datetime) -> list[Problem]:
    """Every system is checked, whatever the others answer; an empty list means that all can be searched."""
    problems = []
    for name, spec in data_map.systems.items():
        try:
            build_connector(spec, environment).check(now)
        except DsrError as error:
            problems.append(Problem(system=name, message=str(error)))
    return problems
