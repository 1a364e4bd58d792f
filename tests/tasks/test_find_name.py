"""Whose name is found where, and whose is not (law.md I7: a missing name is no reason to refuse)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.classifier.find_name import find_name, looks_like_name, split_name
from tasks.mail.read_mail import read_mail
from tests.support.mail_samples import letter


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Camille Durand", "Camille", "Durand"),
        ("DURAND Camille", "Camille", "DURAND"),
        ("LE GOFF Maël", "Maël", "LE GOFF"),
        ("Paul DUPONT", "Paul", "DUPONT"),
        ("M. Paul DUPONT", "Paul", "DUPONT"),
        ("Madame Ève Petit", "Ève", "Petit"),
        ("Durand, Camille", "Camille", "Durand"),
        ("'t Hooft, Gerard", "Gerard", "'t Hooft"),
        ("Jean-Luc de La Tour", "Jean-Luc", "de La Tour"),
        ("Anna van den Berg", "Anna", "van den Berg"),
        ("Lucia Di Marco", "Lucia", "Di Marco"),
        ("Siobhán Ní Dhuibhne", "Siobhán", "Ní Dhuibhne"),
        ("Henry St. Clair", "Henry", "St. Clair"),
        ("Van Anh Tran", "Van Anh", "Tran"),
        ("Marie Anne Leroy", "Marie Anne", "Leroy"),
    ],
)
def test_a_full_name_is_split_the_way_it_is_written(full, first, last):
    assert split_name(full) == (first, last)


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Lucía Gómez Prieto", "Lucía", "Gómez Prieto"),
        ("María José Gómez Prieto", "María José", "Gómez Prieto"),
        ("Luis de la Cruz Soto", "Luis", "de la Cruz Soto"),
        ("Ana Gómez", "Ana", "Gómez"),
    ],
)
def test_spanish_surnames_are_two(full, first, last):
    assert split_name(full, "es") == (first, last)


@pytest.mark.parametrize(
    ("sender", "text", "name"),
    [
        ("Zoé Blanc <z@b.fr>", "Bonjour", ("Zoé", "Blanc")),
        ('"Blanc, Zoé" <z@b.fr>', "Bonjour", ("Zoé", "Blanc")),
        ("night owl <z@b.fr>", "Stop\n\nBest regards\nTom Baker", ("Tom", "Baker")),
        ("tom baker <tom.baker@b.fr>", "Stop", ("tom", "baker")),
        ("z@b.fr", "Nom : Blanc\nPrénom : Zoé\nMerci", ("Zoé", "Blanc")),
        ("z@b.fr", "Full name: Tom Baker\nDelete me", ("Tom", "Baker")),
        ("z@b.fr", "Je soussignée Zoé Blanc, demeurant à Lyon, demande", ("Zoé", "Blanc")),
        ("z@b.fr", "My name is Tom Baker and I want my data", ("Tom", "Baker")),
        ("z@b.fr", "Ich heiße Uwe Krüger.", ("Uwe", "Krüger")),
        ("z@b.fr", "Mi chiamo Sara Conti e chiedo", ("Sara", "Conti")),
        ("z@b.fr", "Bonjour\nCordialement,\nMme Zoé BLANC\n12 rue Haute", ("Zoé", "BLANC")),
        ("z@b.fr", "Groeten,\n\nPiet de Wit", ("Piet", "de Wit")),
        ("zoe.blanc@b.fr", "Stop", ("Zoe", "Blanc")),
        ("zblanc7@b.fr", "Stop", (None, None)),
        ("Support Team <support@b.fr>", "Hello", (None, None)),
        ("info.contact@b.fr", "Hello", (None, None)),
        ("z@b.fr", "Supprimez mon compte\nMerci", (None, None)),
        ("", "", (None, None)),
    ],
)
def test_where_a_name_stands(sender, text, name):
    raw = letter("x", text, sender) if sender else b"\r\n\r\n"
    assert find_name(read_mail(raw)) == name


def test_prose_and_addresses_are_no_names():
    assert not looks_like_name("Please delete my account")
    assert not looks_like_name("12 rue Haute")
    assert not looks_like_name("Service Client")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=300))
def test_any_message_has_a_name_or_none(sender, text):
    raw = f"From: {sender} <a@b.fr>\r\n\r\n{text}".encode("utf-8", "replace")
    first, last = find_name(read_mail(raw))
    assert all(part is None or part.strip() for part in (first, last))
