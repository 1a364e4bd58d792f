"""One running demo and one case in it, lived through in a browser.

`DSR_PICTURES=docs/pictures pytest tests/browser` refreshes the README's pictures on the way.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.access_story import Story, live
from tests.support.require import chromium
from tests.support.running import Ended, Running, end, start_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    chromium()
    running = start_demo(tmp_path_factory.mktemp("demo"))
    yield running
    assert end(running) == Ended(0, []), "Ctrl-C ends everything"


@pytest.fixture(scope="session")
def story(demo: Running, tmp_path_factory: pytest.TempPathFactory) -> Story:
    album = Path(os.environ.get("DSR_PICTURES") or tmp_path_factory.mktemp("pictures"))
    return live(demo, album, tmp_path_factory.mktemp("downloads"))
