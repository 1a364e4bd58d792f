"""Each letter says what the law and the privacy policy want it to say, in text and HTML, in every language."""

import re
from datetime import UTC, date, datetime
from itertools import product
from typing import get_args

import pytest

from models.letter_contexts import CONTEXTS
from models.letters import DecisionQuestion, Doubt, LetterKind, TaskAction, ThingsToDo
from models.rights import Right
from models.tables import TodoKind
from tasks.letters.render import LANGUAGES, render, say_date
from tests.support.letter_reading import CNIL, TO_REQUESTERS, both, missing, say
from tests.support.letter_samples import LINK, REF, sample


@pytest.mark.parametrize(("language", "kind"), [*product(LANGUAGES, TO_REQUESTERS)])
def test_requester_letter_says_what_every_reply_must(language: str, kind: LetterKind) -> None:
    for words in both(render(kind, language, sample(kind, language))):
        assert REF in words, "C6"
        assert say_date(language, date(2026, 12, 1)) in words, "C6: date of receipt"
        assert "privacy@nexoris.com" in words, "C5"
        assert "10 rue des Exemples, 75002 Paris" in words
        assert ("gratuit" if language == "fr" else "free of charge") in words, "C3"
        assert "Claire Martin" in words


CLOCKS = {
    "commitment": (date(2026, 12, 31), date(2027, 1, 4)),
    "statutory": (date(2025, 3, 2), date(2025, 2, 28)),  # DV09
    "same": (date(2026, 10, 30), date(2026, 10, 30)),  # DV37
}
EARLIER = {
    ("fr", "commitment"): "Notre engagement finit le premier",
    ("fr", "statutory"): "Le délai légal finit le premier",
    ("fr", "same"): "Les deux délais finissent le même jour",
    ("en", "commitment"): "Our commitment ends first",
    ("en", "statutory"): "The legal period ends first",
    ("en", "same"): "Both periods end on the same day",
}


@pytest.mark.parametrize(("language", "earlier"), EARLIER)
def test_acknowledgement_shows_both_clocks_and_the_binding_date(language: str, earlier: str) -> None:
    commitment, statutory = CLOCKS[earlier]
    changes = {"commitment": commitment, "statutory_due": statutory}
    until = {"fr": "jusqu’au {} inclus", "en": "until and including {}"}[language]
    by = {"fr": "au plus tard le\u00a0: {} inclus", "en": "at the latest on: {} (included)"}[language]
    text, html = say(LetterKind.ACKNOWLEDGE, language, **changes)
    assert by.format(say_date(language, min(commitment, statutory))) in text, "D27"
    for words in (text, html):
        assert until.format(say_date(language, commitment)) in words, "D23, D26"
        assert until.format(say_date(language, statutory)) in words, "D23"
        assert EARLIER[language, earlier] in words
        assert not [
            other for other in EARLIER.values() if other != EARLIER[language, earlier] and other in words
        ]
        assert {"fr": "30 jours", "en": "30 days"}[language] in words
        assert {"fr": "un mois (article 12 du RGPD)", "en": "one month (Article 12 GDPR)"}[language] in words
        assert {"fr": "il ne dit pas si nous détenons", "en": "does not say whether we hold"}[
            language
        ] in words


@pytest.mark.parametrize(("language", "right"), [*product(LANGUAGES, Right)])
def test_acknowledgement_names_each_right_and_what_happens_at_once(language: str, right: Right) -> None:
    first, other = right.article.partition("(")[0], ({*Right} - {right}).pop()
    at_once = {"fr": "sans attendre", "en": "without waiting"}[language]
    for words in say(LetterKind.ACKNOWLEDGE, language, rights=(right,)):
        assert re.search(rf"article {first}\b", words, re.IGNORECASE)
        assert not re.search(rf"article {other.article.partition('(')[0]}\b", words, re.IGNORECASE)
        assert (at_once in words) == (right in {Right.OBJECTION, Right.CONSENT_WITHDRAWAL}), "D24"


@pytest.mark.parametrize("language", LANGUAGES)
def test_acknowledgement_without_a_known_right_claims_none(language: str) -> None:
    for words in say(LetterKind.ACKNOWLEDGE, language, rights=()):
        assert not re.search(r"article (7|15|16|17|18|20|21)\b", words, re.IGNORECASE)


