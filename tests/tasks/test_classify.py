"""What people write and what it must be taken for (law.md V1, V2); the wording is our own."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.classification import Classification, Kind, Machine
from models.rights import Right
from tasks.classifier.classify import classify
from tasks.classifier.classify_files import classify_files
from tasks.classifier.load_vocabulary import LANGUAGES, load_vocabulary
from tasks.classifier.match_rights import read_rights
from tasks.mail.read_mail import read_mail
from tests.support.mail_samples import (
    BUSINESS,
    FILLER,
    FOLLOW_UPS,
    FOR_A_PERSON,
    REACHES_A_PERSON,
    REQUESTS,
    letter,
)

ABSENT = "Bonjour, je suis absente jusqu'au 3 janvier."
FOOTER = "Vous disposez d'un droit d'accès, de rectification et d'effacement de vos données."


def judge(subject: str, text: str, **headers: str) -> Classification:
    return classify(read_mail(letter(subject, text, **headers)))


@pytest.mark.parametrize(("rights", "subject", "text"), REQUESTS)
def test_a_request_is_found_with_its_rights(rights, subject, text):
    found = judge(subject, text)
    assert (found.kind, set(found.rights)) == (Kind.REQUEST, {Right(right) for right in rights.split()})
    assert all(found.rights.count(right) == 1 for right in found.rights)


@pytest.mark.parametrize(("rights", "subject", "text"), FOLLOW_UPS)
def test_a_reminder_belongs_to_its_case(rights, subject, text):
    assert judge(subject, text).kind is Kind.FOLLOW_UP


@pytest.mark.parametrize(("subject", "text"), BUSINESS)
def test_business_opens_no_case(subject, text):
    found = judge(subject, f"{text}\n\n{FILLER}")
    assert (found.kind, found.rights) == (Kind.NOT_REQUEST, ())


@pytest.mark.parametrize(("subject", "text"), FOR_A_PERSON)
def test_privacy_without_a_clear_right_goes_to_a_person(subject, text):
    assert judge(subject, text).kind is Kind.NEEDS_REVIEW


@pytest.mark.parametrize(("subject", "text"), REACHES_A_PERSON)
def test_clumsy_wording_is_never_dropped(subject, text):
    assert judge(subject, text).kind is not Kind.NOT_REQUEST


def test_evidence_names_the_words_of_each_right():
    found = judge("", "Envoyez-moi une copie de mes données et corrigez mon nom.")
    shown = {evidence.right: evidence.words for evidence in found.because}
    assert "copie de mes donnees" in shown[Right.ACCESS]
    assert "corrigez mon nom" in shown[Right.RECTIFICATION]


@pytest.mark.parametrize(
    "text",
    [
        "Delete my account. If I ever gave consent, I withdraw it.",
        "Supprimez mon compte. Si j'ai donné mon consentement, je le retire.",
        "Löschen Sie mein Konto. Falls ich eingewilligt habe, widerrufe ich meine Einwilligung.",
    ],
)
def test_a_conditional_right_is_dropped_beside_a_clear_one(text):
    assert judge("", text).rights == (Right.ERASURE,)


def test_a_conditional_right_alone_goes_to_a_person():
    found = judge("", "If I ever gave you my consent, I withdraw my consent.")
    assert (found.kind, found.rights) == (Kind.NEEDS_REVIEW, (Right.CONSENT_WITHDRAWAL,))


def test_a_list_of_rights_is_no_request_for_each():
    text = "Confirm whether you process data about me, and the existence of the right to rectification or erasure."
    assert judge("", text).rights == (Right.ACCESS,)


def test_a_right_in_the_quoted_thread_only_is_for_a_person():
    quoted = "Merci, bien reçu.\n\nLe 3 mai 2026 à 10:12, Ana <a@b.fr> a écrit :\n> Supprimez mon compte.\n"
    assert judge("Re: bonjour", quoted).kind is Kind.NEEDS_REVIEW


def test_the_new_text_decides_over_the_quoted_one():
    quoted = "Merci d'effacer toutes mes données.\n\nLe 3 mai 2026 à 10:12, Ana <a@b.fr> a écrit :\n> Notre lettre\n"
    assert judge("Re: votre offre", quoted).rights == (Right.ERASURE,)


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("Absence du bureau", {}),
        ("Re: bonjour", {"Auto_Submitted": "auto-replied"}),
        ("Re: x", {"X_Autoreply": "yes"}),
    ],
)
def test_an_automatic_reply_opens_no_case_even_with_a_footer(subject, headers):
    found = judge(subject, f"{ABSENT}\n\n{FOOTER}", **headers)
    assert (found.kind, found.machine) == (Kind.NOT_REQUEST, Machine.AUTO_REPLY)


def test_a_person_who_says_where_they_no_longer_work_is_no_machine():
    text = "I no longer work with suppliers. Please delete all the personal data you hold about me."
    found = judge("Please delete my data", text)
    assert (found.kind, found.rights, found.machine) == (Kind.REQUEST, (Right.ERASURE,), None)
    assert judge("Automatic reply: away", text).kind is Kind.NEEDS_REVIEW, "no header says that it is one"
    automatic = judge("Automatic reply: away", text, Auto_Submitted="auto-replied")
    assert automatic.machine is Machine.AUTO_REPLY


def test_a_robot_that_passes_on_a_request_reaches_a_person():
    found = judge("Request", "Please delete my account.", Auto_Submitted="auto-replied")
    assert (found.kind, found.machine, found.rights) == (Kind.NEEDS_REVIEW, None, (Right.ERASURE,))
    assert judge("Request", "Please delete my account.", Auto_Submitted="auto-generated").kind is Kind.REQUEST


def test_bulk_mail_that_asks_goes_to_a_person():
    assert judge("x", "Please delete my account.", Precedence="bulk").kind is Kind.NEEDS_REVIEW
    assert judge("x", "Our offers of the week", Precedence="bulk").kind is Kind.NOT_REQUEST


def test_a_mail_programs_unsubscribe_is_an_objection():
    found = judge("unsubscribe", "")
    assert (found.kind, found.rights) == (Kind.REQUEST, (Right.OBJECTION,))


def test_an_erasure_under_a_subject_unsubscribe_is_not_taken_for_less():
    found = judge("Désinscription", "Supprimez toutes mes données.")
    assert (found.kind, found.rights) == (Kind.REQUEST, (Right.ERASURE, Right.OBJECTION))


def test_bounces():
    report = (
        b"From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\n\r\nPlease delete my data could not be delivered\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n\r\n--b--\r\n"
    )
    plain = b"From: Mail Delivery <postmaster@mx.example>\r\nSubject: Returned mail\r\n\r\n550 5.1.1 user unknown\r\n"
    for raw in (report, plain):
        found = classify(read_mail(raw))
        assert (found.kind, found.machine) == (Kind.NOT_REQUEST, Machine.BOUNCE)


def test_a_person_who_writes_of_a_failed_delivery_is_no_machine():
    assert judge("Problem", "My letter was returned: user unknown. Please delete my account.").machine is None


def test_a_letter_that_is_only_an_attachment_reaches_a_person():
    raw = b"From: a@b.fr\r\nContent-Type: application/pdf; name=lettre.pdf\r\n\r\n%PDF"
    assert classify(read_mail(raw)).kind is Kind.NEEDS_REVIEW


def test_every_pattern_of_every_vocabulary_compiles():
    for language in LANGUAGES:
        vocabulary = load_vocabulary(language)
        assert Right.ERASURE in vocabulary.asks
        assert not any("<" in pattern.pattern.replace("(?<", "") for pattern in vocabulary.words.values())


def test_every_file_gets_its_line(tmp_path):
    (tmp_path / "a.eml").write_bytes(letter("", "Supprimez mon compte"))
    (tmp_path / "b.eml").write_bytes(b"Content-Type: message/rfc822\r\n\r\n" * 60)
    files = [tmp_path / "a.eml", tmp_path / "b.eml", tmp_path / "missing.eml"]
    answers = [json.loads(json.dumps(answer)) for answer in classify_files(files)]
    assert [answer["kind"] for answer in answers] == ["request", "needs_review", "needs_review"]
    assert answers[0] == {
        "file": str(files[0]),
        "kind": "request",
        "rights": ["erasure"],
        "language": "fr",
        "first_name": "Camille",
        "last_name": "Durand",
        "confidence": answers[0]["confidence"],
        "machine": None,
    }


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_can_be_read(text):
    read_rights(text)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.text(max_size=200))
def test_every_message_gets_an_answer(subject, text):
    raw = f"From: a@b.fr\r\nSubject: {subject}\r\n\r\n{text}".encode("utf-8", "replace")
    assert classify(read_mail(raw)).kind in Kind
