"""The watcher's promises: once per threshold however many run, nothing lost, nobody named, and said what is lawful."""

import subprocess
import sys
from datetime import timedelta

import pytest
from sqlmodel import select

from models.alerts import Limit
from models.database import reading, unit_of_work
from models.rights import Right
from models.settings import REPOSITORY
from models.storage import fetch
from models.tables import (
    Officer,
    Request,
    RequestDates,
    RequestState,
    Role,
    WaitsFor,
)
from tasks.clock.alert_deadlines import NOBODY, watch
from tasks.clock.open_deadlines import renew_older
from tests.conftest import forget_settings
from tests.support.at_once import at_once
from tests.support.letter_reading import flat
from tests.support.watching import (
    BOSS,
    CLAIRE,
    DANA,
    alerts,
    answer,
    at,
    bounce,
    clock_event,
    digests,
    environment,
    officers,
    opened,
    set_holidays,
    settle,
)

RECEIVED = at("2026-11-02", 10)  # binding on Wednesday 2 December; 11 November is a holiday
sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def text_of(key: str) -> str:
    from email import policy
    from email.parser import BytesParser

    mail = BytesParser(policy=policy.default).parsebytes(fetch(key))
    return flat(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_watchers_at_the_same_moment_tell_everything_once(db: str) -> None:
    officers(CLAIRE, DANA)
    for _ in range(20):
        opened(RECEIVED, Right.ACCESS, Right.ERASURE)
    now = at("2026-11-24")
    results = at_once(*[lambda: watch(now)] * 4)
    assert sorted(len(one.told) for one in results) == [0, 0, 0, 40]  # type: ignore[attr-defined]
    assert len(alerts()) == len({one.key for one in alerts()}) == 80, "14 and 7 of each"
    assert [one.recipient for one in digests()] == [CLAIRE, DANA]
    assert at_once(*[lambda: watch(now + timedelta(minutes=30))] * 2) == [((), ()), ((), ())]
    assert len(digests()) == 2


def test_two_processes_at_the_same_moment_tell_everything_once(db: str) -> None:
    officers(CLAIRE)
    for _ in range(5):
        opened(RECEIVED)
    code = (
        "import sys; from datetime import datetime; from tasks.clock.alert_deadlines import watch; print('ready', flush=True);"
        "sys.stdin.readline(); print(len(watch(datetime.fromisoformat('2026-12-01T08:00:00+00:00')).told))"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=REPOSITORY, env={**environment(), "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    told = sorted(int(one.communicate("go\n", timeout=120)[0]) for one in both)
    assert told == [0, 5]
    assert len(digests()) == 1


def test_a_watcher_that_dies_in_the_middle_tells_nothing_and_the_next_one_all(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    officers(CLAIRE, DANA)
    opened(RECEIVED)
    from tasks.clock import write_digest

    write = write_digest.write_letter

    def dies_at_the_second(*args: object, **more: object) -> object:
        if args[5] == DANA:
            raise MemoryError
        return write(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(write_digest, "write_letter", dies_at_the_second)
    with pytest.raises(MemoryError):
        watch(at("2026-11-12"))
    assert (alerts(), digests()) == ([], [])
    monkeypatch.undo()
    assert len(watch(at("2026-11-12")).told) == 1
    assert len(digests()) == 2


@sqlite
def test_after_three_days_of_downtime_one_digest_tells_the_most_urgent(db: str) -> None:
    officers(CLAIRE)
    _, [ref] = opened(RECEIVED)
    [told] = watch(at("2026-12-03")).told
    assert (told.ref, told.limit, told.level) == (ref, Limit.REPLY, -1)
    assert len(digests()) == 1
    assert [(one.limit, one.level) for one in alerts() if one.digest] == [("reply", -1)]
    assert len(alerts()) == 9, "14, 7, 3, 1, 0, -1, and 5, 2, 0 of the notice"


@sqlite
def test_three_hundred_waiting_requests_make_one_letter_that_can_be_read(db: str) -> None:
    """Peers lose alerts beyond the first hundred or two (peers.md test 8)."""
    officers(CLAIRE)
    late, today, ahead = at("2026-11-01", 10), at("2026-11-04", 10), at("2026-11-09", 10)
    for received, cases in ((late, 10), (today, 50), (ahead, 90)):
        for _ in range(cases):
            opened(received, Right.ACCESS, Right.ERASURE)
    with unit_of_work() as session:
        for request in session.exec(select(Request)):
            request.state, request.waits_for = RequestState.REVIEW, WaitsFor.OFFICER
    assert len(watch(at("2026-12-04")).told) == 300
    [sent] = digests()
    words = text_of(sent.storage_key)
    assert words.count("Ce qui bloque") == 50
    assert words.index("DSR-2026-0001") < words.index("DSR-2026-0011"), "the latest first"
    assert "Et 250 demandes de plus : 70 à échéance aujourd’hui, 180 plus tard." in words.replace("\xa0", " ")
    assert "300 échéances, dont 20 dépassées" in sent.subject
    assert len(fetch(sent.storage_key)) < 200_000
    assert {one.digest for one in alerts() if one.digest} == {sent.key.rpartition(":")[0]}


@sqlite
def test_no_letter_and_no_event_names_the_person(db: str) -> None:
    officers(CLAIRE)
    opened(RECEIVED)
    told = watch(at("2026-12-01")).told
    [sent] = digests()
    for words in (fetch(sent.storage_key).decode(), text_of(sent.storage_key), sent.subject, repr(told)):
        assert "Camille" not in words
        assert "Durand" not in words
        assert "mail.example" not in words


@sqlite
def test_managers_are_told_on_the_last_days_and_not_before(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSR_MANAGERS", f'["{BOSS}", "{CLAIRE.upper()}", "no address"]')
    monkeypatch.setenv("DSR_REPORT_LANGUAGE", "en")
    forget_settings()
    officers(CLAIRE)
    opened(RECEIVED)
    opened(at("2026-11-09", 10))
    watch(at("2026-11-23"))
    assert digests(BOSS) == []
    watch(at("2026-12-01"))
    [sent] = digests(BOSS)
    words = text_of(sent.storage_key)
    assert sent.language == "en"
    assert "as a manager" in words
    assert "DSR-2026-0001" in words
    assert "DSR-2026-0002" not in words, "seven working days are left"
    assert "/desk" not in words, "managers may not open cases"
    watch(at("2026-12-03"))
    assert len(digests(BOSS)) == 2
    assert len(digests(CLAIRE)) == 3, "who is officer and manager gets one letter"


@sqlite
def test_without_anybody_to_tell_nothing_is_noted(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(RECEIVED)
    with unit_of_work() as session:
        gone = at("2026-10-01")
        session.add(Officer(name="a", address="a@x.example", password_hash="", added_at=gone, left_at=gone))
        session.add(Officer(name="b", address="b@x.example", password_hash="", role=Role.MANAGER, added_at=gone))  # fmt: skip
    assert watch(at("2026-11-12")) == ((), (NOBODY,))
    assert alerts() == []
    monkeypatch.setenv("DSR_MANAGERS", f'["{BOSS}"]')
    forget_settings()
    assert len(watch(at("2026-11-12")).told) == 1, "managers stand in where there is no officer"
    assert len(digests(BOSS)) == 1


@sqlite
def test_what_is_answered_is_left_alone_and_what_came_back_is_late_again(db: str) -> None:
    officers(CLAIRE)
    case_id, _ = opened(RECEIVED)
    answer(case_id, at("2026-11-20"))
    assert watch(at("2026-12-01")).told == ()
    bounce(case_id, at("2026-12-01"))
    assert [one.level for one in watch(at("2026-12-03")).told] == [-1]
    assert "la réponse est revenue" in text_of(digests()[0].storage_key)
    settle(case_id, at("2026-12-03", 15))
    assert watch(at("2026-12-04")).told == ()
    with reading() as session:
        assert session.exec(select(RequestDates)).one().in_law is False


@sqlite
def test_a_new_holiday_moves_open_cases_and_arms_their_alerts_again(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Received on 26 February 2027: 26 March, Good Friday, is no holiday in Paris, until somebody makes it one."""
    officers(CLAIRE)
    opened(at("2027-02-26"))
    assert [(one.level, one.due.isoformat()) for one in watch(at("2027-03-24")).told] == [(3, "2027-03-26")]
    set_holidays(monkeypatch, "2027-03-26")
    assert [(one.level, one.due.isoformat()) for one in watch(at("2027-03-24", 11)).told] == [
        (3, "2027-03-28")
    ]
    with reading() as session:
        row = session.exec(select(RequestDates)).one()
        assert (row.statutory.isoformat(), row.binding.isoformat()) == ("2027-03-30", "2027-03-28")
    assert watch(at("2027-03-24", 12)).told == ()


@sqlite
def test_a_holiday_that_moves_no_date_tells_nothing_again(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    officers(CLAIRE)
    opened(RECEIVED)
    assert len(watch(at("2026-11-23")).told) == 1
    set_holidays(monkeypatch, "2026-12-02")
    assert watch(at("2026-11-23", 11)).told == (), "the promise of 30 days knows no holiday"


@sqlite
def test_a_new_holiday_arms_the_refusal_of_an_extended_case_again(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extension moves the reply and not the refusal (D14): due on Monday 1 March, until that is a holiday."""
    officers(CLAIRE)
    case_id, _ = opened(at("2027-02-01"))
    clock_event(case_id, "extended", at("2027-02-15"), "volume: much of it")
    assert [(one.limit, one.level) for one in watch(at("2027-02-22")).told] == [("refusal_notice", 5)]
    set_holidays(monkeypatch, "2027-03-01")
    [told] = watch(at("2027-02-22", 11)).told
    assert (told.limit, told.level, told.due.isoformat()) == ("refusal_notice", 5, "2027-03-02")


@sqlite
def test_rows_of_older_data_are_made_and_watched(db: str) -> None:
    officers(CLAIRE)
    opened(RECEIVED)
    answered, _ = opened(RECEIVED)
    answer(answered, at("2026-11-10"))
    with unit_of_work() as session:
        for row in session.exec(select(RequestDates)):
            session.delete(row)
    assert len(watch(at("2026-11-12")).told) == 1
    assert renew_older(at("2026-11-12")) == 1
    with reading() as session:
        assert len(session.exec(select(RequestDates)).all()) == 2


@sqlite
def test_a_case_whose_dates_cannot_be_computed_holds_up_no_other(db: str) -> None:
    officers(CLAIRE)
    broken, _ = opened(RECEIVED)
    opened(RECEIVED)
    with unit_of_work() as session:
        from models.tables import ClockEvent

        session.delete(session.exec(select(ClockEvent).where(ClockEvent.case_id == broken)).one())
    watched = watch(at("2026-11-12"))
    assert [one.ref for one in watched.told] == ["DSR-2026-0002/access"]
    assert [f"case no. {broken}" in problem for problem in watched.problems] == [True]


@sqlite
def test_an_open_pause_arms_once_and_the_resumption_again(db: str) -> None:
    """Asked on the second working day; the promise stays, so the ladder goes on (D29)."""
    officers(CLAIRE)
    case_id, _ = opened(RECEIVED)
    clock_event(case_id, "paused", at("2026-11-04"), "unknown sender")
    days = ["2026-11-12", "2026-11-13", "2026-11-23", "2026-11-24"]
    assert [[one.level for one in watch(at(day)).told] for day in days] == [[14], [], [7], []]
    clock_event(case_id, "resumed", at("2026-11-24", 15))
    assert [one.level for one in watch(at("2026-11-25")).told] == [7], "5 of the notice and 14 are covered"
