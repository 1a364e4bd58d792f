"""What a message wants corrected: the map says what is an address or a number, whatever its columns are called."""

import shutil
from pathlib import Path

import pytest

from models.settings import settings
from models.tables import Case
from models.wishes import rectifiable_fields
from tasks.changes.read_wish import wish_in
from tasks.search_systems import data_map
from tests.conftest import forget_settings
from tests.support.case_rows import NOW

TEXT = "My new address is ann@b.example and my phone is +33 1 99 00 12 34. My name is Ann Lee."


def a_case() -> Case:
    return Case(
        ref="DSR-2026-0001", received_at=NOW, opened_at=NOW, mailbox="privacy@nexoris.com",
        requester_address="ann@a.example", requester_name="Ann",
    )  # fmt: skip


def test_each_field_knows_what_the_map_searches_people_by(home: Path) -> None:
    del home
    kinds = {one.name: one.kind for one in rectifiable_fields(data_map())}
    assert kinds["e_mail_address"] == "email"
    assert kinds["phone"] == "phone"
    assert {kinds[name] for name in ("name", "role", "billing_address")} == {""}


def test_addresses_and_numbers_are_read_by_kind_and_not_by_column(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del home
    assert wish_in(TEXT, a_case()) == {
        "e_mail_address": "ann@b.example",
        "phone": "+33 1 99 00 12 34",
        "name": "Ann Lee",
    }
    folder = Path(shutil.copytree(settings().data_map, tmp_path / "map"))
    path = folder / "site_db.yaml"
    path.write_text(
        path.read_text("utf-8").replace("{column: phone}", "{column: tel}").replace(" phone:  ", " tel:  "),
        "utf-8",
    )
    monkeypatch.setenv("DSR_DATA_MAP", str(folder))
    forget_settings()
    assert "tel" in data_map().systems["site_db"].tables["contacts"].columns  # type: ignore[union-attr]
    assert wish_in(TEXT, a_case())["phone"] == "+33 1 99 00 12 34"
