"""The demo's billing tool does what the task page says, to this person's card and no other."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.demo.billing_tool import carry_out
from tasks.samples.sample_systems import write_billing

ALICE, NUMBER = "alice.eastgate@horizon-bleu.example", "C-00116"


@pytest.fixture
def export(home: Path, tmp_path: Path) -> Path:
    del home
    path = tmp_path / "billing.csv"
    write_billing(path, datetime(2026, 11, 23, tzinfo=UTC))
    return path


def cards(export: Path) -> dict[str, dict[str, str]]:
    with export.open(encoding="utf-8", newline="") as file:
        return {card["customer_id"]: card for card in csv.DictReader(file, delimiter=";")}


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("Fiches de facturation n° C-00116 : supprimer", None),
        ("Billing cards no. C-00116 : delete", None),
        (
            "Fiches de facturation n° C-00116 : conserver jusqu’au 31 décembre 2030 (effacer : Adresse e-mail)",
            {"email": ""},
        ),
        (
            "Billing cards no. C-00116 : keep until 31 December 2030 (blank: Name, E-mail address)",
            {"name": "", "email": ""},
        ),
        ("Fiches de facturation n° C-00116 : conserver jusqu’au 31 décembre 2030 (effacer : –)", {}),
        ("Nom : Alice Eastgate → Alice Eastgate-Fernley", {"name": "Alice Eastgate-Fernley"}),
    ],
)
def test_a_line_of_the_task_changes_one_card_and_twice_is_once(
    export: Path, line: str, after: dict[str, str] | None
) -> None:
    expected = cards(export)
    if after is None:
        del expected[NUMBER]
    else:
        expected[NUMBER] |= after
    for _ in range(2):
        carry_out(export, [ALICE.upper()], [line])
        assert cards(export) == expected
