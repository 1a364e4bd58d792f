"""What the environment says about alerts takes effect, and managers are not written to every day for a mere promise."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models.alerts import Standing
from models.database import reading
from models.tables import RequestDates
from tasks.clock.alert_deadlines import watch
from tasks.figures.sla_sets import standing_is
from tests.conftest import forget_settings
from tests.support.watching import BOSS, CLAIRE, alerts, at, clock_event, digests, officers, opened

RECEIVED = at("2026-11-02", 10)  # binding on Wednesday 2 December


def environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"DSR_{name}", value)
    forget_settings()


def test_days_of_the_environment_take_effect(db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, ALERT_DAYS="[9]", NOTICE_DAYS="[4]", DUE_SOON_DAYS="6")
    officers(CLAIRE)
    opened(RECEIVED)
    now = at("2026-11-26")
    assert [one.level for one in watch(now).told] == [9], "of one day the reply is told, and the notice noted"
    assert sorted((one.limit, one.level) for one in alerts()) == [("extension_notice", 4), ("reply", 9)]

    def soon() -> bool:
        with reading() as session:
            chosen = standing_is(Standing.DUE_SOON, at("2026-11-24").date())
            return bool(session.exec(select(RequestDates.request_id).where(chosen)).all())

    assert soon(), "six working days before"
    environment(monkeypatch, DUE_SOON_DAYS="3")
    assert not soon()


def test_managers_hear_once_a_week_of_a_promise_broken_while_the_law_stands_still(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused since the second day: the promise ended on 2 December, the law's month is far (D28, D29)."""
    environment(monkeypatch, MANAGERS=f'["{BOSS}"]')
    officers(CLAIRE)
    case_id, _ = opened(RECEIVED)
    clock_event(case_id, "paused", at("2026-11-04"), "unknown sender")
    first = at("2026-12-03")
    for days in range(16):
        if days != 7:  # a day of downtime, the one on which the week is over
            watch(first + timedelta(days=days))
    assert len(digests(CLAIRE)) == 15, "officers hear every day"
    told = [(one.written_at - first).days for one in digests(BOSS)]
    assert told == [0, 8, 14]
    clock_event(case_id, "resumed", first + timedelta(days=16))
    for days in range(17, 60):
        watch(first + timedelta(days=days))
    assert len(digests(BOSS)) == 3 + 43, "and every day, once the clock runs again"
