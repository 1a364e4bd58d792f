"""The disclosure log knows persons by fingerprint, takes a file whole or not at all, and says which line is wrong."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.errors import Rejected
from models.records import Identifier
from models.tables import Disclosure
from tasks.keeping.disclosures import Disclosed, disclosures_for, import_disclosures, record_disclosure
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, ON_FILE
from tests.tasks.test_cli import dsr

EMAIL = Identifier(kind="email", value=ON_FILE)
HEADER = "email,recipient,address,date,what\n"
GOOD = f"{ON_FILE},Partner SA,dpo@partner.example,2026-03-05,contact details\n"


def disclosed(
    identifier: Identifier = EMAIL,
    recipient: str = "Partner SA",
    address: str = "dpo@partner.example",
    on: date = date(2026, 3, 5),
    what: str = "contact details",
) -> Disclosed:
    return Disclosed(identifier, recipient, address, on, what)


def record(one: Disclosed, by: str = "Claire Martin") -> bool:
    with unit_of_work() as session:
        return record_disclosure(session, one, by, NOW)


def log() -> list[Disclosure]:
    with reading() as session:
        return list(session.exec(select(Disclosure)))


def test_a_disclosure_is_recorded_once_without_the_address(db: str) -> None:
    assert record(disclosed())
    assert not record(disclosed(Identifier(kind="email", value=f" {ON_FILE.upper()}")))
    assert record(disclosed(on=date(2026, 4, 1)))
    assert record(disclosed(Identifier(kind="phone", value="01 99 00 99 01")))
    assert len(log()) == 3
    assert "camille" not in repr(log()).lower()
    assert "9900" not in repr(log())


def test_they_are_found_latest_first_by_any_identifier_and_key(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["first"]')
    forget_settings()
    record(disclosed())
    monkeypatch.setenv("DSR_FINGERPRINT_KEYS", '["second", "first"]')
    forget_settings()
    record(disclosed(Identifier(kind="phone", value="0199009901"), recipient="Other SA", on=date(2026, 4, 1)))
    someone = [
        EMAIL,
        Identifier(kind="phone", value="+33199009901"),
        Identifier(kind="visitor_id", value="x"),
    ]
    with reading() as session:
        assert [row.recipient for row in disclosures_for(session, someone)] == ["Other SA", "Partner SA"]
        assert disclosures_for(session, [Identifier(kind="email", value="bob@b.example")]) == []
        assert disclosures_for(session, [Identifier(kind="email", value="nobody")]) == []
        assert disclosures_for(session, []) == []


def test_an_address_learned_later_is_kept(db: str) -> None:
    record(disclosed(address=""))
    assert not record(disclosed())
    assert not record(disclosed(address=""))
    assert [row.address for row in log()] == ["dpo@partner.example"]


@pytest.mark.parametrize(
    "wrong",
    [
        disclosed(Identifier(kind="email", value="nobody")),
        disclosed(Identifier(kind="visitor_id", value="x")),
        disclosed(recipient=""),
        disclosed(recipient="x" * 201),
        disclosed(recipient="=HYPERLINK(1)"),
        disclosed(recipient="Partner\r\nBcc: all@b.example"),
        disclosed(recipient="Part\u202ener"),
        disclosed(address="not an address"),
        disclosed(address="dpo@partner.example, all@b.example"),
        disclosed(on=(NOW + timedelta(days=2)).date()),
        disclosed(on=date(1999, 1, 1)),
        disclosed(what=""),
        disclosed(what="+cmd|calc"),
        disclosed(what=f"the mails of {ON_FILE}"),
    ],
)
@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_what_cannot_be_taken_is_refused_and_not_quoted(db: str, wrong: Disclosed) -> None:
    with pytest.raises(Rejected) as refused:
        record(wrong)
    assert "camille" not in str(refused.value)
    assert log() == []


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_somebody_records_it(db: str) -> None:
    with pytest.raises(Rejected):
        record(disclosed(), " ")


def take(file: Path) -> tuple[int, int]:
    with unit_of_work() as session:
        return import_disclosures(session, file, "Claire Martin", NOW)


def test_a_file_is_taken_in_and_again_changes_nothing(db: str, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(
        f'\ufeff{HEADER}{GOOD}\nb@b.example,"Élan, Conseil",,2026-01-02, invoices \n', encoding="utf-8"
    )
    assert take(file) == (2, 0)
    assert take(file) == (0, 2)
    assert [(row.recipient, row.address, row.what) for row in log()] == [
        ("Partner SA", "dpo@partner.example", "contact details"),
        ("Élan, Conseil", "", "invoices"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1:"),
        (b"email;recipient;address;date;what\n", "line 1:"),
        (f"{HEADER}{GOOD}secret name,P,,2026-01-02,w\n".encode(), "line 3: this is no e-mail address"),
        (f"{HEADER}{GOOD}a@b.example,=1+1,,2026-01-02,w\n".encode(), "line 3: the recipient"),
        (f"{HEADER}{GOOD}a@b.example,P,secret name,2026-01-02,w\n".encode(), "line 3: the address"),
        (f"{HEADER}{GOOD}a@b.example,P,,02/01/2026,w\n".encode(), "line 3: the date"),
        (f"{HEADER}{GOOD}a@b.example,P,,2027-01-02,w\n".encode(), "line 3: the date"),
        (f"{HEADER}{GOOD}a@b.example,P,,2026-01-02,@SUM(1)\n".encode(), "line 3: the description"),
        (f"{HEADER}{GOOD}a@b.example,P,,2026-01-02\n".encode(), "line 3: it has 4 cells"),
        (f'{HEADER}{GOOD}a@b.example,"P\nQ",,2026-01-02,w\n'.encode(), "line 4: the recipient"),
        (f'{HEADER}{GOOD}"a@b.example'.encode(), "no well-formed CSV after line 2"),
        (f"{HEADER}{GOOD}a@b.example,P\x00,,2026-01-02,w\n".encode(), "line"),
        (f"{HEADER}{GOOD}\xe9".encode("latin-1"), "not UTF-8"),
    ],
)
@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_one_wrong_line_stops_the_whole_file(db: str, tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(content)
    with pytest.raises(Rejected) as refused:
        take(file)
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)
    assert log() == []


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_file_that_is_not_there_is_one_sentence(db: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="cannot be read"):
        take(tmp_path / "secret name.csv")


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_command_adds_imports_and_lists(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ("--email", ON_FILE, "--recipient", "Partner SA", "--on", "2026-03-05", "--what", "contact details")
    assert dsr("disclosure", "add", *add, "--by", "Claire Martin") == 0
    file = tmp_path / "log.csv"
    file.write_text(f"{HEADER}{GOOD}{ON_FILE},Other SA,,2026-04-01,invoices\n", encoding="utf-8")
    assert dsr("disclosure", "import", str(file), "--by", "Claire Martin") == 0
    assert "1 new, 1 known before" in capsys.readouterr().out
    assert dsr("disclosure", "list", "--email", ON_FILE, "--json") == 0
    assert [row["recipient"] for row in json.loads(capsys.readouterr().out)] == ["Other SA", "Partner SA"]
    file.write_text(f"{HEADER}secret name,P,,2026-01-02,w\n", encoding="utf-8")
    assert dsr("disclosure", "import", str(file), "--by", "Claire Martin") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("dsr: line 2: ")
