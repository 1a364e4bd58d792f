"""`dsr holidays`: the list that deadlines roll over, those added later among them."""

import json

import pytest

from tests.conftest import forget_settings
from tests.tasks.test_cli import dsr


def test_the_year_is_listed_with_what_was_added(
    home: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DSR_EXTRA_HOLIDAYS", '["2027-05-07", "2028-01-03", "2027-05-08"]')
    forget_settings()
    assert dsr("holidays", "--year", "2027", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["year"] == 2027
    assert listed["version"].startswith("holidays ")
    days = {one["day"]: one for one in listed["holidays"]}
    # Articles of law.md D8: Easter Monday, Ascension and Whit Monday of 2027 are 29 March, 6 May and 17 May.
    assert [*days] == [
        "2027-01-01", "2027-03-29", "2027-05-01", "2027-05-06", "2027-05-07", "2027-05-08", "2027-05-17",
        "2027-07-14", "2027-08-15", "2027-11-01", "2027-11-11", "2027-12-25",
    ]  # fmt: skip
    assert [day for day, one in days.items() if one["extra"]] == ["2027-05-07"]
    assert (days["2027-03-29"]["fr"], days["2027-03-29"]["en"]) == ("Lundi de Pâques", "Easter Monday")


def test_it_is_a_table_for_people_and_this_year_by_itself(
    home: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dsr("holidays") == 0
    printed = capsys.readouterr().out
    assert "Fête nationale" in printed
    assert "Alsace-Moselle" in printed


def test_a_year_without_a_list_is_refused(home: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert dsr("holidays", "--year", "2101") == 1
    assert "from 1982 to 2100" in capsys.readouterr().err
