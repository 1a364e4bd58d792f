"""Robots that answer robots: at most one automatic answer each, over real SMTP, LMTP and IMAP (peers.md test 9).

The case is opened all the same where a person may stand behind the message.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from sqlmodel import select

from models.database import database, reading, unit_of_work
from models.migrate import migrate
from models.rights import Right
from models.tables import MessageState, Officer, TodoKind
from tasks.letters.acknowledge import acknowledge_now
from tasks.mail.pen import release
from tasks.officers import add_officer
from tests.conftest import forget_settings
from tests.support.dovecot import PASSWORD, Dovecot, dovecot
from tests.support.mail_engine import MailEngine
from tests.support.mail_in import ACCESS
from tests.support.post_office import Carried, PostOffice, post_office

ROUNDS = 12
OFFICER = "Claire Martin"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def office(server: Dovecot) -> Iterator[PostOffice]:
    with post_office(server) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def engine(
    request: pytest.FixtureRequest, office: PostOffice, home: object, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> Callable[[], MailEngine]:  # fmt: skip
    """A function that makes engines."""

    def make() -> MailEngine:
        name = uuid.uuid4().hex[:8]
        address = f"privacy@{name}.example"
        given = {
            "HOME": f"{tmp_path}/{name}",
            "MAILBOX": address,
            "REPLY_ADDRESS": f"privacy+{{token}}@{name}.example",
            "MAIL_SOURCE": "imap",
            "IMAP_HOST": "127.0.0.1",
            "IMAP_PORT": str(office.dovecot.imap_port),
            "IMAP_TLS": "false",
            "IMAP_USER": address,
            "IMAP_PASSWORD": PASSWORD,
            "SMTP_PORT": str(office.port),
            "SMTP_TLS": "none",
            "ANSWERS_PER_DAY": "3",
        }
        if request.param == "postgres":
            given["DATABASE_URL"] = request.getfixturevalue("create_postgres_database")()

        def enter() -> None:
            for key, value in given.items():
                monkeypatch.setenv(f"DSR_{key}", value)
            forget_settings()

        enter()
        migrate(database())
        with unit_of_work() as session:
            officer = f"officer@{name}.example"
            add_officer(session, OFFICER, officer, "a long password", datetime.now(UTC), totp=False)
        return MailEngine(address, enter)

    return make


def come_to_rest(office: PostOffice, *turns: Callable[[], object]) -> None:
    """Let everybody have their turn until nobody writes any more."""
    for _ in range(ROUNDS):
        before = len(office.carried)
        for turn in turns:
            turn()
        if len(office.carried) == before:
            return
    raise AssertionError("they never stop")


def a_mail(
    sender: str, recipient: str, text: str = ACCESS, subject: str = "Mes données", **headers: str
) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Message-ID"] = f"<{uuid.uuid4()}@people.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def automatic(carried: list[Carried], sender: str) -> list[Carried]:
    """What an engine answered."""
    return [one for one in carried if one.sender == sender]


def new_person() -> str:
    return f"camille.{uuid.uuid4().hex[:8]}@people.example"


def test_two_engines_that_write_to_each_other(office: PostOffice, engine: Callable[[], MailEngine]) -> None:
    """Somebody forged one engine's address in a request to the other."""
    first, second = engine(), engine()
    office.post(a_mail(first.address, second.address), first.address, second.address)
    come_to_rest(office, first.turn, second.turn)
    assert len(automatic(office.to(first.address), second.address)) == 1
    assert automatic(office.to(second.address), first.address) == [
        one for one in office.to(second.address) if b"people.example" in one.content
    ], "the forged request alone"
    assert len(second.cases()) == 1
    assert [letter.state for letter in second.letters()] == ["sent"]
    assert first.letters() == []


def test_two_engines_behind_a_gateway_that_loses_every_header(
    office: PostOffice, engine: Callable[[], MailEngine]
) -> None:
    """Then only the number of answers a day ends it."""
    office.loses.update(
        {"auto-submitted", "x-auto-response-suppress", "in-reply-to", "references", "reply-to", "return-path"}
    )
    first, second = engine(), engine()
    office.post(a_mail(first.address, second.address), first.address, second.address)
    come_to_rest(office, first.turn, second.turn)
    for one in (first, second):
        assert len(one.letters()) <= 3
    assert len(second.cases()) >= 1


@pytest.mark.parametrize("says_so", [True, False])
def test_an_absence_note_in_answer_to_each_letter(
    office: PostOffice, engine: Callable[[], MailEngine], says_so: bool
) -> None:
    """French Outlook writes none of the headers, and takes no notice of ours."""
    ours, person = engine(), new_person()
    answered: list[Carried] = []

    def is_away() -> None:
        for letter in office.to(person)[len(answered) :]:
            answered.append(letter)
            mail = message_from_bytes(letter.content, policy=policy.default)
            to = str(mail["Reply-To"] or mail["From"])
            note = a_mail(
                person, to, "Bonjour,\n\nJe suis absente jusqu'au 4 janvier, sans accès à ma messagerie.\n\nCamille\n",
                f"Réponse automatique : {mail['Subject']}", In_Reply_To=str(mail["Message-ID"]),
                **({"Auto_Submitted": "auto-replied"} if says_so else {}),
            )  # fmt: skip
            office.post(note, "" if says_so else person, to.rpartition("<")[2].strip(">"))

    office.post(a_mail(f"Camille Durand <{person}>", ours.address), person, ours.address)
    come_to_rest(office, ours.turn, is_away)
    assert len(answered) == 1, "the acknowledgement"
    assert len(ours.cases()) == 1
    request, note = ours.messages()
    assert (request.state, note.state) == (MessageState.CASE, MessageState.MACHINE)
    assert (request.automatic, bool(note.automatic)) == ("", True)
    assert ours.open_todos() == []


