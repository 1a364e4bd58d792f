"""The letters around a reply hold what law.md asks of them: refusal, extension, restriction, questions and notices."""

from itertools import product

import pytest

from models.grounds import DELAY_WORDS, REFUSAL_WORDS, Delay, Refusal, RestrictionCase, refusals
from models.letters import LetterKind
from models.rights import Right
from tasks.letters.render import LANGUAGES, render, say_date, say_day
from tests.support import letter_replies as facts
from tests.support.letter_reading import both, missing, say
from tests.support.letter_samples import REF, SYSTEM_TITLES, sample

ARTICLES = {
    Refusal.NOT_PROVED: ("article 12, paragraphes 2 et 6", "Article 12(2) and (6)"),
    Refusal.NOT_THEIRS: ("articles 15 à 22", "Articles 15 to 22"),
    Refusal.UNFOUNDED: ("article 12, paragraphe 5", "Article 12(5)"),
    Refusal.EXCESSIVE: ("article 12, paragraphe 5", "Article 12(5)"),
    Refusal.ACCURATE: ("article 16", "Article 16"),
    Refusal.LEGAL_DUTY: ("article 17, paragraphe 3, point b", "Article 17(3)(b)"),
    Refusal.STILL_NEEDED: ("article 17, paragraphe 1", "Article 17(1)"),
    Refusal.NO_RESTRICTION_CASE: ("article 18, paragraphe 1, points a à d", "Article 18(1)(a) to (d)"),
    Refusal.COMPELLING_GROUNDS: ("article 21, paragraphe 1", "Article 21(1)"),
    Refusal.NOT_OBJECTIONABLE: ("article 21, paragraphe 1", "Article 21(1)"),
    Refusal.NOT_PORTABLE: ("article 20, paragraphe 1", "Article 20(1)"),
    Refusal.NO_CONSENT: ("article 7, paragraphe 3", "Article 7(3)"),
}
CLAIMS = {
    Right.ERASURE: ("article 17, paragraphe 3, point e", "Article 17(3)(e)"),
    Right.OBJECTION: ("article 21, paragraphe 1", "Article 21(1)"),
}
REFUSED = tuple((right, ground) for right in Right for ground in refusals(right))
CASES = {
    RestrictionCase.ACCURACY: ("point a", "18(1)(a)"),
    RestrictionCase.UNLAWFUL: ("point b", "18(1)(b)"),
    RestrictionCase.CLAIMS: ("point c", "18(1)(c)"),
    RestrictionCase.BALANCING: ("point d", "18(1)(d)"),
}
DELAYS = {
    Delay.VOLUME: ("volume", "volume"),
    Delay.SCATTERED: ("dispersées", "scattered"),
    Delay.REDACTION: ("occulter", "redacted"),
    Delay.INTELLIGIBILITY: ("intelligibles", "intelligible"),
    Delay.SURGE: ("afflux", "surge"),
}
KEPT_SECRET = ("Claire", "Martin", "example.org", "+33", "@")


@pytest.mark.parametrize(("language", "right", "ground"), [(a, *b) for a, b in product(LANGUAGES, REFUSED)])
def test_refusal_says_ground_reason_and_what_one_can_do(language: str, right: Right, ground: Refusal) -> None:
    """D14, X7: each ground a form offers has its words and its article, whatever the right."""
    article = (CLAIMS[right] if ground == Refusal.LEGAL_CLAIMS else ARTICLES[ground])[language == "en"]
    markers = {
        "fr": ("ne donnons pas suite à votre demande", "ce que vous pouvez faire", "réclamation", "recours juridictionnel"),
        "en": ("not taking action on your request", "what you can do", "complaint", "judicial remedy"),
    }[language]  # fmt: skip
    for words in say(LetterKind.REFUSAL, language, right=right, ground=ground):
        assert not missing(words, article, facts.SAID[language]["refusal"], *markers, "CNIL")
        assert not missing(words, say_date(language, facts.DECIDED))
        assert not missing(words, f"article {right.article.partition('(')[0]}"), "C1: which right"


