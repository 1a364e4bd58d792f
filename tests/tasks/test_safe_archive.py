"""An archive that opens harmlessly, whatever names and cells foreign systems hold (peers.md test 12, ASVS 1.2.10)."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Rejected
from tasks.exports.safe_archive import safe_cell, safe_name, write_csv, write_zip
from tests.support.bundle_samples import SEARCHED


def opens_inside(name):
    """No system reads the name as anything but one file inside its folder."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    assert not posix.is_absolute()
    assert not windows.is_absolute()
    assert not windows.drive
    assert ".." not in posix.parts
    assert re.match(r"\d{3}-", posix.name)
    assert not re.search(r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"\\|?*]', name)
    assert all(len(part.encode()) <= 120 and part == part.strip(" .") for part in posix.parts)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\Windows\\x.dll", "\\\\server\\share\\x", "CON", "con.txt",
        "COM¹.pdf", "CONIN$", "nul ", "a" * 300 + ".pdf", "é" * 300, "\u202egpj.exe", ".bashrc", "..", "", " ", "x\x00.pdf",
        "a.pdf:evil.exe", "-rf", "．．／x", "x.pdf .exe", "a\nb.pdf", "\ud83d\ude00.png".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)  # fmt: skip
def test_hostile_names_become_harmless(name):
    opens_inside(f"documents/elay/{safe_name(name, 1)}")


@given(st.lists(st.text(max_size=400), min_size=1, max_size=8))
def test_any_names_are_harmless_and_distinct(names):
    safe = [f"documents/elay/{safe_name(name, number)}" for number, name in enumerate(names, start=1)]
    for name in safe:
        opens_inside(name)
    assert len({name.casefold() for name in safe}) == len(names)
    assert set(zipfile.ZipFile(io.BytesIO(write_zip(dict.fromkeys(safe, b""), SEARCHED))).namelist()) == set(
        safe
    )


@pytest.mark.parametrize(
    "ending",
    ["html", "HTM", "svg", "js", "exe", "bat", "vbs", "lnk", "docm", "xlsm", "hta", "csv", "url", ""],
)
def test_what_could_run_gets_txt(ending):
    assert safe_name(f"facture.{ending}", 1).endswith(".txt")


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../b", "a//b", "a\\b", "C:x", ".x", "a/con", "x\u0000", "a/ b. ", ""]
)
def test_the_archive_refuses_a_name_that_could_leave(name):
    with pytest.raises(Rejected):
        write_zip({name: b""}, SEARCHED)


def test_the_archive_refuses_names_that_differ_in_case_only():
    with pytest.raises(Rejected):
        write_zip({"a/X.txt": b"", "a/x.txt": b""}, SEARCHED)


def cells_in_every_spreadsheet(content):
    """The cells as spreadsheets split them: at commas, semicolons or tabs, with or without respect for quotes."""
    text = content.decode("utf-8-sig")
    for delimiter in ",;\t":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting):
                yield from (cell.lstrip('" ') for cell in row)


STARTERS = st.sampled_from(
    ["=", "+", "-", "@", "\t=", "\r=", "\x00=", "\n=", " =", "＝", "＋", "－", "＠", "\u200b=", "\ufeff@"]
)
SEPARATORS = st.sampled_from([";", ",", "\t", "\n", "\r\n", '"', '";"', ""])


@given(st.lists(st.tuples(SEPARATORS, STARTERS), min_size=1, max_size=4))
def test_no_cell_starts_a_formula_however_the_sheet_is_split(parts):
    hostile = "".join(f"{separator}{starter}cmd|' /C calc'!A1" for separator, starter in parts)
    for cell in cells_in_every_spreadsheet(write_csv(["x"], [[hostile, "after"]])):
        assert not re.match(r"\s*[=+\-@＝＋－＠]", cell)


@given(st.text())
def test_any_text_is_safe_and_otherwise_unchanged(text):
    cell = safe_cell(text)
    assert cell == text or cell[:1] not in (
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "\x00",
        "＝",
        "＋",
        "－",
        "＠",
    )
    assert len(cell) >= len(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text))


@pytest.mark.parametrize(
    ("value", "shown"),
    [("-12.50", "-12.50"), (-5, -5), ("+33612345678", "'+33612345678"), ("=1+1", "'=1+1"), ("a; b", "a; b"), (None, None), (True, "true")],
)  # fmt: skip
def test_numbers_stay_numbers_and_phones_stay_whole(value, shown):
    assert safe_cell(value) == shown


def test_the_time_stamp_is_paris_time():
    summer = write_zip({"a.txt": b""}, datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    with zipfile.ZipFile(io.BytesIO(summer)) as archive:
        assert archive.infolist()[0].date_time == (2026, 7, 2, 0, 30, 0)
