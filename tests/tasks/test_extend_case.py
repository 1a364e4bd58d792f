"""An officer extends a period outside the forms: the same rules, once, before the statutory date (law.md D11 to D13)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlmodel import col, select

from models.calendar import paris_date
from models.case_clock import deadlines_by_case, deadlines_of
from models.database import reading, unit_of_work
from models.deadline_alert import Blocker
from models.errors import NotFound, Rejected
from models.grounds import Delay
from models.rights import Right
from models.storage import fetch
from models.tables import AuditEvent, Case, ClockEvent, Letter, Reached, Request, RequestDates, RequestState
from tasks.case_view import case_list, case_view
from tasks.clock.alert_deadlines import watch
from tasks.clock.extend_case import can_extend, delay_words, extend_case
from tasks.clock.what_blocks import blocks
from tasks.letters.put_right import reached, send_again
from tasks.mail.read_mail import read_mail
from tasks.officers import add_officer
from tasks.todo_view import TodoLine, todo_lines
from tests.support.case_rows import NOW, add_case
from tests.support.outbox import relay_in_settings, send
from tests.support.smtp import Fault, Relay
from tests.support.watching import alerts
from tests.tasks.test_cli import dsr

DAY = timedelta(days=1)
REASON = "Vos échanges remplissent plusieurs boîtes que nous relisons une à une."
OFFICER = "Claire Martin"


@pytest.fixture
def ref(db: str) -> str:
    assert db
    with unit_of_work() as session:
        add_officer(session, OFFICER, "claire@nexoris.com", "a long password", NOW, totp=False)
        case, _ = add_case(session, Right.ACCESS, Right.ERASURE)
        return case.ref


def rows() -> tuple[list[ClockEvent], list[Letter]]:
    with reading() as session:
        events = session.exec(select(ClockEvent).where(ClockEvent.kind == "extended")).all()
        return list(events), list(session.exec(select(Letter)))


def test_it_is_recorded_told_and_moves_the_date(ref: str) -> None:
    assert extend_case(ref, "redaction", f" {REASON} ", OFFICER, NOW + DAY) == f"{ref}:extension"
    [event], [letter] = rows()
    assert (event.reason, event.recorded_by, event.at) == (f"redaction: {REASON}", OFFICER, NOW + DAY)
    text = " ".join(read_mail(fetch(letter.storage_key)).text.split())
    assert REASON in text
    assert "article 15" in text
    assert "article 17" in text
    with reading() as session:
        case = session.exec(select(Case)).one()
        assert deadlines_of(session, case, NOW + DAY).extension == "not_told", "decided, and nobody knows yet"
        assert not can_extend(session, case, NOW + DAY)
        found = session.exec(select(AuditEvent).where(AuditEvent.kind == "extended")).one()
        assert (found.actor, found.detail["promise_broken"]) == (OFFICER, False)


def dates(now: datetime = NOW + 4 * DAY) -> tuple[str, bool, str]:
    """What the law makes of it, and what lists and figures search by."""
    with reading() as session:
        row = session.exec(select(RequestDates)).first()
        assert row is not None
        computed = deadlines_of(session, session.exec(select(Case)).one(), now)
        by_case = deadlines_by_case(session, session.exec(select(Case)).all(), now)
        assert list(by_case.values()) == [computed]
        [line] = case_list(session, now)
        assert line.binding == computed.binding
        return computed.extension, row.extended, row.extension_ground


@pytest.fixture
def relay(ref: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    assert ref
    with relay_in_settings(monkeypatch) as running:
        yield running


def blocked() -> list[Blocker]:
    with reading() as session:
        first = session.exec(select(Request).order_by(col(Request.id))).first()
        assert first is not None
        return [one.by for one in blocks(session, first, NOW + 4 * DAY)]


def test_it_counts_from_the_day_on_which_its_notice_left(ref: str, relay: Relay) -> None:
    """Received on 23 November: promised for 23 December, the law's last day too; decided in time, told after it."""
    extend_case(ref, "volume", REASON, OFFICER, NOW + 30 * DAY)
    assert dates(NOW + 30 * DAY) == ("not_told", False, "")
    assert send(NOW + 31 * DAY) == 1
    assert dates(NOW + 31 * DAY) == ("too_late", False, ""), (
        "D11: the notice must reach the person in the month"
    )


def test_once_told_it_is_in_force(ref: str, relay: Relay) -> None:
    extend_case(ref, "volume", REASON, OFFICER, NOW + DAY)
    assert Blocker.NOTICE in blocked()
    assert send(NOW + 3 * DAY) == 1
    assert dates() == ("in_force", True, "volume"), "renewed in the transaction that says that it left"
    assert blocked() == [Blocker.ENGINE]
    with reading() as session:
        extension = case_view(session, ref, NOW + 4 * DAY).extension
    assert extension is not None
    assert (extension.counts, paris_date(extension.told_at)) == (True, paris_date(NOW + 3 * DAY))  # type: ignore[arg-type]