def test_our_letter_comes_back(office: PostOffice, engine: Callable[[], MailEngine]) -> None:
    ours, person = engine(), new_person()
    office.nobody.add(person)
    office.post(a_mail(f"Camille Durand <{person}>", ours.address), person, ours.address)
    come_to_rest(office, ours.turn)
    (case,) = ours.cases()
    (letter,) = ours.letters()
    assert (letter.state, letter.bounce) == ("sent", "5.1.1")
    request, report = ours.messages()
    assert (request.state, report.state, report.case_id) == (MessageState.CASE, MessageState.MACHINE, case.id)
    assert ours.open_todos() == [TodoKind.BOUNCED]
    assert case.closed_at is None
    officer = office.to(f"officer@{ours.address.partition('@')[2]}")
    assert len(officer) == 1, "who is told once"
    assert case.ref.encode() in officer[0].content
    assert person.encode() not in officer[0].content


def test_officers_whose_letters_come_back_are_not_written_to_without_end(
    office: PostOffice, engine: Callable[[], MailEngine]
) -> None:
    ours, person = engine(), new_person()
    office.nobody.update({person, f"officer@{ours.address.partition('@')[2]}"})
    office.post(a_mail(f"Camille Durand <{person}>", ours.address), person, ours.address)
    come_to_rest(office, ours.turn)
    assert len(ours.letters("todo_notice")) == 1
    assert ours.letters("todo_notice")[0].bounce == "5.1.1"
    assert ours.open_todos() == [TodoKind.BOUNCED]


def test_a_request_over_a_mailing_list(office: PostOffice, engine: Callable[[], MailEngine]) -> None:
    """A person stands behind it: it becomes a case, nobody on the list hears of it, and an officer acknowledges it."""
    ours, everybody = engine(), f"clients-{uuid.uuid4().hex[:8]}@lists.example"
    for headers in ({"List_Id": "<clients.lists.example>", "Precedence": "list"}, {"Precedence": "bulk"}):
        sender = new_person()
        raw = a_mail(f"Camille Durand <{sender}>", everybody, **headers)
        office.post(raw, f"owner-{everybody}", ours.address)
    come_to_rest(office, ours.turn)
    for message in ours.messages():
        assert message.state in {MessageState.CASE, MessageState.PEN}, "never dropped"
        if message.state == MessageState.PEN:
            release(message.id, [Right.ACCESS], datetime.now(UTC), OFFICER)
    come_to_rest(office, ours.turn)
    assert len(ours.cases()) == 2
    assert ours.letters() == []
    assert ours.open_todos() == [TodoKind.NOT_ACKNOWLEDGED] * 2
    acknowledge_now(ours.cases()[0].ref, OFFICER, datetime.now(UTC))
    come_to_rest(office, ours.turn)
    assert len(office.to(ours.cases()[0].requester_address)) == 1
    assert ours.open_todos() == [TodoKind.NOT_ACKNOWLEDGED]


def test_a_request_by_a_portal_s_robot(office: PostOffice, engine: Callable[[], MailEngine]) -> None:
    ours = engine()
    raw = a_mail("Portail <no-reply@portal.example>", ours.address, Auto_Submitted="auto-generated")
    office.post(raw, "", ours.address)
    come_to_rest(office, ours.turn)
    assert ours.letters() == []
    (message,) = ours.messages()
    assert message.state in {MessageState.CASE, MessageState.PEN}, "never dropped"
    assert ours.open_todos() in ([TodoKind.NOT_ACKNOWLEDGED], [TodoKind.QUALIFY])


def test_our_own_address_as_the_sender(office: PostOffice, engine: Callable[[], MailEngine]) -> None:
    """A form of ours may have sent it, or somebody forged it: an officer looks, and nobody is answered."""
    ours = engine()
    for sender in (ours.address, ours.address.upper(), ours.address.replace("@", "+x@")):
        office.post(a_mail(f"Camille Durand <{sender}>", ours.address), sender, ours.address)
    come_to_rest(office, ours.turn)
    assert ours.letters() == []
    assert ours.cases() == []
    assert {message.state for message in ours.messages()} <= {MessageState.PEN, MessageState.DISMISSED}


def test_a_flood_in_one_persons_name(office: PostOffice, engine: Callable[[], MailEngine]) -> None:
    """Senders can be forged: whoever is named is written to only so often."""
    ours, victim = engine(), new_person()
    for number in range(6):
        text = f"{ACCESS}\nDossier {number}\n"
        office.post(a_mail(f"Camille Durand <{victim}>", ours.address, text), victim, ours.address)
    come_to_rest(office, ours.turn)
    assert len(office.to(victim)) <= 3
    ours.enter()
    with reading() as session:
        assert session.exec(select(Officer)).all(), "and the officers are told instead"
    assert len(ours.messages()) == 6
