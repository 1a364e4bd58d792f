"""Searches an export that an administrator dropped as a CSV file; it only reads, so repeating is safe."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models.data_map import CsvSystem, Table
from models.errors import Rejected, Unavailable
from models.records import ContactPoint, Finding, FindingStatus, Identifier
from tasks.connectors.rows import Row, contact_points, matches, record, refuse_gaps, unique, wanted


@dataclass(frozen=True)
class CsvConnector:
    """`path` is the file, or the folder that holds the file the map names."""

    spec: CsvSystem
    path: Path

    @property
    def system(self) -> str:
        """The key of the system in the data map."""
        return self.spec.system

    def check(self, now: datetime) -> None:  # noqa: ARG002  # the Protocol's
        """Reads the whole file and compares its header with the data map."""
        for _ in read_rows(self):
            pass

    def contact_points(self, identifiers: Sequence[Identifier]) -> list[ContactPoint]:
        """Addresses on file in the rows that the identifiers match (law.md I6), each once."""
        name, table = only_table(self.spec)
        found = contact_points(self.system, table, unique(_found(self, identifiers), name, table))
        return list(dict.fromkeys(found))

    def discover(self, identifiers: Sequence[Identifier], now: datetime) -> Finding:
        """Every row of the person, in the order of the file."""
        name, table = only_table(self.spec)
        rows = unique(_found(self, identifiers), name, table)
        return Finding(
            system=self.system,
            status=FindingStatus.FOUND if rows else FindingStatus.NONE,
            searched_at=now,
            records=tuple(record(name, table, row) for row in rows),
            contact_points=tuple(dict.fromkeys(contact_points(self.system, table, rows))),
        )


def only_table(spec: CsvSystem) -> tuple[str, Table]:
    """Name and description of the file's one table."""
    return next(iter(spec.tables.items()))


def _found(connector: CsvConnector, identifiers: Sequence[Identifier]) -> Iterator[Row]:
    searched = wanted(only_table(connector.spec)[1], identifiers)
    for row in read_rows(connector):
        if any(matches(identity, row[identity.column], value) for identity, value in searched):
            yield row


def read_rows(connector: CsvConnector) -> Iterator[Row]:
    """Each line as the file holds it. Raises `Unavailable`, `MapIncomplete`, or `Rejected` with the line."""
    spec = connector.spec
    path = connector.path / spec.file if connector.path.is_dir() else connector.path
    encoding = "utf-8-sig" if spec.encoding == "utf-8" else spec.encoding
    number = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            lines = csv.reader(file, delimiter=spec.delimiter, strict=True)
            header = next(lines, [])
            _compare(spec, header)
            for cells in lines:
                number = lines.line_num
                if cells and len(cells) != len(header):
                    raise Rejected(
                        f"line {number} of {spec.file} has {len(cells)} cells, its header {len(header)}: export it again"
                    )
                if cells:
                    yield dict(zip(header, cells, strict=True))
    except OSError:
        raise Unavailable(f"{spec.file} of {spec.system} cannot be read: drop the export again") from None
    except UnicodeError:
        raise Rejected(
            f"{spec.file} is not {spec.encoding} after line {number}: export it in that encoding"
        ) from None
    except csv.Error:
        raise Rejected(f"{spec.file} is no well-formed CSV after line {number}: export it again") from None


def _compare(spec: CsvSystem, header: list[str]) -> None:
    known = list(only_table(spec)[1].columns)
    unknown = [f"column {name}" for name in header if name not in known]
    unknown += [f"second column {name}" for name in dict.fromkeys(header) if header.count(name) > 1]
    refuse_gaps(spec.system, unknown, [f"column {name}" for name in known if name not in header])