@pytest.mark.parametrize(("language", "why"), [*product(LANGUAGES, Doubt)])
def test_identity_letter_explains_itself(language: str, why: Doubt) -> None:
    reasons = {
        ("fr", Doubt.UNKNOWN_ADDRESS): "une adresse que nous ne connaissons pas",
        ("fr", Doubt.FORGEABLE_SENDER): "facile à imiter",
        ("en", Doubt.UNKNOWN_ADDRESS): "an address we do not know",
        ("en", Doubt.FORGEABLE_SENDER): "easy to fake",
    }
    always = {
        "fr": ("déjà dans nos dossiers", "à une autre personne", "répondez à ce message", "rien demandé", "pièce d’identité", "18\u00a0h\u00a005"),
        "en": ("already in our files", "to a wrong person", "reply to this message", "did not ask", "identity document", "18:05"),
    }  # fmt: skip
    for words in say(LetterKind.ASK_IDENTITY, language, why=why):
        assert not missing(words, "4831 0927", LINK.replace("download", "identity"))
        assert not missing(words, reasons[language, why], *always[language])
        assert [reason in words for reason in reasons.values()].count(True) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_access_reply_is_complete(language: str) -> None:
    markers = {
        "fr": ("article 15", "Oui, nous traitons des données qui vous concernent", "réclamation", "recours juridictionnel", "rectification, l’effacement", "message séparé", "enregistrement", "12 enregistrements, 3 documents", "41 documents", "rien à votre sujet", "ils désignent d’autres personnes", "en partie"),
        "en": ("Article 15", "Yes, we process data about you", "complaint", "judicial remedy", "rectification, erasure", "separate message", "1 record", "12 records, 3 documents", "41 documents", "nothing about you", "they are those of other people", "in part"),
    }  # fmt: skip
    for words in say(LetterKind.ACCESS_REPLY, language):
        assert not missing(words, *markers[language], *CNIL, LINK)
        for day in (date(2026, 12, 14), date(2026, 12, 11)):
            assert say_date(language, day) in words, "C1, R1.12"
        assert say_date(language, datetime(2026, 12, 21, 8, 30, tzinfo=UTC)) in words
        assert {"fr": "copie complète", "en": "complete copy"}[language] not in words, "something is withheld"


@pytest.mark.parametrize("language", LANGUAGES)
def test_access_reply_that_withholds_nothing_says_complete_and_keeps_the_remedies(language: str) -> None:
    for words in say(LetterKind.ACCESS_REPLY, language, withheld=()):
        assert {"fr": "copie complète", "en": "complete copy"}[language] in words
        assert {"fr": "en partie", "en": "in part"}[language] not in words
        assert {"fr": "ne vous donnons pas", "en": "do not give you"}[language] not in words
        assert "CNIL" in words, "R1.7"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_held_names_the_search_and_the_remedies(language: str) -> None:
    markers = {
        "fr": ("trouvé aucune", "une autre adresse avec nous", "réclamation", "recours juridictionnel"),
        "en": ("found none", "another address with us", "complaint", "judicial remedy"),
    }
    for words in say(LetterKind.NOTHING_HELD, language):
        assert not missing(words, *markers[language], *CNIL)
        assert not missing(words, *sample(LetterKind.NOTHING_HELD, language).searched)
        assert "claire.martin@example.org" in words
        assert say_date(language, date(2026, 12, 11)) in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_download_code_stands_alone(language: str) -> None:
    """S2: the code and the link never share a letter."""
    letter = render(LetterKind.DOWNLOAD_CODE, language, sample(LetterKind.DOWNLOAD_CODE, language))
    assert "http" not in letter.text
    for words in both(letter):
        assert "7745 1386" in words
        assert say_date(language, datetime(2026, 12, 14, 9, 30, tzinfo=UTC)) in words
        assert {"fr": "ne sert qu’une fois", "en": "works only once"}[language] in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_new_link_says_that_the_old_one_is_dead_and_carries_no_code(language: str) -> None:
    """S2, S4: the code comes in a letter of its own."""
    markers = {
        "fr": ("L’ancien lien ne fonctionne plus", "celui du jour de notre réponse", "message séparé"),
        "en": ("The earlier link no longer works", "what it was when we answered", "separate message"),
    }
    for words in say(LetterKind.NEW_LINK, language):
        assert not missing(words, *markers[language], LINK)
        assert say_date(language, datetime(2027, 1, 18, 9, 5, tzinfo=UTC)) in words
        assert not re.search(r"\b\d{4} \d{4}\b", words)


ASKED = {
    ("fr", "identity"): "vérification de l’identité",
    ("fr", "review"): "examen de la réponse",
    ("fr", "plan"): "plan d’effacement",
    ("fr", "change"): "approbation de la correction",
    ("fr", "weighing"): "mise en balance des intérêts",
    ("fr", "leftover"): "traces trouvées après l’effacement",
    ("fr", "by_hand"): "tâche à la main",
    ("fr", "second"): "confirmation par un second référent",
    ("fr", "problem"): "problème à régler",
    ("en", "identity"): "identity check",
    ("en", "review"): "review of the reply",
    ("en", "plan"): "approval of the erasure plan",
    ("en", "change"): "approval of the correction",
    ("en", "weighing"): "weighing of interests",
    ("en", "leftover"): "traces found after the erasure",
    ("en", "by_hand"): "task by hand",
    ("en", "second"): "confirmation by a second officer",
    ("en", "problem"): "problem to solve",
}


