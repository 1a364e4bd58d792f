"""Nothing a stranger writes gets out of its place in a letter: no header, no markup, no template (peers.md test 11)."""

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from enum import Enum
from itertools import product

import pytest
from pydantic import ValidationError

from models.letter_contexts import CONTEXTS
from models.letters import AccessReply, LetterKind, one_line
from models.records import Frozen
from tasks.letters.render import LANGUAGES, render
from tests.support.letter_reading import EVERY, TO_REQUESTERS, Page, flat, say
from tests.support.letter_samples import sample

HOSTILE = (
    "{{7*7}}",
    "{% raw %}{{ letter }}",
    "{{ ''['__class__'] }}",
    "{# gone #}",
    "<script>alert(1)</script>",
    "</p></body><img src=x onerror=alert(1)>",
    "\" onmouseover='x",
    "&amp;&lt;",
    "O’Brien & Söhne",
    "%s %(name)s ${HOME} $(id)",
)


@pytest.mark.parametrize(("language", "kind", "name"), [*product(LANGUAGES, TO_REQUESTERS, HOSTILE)])
def test_hostile_name_is_literal_text(language: str, kind: LetterKind, name: str) -> None:
    context = sample(kind, language)
    plain = render(kind, language, context)
    letter = render(kind, language, type(context)(**{**dict(context), "name": name}))
    assert letter.subject == plain.subject
    assert name in flat(letter.text)
    page = Page(letter.html)
    assert name in page.text
    assert page.tags == Page(plain.html).tags
    assert page.attributes == Page(plain.html).attributes


@pytest.mark.parametrize(("language", "kind"), [*product(LANGUAGES, TO_REQUESTERS)])
def test_control_and_bidi_characters_lose_their_power(language: str, kind: LetterKind) -> None:
    name = "Ann\r\nBcc: x\x00\x1b[31m\u202egnp.exe\u2066\u200f\u2028\u200b\ufeffZ\ud800"
    context = sample(kind, language)
    letter = render(kind, language, type(context)(**{**dict(context), "name": name}))
    for part in (letter.subject, letter.text, letter.html):
        assert not re.search(
            "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800]", part
        )
    assert "\nBcc" not in letter.text
    assert part.encode()


ATTACK = "x\r\nBcc: victim\r\n\r\n<b>{{ 7*7 }}{% include 'x' %}\u202e"
OURS = {"controller", "authority"}


def attacked(value: Frozen) -> Frozen:
    """The same value with the attack in each string that takes one, in its parts too."""
    fields = dict(value)
    for name, fact in fields.items():
        if name in OURS or isinstance(fact, Enum):
            continue
        try:
            fields |= dict(type(value)(**{**fields, name: _attack_on(fact)}))
        except ValidationError:
            assert isinstance(fact, str), f"{name} was spared"
    return type(value)(**fields)


def _attack_on(fact: object) -> object:
    match fact:
        case Frozen():
            return attacked(fact)
        case tuple():
            return tuple(_attack_on(part) for part in fact)
        case Enum():
            return fact
        case str():
            return ATTACK
    return fact


@pytest.mark.parametrize(("language", "kind"), EVERY)
def test_every_string_may_be_hostile_and_the_message_keeps_one_recipient(
    language: str, kind: LetterKind
) -> None:
    """A leap through all contexts: each free string, nested ones too, tries header, markup and template at once."""
    context = attacked(sample(kind, language))
    letter = render(kind, language, context)
    message = EmailMessage(policy=SMTP)
    message["To"], message["Subject"] = "one@example.org", letter.subject
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    assert sorted(message.keys()) == ["Content-Type", "MIME-Version", "Subject", "To"]
    headers = message.as_bytes().partition(b"\r\n\r\n")[
        0
    ]  # a wrapped line of the text may begin with anything
    assert b"\nBcc" not in headers
    assert "b" not in Page(letter.html).tags
    if context != sample(kind, language):
        assert "{{ 7*7 }}{% include 'x' %}" in flat(letter.text)
        assert "{{ 7*7 }}{% include 'x' %}" in Page(letter.html).text


@pytest.mark.parametrize(
    "name",
    ["Win at https://evil.example", "evil.example/prize", "mail me@evil.example", "A" * 81, "", " \r\n "],
)
def test_greeting_carries_no_advertisement(name: str) -> None:
    """A forged sender would make us deliver it."""
    for language, hello in (("fr", "Bonjour,"), ("en", "Hello,")):
        for words in say(LetterKind.ACKNOWLEDGE, language, name=name):
            assert hello in words
            assert "evil" not in words


@pytest.mark.parametrize(
    "name", ["J.R.R. Tolkien", "Renée O’Hara-Łuczak", "M. Dupont", "محمد", "نیلوفر می\u200cخواهد"]
)
def test_greeting_keeps_real_names(name: str) -> None:
    assert all(name in words for words in say(LetterKind.ACKNOWLEDGE, "fr", name=name))


@pytest.mark.parametrize(("kind", "language"), [(kind, language) for language, kind in EVERY])
def test_a_fact_left_out_or_too_many_is_refused(kind: LetterKind, language: str) -> None:
    values = dict(sample(kind, language))
    for name in values:
        if not CONTEXTS[kind].model_fields[name].is_required():
            continue
        with pytest.raises(ValidationError):
            CONTEXTS[kind](**{key: value for key, value in values.items() if key != name})
    with pytest.raises(ValidationError):
        CONTEXTS[kind](**values, extra="x")


@pytest.mark.parametrize(
    "change",
    [
        {"link": "javascript:alert(1)"},
        {"link": 'https://x.example/"onclick="x'},
        {"link": "https://x.example/\nBcc: x"},
        {"link_expires_on": datetime(2026, 12, 21, 8, 30)},  # noqa: DTZ001  # a naive one is what is refused
        {"ref": "DSR-2026-0042\n"},
        {"privacy_address": "a@b.example?bcc=c@d.example"},
        {"decided_on": "2026-12-14"},
    ],
)
def test_unusable_facts_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AccessReply(**{**dict(sample(LetterKind.ACCESS_REPLY, "en")), **change})


def test_one_line_keeps_words_and_drops_powers() -> None:
    assert one_line("  a\r\n\tb\u2029c ") == "a b c"
    assert one_line("\u202ecba\u00ad") == "cba"
    assert one_line("می\u200cخواهد") == "می\u200cخواهد"
    assert one_line("12\u00a0h") == "12\u00a0h"
