import pytest

from flows.demo.guard import mark, refuse_real_installation
from models.errors import Rejected


@pytest.fixture(autouse=True)
def _clean(home, monkeypatch):
    del home
    monkeypatch.delenv("DSR_DEMO")


def test_a_fresh_or_earlier_demo_folder_is_fine(tmp_path):
    refuse_real_installation(tmp_path / "new", tmp_path / ".env")
    mark(tmp_path / "demo")
    refuse_real_installation(tmp_path / "demo", tmp_path / ".env")


def test_a_folder_that_holds_anything_else_is_never_emptied(tmp_path):
    (tmp_path / "dsr.sqlite").touch()
    with pytest.raises(Rejected, match="no demo"):
        refuse_real_installation(tmp_path, tmp_path / ".env")


def test_real_settings_keep_the_demo_away(tmp_path, monkeypatch):
    (tmp_path / ".env").touch()
    with pytest.raises(Rejected, match=r"\.env"):
        refuse_real_installation(tmp_path / "new", tmp_path / ".env")
    (tmp_path / ".env").unlink()
    monkeypatch.setenv("DSR_DATABASE_URL", "postgresql://real")
    with pytest.raises(Rejected, match="DSR_DATABASE_URL"):
        refuse_real_installation(tmp_path / "new", tmp_path / ".env")
