"""After a case is closed, Prefect's own database and every log hold references only (DESIGN.md 4.2)."""

import re
import sqlite3
from collections.abc import Iterator

import pytest

from flows.demo.local_mail import OUTBOX
from flows.demo.people import letters_to, text_of
from tests.support.access_story import CAMILLE, REF, Story
from tests.support.browsing import code_in
from tests.support.running import Running

pytestmark = pytest.mark.long
NAMES = ("camille", "durand", "atelier-lumiere", "oliver", "bennett", "harbour-analytics")


def cells(demo: Running) -> Iterator[tuple[str, str]]:
    """Yield every value of every table of Prefect's database, and where it stands."""
    connection = sqlite3.connect(f"file:{demo.home / 'prefect' / 'prefect.db'}?mode=ro", uri=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        rows = connection.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in rows.description]
        for row in rows:
            for name, value in zip(names, row, strict=True):
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                yield f"{table}.{name}", text
    connection.close()


def secrets(demo: Running) -> list[str]:
    """Every code and every token that letters carried, however they may be written."""
    found: list[str] = []
    for address in (CAMILLE, "oliver.bennett@harbour-analytics.example", "elay@nexoris.com"):
        for mail in letters_to(demo.home / OUTBOX, address):
            text = text_of(mail)
            found += re.findall(r"/(?:identity|download|task)/(\S+)", text)
            if re.search(r"\d{4}\s\d{4}", text):
                code = code_in(text)
                found += [code, re.sub(r"\s", "", code)]
    return found


def test_no_name_code_or_token_is_in_prefects_database(demo: Running, story: Story) -> None:
    forbidden = [*NAMES, *secrets(demo)]
    assert len(forbidden) > len(NAMES) + 6, "codes and tokens were read from the letters"
    seen, found = 0, set()
    for where, text in cells(demo):
        seen += REF in text
        found |= {(where, word) for word in forbidden if word.lower() in text.lower()}
    assert seen > 0, "the right database was read"
    assert found == set()


def test_no_form_and_no_answer_is_left_in_prefect(demo: Running, story: Story) -> None:
    assert [where for where, _ in cells(demo) if where.startswith("flow_run_input.")] == []


def test_no_name_code_or_token_is_in_a_log(demo: Running, story: Story) -> None:
    logs = {file.name: file.read_text() for file in (demo.home / "logs").iterdir()}
    assert "prefect-server.log" in logs
    assert [
        (name, word)
        for name, text in logs.items()
        for word in [*NAMES, *secrets(demo)]
        if word.lower() in text.lower()
    ] == []
