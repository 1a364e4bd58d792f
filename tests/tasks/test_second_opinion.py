"""The second opinion: learnt from the examples in the repository, the same on every machine, and silent about nothing."""

import json

import pytest
import yaml

from models.rights import Right
from tasks.classifier.learn_opinion import examples, learn
from tasks.classifier.load_vocabulary import LANGUAGES
from tasks.classifier.second_opinion import FOLDER, WEIGHTS, features, second_opinion
from tasks.classifier.split_sentences import sentences

UNSEEN = [
    (Right.ERASURE, "Please see to it that every trace of mine vanishes."),
    (Right.RECTIFICATION, "Mein neuer Nachname steht noch immer falsch in der Kartei."),
    (Right.OBJECTION, "Non telefonatemi più, basta pubblicità."),
    (Right.CONSENT_WITHDRAWAL, "Annulo la autorización que les di."),
    (Right.PORTABILITY, "Je veux emporter mes données chez un concurrent."),
]


def opinion(text: str):
    return second_opinion(list(sentences(text)))


def test_the_weights_are_those_the_examples_teach():
    assert json.loads(WEIGHTS.read_text("utf-8")) == learn(examples(FOLDER / "examples")), (
        "run `python -m tasks.classifier.learn_opinion` and commit the result"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_examples_of_every_right(language):
    taught = yaml.safe_load((FOLDER / "examples" / f"{language}.yaml").read_text("utf-8"))
    assert {right.value for right in Right} | {"none", "follow_up"} <= set(taught)


@pytest.mark.parametrize(("right", "text"), UNSEEN)
def test_a_sentence_it_never_saw_is_understood(right, text):
    assert list(opinion(text).surely(0.5)) == [right]


def test_business_and_nothing_ask_for_nothing():
    assert opinion("The lift is being repaired and the stairs are free.").asks < 0.5
    assert opinion("") == opinion("Hi.")
    assert opinion("").asks == 0.0


def test_a_word_means_the_same_in_every_language():
    assert set(features("delete my data")) == set(features("effacez mes données"))
