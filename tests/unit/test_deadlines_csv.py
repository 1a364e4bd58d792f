"""The CSV face of deadlines: vectors in, dates out, and a clear refusal of every line that cannot be read."""

import csv
import io
from pathlib import Path

import pytest

from models.deadlines_csv import deadlines_csv, write_deadlines_csv
from models.errors import Rejected

VECTORS = Path(__file__).parent / "vectors"


def rows(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def computed(text: str) -> list[dict[str, str]]:
    target = io.StringIO()
    write_deadlines_csv(io.StringIO(text, newline=""), target)
    return list(csv.DictReader(io.StringIO(target.getvalue())))


def refused(text: str) -> str:
    target = io.StringIO()
    with pytest.raises(Rejected) as caught:
        write_deadlines_csv(io.StringIO(text, newline=""), target)
    assert target.getvalue() == ""
    return str(caught.value)


@pytest.mark.parametrize("column", ["receipt_local", "receipt_utc", "receipt_date_paris"])
def test_receipt_vectors(column: str) -> None:
    vectors = rows("deadline_vectors.csv")
    table = "id,received,pauses\n" + "".join(f"{row['id']},{row[column]},\n" for row in vectors)
    assert computed(table) == [
        {
            "id": row["id"],
            "commitment": row["commitment_due"],
            "statutory_nominal": row["statutory_nominal"],
            "statutory_due": row["statutory_due"],
            "extended_due": row["extended_due"],
            "extended_cautious": row["extended_cautious_unrolled"],
            "binding": row["binding_date"],
            "safe_send_by": row["safe_send_by"],
        }
        for row in vectors
    ]


def test_suspension_vectors() -> None:
    vectors = rows("suspension_vectors.csv")
    table = "id,received,pauses\n" + "".join(
        f"{row['id']},{row['receipt_date_paris']},{row['pauses']}\n" for row in vectors
    )
    for row, dates in zip(vectors, computed(table), strict=True):
        assert dates["commitment"] == row["commitment_due_unchanged"]
        assert dates["statutory_nominal"] == row["statutory_nominal_with_pause"]
        assert dates["statutory_due"] == row["statutory_due_with_pause"]
        assert dates["extended_due"] == row["extended_due_with_pause"]


@pytest.mark.parametrize(
    ("received", "nominal"),
    [
        ("2026-03-31T22:30:00Z", "2026-05-01"),
        ("2026-03-31T23:59", "2026-04-30"),  # no offset: Paris time
        ("2026-04-01 00:30:00+02:00", "2026-05-01"),
        ("2026-03-31T17:30:00-05:00", "2026-05-01"),
        (" 2026-04-01 ", "2026-05-01"),
        ("2026-03-29T02:30:00", "2026-04-29"),  # an hour that did not exist
    ],
)
def test_what_a_receipt_may_look_like(received: str, nominal: str) -> None:
    [dates] = computed(f"id,received\nA,{received}\n")
    assert dates["statutory_nominal"] == nominal


def test_pauses_are_facts_they_add_up_and_are_never_late() -> None:
    [dates] = computed("id,received,pauses\nA,2026-06-01,2026-06-20..2026-06-25; 2026-06-23..2026-06-30 ;\n")
    assert (dates["statutory_nominal"], dates["commitment"]) == ("2026-07-11", "2026-07-01")


def test_columns_are_found_by_name_and_others_ignored() -> None:
    [dates] = computed("\ufeffreceived, note , id\r\n2026-03-05,x,DV01\r\n\r\n,,\r\n")
    assert (dates["id"], dates["binding"]) == ("DV01", "2026-04-04")


def test_a_table_without_lines_gives_the_header() -> None:
    assert list(deadlines_csv(["id,received,pauses\n"])) == [
        [
            "id",
            "commitment",
            "statutory_nominal",
            "statutory_due",
            "extended_due",
            "extended_cautious",
            "binding",
            "safe_send_by",
        ]
    ]


def test_an_id_that_is_a_formula_is_made_harmless() -> None:
    assert computed("id,received\n=1+1,2026-03-05\n")[0]["id"] == "'=1+1"


@pytest.mark.parametrize(
    "received",
    [
        "",
        "yesterday",
        "05/03/2026",
        "2026-02-30",
        "2026-03-05T25:00",
        "0001-01-01T00:00+14:00",
        "9999-12-31",
        "1900-01-01",
    ],
)
def test_a_bad_receipt_names_line_and_column_and_quotes_nothing(received: str) -> None:
    sentence = refused(f"id,received,pauses\nA,2026-03-05,\nB,{received},\n")
    assert sentence.startswith("Line 3, column 'received': ")
    assert "yesterday" not in sentence


@pytest.mark.parametrize(
    "pauses",
    [
        "2026-03-06",
        "2026-03-06..",
        "..2026-03-06",
        "a..b",
        "2026-03-06..2026-03-07..2026-03-08",
        "2026-03-08..2026-03-06",
        "2026-03-01..2026-03-06",
        "2026-03-06..9999-12-31",
        "2026-03-06..2026-03-07,2026-03-09..2026-03-10",
    ],
)
def test_bad_pauses_name_line_and_column(pauses: str) -> None:
    assert refused(f'id,received,pauses\nA,2026-03-05,"{pauses}"\n').startswith("Line 2, column 'pauses': ")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("", "Line 1: give the table one column named 'id'."),
        ("id,pauses\nA,\n", "Line 1: give the table one column named 'received'."),
        ("id,id,received\n", "Line 1: give the table one column named 'id'."),
        ("id,received\nA,2026-03-05,x\n", "Line 2: put as many cells as the first line has columns."),
        ("id,received\nA\n", "Line 2, column 'received': Write a date"),
        ('id,received\n"A,2026-03-05\n', "Line 2: this is not CSV; check its quotes."),
        ('id,received\n"A"x,2026-03-05\n', "Line 2: this is not CSV; check its quotes."),
        (f"id,received\n{'A' * 200_000},2026-03-05\n", "Line 2: this is not CSV"),
    ],
)
def test_a_bad_table_is_refused_in_one_sentence(table: str, sentence: str) -> None:
    assert refused(table).startswith(sentence)
