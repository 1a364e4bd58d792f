"""The report to management: which are due, what the mail holds, and that the bytes stored are the bytes sent."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlmodel import select

from models.database import reading, unit_of_work
from models.report import last_month, last_week
from models.request_dates import renew
from models.rights import Right
from models.sla import last_months
from models.storage import fetch, sha256
from models.tables import Letter, LetterState, RequestState, SentReport
from tasks.figures.report_letter import markdown, period_name
from tasks.figures.sla_figures import figures
from tasks.figures.sla_pdf import report_pdf
from tasks.figures.sla_say import number, per_cent, say
from tasks.figures.write_report import build, unreachable, write_reports
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.case_rows import add_case

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # seven o'clock in Paris
BOSSES = ["direction@nexoris.example", "conseil@nexoris.example"]
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def managers(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DSR_MANAGERS", json.dumps(BOSSES))
    forget_settings()
    yield
    forget_settings()


def received(*days_before: int, answered_after: int | None = None) -> None:
    """Requests received so many days before that Monday; `answered_after` so many days."""
    with unit_of_work() as session:
        for days in days_before:
            at = MONDAY - timedelta(days=days)
            case, [request] = add_case(session, Right.ACCESS, received_at=at)
            if answered_after is not None:
                request.replied_at = request.closed_at = at + timedelta(days=answered_after)
                request.state, request.outcome = RequestState.CLOSED, "answered"
            renew(session, case, MONDAY)


def keys(now: datetime) -> list[str]:
    return [period.key for period, _ in write_reports(now)]


def letters() -> list[Letter]:
    with reading() as session:
        return list(session.exec(select(Letter).where(Letter.kind == "report").order_by("id")))


def mail_of(letter: Letter) -> EmailMessage:
    message = message_from_bytes(fetch(letter.storage_key), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert isinstance(part, MIMEPart)
    return str(part.get_content())


@pytest.mark.parametrize(
    ("today", "week", "month"),
    [
        ("2026-11-23", "week:2026-W47", "month:2026-10"),
        ("2026-11-29", "week:2026-W47", "month:2026-10"),
        ("2026-11-30", "week:2026-W48", "month:2026-10"),
        ("2026-12-01", "week:2026-W48", "month:2026-11"),
        ("2027-01-04", "week:2026-W53", "month:2026-12"),
        ("2024-03-01", "week:2024-W08", "month:2024-02"),
    ],
)
def test_the_period_is_the_one_that_ended_last(today: str, week: str, month: str) -> None:
    day = date.fromisoformat(today)
    assert (last_week(day).key, last_month(day).key) == (week, month)
    for period in (last_week(day), last_month(day)):
        assert period.since <= period.until < day


def test_periods_are_said_in_the_language() -> None:
    assert period_name(last_week(date(2026, 11, 23)), "fr") == "semaine 47 de 2026 (16 au 22 novembre 2026)"
    assert (
        period_name(last_week(date(2026, 10, 5)), "en") == "week 40 of 2026 (28 September to 4 October 2026)"
    )
    assert (
        period_name(last_week(date(2027, 1, 4)), "fr")
        == "semaine 53 de 2026 (28 décembre 2026 au 3 janvier 2027)"
    )
    assert period_name(last_month(date(2026, 12, 1)), "fr") == "novembre 2026"


def test_each_report_is_written_once_and_only_the_newest(db: str) -> None:
    received(200, 100, 40, 3)
    assert keys(MONDAY) == ["week:2026-W47", "month:2026-10"]
    assert keys(MONDAY) == keys(MONDAY + timedelta(days=6)) == []
    assert len(letters()) == 2 * len(BOSSES)
    assert keys(MONDAY + timedelta(days=8)) == ["week:2026-W48", "month:2026-11"]  # a Tuesday, the 1st
    after_holidays = MONDAY + timedelta(days=50)
    assert keys(after_holidays) == ["week:2027-W01", "month:2026-12"], "weeks in between are not written"
    with reading() as session:
        assert len(session.exec(select(SentReport)).all()) == 6


@sqlite
def test_nothing_is_written_about_a_time_before_the_first_request(db: str) -> None:
    assert keys(MONDAY) == []
    received(0)
    assert keys(MONDAY) == []
    received(2)
    assert keys(MONDAY) == ["week:2026-W47"]


def test_two_engines_at_the_same_moment_write_one_report(db: str) -> None:
    received(3)
    assert sorted(map(str, at_once(*[lambda: keys(MONDAY)] * 3))) == ["['week:2026-W47']", "[]", "[]"]
    assert [letter.recipient for letter in letters()] == BOSSES


@sqlite
@pytest.mark.parametrize("language", ["fr", "en"])
def test_mail_has_text_with_the_numbers_pictures_in_place_and_the_pdf(
    db: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSR_REPORT_LANGUAGE", language)
    forget_settings()
    received(45, 3, 2)
    received(60, 20, answered_after=10)
    assert "week:2026-W47" in keys(MONDAY)
    letter = letters()[0]
    assert (letter.state, letter.case_id, letter.language) == (LetterState.QUEUED, None, language)
    assert sha256(fetch(letter.storage_key)) == letter.sha256
    mail = mail_of(letter)
    assert mail.get_content_type() == "multipart/mixed"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == language
    assert ("1 en retard" if language == "fr" else "1 overdue") in mail["Subject"]
    with reading() as session:
        year = figures(session, last_months(date(2026, 11, 23)), date(2026, 11, 23))
    spoken = "fr" if language == "fr" else "en"
    for words in (text_of(mail, "plain"), text_of(mail, "html")):
        for said in (
            number(spoken, year.total.received),
            per_cent(spoken, year.total.promise_kept, year.total.promise_missed),
            say(spoken, "section.months"),
        ):
            assert said in words
        assert "Durand" not in words
        assert "mail.example" not in words
    pictures = {part["Content-ID"].strip("<>"): part for part in mail.walk() if part["Content-ID"]}
    html = text_of(mail, "html")
    assert pictures
    assert html.count("cid:") == len(pictures)
    for cid, part in pictures.items():
        assert f'src="cid:{cid}"' in html
        assert part.get_content_disposition() == "inline"
        assert part.get_content().startswith(b"\x89PNG")
    [file] = [part for part in mail.iter_attachments() if part.get_content_disposition() == "attachment"]
    assert (
        file.get_filename()
        == f"{'delais-douze-mois' if language == 'fr' else 'deadlines-twelve-months'}-2026-W47.pdf"
    )
    assert file.get_content() == report_pdf(year, spoken), "the PDF is the page's"
    assert len(PdfReader(BytesIO(file.get_content())).pages) > 0


@sqlite
def test_artifact_is_a_table_of_the_same_numbers_without_personal_data(db: str) -> None:
    received(45, 3)
    report, _ = build(last_week(date(2026, 11, 23)), MONDAY)
    said = markdown(report)
    assert "| En retard | 1 |" in said
    for part in report.parts:
        for section in part.sections:
            for row in section.rows:
                assert "| " + " | ".join(row) + " |" in said
    assert "Durand" not in said
    assert "@" not in said


@sqlite
def test_without_managers_the_report_goes_to_prefect_only(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_MANAGERS", '["nobody", "nobody"]')
    forget_settings()
    received(3)
    assert keys(MONDAY) == ["week:2026-W47"]
    assert letters() == []
    assert "DSR_MANAGERS" in unreachable()
    assert keys(MONDAY) == []
