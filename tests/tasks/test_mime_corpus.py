"""Test messages of other people's mail libraries, many broken on purpose, through the real intake (peers.md test 10).

The corpus is no part of the repository: without it nothing is proved here, and the test says so.
"""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from bench.mail import corpus
from models.database import reading
from models.storage import fetch
from models.tables import Case, Message, MessageState
from tasks.mail.handle_mail import handle
from tasks.mail.keep_mail import keep_message

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WRITTEN = (b"from:", b"to:", b"cc:", b"reply-to:", b"subject:", b"date:", b"message-id:", b"content-")
PLACES = {MessageState.CASE, MessageState.PEN, MessageState.MACHINE}
FOLDER = corpus()  # before `home` takes DSR_CORPORA out of the environment
ABSENT = "no mail corpus beside this checkout: DSR_CORPORA names its folder"


@pytest.mark.long
@pytest.mark.skipif(FOLDER is None, reason=ABSENT)
def test_every_message_ends_in_one_place_with_its_bytes_unchanged(db: str) -> None:
    """In a case, the pen or machine mail; only what differs in nothing but headers of its way is put away as a copy."""
    assert FOLDER is not None
    files = [path for path in sorted((FOLDER / "mime").iterdir()) if path.suffix != ".csv"]
    assert files
    kept = {path: keep_message(path.read_bytes(), "privacy", NOW, NOW) for path in files}
    assert sum(new for _, new in kept.values()) == len({path.read_bytes() for path in files})
    for number in {number for number, _ in kept.values()}:
        handle(number, NOW)
    with reading() as session:
        messages = {message.id: message for message in session.exec(select(Message)).all()}
        cases = set(session.exec(select(Case.id)).all())
    assert {number for number, _ in kept.values()} == set(messages)
    for path, (number, _) in kept.items():
        message = messages[number]
        assert message.state in PLACES or _is_copy(path.read_bytes(), message, messages), path.name
        assert message.state != MessageState.PEN or message.reason, path.name
        assert message.state != MessageState.CASE or message.case_id in cases, path.name
        assert fetch(message.storage_key) == path.read_bytes(), path.name


def _is_copy(raw: bytes, message: Message, messages: dict[int, Message]) -> bool:
    """Put away because it came before: the same body, byte for byte but for line ends, and all that its writer says."""
    twins = [
        other
        for other in messages.values()
        if other.state in PLACES and _as_written(fetch(other.storage_key)) == _as_written(raw)
    ]
    return message.state == MessageState.DISMISSED and bool(message.reason) and bool(twins)


def _as_written(raw: bytes) -> tuple[bytes, list[bytes]]:
    """Body, and the headers that are not of the way it took; without the reader under test."""
    head, _, body = raw.replace(b"\r\n", b"\n").lstrip(b"\n").partition(b"\n\n")
    lines = head.replace(b"\n\t", b" ").replace(b"\n ", b" ").split(b"\n")
    return body.strip(), sorted(b" ".join(line.split()) for line in lines if line.lower().startswith(WRITTEN))
