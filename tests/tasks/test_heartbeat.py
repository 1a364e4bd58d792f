"""Who watches the watcher: the clockwork's heartbeats, compared with its schedules."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect.server.schemas.schedules import CronSchedule

from flows.beating import beating
from models.settings import REPOSITORY
from tasks.clock.heartbeat import CLOCKWORK, beat, expect, silent
from tests.support.at_once import at_once
from tests.support.case_rows import NOW

sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def names(now: datetime) -> list[str]:
    return [one.flow for one in silent(now)]


def test_a_flow_is_silent_after_twice_its_interval_and_not_before(db: str) -> None:
    assert set(names(NOW)) == CLOCKWORK.keys(), "nothing was ever started here"
    for flow in CLOCKWORK:
        beat(flow, NOW)
    assert names(NOW + timedelta(minutes=2)) == []
    assert names(NOW + timedelta(minutes=2, seconds=1)) == ["intake"]
    for flow in ("intake", "recover"):
        beat(flow, NOW + timedelta(hours=1))
    assert names(NOW + timedelta(hours=1)) == []
    assert names(NOW + timedelta(hours=1, seconds=1)) == ["watch-deadlines"]
    beat("watch-deadlines", NOW + timedelta(hours=1))
    assert names(NOW + timedelta(hours=1, seconds=1)) == []
    assert len(names(NOW + timedelta(days=15))) == len(CLOCKWORK)


@sqlite
def test_a_flow_that_never_ran_counts_from_the_first_start(db: str) -> None:
    expect(NOW)
    expect(NOW + timedelta(days=3))
    beat("intake", NOW + timedelta(days=3))
    assert set(names(NOW + timedelta(days=3))) == CLOCKWORK.keys() - {"intake"}


@sqlite
def test_the_first_heartbeat_expects_the_others(db: str) -> None:
    beat("intake", NOW)
    assert set(names(NOW + timedelta(hours=2))) == {"intake", "recover", "watch-deadlines"}


def test_first_heartbeats_at_the_same_moment_do_not_disturb_each_other(db: str) -> None:
    assert at_once(*[lambda flow=flow: beat(flow, NOW) for flow in CLOCKWORK]) == [None] * len(CLOCKWORK)
    assert names(NOW) == []


@sqlite
def test_a_flow_that_fails_does_not_beat(db: str) -> None:
    expect(NOW - timedelta(hours=3))

    @beating("watch-deadlines")
    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # our own
        fails()
    assert "watch-deadlines" in names(NOW)
    beating("watch-deadlines")(lambda: None)()
    assert "watch-deadlines" not in names(NOW)


def scheduled() -> dict[str, list[dict[str, object]]]:
    """The clockwork of prefect.yaml: the flow's name and its schedules."""
    index = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text(encoding="utf-8"))
    found = {}
    for deployment in index["deployments"]:
        if deployment.get("schedules"):
            module = REPOSITORY.joinpath(*deployment["entrypoint"].split(".")[:-1]).with_suffix(".py")
            name = module.read_text(encoding="utf-8").partition('@flow(name="')[2].partition('"')[0]
            found[name] = deployment["schedules"]
    return found


def longest_gap(schedules: list[dict[str, object]]) -> float:
    """Seconds between two runs, at most, in the forty runs after a day in January."""
    if "interval" in schedules[0]:
        return float(str(schedules[0]["interval"]))
    start = datetime(2027, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))
    crons = [CronSchedule(cron=str(one["cron"]), timezone=str(one["timezone"])) for one in schedules]
    runs = sorted({moment for cron in crons for moment in asyncio.run(cron.get_dates(40, start))})[:40]
    return max((later - earlier).total_seconds() for earlier, later in pairwise(runs))


def test_the_intervals_are_those_of_prefect_yaml() -> None:
    found = {name: longest_gap(schedules) for name, schedules in scheduled().items()}
    assert found == {name: CLOCKWORK[name] for name in found}
    assert found.keys() == CLOCKWORK.keys()


def test_every_scheduled_flow_beats_under_its_own_name() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in (REPOSITORY / "flows").glob("*.py"))
    assert [name for name in scheduled() if f'\n@beating("{name}")\n' not in sources] == []
