"""Test messages of other people's mail libraries, many broken on purpose, through the real intake (peers.md test 10)."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from bench.mail import corpus
from models.database import database, reading
from models.migrate import migrate
from models.storage import fetch
from models.tables import Case, Message, MessageState
from tasks.mail.handle_mail import handle
from tasks.mail.keep_mail import keep_message

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PLACES = {MessageState.CASE, MessageState.PEN, MessageState.MACHINE}
ABSENT = "no mail corpus here: DSR_CORPORA names its folder"


@pytest.mark.long
def test_every_message_ends_in_one_place_with_its_bytes_unchanged(home):
    folder = corpus()
    if folder is None:
        pytest.skip(ABSENT)
    migrate(database())
    files = [path for path in sorted((folder / "mime").iterdir()) if path.suffix != ".csv"]
    assert files
    kept = {path: keep_message(path.read_bytes(), "privacy", NOW, NOW)[0] for path in files}
    for number in dict.fromkeys(kept.values()):
        handle(number, NOW)
    with reading() as session:
        messages = {message.id: message for message in session.exec(select(Message)).all()}
        cases = set(session.exec(select(Case.id)).all())
    assert set(kept.values()) == set(messages)
    for path, number in kept.items():
        message = messages[number]
        assert message.state in PLACES or _is_copy(message, messages), path.name
        assert message.state != MessageState.PEN or message.reason, path.name
        assert message.state != MessageState.CASE or message.case_id in cases, path.name
        assert fetch(message.storage_key) == path.read_bytes(), path.name


def _is_copy(message: Message, messages: dict[int, Message]) -> bool:
    """A second copy is put away beside the first, which is somewhere."""
    twins = [
        other
        for other in messages.values()
        if other.id != message.id and other.message_id == message.message_id and other.state in PLACES
    ]
    return message.state == MessageState.DISMISSED and bool(message.reason) and bool(twins)
