"""The whole way on real parts: Dovecot receives, IMAP takes in, PostgreSQL remembers, SMTP answers, Prefect runs."""

import io
import json
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from sqlmodel import select

from flows.demo.people import code_in, link_in
from models.audit import verify
from models.cases import find_request
from models.database import reading
from models.tables import Challenge, Message, MessageState, RequestState, WaitsFor
from tasks.exports.downloads import send_code, take
from tests.support.dovecot import PASSWORD, deliver, dovecot
from tests.support.world import CAMILLE, request_mail, words_of

PRIVACY = "privacy@nexoris.com"


def reply_with(code: str, to_letter: EmailMessage) -> bytes:
    """What Camille's mail program sends when she answers with the code, the letter quoted below."""
    return (
        f"From: Camille Durand <{CAMILLE}>\nTo: {PRIVACY}\nSubject: Re: {to_letter['subject']}\n"
        f"Message-ID: <answer@people.example>\nIn-Reply-To: {to_letter['message-id']}\n"
        f"References: {to_letter['message-id']}\nMIME-Version: 1.0\n"
        'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\n'
        f"Bonjour, voici le code : {code}\nCamille Durand\n"
    ).encode()


@pytest.mark.parametrize("db", ["postgres"], indirect=True)
def test_from_the_first_mail_to_the_download(small_world):
    with dovecot() as server:
        environment = {
            "DSR_MAIL_SOURCE": "imap",
            "DSR_IMAP_HOST": "127.0.0.1",
            "DSR_IMAP_PORT": str(server.imap_port),
            "DSR_IMAP_TLS": "false",
            "DSR_IMAP_USER": PRIVACY,
            "DSR_IMAP_PASSWORD": PASSWORD,
        }
        small_world.engine.environment |= environment
        deliver(server, request_mail(), PRIVACY)
        assert small_world.engine.take_in() == 0
        with reading() as session:
            [message] = session.exec(select(Message)).all()
        assert message.state == MessageState.CASE
        ref = small_world.newest_request()
        assert small_world.advance(ref).waits_for == WaitsFor.REQUESTER
        [letter] = small_world.letters("ask_identity")
        deliver(server, reply_with(code_in(letter), letter), PRIVACY)
        assert small_world.engine.take_in() == 0
        assert small_world.engine.take_in() == 0
    with reading() as session:
        assert session.exec(select(Challenge)).one().solved_by == "reply"
        assert len(session.exec(select(Message)).all()) == 2
    small_world.advance(ref)
    small_world.search_by_hand(ref)
    small_world.advance(ref)
    small_world.decide(ref, 0)
    closed = small_world.advance(ref)
    assert (closed.state, closed.outcome) == (RequestState.CLOSED, "answered")
    [reply] = small_world.letters("access_reply")
    assert reply["in-reply-to"], "one conversation in the requester's mail program"
    assert "CNIL" in words_of(reply)
    token = link_in(reply, "download").rpartition("/")[2]
    now = datetime.now(UTC)
    assert send_code(token, now)
    small_world.engine.repair()
    bundle = take(token, code_in(small_world.letters("download_code")[0]), now)
    assert isinstance(bundle, bytes)
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        [contacts] = [name for name in archive.namelist() if name.endswith("contacts.json")]
        assert CAMILLE in json.dumps(json.loads(archive.read(contacts)))
    with reading() as session:
        assert verify(session) == []
        assert find_request(session, ref).replied_at is not None
