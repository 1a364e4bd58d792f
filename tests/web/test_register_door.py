"""The register to download: for those who may see the figures, without names."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import httpx
import pytest
from openpyxl import load_workbook

from models.database import unit_of_work
from models.rights import Right
from models.tables import Role
from tasks.officers import add_officer
from tests.support.case_rows import NOW, add_case
from tests.web.conftest import PASSWORD, Site, submit

sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
PERIOD = "since=2026-11-01&until=2026-11-30"


def fill() -> None:
    with unit_of_work() as session:
        add_case(session, Right.ACCESS, Right.ERASURE, received_at=NOW)
        add_case(session, Right.ACCESS, received_at=NOW - timedelta(days=60))


@sqlite
def test_officers_and_managers_download_the_same_register(site: Site, desk: httpx.Client) -> None:
    fill()
    with unit_of_work() as session:
        add_officer(session, "Boss", "boss@nexoris.example", PASSWORD, NOW, totp=False, role=Role.MANAGER)
    manager = site.browser()
    assert (
        submit(manager, "/desk/login", address="boss@nexoris.example", password=PASSWORD).status_code == 303
    )
    answer = desk.get(f"/sla/register.csv?{PERIOD}")
    assert answer.status_code == 200
    assert (
        answer.headers["content-disposition"] == 'attachment; filename="register-2026-11-01-2026-11-30.csv"'
    )
    lines = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [line["Droit"] for line in lines] == ["access", "erasure"]
    assert "Durand" not in answer.text
    assert manager.get(f"/sla/register.csv?{PERIOD}").content == answer.content
    book = load_workbook(BytesIO(manager.get(f"/sla/register.xlsx?{PERIOD}&lang=en").content))
    assert [row[5].value for row in book["Register"].iter_rows(min_row=2)] == ["access", "erasure"]


@sqlite
def test_nobody_else_and_nothing_else(site: Site, desk: httpx.Client) -> None:
    assert site.browser().get(f"/sla/register.csv?{PERIOD}").status_code == 303
    for wrong in (f"pdf?{PERIOD}", "csv", "csv?since=2026-11-30&until=2026-11-01", "csv?since=x&until=y"):
        assert desk.get(f"/sla/register.{wrong}").status_code == 404, wrong
