"""Changing rows in every database: what may help later is tried again, what a person must repair is said at once."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from models.errors import MapIncomplete, Unavailable
from models.records import Identifier
from tasks.changes.change_systems import change_rows
from tasks.samples.sample_systems import CAMILLE, create_sample_systems
from tests.support.case_rows import NOW

ME = [Identifier(kind="email", value=CAMILLE.email)]


@pytest.fixture
def site_url(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    del home
    made = create_sample_systems(tmp_path / "systems", NOW)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made["DSR_SITE_DB_URL"]


def test_a_column_that_the_map_does_not_name_is_not_tried_again(site_url: str) -> None:
    engine = sa.create_engine(site_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE contacts ADD COLUMN nickname TEXT"))
    with pytest.raises(MapIncomplete, match="nickname"):
        change_rows("restrict", ME, NOW)


def test_a_database_that_is_away_is_tried_again(
    site_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del site_url
    monkeypatch.setenv("DSR_SITE_DB_URL", f"sqlite:///{tmp_path}/nowhere/site.sqlite")
    with pytest.raises(Unavailable, match="site_db could not be changed"):
        change_rows("restrict", ME, NOW)
