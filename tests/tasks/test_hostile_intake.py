"""Hostile mail through the real intake into a database: each message in exactly one place, nobody stopped (peers.md test 10)."""

import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO

import pytest
from sqlmodel import select

from models import audit
from models.database import reading
from models.storage import fetch, sha256
from models.tables import Case, Message, MessageState, Todo, TodoKind
from tasks.mail.handle_mail import handle, handle_kept
from tests.support.case_rows import NOW
from tests.support.delivery_reports import multipart_report
from tests.support.fuzz_mail import mutated
from tests.support.mail_in import PERSON, keep, mail, receive
from tests.support.mail_samples import BUSINESS, FOLLOW_UPS, REQUESTS
from tests.support.mail_samples import letter as sample

PLACES = {MessageState.CASE, MessageState.PEN, MessageState.MACHINE}
LENGTH = 3_000  # bytes: what is hostile here is the form, and 500 have to pass in seconds
SEEDS = [
    *(sample(subject, text) for _, subject, text in (*REQUESTS, *FOLLOW_UPS)),
    *(sample(*words) for words in BUSINESS),
    multipart_report(mail(), PERSON),
    mail(Auto_Submitted="auto-replied", X_Failed_Recipients=PERSON),
]


def bomb() -> bytes:
    """A request with an archive that would become a thousand times its size, five deep."""
    content = bytes(50_000_000)
    for depth in range(5):
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{depth}.zip", content)
        content = packed.getvalue()
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = PERSON, "privacy@nexoris.com", "Mes données"
    message.set_content("Bonjour,\n\nJe souhaite obtenir une copie de mes données personnelles.\n")
    message.add_attachment(content, maintype="application", subtype="zip", filename="42.zip")
    return message.as_bytes()


def test_an_archive_is_kept_and_never_opened(db: str) -> None:
    handled, message = receive(bomb())
    assert handled.state == MessageState.CASE
    assert len(fetch(message.storage_key)) < 1_000_000


@pytest.mark.parametrize("runs", [25, pytest.param(500, marks=pytest.mark.long)])
def test_generated_messages_end_in_exactly_one_place_each(db: str, runs: int) -> None:
    raws = list(dict.fromkeys(raw[:LENGTH] for raw in mutated(SEEDS, runs, seed=10)))
    numbers = {keep(raw): raw for raw in raws}
    assert len(numbers) == len(raws)
    handled = handle_kept(NOW)
    assert len(handled) == len(raws)
    assert handle_kept(NOW) == []
    with reading() as session:
        messages = session.exec(select(Message)).all()
        cases = set(session.exec(select(Case.id)).all())
        waiting = set(session.exec(select(Todo.message_id).where(Todo.kind == TodoKind.QUALIFY)).all())
        assert audit.verify(session) == []
    assert {message.id for message in messages} == set(numbers)
    for message in messages:
        raw = numbers[message.id]
        assert message.state in PLACES or _is_copy(message, messages), raw
        assert message.state != MessageState.CASE or message.case_id in cases, raw
        told = bool(message.reason) and (message.id in waiting) is not message.quiet
        assert (message.state == MessageState.PEN) <= told, raw
        assert message.content_hash == sha256(fetch(message.storage_key)) == sha256(raw)
    assert (
        handle(keep(mail(sender="last@mail.example", message_id="<last@x>")), NOW).state == MessageState.CASE
    )


def _is_copy(message: Message, messages: list[Message]) -> bool:
    """Of what differs from another one in headers of its way alone."""
    same = [other for other in messages if other.body_hash == message.body_hash and other.state in PLACES]
    return message.state == MessageState.DISMISSED and bool(same)