def test_every_ground_and_delay_of_a_form_has_words_in_a_letter() -> None:
    assert set(ARTICLES) | {Refusal.LEGAL_CLAIMS} == set(REFUSAL_WORDS)
    assert {ground for _, ground in REFUSED} == set(REFUSAL_WORDS)
    assert set(DELAYS) == set(DELAY_WORDS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_differ_from_each_other(language: str) -> None:
    letters = {
        ground: say(LetterKind.REFUSAL, language, right=Right.OBJECTION, ground=ground)[0]
        for ground in REFUSAL_WORDS
    }
    assert len(set(letters.values())) == len(letters)


@pytest.mark.parametrize(("language", "delay"), [*product(LANGUAGES, Delay)])
def test_extension_admits_the_broken_promise_and_gives_reason_date_and_remedies(
    language: str, delay: Delay
) -> None:
    """D11 to D14, D29."""
    markers = {
        "fr": ("30 jours", "ne tiendrons pas cette promesse", "un mois", "deux mois au plus", "complexité", "article 12, paragraphe 3", "sans attendre", "article 15", "article 17", "inclus"),
        "en": ("30 days", "not keep that promise", "one month", "two further months", "complexity", "Article 12(3)", "without waiting", "Article 15", "Article 17", "included"),
    }[language]  # fmt: skip
    for words in say(LetterKind.EXTENSION, language, delay=delay):
        assert not missing(words, *markers, DELAYS[delay][language == "en"], facts.SAID[language]["delay"])
        assert [marks[language == "en"] in words for marks in DELAYS.values()].count(True) == 1
        assert not missing(words, say_date(language, facts.PROMISED), say_date(language, facts.NEW_DUE))


@pytest.mark.parametrize(("language", "case"), [*product(LANGUAGES, RestrictionCase)])
def test_restriction_says_case_effect_review_and_promises_notice(
    language: str, case: RestrictionCase
) -> None:
    markers = {
        "fr": ("article 18", "consentement", "droits en justice", "intérêt public", "article 18, paragraphe 2", "avant de la lever", "article 18, paragraphe 3", "article 19", "personne d’autre à prévenir"),
        "en": ("Article 18", "consent", "legal claims", "public interest", "Article 18(2)", "before we lift it", "Article 18(3)", "Article 19", "nobody else to tell"),
    }[language]  # fmt: skip
    for words in say(LetterKind.RESTRICTION_REPLY, language, case=case):
        assert not missing(words, *markers, CASES[case][language == "en"], *SYSTEM_TITLES[language][:2])
        assert [marks[language == "en"] in words for marks in CASES.values()].count(True) == 1
        assert not missing(words, facts.SAID[language]["card"], say_day(language, facts.AT_ONCE))
        assert not missing(words, say_date(language, facts.AT_ONCE), say_date(language, facts.REVIEW))
    for words in say(LetterKind.RESTRICTION_REPLY, language, case=case, restricted=()):
        assert not missing(words, {"fr": "aucune donnée à limiter", "en": "no data to restrict"}[language])


@pytest.mark.parametrize(("language", "case"), [*product(LANGUAGES, RestrictionCase)])
def test_end_of_a_restriction_is_told_before_with_its_reason(language: str, case: RestrictionCase) -> None:
    """GDPR 18(3)."""
    markers = {
        "fr": ("article 18, paragraphe 3", "à l’avance", "pas d’accord"),
        "en": ("Article 18(3)", "beforehand", "do not agree"),
    }
    for words in say(LetterKind.RESTRICTION_ENDS, language, case=case):
        assert not missing(words, *markers[language], CASES[case][language == "en"])
        assert not missing(words, facts.SAID[language]["because"])
        assert not missing(words, say_date(language, facts.SINCE), say_date(language, facts.ENDS))


@pytest.mark.parametrize("language", LANGUAGES)
def test_message_that_asks_for_nothing_is_answered_and_shown_the_way(language: str) -> None:
    markers = {
        "fr": ("aucun de vos droits", "avec vos propres mots", "copie", "effacer", "réclamation"),
        "en": ("any of your rights", "in your own words", "copy", "erase", "complaint"),
    }
    for words in say(LetterKind.NOT_A_REQUEST, language):
        assert not missing(words, *markers[language], facts.SAID[language]["not_request"])


@pytest.mark.parametrize(("language", "right"), [*product(LANGUAGES, Right)])
def test_withdrawal_of_a_request_is_confirmed_and_can_be_undone(language: str, right: Right) -> None:
    markers = {
        "fr": ("n’y donnons plus suite", "reprendrons la demande", "à tout moment"),
        "en": ("nothing more is done", "take the request up again", "at any time"),
    }
    for words in say(LetterKind.WITHDRAWN, language, right=right):
        assert not missing(words, *markers[language], f"article {right.article.partition('(')[0]}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_question_about_a_change_lets_the_period_run_and_wants_no_identity_document(language: str) -> None:
    """D18, I5."""
    markers = {
        "fr": ("article 16", "répondez", "continue de courir", "pièce d’identité", "sans réponse", "article 18"),
        "en": ("Article 16", "reply", "goes on running", "identity document", "without an answer", "Article 18"),
    }  # fmt: skip
    for words in say(LetterKind.ASK_CHANGE, language):
        assert not missing(words, *markers[language], say_date(language, facts.ANSWER_BY))


STANDS_STILL = {"fr": "est suspendu", "en": "stands still"}
RUNS_ON = {"fr": "continue de courir", "en": "goes on running"}


@pytest.mark.parametrize(("language", "stops"), [*product(LANGUAGES, (True, False))])
def test_question_about_the_scope_shows_all_that_exists_and_takes_everything_for_an_answer(
    language: str, stops: bool
) -> None:
    """D17, recital 63; D29: the promise does not move."""
    markers = {
        "fr": ("article 15", "ce qui existe", "«\u00a0tout\u00a0»", "répondez", "toutes ces données"),
        "en": ("Article 15", "what exists", "“everything”", "reply", "all of these data"),
    }[language]
    titles, said = SYSTEM_TITLES[language], facts.SAID[language]
    clock, other = (STANDS_STILL, RUNS_ON) if stops else (RUNS_ON, STANDS_STILL)
    for words in say(LetterKind.ASK_SCOPE, language, stops_clock=stops):
        assert not missing(
            words, *markers, titles[0], said["card"], titles[2], said["exchanges"], "1408", "212"
        )
        assert not missing(words, say_date(language, facts.ANSWER_BY), say_date(language, facts.PROMISED))
        assert clock[language] in words
        assert other[language] not in words
        assert (("63" in words) and ("RGPD" in words or "GDPR" in words)) or not stops


@pytest.mark.parametrize(("language", "stops"), [*product(LANGUAGES, (True, False))])
def test_question_about_who_asks_wants_one_thing_and_no_papers_and_gives_nothing_away(
    language: str, stops: bool
) -> None:
    """D16, I2, I5, I6: whoever reads it may be a stranger."""
    markers = {
        "fr": ("article 12, paragraphe 6", "pièce d’identité", "numéro de client", "dernier échange", "que vous utilisez avec nous"),
        "en": ("Article 12(6)", "identity document", "client number", "last exchange", "you use with us"),
    }[language]  # fmt: skip
    clock, other = (STANDS_STILL, RUNS_ON) if stops else (RUNS_ON, STANDS_STILL)
    for words in say(LetterKind.ASK_EVIDENCE, language, stops_clock=stops):
        assert not missing(words, *markers, facts.SAID[language]["evidence"])
        assert not missing(words, say_date(language, facts.ANSWER_BY), say_date(language, facts.PROMISED))
        assert clock[language] in words
        assert other[language] not in words
        assert not [title for title in SYSTEM_TITLES[language] if title in words]


TO_DO = {
    Right.RECTIFICATION: ("Corrigez ces données", "Correct these data"),
    Right.RESTRICTION: ("ne les utilisez plus", "no longer use them"),
    Right.ERASURE: ("Effacez ces données", "Erase these data"),
    Right.CONSENT_WITHDRAWAL: ("Effacez ces données", "Erase these data"),
    Right.OBJECTION: ("Cessez d’utiliser", "Stop using"),
}


@pytest.mark.parametrize(("language", "right"), [*product(LANGUAGES, TO_DO)])
def test_recipient_learns_whom_what_and_what_to_do(language: str, right: Right) -> None:
    """R5: Art. 19, and the person may be told who received the data."""
    said = facts.SAID[language]
    others = {marks[language == "en"] for marks in TO_DO.values()} - {TO_DO[right][language == "en"]}
    who = ("Claire Martin", "claire.martin@example.org", "+33 1 99 00 12 34", "Imprimerie Dubreuil SARL")
    for words in say(LetterKind.RECIPIENT_NOTICE, language, right=right):
        assert not missing(words, *who, REF, "privacy@nexoris.com", TO_DO[right][language == "en"])
        assert not missing(words, {"fr": "L’article 19", "en": "Article 19"}[language])
        assert not missing(words, said["disclosed"], said["change"], said["change_other"])
        assert not missing(
            words, say_date(language, facts.DISCLOSED), {"fr": "confirmez", "en": "confirm"}[language]
        )
        assert not [other for other in others if other in words]
    subject = render(
        LetterKind.RECIPIENT_NOTICE, language, sample(LetterKind.RECIPIENT_NOTICE, language)
    ).subject
    assert missing(subject, *KEPT_SECRET) == [*KEPT_SECRET], "C7"
    for words in say(LetterKind.RECIPIENT_NOTICE, language, changes=()):
        assert missing(words, {"fr": "Ce que nous avons fait", "en": "What we have done"}[language])


@pytest.mark.parametrize(
    ("language", "kind"), [*product(LANGUAGES, (LetterKind.REAPPEARED, LetterKind.REVIEW_DUE))]
)
def test_officers_learn_what_to_look_at_and_nothing_about_the_person(language: str, kind: LetterKind) -> None:
    letter = render(kind, language, sample(kind, language))
    marks = {
        LetterKind.REAPPEARED: (SYSTEM_TITLES[language][1], {"fr": "contacte", "en": "contacts"}[language]),
        LetterKind.REVIEW_DUE: (say_date(language, facts.SINCE), "article 18"),
    }
    for words in both(letter):
        assert not missing(words, *marks[kind], REF, facts.CASE_LINK)
        assert missing(words, *KEPT_SECRET) == [*KEPT_SECRET]
    if kind == LetterKind.REAPPEARED:
        assert "3" in letter.text.partition(SYSTEM_TITLES[language][1])[2]
