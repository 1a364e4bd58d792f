"""A reply that could not leave, or came back, is no answer until it has reached the person (law.md D1, D15)."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes
from io import StringIO

import pytest
from sqlmodel import select

from models.calendar import paris_date
from models.database import reading, unit_of_work
from models.deadline_alert import Blocker
from models.errors import NotFound, Rejected
from models.letters import LetterKind
from models.request_dates import renew
from models.settings import settings
from models.storage import fetch
from models.tables import (
    AuditEvent,
    Case,
    Letter,
    LetterState,
    Reached,
    Request,
    RequestDates,
    RequestState,
    Todo,
    TodoKind,
)
from tasks.case_view import case_view
from tasks.clock.alert_deadlines import watch
from tasks.clock.calendar_feed import feed
from tasks.clock.open_deadlines import unanswered
from tasks.clock.what_blocks import blocks
from tasks.figures.write_register import register
from tasks.keeping.retain import carry_out, due
from tasks.letters.deliver import close_request
from tasks.letters.end_otherwise import write_reply
from tasks.letters.put_right import letter_called, reached, send_again
from tasks.letters.unsent_letters import unsent
from tasks.steps import Scene
from tasks.todo_view import do, todo_lines
from tasks.todos import note
from tasks.waits import letter_settled
from tests.support.case_rows import NOW, add_case
from tests.support.letter_samples import sample
from tests.support.outbox import relay_in_settings, send
from tests.support.smtp import Fault, Relay
from tests.support.watching import CLAIRE, officers
from tests.tasks.test_cli import dsr

DAY = timedelta(days=1)
OFFICER = "Claire Martin"
NOTHING = LetterKind.NOTHING_HELD
REF = "DSR-2026-0001/access"
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture
def relay(db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    assert db
    with relay_in_settings(monkeypatch) as running:
        yield running


def refused(relay: Relay, fault: Fault = Fault.RECIPIENT_NEVER, times: int = 1) -> int:
    """A reply that the relay does not take; its number."""
    with unit_of_work() as session:
        case, [request] = add_case(session)
        write_reply(Scene(session, case, request, NOW), NOTHING, sample(NOTHING, "fr"), "nothing_held")
        request.waits_for, request.waits_on = "relay", f"{REF}:reply"
        renew(session, case, NOW)
    relay.script.extend([fault] * times)
    for turn in range(times):
        send(NOW + turn * DAY)
    return letter().id


def letter() -> Letter:
    with reading() as session:
        return session.exec(select(Letter).where(Letter.key == f"{REF}:reply")).one()


def request() -> Request:
    with reading() as session:
        return session.exec(select(Request)).one()


def dates() -> RequestDates:
    with reading() as session:
        return session.exec(select(RequestDates)).one()


def settled() -> bool:
    with reading() as session:
        return letter_settled(session, f"{REF}:reply")


def close() -> None:
    """What the flow does once its wait is over."""
    with unit_of_work() as session:
        one = session.exec(select(Request)).one()
        close_request(f"{REF}:reply")(Scene(session, session.exec(select(Case)).one(), one, NOW + 20 * DAY))


def blocked(days: int = 40) -> list[Blocker]:
    with reading() as session:
        return [one.by for one in blocks(session, session.exec(select(Request)).one(), NOW + days * DAY)]


def line(days: int = 40) -> dict[str, str]:
    with reading() as session:
        content = register(
            session, date(2026, 1, 1), date(2027, 1, 1), "csv", NOW + days * DAY, language="en"
        )
    [found] = csv.DictReader(StringIO(content.decode("utf-8-sig")))
    return found


@pytest.mark.parametrize(("fault", "times", "state"), [
    (Fault.RECIPIENT_NEVER, 1, LetterState.FAILED), (Fault.TAKES_AND_DROPS, 5, LetterState.UNCERTAIN),
])  # fmt: skip
def test_it_is_unanswered_everywhere_until_it_is_put_right(
    relay: Relay, fault: Fault, times: int, state: LetterState
) -> None:
    officers(CLAIRE)
    refused(relay, fault, times)
    assert letter().state == state
    assert not settled(), "the request does not close"
    assert (dates().replied_on, dates().outcome) == (None, "")
    assert (line()["Outcome"], line()["Answered on"], line()["Late"]) == ("", "", "law")
    with reading() as session:
        view = case_view(session, "DSR-2026-0001", NOW + 40 * DAY)
        assert (view.requests[0].outcome, view.requests[0].replied_at, view.dates.days_left) == ("", None, -10)  # fmt: skip
        assert b"BEGIN:VEVENT" in feed(session, NOW + 40 * DAY, "en")
        [entry] = todo_lines(session, NOW + 40 * DAY)
    assert (entry.owed, entry.again) == (True, True)
    assert blocked() == [Blocker.UNSENT]
    told = watch(NOW + 40 * DAY).told
    assert (len(told), len(watch(NOW + 41 * DAY).told)) == (1, 1), "every day"
    with pytest.raises(Rejected, match="send it again"):
        do(entry.number, OFFICER, NOW)


def test_sent_again_it_leaves_as_it_was_written_and_answers(relay: Relay) -> None:
    number = refused(relay)
    before = letter()
    assert {send_again(number, OFFICER, NOW + DAY).state for _ in range(2)} == {LetterState.QUEUED}
    assert send(NOW + 2 * DAY) == 1
    [taken] = relay.taken
    assert message_from_bytes(taken.content)["Message-ID"] == before.message_id
    assert taken.content.rstrip() == fetch(before.storage_key).rstrip()
    left = NOW + 2 * DAY
    assert abs(request().replied_at - left) < timedelta(minutes=1)  # type: ignore[operator]
    assert dates().replied_on == paris_date(left)
    assert settled()
    close()
    assert (dates().outcome, line()["Outcome"]) == ("nothing_held", "nothing_held")
    assert (unanswered(), watch(NOW + 40 * DAY).told) == ([], ())
    with reading() as session:
        assert [todo.done_by for todo in session.exec(select(Todo))] == ["engine"]
        kinds = session.exec(select(AuditEvent.kind).where(AuditEvent.actor == OFFICER)).all()
    assert kinds == ["letter_again"], "pressing twice is one order"


def test_refused_again_it_is_to_do_again(relay: Relay) -> None:
    number = refused(relay)
    send_again(number, OFFICER, NOW + DAY)
    with unit_of_work() as session:
        todo = session.exec(select(Todo)).one()
        todo.done_at = todo.told_at = NOW + DAY  # by an earlier release
    relay.script.append(Fault.RECIPIENT_NEVER)
    assert send(NOW + 2 * DAY) == 0
    with reading() as session:
        todo = session.exec(select(Todo)).one()
    assert (todo.done_at, todo.told_at) == (None, None)


def test_what_reached_the_person_otherwise_counts_from_that_day(relay: Relay) -> None:
    number = refused(relay)
    on = paris_date(NOW + 3 * DAY)
    for wrong in (paris_date(NOW - DAY), paris_date(NOW + 9 * DAY)):
        with pytest.raises(Rejected, match="correct the date"):
            reached(number, Reached.POST, wrong, OFFICER, NOW + 8 * DAY)
    assert reached(number, Reached.POST, on, OFFICER, NOW + 8 * DAY) == REF
    reached(number, Reached.PHONE, on + DAY, OFFICER, NOW + 9 * DAY)
    assert (letter().reached_on, letter().reached_by) == (on, "post"), "the first day stands"
    assert (dates().replied_on, dates().answer_days, dates().in_law) == (on, 3, True)
    assert paris_date(request().replied_at) == on  # type: ignore[arg-type]
    assert settled()
    close()
    assert (line()["Outcome"], line()["Answered on"], line()["Channel of the reply"]) == ("nothing_held", "2026-11-26", "post")  # fmt: skip
    with reading() as session:
        assert unsent(session, NOW + 9 * DAY) == [], "nothing for `dsr doctor` to complain of"
        assert session.exec(select(Todo)).one().done_by == OFFICER
        [event] = session.exec(select(AuditEvent).where(AuditEvent.kind == "letter_reached"))
    assert event.detail == {"letter": "nothing_held", "how": "post", "on": "2026-11-26"}


def came_back(relay: Relay) -> int:
    """A reply that left in time, closed its request, and came back."""
    with unit_of_work() as session:
        case, [one] = add_case(session)
        write_reply(Scene(session, case, one, NOW), NOTHING, sample(NOTHING, "fr"), "nothing_held")
    send(NOW + DAY)
    close()
    with unit_of_work() as session:
        returned = session.exec(select(Letter)).one()
        returned.bounced_at, returned.bounce = NOW + 2 * DAY, "5.1.1"
        note(session, TodoKind.BOUNCED, NOW + 2 * DAY, case=session.exec(select(Case)).one(), letter=returned)
    watch(NOW + 2 * DAY)
    return letter().id


def test_what_came_back_late_stays_late_after_the_purge(relay: Relay) -> None:
    """The to-do goes with the working data of the case; the day stays with the letter."""
    officers(CLAIRE)
    number = came_back(relay)
    with reading() as session:
        view = case_view(session, "DSR-2026-0001", NOW + 40 * DAY)
    assert (view.requests[0].outcome, view.dates.days_left) == ("", -10), "closed, and not answered"
    assert (dates().outcome, line()["Outcome"]) == ("", "")
    assert unanswered() == [1]
    reached(number, Reached.PHONE, paris_date(NOW + 59 * DAY), OFFICER, NOW + 59 * DAY)
    assert (dates().replied_on, dates().in_law, dates().outcome) == (paris_date(NOW + 59 * DAY), False, "nothing_held")  # fmt: skip
    assert unanswered() == [], "settled: nobody renews it for ever"
    later = NOW + timedelta(days=61 + settings().keep_after_close_days)
    with reading() as session:
        found = due(session, later)
    assert carry_out(found, later)["todo"] == 1
    watch(later)
    with unit_of_work() as session:
        renew(session, session.exec(select(Case)).one(), later)
    assert (dates().answer_days, dates().in_promise, dates().in_law) == (59, False, False)


@sqlite
def test_a_request_that_an_earlier_release_closed_unanswered_can_be_put_right(relay: Relay) -> None:
    number = refused(relay)
    with unit_of_work() as session:
        one = session.exec(select(Request)).one()
        one.state, one.closed_at, one.waits_for = RequestState.CLOSED, NOW, ""
        renew(session, session.exec(select(Case)).one(), NOW)
    assert (dates().outcome, unanswered(), blocked()) == ("", [1], [Blocker.UNSENT]), (
        "not: nothing, the engine is at it"
    )
    send_again(number, OFFICER, NOW + DAY)
    send(NOW + 2 * DAY)
    assert (dates().replied_on, dates().outcome) == (paris_date(NOW + 2 * DAY), "nothing_held")
    assert unanswered() == []


@sqlite
def test_a_secret_that_may_have_left_is_never_sent_again(relay: Relay) -> None:
    number = refused(relay, Fault.TAKES_AND_DROPS, 5)
    with unit_of_work() as session:
        session.exec(select(Letter)).one().secret = True
    with pytest.raises(Rejected, match="a new one"):
        send_again(number, OFFICER, NOW)


@sqlite
def test_other_letters_are_settled_and_ticked_off_as_before(relay: Relay) -> None:
    with unit_of_work() as session:
        case, [one] = add_case(session)
        other = Letter(
            key=f"{one.ref}:ask", case_id=case.id, request_id=one.id, kind=LetterKind.ASK_IDENTITY, language="fr", recipient="x@y.example",
            subject="", message_id="<x@y>", storage_key="", sha256="", state=LetterState.FAILED, written_at=NOW,
        )  # fmt: skip
        session.add_all([other])
        session.flush()
        number = note(session, TodoKind.LETTER_FAILED, NOW, case=case, letter=other).id
        assert letter_settled(session, other.key)
    do(number, OFFICER, NOW)
    with reading() as session:
        assert session.get_one(Todo, number).done_by == OFFICER


@sqlite
def test_on_the_command_line(
    relay: Relay, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.letters.now", lambda: NOW + 2 * DAY)
    refused(relay)
    with reading() as session:
        entry = str(session.exec(select(Todo)).one().id)
    assert letter_called(entry) == letter_called(REF) == letter_called(f"{REF}:reply") == letter().id
    with pytest.raises(NotFound):
        letter_called("99")
    assert dsr("letter", "send-again", REF, "--by", OFFICER) == 0
    assert "in the outbox" in capsys.readouterr().out
    assert dsr("letter", "reached", entry, "--on", "2026-11-24", "--how", "post", "--by", OFFICER) == 1
    assert "on its way" in capsys.readouterr().err
    relay.script.append(Fault.RECIPIENT_NEVER)
    send(NOW + DAY)
    for how, status in (("pigeon", 1), ("phone", 0)):
        assert dsr("letter", "reached", entry, "--on", "2026-11-24", "--how", how, "--by", OFFICER) == status
    assert dates().replied_on == date(2026, 11, 24)