def test_a_notice_that_could_not_leave_or_came_back_extends_nothing(ref: str, relay: Relay) -> None:
    extend_case(ref, "volume", REASON, OFFICER, NOW + DAY)
    relay.script.append(Fault.RECIPIENT_NEVER)
    send(NOW + DAY)
    assert dates() == ("undelivered", False, "")
    assert Blocker.NOTICE in blocked()
    [letter] = rows()[1]
    [todo] = [entry for entry in todos() if entry.letter == letter.id]
    assert (todo.owed, todo.again) == (True, True)
    send_again(letter.id, OFFICER, NOW + 2 * DAY)
    assert dates()[0] == "not_told"
    send(NOW + 2 * DAY)
    assert dates() == ("in_force", True, "volume")
    with unit_of_work() as session:
        session.get_one(Letter, letter.id).bounced_at = NOW + 3 * DAY
    assert dates()[0] == "undelivered"
    watch(NOW + 4 * DAY)
    assert dates()[1:] == (False, ""), "the watcher takes it back"
    reached(letter.id, Reached.PHONE, paris_date(NOW + 4 * DAY), OFFICER, NOW + 4 * DAY)
    assert dates() == ("in_force", True, "volume")
    assert todos() == []


def todos() -> list[TodoLine]:
    with reading() as session:
        return todo_lines(session, NOW + 4 * DAY)


def test_the_ladder_of_the_notice_stays_armed_until_it_has_left(ref: str, relay: Relay) -> None:
    extend_case(ref, "volume", REASON, OFFICER, NOW + DAY)
    relay.script.append(Fault.RECIPIENT_NEVER)
    send(NOW + DAY)
    told = [{(one.limit, one.level) for one in watch(NOW + days * DAY).told} for days in (23, 28, 30)]
    noted = {(one.limit, one.level) for one in alerts()}
    assert {("extension_notice", 5), ("extension_notice", 2), ("extension_notice", 0)} <= noted
    assert all(told)


def test_a_second_time_is_refused(ref: str) -> None:
    extend_case(ref, "volume", REASON, OFFICER, NOW)
    with pytest.raises(Rejected, match="déjà prolongé"):
        extend_case(ref, "volume", REASON, OFFICER, NOW + DAY)
    assert [len(found) for found in rows()] == [1, 1]


@pytest.mark.parametrize(
    ("ground", "reason", "officer", "days", "why"),
    [
        ("effort", REASON, OFFICER, 0, "dans la liste"),
        ("", REASON, OFFICER, 0, "dans la liste"),
        ("excessive", REASON, OFFICER, 0, "dans la liste"),
        ("volume", "Trop de données, désolés.", OFFICER, 0, "30 caractères"),
        ("volume", REASON, "Somebody", 0, "votre nom"),
        ("volume", REASON, OFFICER, 31, "délai légal est passé"),
    ],
)
def test_what_a_form_would_send_back_is_refused(
    ref: str, ground: str, reason: str, officer: str, days: int, why: str
) -> None:
    with pytest.raises(Rejected, match=why):
        extend_case(ref, ground, reason, officer, NOW + days * DAY)
    assert rows() == ([], [])


def test_the_last_lawful_day_is_one_and_breaks_the_promise_where_it_ended_before(ref: str) -> None:
    with unit_of_work() as session:
        case, _ = add_case(
            session, Right.ACCESS, received_at=NOW + 8 * DAY
        )  # 1 Dec: promised 31 Dec, lawful 4 Jan
    extend_case(case.ref, "surge", REASON, OFFICER, NOW + 42 * DAY)
    with reading() as session:
        found = session.exec(select(AuditEvent).where(AuditEvent.kind == "extended")).one()
    assert found.detail["promise_broken"] is True


def test_an_officer_with_codes_gives_one_that_works_once(ref: str) -> None:
    with unit_of_work() as session:
        made = add_officer(session, "Dana", "dana@nexoris.com", "a long password", NOW)
    code = pyotp.parse_uri(made.otpauth_uri).at(NOW)  # type: ignore[union-attr]
    for wrong in ("", "000000" if code != "000000" else "111111"):
        with pytest.raises(Rejected, match="code"):
            extend_case(ref, "volume", REASON, "Dana", NOW, wrong)
    assert extend_case(ref, "volume", REASON, "Dana", NOW, code)


def test_a_closed_case_and_none_at_all(ref: str) -> None:
    with unit_of_work() as session:
        case, requests = add_case(session)
        for request in requests:
            request.closed_at, request.state = NOW, RequestState.CLOSED
        assert not can_extend(session, case, NOW)
    with pytest.raises(Rejected, match="closed"):
        extend_case(case.ref, "volume", REASON, OFFICER, NOW)
    with pytest.raises(NotFound):
        extend_case("DSR-2020-0001", "volume", REASON, OFFICER, NOW)


def test_on_the_command_line(
    ref: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.cases.now", lambda: NOW)
    given = ("case", "extend", ref, "--by", OFFICER, "--reason", REASON)
    assert dsr(*given, "--ground", "effort") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert dsr(*given, "--ground", "volume") == 0
    assert "is extended as soon as" in capsys.readouterr().out
    assert [len(found) for found in rows()] == [1, 1]


def test_every_ground_can_be_chosen() -> None:
    assert [key for key, _ in delay_words("en")] == list(Delay)