@pytest.mark.parametrize(("language", "question"), [*product(LANGUAGES, get_args(DecisionQuestion))])
def test_officer_letter_names_question_date_and_both_links(language: str, question: str) -> None:
    context = sample(LetterKind.DECISION_WAITING, language)
    letter = render(LetterKind.DECISION_WAITING, language, context.model_copy(update={"question": question}))
    decide = {"fr": "décision vous attend", "en": "decision is waiting"}[language]
    alone = {"fr": "continuer seule", "en": "cannot go on by itself"}[language]
    for words in (*both(letter), letter.subject):
        assert not missing(words, REF, alone if question == "problem" else decide)
        assert missing(words, decide if question == "problem" else alone)
    for words in both(letter):
        assert not missing(words, ASKED[language, question], say_date(language, date(2026, 12, 31)))
        assert sum(phrase in words for phrase in ASKED.values()) == 1
    for link in ("https://prefect.nexoris.example/runs/", "https://dsr.nexoris.example/desk/cases/"):
        assert link in letter.text
        assert link in letter.html


TO_COLLEAGUES = {*LetterKind} - {*TO_REQUESTERS} - {LetterKind.RECIPIENT_NOTICE}
TO_DO = {
    ("fr", "search"): "chercher les données",
    ("fr", "stop"): "cesser d’utiliser",
    ("fr", "restrict"): "bloquer les données",
    ("fr", "lift"): "lever le blocage",
    ("fr", "rectify"): "corriger les données",
    ("fr", "erase"): "effacer les données",
    ("en", "search"): "search for the person’s data",
    ("en", "stop"): "stop using",
    ("en", "restrict"): "block the person’s data",
    ("en", "lift"): "lift the restriction",
    ("en", "rectify"): "correct the person’s data",
    ("en", "erase"): "erase the person’s data",
}


@pytest.mark.parametrize(("language", "action"), [*product(LANGUAGES, get_args(TaskAction))])
def test_task_letter_says_what_to_do(language: str, action: str) -> None:
    for words in say(LetterKind.MANUAL_TASK, language, action=action):
        assert not missing(words, TO_DO[language, action], say_date(language, date(2026, 12, 15)))
        assert sum(phrase in words for phrase in TO_DO.values()) == 1


@pytest.mark.parametrize("kind", sorted(TO_COLLEAGUES))
def test_internal_letters_have_no_place_for_the_person(kind: LetterKind) -> None:
    assert not {"name", "address", "received_on", "person", "about"} & set(CONTEXTS[kind].model_fields)


THINGS = {
    ("fr", TodoKind.QUALIFY): "messages à qualifier",
    ("fr", TodoKind.NOT_ACKNOWLEDGED): "accusés de réception retenus",
    ("fr", TodoKind.REPLY_HELD): "réponses automatiques retenues",
    ("fr", TodoKind.BOUNCED): "lettres revenues",
    ("fr", TodoKind.LETTER_FAILED): "lettres refusées",
    ("fr", TodoKind.LETTER_UNCERTAIN): "lettres dont on ignore",
    ("fr", TodoKind.LETTER_TO_POST): "lettres à imprimer",
    ("fr", TodoKind.REMINDER): "relances ou réclamations",
    ("fr", TodoKind.MANDATE): "mandats à vérifier",
    ("en", TodoKind.QUALIFY): "messages to qualify",
    ("en", TodoKind.NOT_ACKNOWLEDGED): "acknowledgements held back",
    ("en", TodoKind.REPLY_HELD): "automatic replies held back",
    ("en", TodoKind.BOUNCED): "letters that came back",
    ("en", TodoKind.LETTER_FAILED): "letters that the mail relay refused",
    ("en", TodoKind.LETTER_UNCERTAIN): "letters of which nobody knows",
    ("en", TodoKind.LETTER_TO_POST): "letters to print",
    ("en", TodoKind.REMINDER): "reminders or complaints",
    ("en", TodoKind.MANDATE): "mandates to check",
}


@pytest.mark.parametrize(("language", "kind"), [*product(LANGUAGES, TodoKind)])
def test_todo_letter_counts_and_says_where_to_look(language: str, kind: TodoKind) -> None:
    things = ThingsToDo(kind=kind, count=7, about=(REF, "message 12"))
    others = {"fr": "et 5 autres", "en": "and 5 others"}[language]
    late = {"fr": "Depuis hier ou plus", "en": "Since yesterday or longer"}[language]
    link = "https://dsr.nexoris.example/desk/todo"
    for words in say(LetterKind.TODO_NOTICE, language, new=(things,), late=(), waiting=9):
        assert not missing(words, THINGS[language, kind], REF, f"message 12 {others}", "7", "9", link)
        assert sum(phrase in words for phrase in THINGS.values()) == 1
        assert missing(words, late)
    for words in say(LetterKind.TODO_NOTICE, language, new=(), late=(things,)):
        assert not missing(words, late, THINGS[language, kind])
