"""Data maps and findings for portability: every combination of basis, origin and third parties, hostile values among them."""

import csv
import io
import json
import zipfile
from itertools import count
from typing import Any, NamedTuple

from hypothesis import strategies as st

from models.controller import LegalBasis
from models.data_map import DataMap, ManualSystem, SqlSystem
from models.records import Document, Finding, FindingStatus, Record
from tests.support.bundle_samples import SEARCHED, data_map

BASES = tuple(basis.value for basis in LegalBasis)
PORTABLE = ("consent", "contract")
COLUMNS = ("email", "message", "montant", "créé le", "=formula", "note")
FORMULAS = (
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "%x",
    "\t=1+1",
    "\r=1",
    "＝1+1",
    "a;=1+1",
    "a\r\n=1",
)
AWKWARD = ("", " ", "\x00", "\u202e", "\ufeff", "é", "a\nb\r\nc", '"', "a,b;c", "😀", "</script>", "{{7*7}}")

texts = st.one_of(st.sampled_from((*FORMULAS, *AWKWARD)), st.text(max_size=12))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**53, max_value=2**300),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)


class Described(NamedTuple):
    """A table as a test thinks of it: columns are (provided or None, third party)."""

    basis: str
    provided: bool
    columns: dict[str, tuple[bool | None, bool]]

    def allowed(self) -> tuple[str, ...]:
        """The columns that the law lets out, decided here without the engine's own code."""
        if self.basis not in PORTABLE:
            return ()
        return tuple(
            name
            for name, (own, third_party) in self.columns.items()
            if (self.provided if own is None else own) and not third_party
        )


class Sample(NamedTuple):
    """A map, findings under it, and for each table the rows that should come out, as the systems hold them."""

    data_map: DataMap
    findings: list[Finding]
    expected: dict[str, list[dict[str, Any]]]


tables = st.builds(
    Described,
    st.sampled_from(BASES),
    st.booleans(),
    st.dictionaries(
        st.sampled_from(COLUMNS),
        st.tuples(st.sampled_from([None, True, False]), st.booleans()),
        min_size=1,
        max_size=4,
    ),
)


def shop(described: dict[str, Described]) -> SqlSystem:
    """A mapped database with these tables."""
    return SqlSystem.model_validate(
        {
            "version": 1,
            "system": "shop",
            "title": {"fr": "Boutique", "en": "Shop"},
            "kind": "sql",
            "dsn_env": "SHOP",
            "recipients": [],
            "tables": {name: _mapped(name, table) for name, table in described.items()},
        }
    )


def _mapped(name: str, table: Described) -> dict[str, Any]:
    columns: dict[str, dict[str, Any]] = {
        column: {"category": "free_text", "third_party": third_party}
        | ({} if own is None else {"provided": own})
        for column, (own, third_party) in table.columns.items()
    }
    return {
        "title": {"fr": f"Table {name}", "en": f"The table {name}"},
        "key": ["id"],
        "purpose": "form_requests",
        "basis": table.basis,
        "source": "your_form",
        "provided": table.provided,
        "columns": {"id": {"category": "technical", "export": False}, **columns},
    }


def paper(basis: str) -> ManualSystem:
    """A system that only a person can search."""
    elay = data_map().systems["elay"]
    assert isinstance(elay, ManualSystem)
    return elay.model_copy(update={"basis": LegalBasis(basis)})


def map_of(described: dict[str, Described], manual: str = "consent") -> DataMap:
    """A map of the shop and of a system searched by hand."""
    return DataMap(controller=data_map().controller, systems={"shop": shop(described), "elay": paper(manual)})


def findings_of(rows: dict[str, list[dict[str, Any]]]) -> list[Finding]:
    """What was found in the shop, and one document found by hand."""
    numbers = count(1)
    records = tuple(
        Record(table=name, key={"id": next(numbers)}, data=row) for name, held in rows.items() for row in held
    )
    document = Document(name="secret.txt", media_type="text/plain", content=b"drop-document")
    return [
        _found("shop", records),
        _found("elay", ()).model_copy(update={"documents": (document,), "status": FindingStatus.FOUND}),
    ]


def _found(system: str, records: tuple[Record, ...]) -> Finding:
    status = FindingStatus.FOUND if records else FindingStatus.NONE
    return Finding(system=system, status=status, searched_at=SEARCHED, records=records)


@st.composite
def samples(draw: st.DrawFn, cells: st.SearchStrategy[Any] = values) -> Sample:
    """A random map with random rows."""
    described = draw(st.dictionaries(st.sampled_from(("orders", "messages", "visits")), tables, min_size=1))
    manual = draw(st.sampled_from(BASES))
    rows = {
        name: draw(
            st.lists(st.fixed_dictionaries(dict.fromkeys(table.columns, cells)), min_size=1, max_size=3)
        )
        for name, table in described.items()
    }
    return Sample(map_of(described, manual), findings_of(rows), _expected(described, rows))


@st.composite
def marked_samples(draw: st.DrawFn) -> Sample:
    """The same with cells that say themselves whether they may go out: `keep-0001` or `drop-0002`."""
    described = draw(st.dictionaries(st.sampled_from(("orders", "messages", "visits")), tables, min_size=1))
    numbers = count(1)
    rows = {
        name: [
            {
                column: f"{'keep' if column in table.allowed() else 'drop'}-{next(numbers):04d}"
                for column in table.columns
            }
            for _ in range(draw(st.integers(1, 3)))
        ]
        for name, table in described.items()
    }
    return Sample(map_of(described), findings_of(rows), _expected(described, rows))


def _expected(
    described: dict[str, Described], rows: dict[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """A table of which no cell that may go out holds something has nothing to hand over."""
    cut = {
        name: [{column: row[column] for column in described[name].allowed()} for row in held]
        for name, held in rows.items()
    }
    return {
        name: held
        for name, held in cut.items()
        if any(value not in (None, "") for row in held for value in row.values())
    }


def unpack(bundle: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def json_of(files: dict[str, bytes], name: str) -> Any:
    """The file as a strict reader takes it: no NaN."""
    return json.loads(files[name], parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def csv_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
