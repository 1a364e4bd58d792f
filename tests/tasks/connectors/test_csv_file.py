"""A dropped CSV export is read whole and exactly, or refused with the line and what to do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.data_map import CsvSystem
from models.errors import MapIncomplete, NeedsHuman, Rejected, Unavailable
from models.records import FindingStatus, Identifier
from tasks.connectors.csv_file import CsvConnector

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANN = [Identifier(kind="email", value="ann@a.example")]
TEXT = {"fr": "x", "en": "x"}


def connector(path: Path, content: bytes, **more: str) -> CsvConnector:
    file = path / "cards.csv"
    file.write_bytes(content)
    about = {
        "version": 1,
        "system": "shop",
        "kind": "csv",
        "title": TEXT,
        "recipients": [],
        "path_env": "SHOP",
    }
    cards = {
        "title": TEXT,
        "key": ["id"],
        "purpose": "p",
        "source": "s",
        "identity": {"email": {"column": "email", "fold": True}},
        "columns": {
            "id": {"category": "technical"},
            "email": {"category": "contact"},
            "on": {"category": "financial"},
        },
        "retention": {"start": "on", "keep": "3y"},
    }
    spec = CsvSystem.model_validate({**about, "file": "cards.csv", "tables": {"cards": cards}, **more})
    return CsvConnector(spec, file)


def test_cells_are_kept_as_they_are(tmp_path: Path):
    content = b'on,id,email\n2024-03-05,007,"Ann@a.example "\n"05/03/2024",8,ann@a.example\n"a ""b"",\nc",9,ann@a.example\n'
    records = connector(tmp_path, content).discover(ANN, NOW).records
    assert [record.key["id"] for record in records] == ["007", "8", "9"]
    assert records[0].data == {"id": "007", "email": "Ann@a.example ", "on": "2024-03-05"}
    assert records[2].data["on"] == 'a "b",\nc'
    assert [str(record.keep_until) for record in records] == ["2027-03-05", "None", "None"]


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("\ufeffid,email,on\r\n1,ann@a.example,é\r\n\r\n".encode(), {}),
        ("id;email;on\n1;ann@a.example;é\n".encode("cp1252"), {"encoding": "cp1252", "delimiter": ";"}),
        ("id\temail\ton\n1\tann@a.example\té\n".encode("utf-16"), {"encoding": "utf-16", "delimiter": "\t"}),
    ],
)
def test_encodings_and_delimiters_of_the_map_are_used(tmp_path: Path, content: bytes, more: dict[str, str]):
    finding = connector(tmp_path, content, **more).discover(ANN, NOW)
    assert finding.records[0].data == {"id": "1", "email": "ann@a.example", "on": "é"}


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"id,email,on\n1,ann@a.example\n", Rejected, "line 2 of cards.csv has 2 cells, its header 3"),
        (b"id,email,on\n1,a,b\n1,ann@a.example,x,y\n", Rejected, "line 3 of cards.csv has 4 cells"),
        (b"id,email,on\n1,a,b\n2,\xff,c\n", Rejected, "cards.csv is not utf-8 after line"),
        (b'id,email,on\n1,a,b\n2,"ann,c\n', Rejected, "no well-formed CSV after line 2"),
        (b'id,email,on\n1,"ann"x,c\n', Rejected, "no well-formed CSV"),
        (b"id,email,on\n1," + b"a" * 200_000 + b",c\n", Rejected, "no well-formed CSV"),
        (
            b"id,email,on,linkedin\n",
            MapIncomplete,
            "column linkedin is not in the map (data_map/shop.yaml): add it",
        ),
        (
            b"id,email\n",
            MapIncomplete,
            "column on is in the map (data_map/shop.yaml) but not in the system: remove it",
        ),
        (b"id,email,on,email\n", MapIncomplete, "second column email is not in the map"),
        (b"id,Email,on\n", MapIncomplete, "column Email is not in the map"),
        (b"", MapIncomplete, "column id, column email, column on are in the map"),
    ],
)
def test_a_damaged_export_is_refused(tmp_path: Path, content: bytes, error: type[Exception], says: str):
    broken = connector(tmp_path, content)
    for call in (
        lambda: broken.check(NOW),
        lambda: broken.discover(ANN, NOW),
        lambda: broken.contact_points(ANN),
    ):
        with pytest.raises(error) as caught:
            call()
        assert says in str(caught.value)
        assert "ann" not in str(caught.value)


def test_two_rows_with_one_key_are_not_silently_one(tmp_path: Path):
    same = b"id,email,on\n1,ann@a.example,x\n1,ann@a.example,x\n"
    assert len(connector(tmp_path, same).discover(ANN, NOW).records) == 1
    with pytest.raises(NeedsHuman, match="two different rows of cards have the same key"):
        connector(tmp_path, same + b"1,ann@a.example,y\n").discover(ANN, NOW)


def test_a_folder_stands_for_the_file_the_map_names(tmp_path: Path):
    there = connector(tmp_path, b"id,email,on\n1,ann@a.example,x\n")
    assert CsvConnector(there.spec, tmp_path).discover(ANN, NOW).status == FindingStatus.FOUND
    (tmp_path / "cards.csv").unlink()
    with pytest.raises(Unavailable, match=r"cards\.csv of shop cannot be read"):
        CsvConnector(there.spec, tmp_path).check(NOW)
