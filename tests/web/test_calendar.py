"""The officers' calendar feed: read by a calendar, it shows last days and nobody's name, to those who hold an address."""

import re
from datetime import date, timedelta

import httpx
import pytest
from icalendar import Calendar, Event
from sqlmodel import select

from models.calendar import paris_date
from models.case_clock import deadlines_of
from models.database import reading, unit_of_work
from models.request_dates import renew
from models.rights import Right
from models.tables import Case, ClockEvent, Officer, RequestDates, Role
from tasks.clock.calendar_feed import calendar_token, token_of
from tasks.officers import add_officer
from tests.support.case_rows import NOW, add_case
from tests.web.conftest import ADDRESS, PASSWORD, Site

sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def opened(*rights: Right) -> int:
    with unit_of_work() as session:
        case, _ = add_case(session, *rights)
        return case.id


def path_of(desk: httpx.Client) -> str:
    """The address that the officer is shown, without its host."""
    found = re.search(r'value="https?://[^/"]+(/calendar/[^"]+\.ics)"', desk.get("/desk/calendar").text)
    assert found
    return found[1]


def events(client: httpx.Client, path: str) -> dict[str, Event]:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    calendar = Calendar.from_ical(answer.content)
    assert calendar.errors == []
    found = calendar.walk("VEVENT")
    assert not [event.errors for event in found if event.errors]
    assert calendar.walk("VALARM") == []
    return {str(event["UID"]): event for event in found}


def test_each_unanswered_request_stands_on_its_last_day(site: Site, desk: httpx.Client) -> None:
    opened(Right.ACCESS, Right.ERASURE)
    anybody = site.browser()
    found = events(anybody, path_of(desk))
    assert set(found) == {"dsr-2026-0001.access@nexoris.com", "dsr-2026-0001.erasure@nexoris.com"}
    event = found["dsr-2026-0001.access@nexoris.com"]
    assert str(event["SUMMARY"]) == "DSR-2026-0001 accès\u00a0: dernier jour"
    with reading() as session:
        due = deadlines_of(session, session.exec(select(Case)).one(), NOW).binding
    assert event["DTSTART"].dt == due
    assert type(event["DTSTART"].dt) is date, "all day"
    assert event["DTSTAMP"].dt == NOW
    text = anybody.get(path_of(desk)).text
    assert "Durand" not in text
    assert "mail.example" not in text


@sqlite
def test_an_answered_request_is_gone_and_a_moved_date_moves_its_event(site: Site, desk: httpx.Client) -> None:
    case_id, path = opened(Right.ACCESS), path_of(desk)
    [(uid, before)] = events(site.browser(), path).items()
    site.now = NOW + timedelta(days=10)
    with unit_of_work() as session:
        case = session.get_one(Case, case_id)
        event = ClockEvent(
            case_id=case_id, kind="extended", at=site.now, reason="volume: many", recorded_by="Dana"
        )
        session.add(event)
        renew(session, case, site.now)
    [(same, after)] = events(site.browser(), path).items()
    assert same == uid
    with reading() as session:
        extended = session.exec(select(RequestDates)).one()
    assert after["DTSTART"].dt == extended.reply_due > before["DTSTART"].dt
    assert after["DTSTAMP"].dt > before["DTSTAMP"].dt
    with unit_of_work() as session:
        row = session.exec(select(RequestDates)).one()
        row.replied_on = paris_date(site.now)
    assert events(site.browser(), path) == {}


@sqlite
def test_whoever_left_or_changed_their_password_has_a_dead_address(site: Site, desk: httpx.Client) -> None:
    path, anybody = path_of(desk), site.browser()
    assert anybody.get(path).status_code == 200
    with unit_of_work() as session:
        officer = session.exec(select(Officer).where(Officer.address == ADDRESS)).one()
        officer.password_hash += "x"
    assert anybody.get(path).status_code == 404
    fresh = path_of(desk)
    assert fresh != path
    with unit_of_work() as session:
        officer = session.exec(select(Officer).where(Officer.address == ADDRESS)).one()
        officer.left_at = NOW
    assert anybody.get(fresh).status_code == 404
    with reading() as session:
        assert token_of(session, 1) == ""


@sqlite
def test_guesses_and_managers_get_nothing(site: Site, desk: httpx.Client) -> None:
    path, anybody = path_of(desk), site.browser()
    with unit_of_work() as session:
        add_officer(session, "Boss", "boss@nexoris.example", PASSWORD, NOW, totp=False, role=Role.MANAGER)
        session.flush()
        manager = session.exec(select(Officer).where(Officer.name == "Boss")).one()
        token = calendar_token(manager)
    wrong = (path.replace("/1-", "/2-"), path.replace(".ics", "0.ics"), path[:-5] + "z.ics")
    for guess in (*wrong, f"/calendar/{token}.ics", "/calendar/1-.ics", "/calendar/é.ics", "/calendar/.ics"):
        assert anybody.get(guess).status_code == 404, guess
    assert anybody.get("/desk/calendar").status_code == 303, "only to who is logged in"
