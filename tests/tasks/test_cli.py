"""The `dsr` command: status 0 only on success, an error is one sentence on stderr (DESIGN.md 7)."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

import cli
from models.cases import open_case
from models.database import unit_of_work
from models.rights import Right
from models.settings import REPOSITORY
from models.tables import Case
from tests.support.mail_in import mail

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def dsr(*arguments: str) -> int:
    """Run the command in this process; return its exit status."""
    sys.argv = ["dsr", *arguments]
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def a_case(db):
    with unit_of_work() as session:
        case = Case(
            ref="",
            received_at=NOW,
            mailbox="privacy@nexoris.com",
            requester_address="camille.durand@atelier-lumiere.example",
            language="fr",
            opened_at=NOW,
        )
        open_case(session, case, [Right.ACCESS], NOW)
        return case.ref


def test_deadlines_reads_csv_and_prints_csv(tmp_path, capsys):
    file = tmp_path / "cases.csv"
    file.write_text("id,received,pauses\nDV01,2026-03-05T10:00:00+01:00,\n", encoding="utf-8")
    assert dsr("deadlines", "--csv", str(file)) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head == (
        "id,commitment,statutory_nominal,statutory_due,extended_due,extended_cautious,binding,safe_send_by"
    )
    assert line == "DV01,2026-04-04,2026-04-05,2026-04-07,2026-06-05,2026-06-05,2026-04-04,2026-04-03"


def test_a_bad_line_is_one_sentence_on_stderr(tmp_path, capsys):
    file = tmp_path / "cases.csv"
    file.write_text("id,received,pauses\nX,yesterday,\n", encoding="utf-8")
    assert dsr("deadlines", "--csv", str(file)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("dsr: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, capsys, content):
    file = tmp_path / "cases.csv"
    if content is not None:
        file.write_bytes(content)
    assert dsr("deadlines", "--csv", str(file)) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_classify_prints_a_line_for_every_file(tmp_path, capsys):
    good, bad, gone = tmp_path / "good.eml", tmp_path / "bad.eml", tmp_path / "gone.eml"
    good.write_bytes(mail())
    bad.write_bytes(b"\x00" * 64)
    assert dsr("classify", "--json", str(good), str(bad), str(gone)) == 0
    found = {line["file"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(found) == {str(good), str(bad), str(gone)}
    assert (found[str(good)]["kind"], found[str(good)]["rights"]) == ("request", ["access"])
    assert set(found[str(good)]) == {
        "file", "kind", "rights", "language", "first_name", "last_name", "confidence", "machine",
    }  # fmt: skip


def test_classify_loads_neither_prefect_nor_a_database():
    code = (
        "import sys, cli; sys.argv = ['dsr', 'classify', '--json', 'nowhere.eml']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print([name for name in ('prefect', 'sqlmodel', 'fastapi') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_case_list_and_show_speak_json(a_case, capsys):
    assert dsr("case", "list", "--json") == 0
    [line] = json.loads(capsys.readouterr().out)
    assert line["ref"] == a_case
    assert dsr("case", "show", a_case, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert {"dates", "requests", "messages", "letters", "audit"} <= set(shown)
    assert shown["dates"]["binding"] == "2026-12-23"
    assert any("[D26]" in sentence for sentence in shown["dates"]["explanation"])


def test_an_unknown_case_is_one_sentence_that_says_what_to_do(db, capsys):
    assert dsr("case", "show", "DSR-2020-0001") == 1
    assert "dsr case list" in capsys.readouterr().err


def test_ingest_keeps_a_file_once(db, tmp_path, capsys):
    file = tmp_path / "letter.eml"
    file.write_bytes(mail())
    assert dsr("ingest", str(file)) == 0
    assert dsr("ingest", str(file)) == 0
    assert "here before" in capsys.readouterr().out
    assert dsr("ingest", str(tmp_path / "gone.eml")) == 1


def test_the_pen_is_listed_released_and_dismissed(db, tmp_path, capsys):
    from tasks.mail.handle_mail import handle_kept

    for name, words in (("a", "Où en est le contrat ?"), ("b", "Voir la pièce jointe.")):
        file = tmp_path / f"{name}.eml"
        file.write_bytes(mail(words, message_id=f"<{name}@mail.example>"))
        dsr("ingest", str(file))
    handle_kept(datetime.now(UTC))
    capsys.readouterr()
    assert dsr("pen", "list", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["reason"]
    assert dsr("pen", "release", str(first["number"]), "--right", "acces", "--by", "Claire") == 1
    assert "access" in capsys.readouterr().err
    assert dsr("pen", "release", str(first["number"]), "--right", "access", "--by", "Claire") == 0
    assert "DSR-" in capsys.readouterr().out
    assert (
        dsr("pen", "release", str(second["number"]), "--dismiss", "an invoice question", "--by", "Claire")
        == 0
    )
    assert dsr("pen", "release", str(second["number"]), "--dismiss", "again", "--by", "Claire") == 1


def test_audit_verify_names_the_broken_link(a_case, capsys):
    from sqlalchemy import text

    assert dsr("audit", "verify") == 0
    with unit_of_work() as session:
        session.execute(text("UPDATE audit_event SET actor = 'nobody'"))
    assert dsr("audit", "verify") == 1
    assert f"{a_case}, event 1" in capsys.readouterr().out


def test_doctor_says_of_each_part_what_to_do(db, capsys, monkeypatch):
    monkeypatch.setenv("DSR_PREFECT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DSR_WEB_PORT", "1")
    monkeypatch.setenv("DSR_SMTP_PORT", "1")
    from tests.conftest import forget_settings

    forget_settings()
    assert dsr("doctor", "--json") == 1
    checks = {check["part"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["database"]["ok"]
    assert not checks["officers"]["ok"]
    assert "dsr officer add" in checks["officers"]["say"]
    assert not checks["prefect"]["ok"]
    assert "dsr up" in checks["prefect"]["say"]


def test_keys_new_prints_settings_that_work(capsys, home, monkeypatch):
    from models.settings import Settings

    assert dsr("keys", "new") == 0
    for line in capsys.readouterr().out.splitlines():
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, value.strip("'"))
    monkeypatch.setenv("DSR_DEMO", "false")
    assert len(Settings().encryption_keys) == 1
