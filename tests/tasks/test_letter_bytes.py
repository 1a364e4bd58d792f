"""What a stranger writes stays in its place in the bytes that leave, in every letter and language (peers.md test 11)."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import product

import pytest
from sqlmodel import select

from models.database import reading, unit_of_work
from models.letters import Context, LetterKind
from models.storage import fetch, sha256
from models.tables import Case, Letter, Message, MessageState
from tasks.letters.render import LANGUAGES, render
from tasks.letters.write_letter import write_letter
from tests.conftest import forget_settings
from tests.support.case_rows import NOW, add_case
from tests.support.letter_reading import TO_REQUESTERS, Page, flat
from tests.support.letter_samples import sample
from tests.support.mail_in import PERSON
from tests.tasks.test_letter_injection import attacked

NAMES = {
    "{{7*7}}": "{{7*7}}",
    "{% include 'x' %}{# y #}": "{% include 'x' %}{# y #}",
    "Ann\r\nBcc: victim": "Ann Bcc: victim",
    "Ann\n\n<b>": "Ann <b>",
    "\u202eeritcartne\u202c": "eritcartne",
    "Саmille Durаnd": "Саmille Durаnd",  # Cyrillic letters that look Latin: shown as they are
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "=?utf-8?q?=0D=0ABcc=3A_victim?=": "=?utf-8?q?=0D=0ABcc=3A_victim?=",
    '"><img src=x onerror=alert(1)>': '"><img src=x onerror=alert(1)>',
}
AT_ONCE = "{{7*7}}{% x %}\r\nBcc: v\u202e<script>&amp;\"'Саm"
SHOWN_AT_ONCE = "{{7*7}}{% x %} Bcc: v<script>&amp;\"'Саm"
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("MIME-Version", "Content-Type", "Content-Language"),
}
THREADED = HEADERS | {"Reply-To", "In-Reply-To", "References"}
HOSTILE_MAIL = "<a@b>\r\nBcc: victim@other.example"


@pytest.fixture
def case(db: str, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case whose requester wrote whatever they could into whatever they could."""
    monkeypatch.setenv("DSR_REPLY_ADDRESS", "privacy+{token}@nexoris.com")
    forget_settings()
    with unit_of_work() as session:
        found, _ = add_case(session, name="{{7*7}}\r\nBcc: victim@other.example\u202e<script>")
        for message_id in ("<good@mail.example>", HOSTILE_MAIL):
            session.add(
                Message(
                    mailbox=found.mailbox, message_id=message_id, content_hash=sha256(message_id.encode()),
                    storage_key="mail/none", received_at=NOW, kept_at=NOW, state=MessageState.CASE, case_id=found.id,
                    subject="x\r\nBcc: victim@other.example",
                )
            )  # fmt: skip
        return found


def written(case: Case, kind: LetterKind, language: str, context: Context, key: str) -> EmailMessage:
    """The letter as its stored bytes say it."""
    with unit_of_work() as session:
        own = session.get_one(Case, case.id)
        write_letter(session, own, None, kind, context, PERSON, key, NOW, language=language)
    with reading() as session:
        letter = session.exec(select(Letter).where(Letter.key == key)).one()
    raw = fetch(letter.storage_key)
    assert sha256(raw) == letter.sha256
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    assert sorted(mail.keys()) == sorted(THREADED), "each once, and no other"
    assert [address.addr_spec for address in mail["To"].addresses] == [PERSON]
    assert mail["References"] == mail["In-Reply-To"] == "<good@mail.example>"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    return mail


def bodies(mail: EmailMessage) -> tuple[str, Page]:
    plain, html = mail.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    return flat(plain.get_content()), Page(html.get_content())


def test_a_hostile_name_in_every_letter_to_a_requester(case: Case) -> None:
    """Everything at once in each letter, and each thing alone in one of them."""
    each = [(*letter, AT_ONCE) for letter in product(LANGUAGES, TO_REQUESTERS)]
    alone = [(language, LetterKind.ACKNOWLEDGE, name) for language, name in product(LANGUAGES, NAMES)]
    for number, (language, kind, name) in enumerate(each + alone):
        context = sample(kind, language)
        usual = render(kind, language, context)
        hostile = type(context)(**{**dict(context), "name": name})
        mail = written(case, kind, language, hostile, f"{number}")
        assert mail["Subject"] == usual.subject, "no personal data in it (C7)"
        text, html = bodies(mail)
        assert NAMES.get(name, SHOWN_AT_ONCE) in text
        assert NAMES.get(name, SHOWN_AT_ONCE) in html.text
        assert html.tags == Page(usual.html).tags
        assert html.attributes == Page(usual.html).attributes


def test_every_string_of_every_letter_may_be_hostile(case: Case) -> None:
    for language, kind in product(LANGUAGES, LetterKind):
        usual = sample(kind, language)
        hostile = attacked(usual)
        assert isinstance(hostile, Context)
        mail = written(case, kind, language, hostile, f"{language}-{kind}")
        text, html = bodies(mail)
        assert "\u202e" not in text + html.text
        own = {"img"} if kind is LetterKind.REPORT else set()
        assert not ({"b", "script", "img"} - own) & set(html.tags)
        if hostile != usual:
            assert "{{ 7*7 }}{% include 'x' %}" in text
            assert "{{ 7*7 }}{% include 'x' %}" in html.text
