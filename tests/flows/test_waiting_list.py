"""The list of forms that wait for an officer, in Prefect's own pages: only those, earliest due first, however old."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Scheduled, Suspended

from flows.prefect_api import prefect as server
from models.settings import settings
from tasks.letters.correspondence import waiting_link
from tests.conftest import forget_settings
from tests.support.browsing import browser, visitor

RUNS = (
    ("due 2020-01-03 · DSR-2019-0003 · access", "waits-for-officer", Suspended()),
    ("due 2020-01-01 · DSR-2019-0004 · access", "waits-for-officer", Suspended()),
    ("due 2020-01-02 · DSR-2019-0001 · access", "waits-for-officer", Suspended()),
    ("due 2020-01-01 · DSR-2019-0002 · access", "waits-for-requester", Suspended()),
    ("due 2020-01-01 · DSR-2019-0005 · access", "waits-for-officer", Completed()),
)


@pytest.fixture
def listed(prefect: dict[str, str], home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    assert home
    monkeypatch.setenv("DSR_PREFECT_URL", prefect["DSR_PREFECT_URL"])
    forget_settings()
    long_ago = datetime.now(UTC) - timedelta(days=40)
    with temporary_settings({PREFECT_API_URL: prefect["PREFECT_API_URL"]}), server() as client:
        deployment = client.read_deployment_by_name("access/dsr").id
        runs = [
            client.create_flow_run_from_deployment(
                deployment,
                parameters={"request_ref": "none"},
                name=name,
                tags=[tag],
                state=Scheduled(scheduled_time=long_ago),
            ).id
            for name, tag, _ in RUNS
        ]
        for run, (_, _, state) in zip(runs, RUNS, strict=True):
            client.set_flow_run_state(run, state, force=True)
        yield waiting_link()
        for run in runs:
            client.delete_flow_run(run)
    forget_settings()


def test_the_link_shows_what_waits_for_officers_earliest_first(listed: str) -> None:
    assert listed.startswith(settings().prefect_url)
    with browser() as launched:
        here = visitor(launched)
        here.page.goto(listed)
        expect(here.page.get_by_text(re.compile(r"^\d+ Flow runs?$"))).to_be_visible()
        ours = here.page.get_by_role("link", name=re.compile(r"DSR-2019-\d{4} · access"))
        expect(ours).to_have_count(3)
        shown = [re.search(r"due \S+ · DSR-\S+ · access", text) for text in ours.all_inner_texts()]
    assert [found[0] for found in shown if found] == sorted(name for name, *_ in (RUNS[0], RUNS[1], RUNS[2]))
