"""A case, walked day by day through 100 days: the alerts are exactly those that a person reads off a calendar."""

from datetime import date, timedelta

import pytest
from freezegun import freeze_time

from flows.runtime.clock import utc_now
from models.calendar import paris_date
from tasks.clock.alert_deadlines import watch
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
    officers,
    opened,
    set_holidays,
)

FIRST, DAYS = date(2027, 2, 1), 100
DOWN = {
    date(2027, 2, 23),
    date(2027, 2, 24),
    date(2027, 2, 25),
}  # the engine stands still from Tuesday to Thursday

# Received on Monday 1 February 2027. The promise ends on Wednesday 3 March; the month on Monday 1 March, and with the
# one day of pause (asked on 3 February, proved on the 4th) on Tuesday 2 March: that is earlier, so it binds. There is no
# holiday in February. Counting back from 2 March: 1 March is 1 working day before, 26 February 2, 25 is 3, 24 is 4,
# 23 is 5, 22 is 6, 19 is 7, 18 is 8, 17 is 9, 16 is 10, 15 is 11, 12 is 12, 11 is 13, 10 is 14.
TOLD = [
    ("2027-02-10", "reply", 14, "2027-03-02"),
    ("2027-02-19", "reply", 7, "2027-03-02"),
    # Up again on Friday: the notice's 5 (23 February) and 2 (today) and the reply's 3 (25 February) were reached. All
    # three are about 2 March; the reply is told, the notices are covered.
    ("2027-02-26", "reply", 3, "2027-03-02"),
    # That evening 2 March is made a holiday: the month now ends on 3 March, the day of the promise. Everything is armed
    # anew. 1 March stays 1 working day before, so all days stay: 14 (10 February), 7 (19), 3 (25) and the notice's 5
    # and 2 are reached already; the reply's nearest is told.
    ("2027-02-27", "reply", 3, "2027-03-03"),
    ("2027-03-01", "reply", 1, "2027-03-03"),  # the last working day before 3 March, as 2 March is none
    # Extended on the evening of 1 March: the reply is now promised for 1 May plus one day of pause. A refusal must
    # still be told by 3 March: its 5 (23 February) and 2 (26 February) are reached, the nearer one is told.
    ("2027-03-02", "refusal_notice", 2, "2027-03-03"),
    ("2027-03-03", "refusal_notice", 0, "2027-03-03"),
    # 2 May 2027 is a Sunday and is not rolled, for it is our own word (D13). Counting back: Friday 30 April is 1,
    # 29 is 2, 28 is 3, 27, 26, 23 is 6, 22 is 7, 21, 20, 19, 16 is 11, 15, 14, 13 is 14. No holiday lies in between.
    ("2027-04-13", "reply", 14, "2027-05-02"),
    ("2027-04-22", "reply", 7, "2027-05-02"),
    ("2027-04-28", "reply", 3, "2027-05-02"),
    ("2027-04-30", "reply", 1, "2027-05-02"),
    ("2027-05-02", "reply", 0, "2027-05-02"),
    # Every day after, until the answer leaves on 5 May.
    ("2027-05-03", "reply", -1, "2027-05-02"),
    ("2027-05-04", "reply", -2, "2027-05-02"),
    ("2027-05-05", "reply", -3, "2027-05-02"),
    # It comes back on Saturday 8 May: nobody was answered, and the days since count. The newest is told.
    ("2027-05-09", "reply", -7, "2027-05-02"),
    ("2027-05-10", "reply", -8, "2027-05-02"),
    ("2027-05-11", "reply", -9, "2027-05-02"),
]
COVERED = [
    ("2027-02-26", "extension_notice", 2),
    ("2027-02-26", "extension_notice", 5),
    ("2027-02-27", "extension_notice", 2),
    ("2027-02-27", "extension_notice", 5),
    ("2027-02-27", "reply", 7),
    ("2027-02-27", "reply", 14),
    ("2027-03-02", "refusal_notice", 5),
    ("2027-05-09", "reply", -6),
    ("2027-05-09", "reply", -5),
    ("2027-05-09", "reply", -4),
]
ESCALATED = {told[0] for told in TOLD if told[2] <= 1}


@pytest.fixture
def managers(monkeypatch: pytest.MonkeyPatch, db: str) -> None:
    monkeypatch.setenv("DSR_MANAGERS", f'["{BOSS}"]')
    set_holidays(monkeypatch)


def test_a_hundred_days_tell_exactly_this(managers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    officers(CLAIRE, DANA)
    case_id, _ = opened(at(FIRST, 8))
    evening = {
        date(2027, 2, 3): lambda now: clock_event(case_id, "paused", now, "sender unknown to us"),
        date(2027, 2, 4): lambda now: clock_event(case_id, "resumed", now),
        date(2027, 2, 26): lambda now: set_holidays(monkeypatch, "2027-03-02"),
        date(2027, 3, 1): lambda now: clock_event(case_id, "extended", now, "volume: thousands of messages"),
        date(2027, 5, 5): lambda now: answer(case_id, now),
        date(2027, 5, 8): lambda now: bounce(case_id, now),
    }
    with freeze_time(at(FIRST)) as clock:
        for day in (FIRST + timedelta(days=n) for n in range(DAYS)):
            for hour in () if day in DOWN else (9, 21):
                clock.move_to(at(day, hour))
                assert watch(utc_now()).problems == ()
            if day in evening:
                clock.move_to(at(day, 22))
                evening[day](utc_now())
    noted = [(paris_date(one.noted_at).isoformat(), one.limit, one.level, one.due.isoformat(), one.digest) for one in alerts()]  # fmt: skip
    assert [one[:4] for one in noted if one[4]] == TOLD
    assert sorted(one[:3] for one in noted if not one[4]) == sorted(COVERED)
    for address in (CLAIRE, DANA):
        assert [paris_date(sent.written_at).isoformat() for sent in digests(address)] == [t[0] for t in TOLD]
    assert {paris_date(sent.written_at).isoformat() for sent in digests(BOSS)} == ESCALATED
    assert len(digests(BOSS)) == len(ESCALATED)
