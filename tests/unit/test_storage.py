"""What is stored is whole and on the disk, and what a crash left half stored goes."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from models import storage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def files(home: Path) -> Path:
    del home
    return Path(fsspec.url_to_fs(storage.settings().storage)[1])


def aged(path: Path, age: timedelta) -> Path:
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_a_file_reaches_the_disk_before_its_key_is_given(files: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[str] = []
    sync = os.fsync

    def spy(number: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{number}").readlink()))
        sync(number)

    monkeypatch.setattr(os, "fsync", spy)
    key = storage.keep("mail", b"words")
    unfinished, folder = synced
    assert unfinished.startswith(f"{files / key}.")
    assert folder == str(files / "mail")
    assert storage.fetch(key) == b"words"


def test_only_what_is_half_stored_and_old_goes(files: Path):
    whole = files / storage.keep("mail", b"whole")
    left = whole.with_name(f"{whole.name}.0123abcd")
    left.write_bytes(b"half")
    aged(left, timedelta(days=2))
    fresh = whole.with_name(f"{whole.name}.89abcdef")
    fresh.write_bytes(b"being written")
    aged(fresh, timedelta(minutes=1))
    aged(whole, timedelta(days=400))
    assert storage.forget_unfinished(NOW - timedelta(days=1)) == 1
    assert (whole.exists(), left.exists(), fresh.exists()) == (True, False, True)


def test_nothing_stored_yet_is_no_trouble(home: Path):
    del home
    assert storage.forget_unfinished(NOW) == 0
