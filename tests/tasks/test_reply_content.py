"""Each reply to a right holds what law.md asks of it (section 4, R2 to R8 and C1 to C7), in text and HTML."""

from datetime import date, datetime
from itertools import product

import pytest

from models.letters import LetterKind
from models.replies import InScope, Kept
from tasks.letters.render import LANGUAGES, render, say_date, say_day
from tests.support import letter_replies as facts
from tests.support.letter_reading import CNIL, flat, missing, say
from tests.support.letter_samples import SYSTEM_TITLES, sample

WITH_REMEDIES = (
    LetterKind.RECTIFICATION_REPLY,
    LetterKind.ERASURE_REPLY,
    LetterKind.OBJECTION_REPLY,
    LetterKind.PORTABILITY_REPLY,
    LetterKind.RESTRICTION_REPLY,
    LetterKind.RESTRICTION_ENDS,
    LetterKind.CONSENT_REPLY,
    LetterKind.REFUSAL,
    LetterKind.NOT_A_REQUEST,
    LetterKind.EXTENSION,
)
REMEDIES = {"fr": ("réclamation", "recours juridictionnel"), "en": ("complaint", "judicial remedy")}
RECIPIENTS = ("Imprimerie Dubreuil SARL", "Salons du Marais SAS")
LIST_NAME = {"fr": ("liste d’opposition", "liste repoussoir"), "en": ("suppression list",)}


def days(language: str, *when: date) -> list[str]:
    """How a sentence says each date; a datetime with its time."""
    return [say_date(language, day) for day in when]


def short(language: str, *when: date) -> list[str]:
    """How a table says each day."""
    return [say_day(language, day) for day in when]


@pytest.mark.parametrize(("language", "kind"), [*product(LANGUAGES, WITH_REMEDIES)])
def test_reply_names_the_authority_and_the_court(language: str, kind: LetterKind) -> None:
    for words in say(kind, language):
        assert not missing(words, *CNIL, *REMEDIES[language]), "C4"


@pytest.mark.parametrize("language", LANGUAGES)
def test_rectification_shows_before_after_where_when_and_whom_it_told(language: str) -> None:
    said = facts.SAID[language]
    markers = {
        "fr": ("article 16", "en partie", "avant", "après", "(vide)", "déclaration complémentaire", "article 19", "prévenu", "non prévenu", "qui reçoit vos données"),
        "en": ("Article 16", "in part", "before", "after", "(empty)", "supplementary statement", "Article 19", "told", "not told", "who receives your data"),
    }[language]  # fmt: skip
    for words in say(LetterKind.RECTIFICATION_REPLY, language):
        assert not missing(words, *markers, *RECIPIENTS, *SYSTEM_TITLES[language][:2])
        assert not missing(
            words, said["role"], said["before"], said["after"], said["mail"], said["mail_after"]
        )
        assert not missing(words, said["note"], said["note_why"], said["partner_not"])
        assert not missing(words, *days(language, facts.DECIDED), *short(language, facts.DONE)), "C1"


@pytest.mark.parametrize("language", LANGUAGES)
def test_rectification_that_changes_nothing_says_so_and_tells_nobody(language: str) -> None:
    nothing = {"corrected": (), "done": (), "told": ()}
    plain = {"fr": "ne modifions pas vos données", "en": "not changing your data"}[language]
    for words in say(LetterKind.RECTIFICATION_REPLY, language, **nothing):
        assert not missing(words, plain, facts.SAID[language]["note_why"], *CNIL)
        assert missing(words, {"fr": "article 19", "en": "Article 19"}[language])
        assert missing(words, {"fr": "fait droit", "en": "granted"}[language])
    for words in say(LetterKind.RECTIFICATION_REPLY, language, **nothing, unchanged=()):
        assert not missing(words, {"fr": "correspond déjà", "en": "already agrees"}[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_erasure_says_what_went_what_stays_and_what_guards_it(language: str) -> None:
    said = facts.SAID[language]
    markers = {
        "fr": ("article 17", "en partie", "article 17, paragraphe 3, point b", "L123-22", "restreint", "réduit au nécessaire", "gardé tel quel", "pas de date fixe", "120 jours", "restaurer", "effaçons de nouveau", "empreinte", "finalité", "durée", "article 19", "prouver"),
        "en": ("Article 17", "in part", "Article 17(3)(b)", "L123-22", "restricted", "reduced to what is necessary", "kept in full", "no fixed date", "120 days", "restore", "erase your data from it again", "fingerprint", "purpose", "duration", "Article 19", "prove"),
    }[language]  # fmt: skip
    for words in say(LetterKind.ERASURE_REPLY, language):
        assert not missing(words, *markers, *SYSTEM_TITLES[language], *RECIPIENTS)
        assert not missing(words, said["erased_base"], said["erased_pipe"], said["erased_mail"])
        assert not missing(words, said["kept"], said["kept_basis"], said["claim"], said["claim_basis"])
        assert not missing(words, *short(language, facts.DONE, facts.INVOICES_UNTIL))
        assert not missing(words, *days(language, facts.DECIDED, facts.VERIFIED, facts.ERASED_UNTIL))


@pytest.mark.parametrize("language", LANGUAGES)
def test_erasure_of_everything_claims_no_exception(language: str) -> None:
    whole = {"fr": ("plus rien trouvé", "ont été effacées"), "en": ("nothing left", "have been erased")}
    part = {"fr": ("en partie", "exceptions", "L123-22", "permet de garder"), "en": ("in part", "exceptions", "L123-22", "lets us keep")}[language]  # fmt: skip
    for words in say(LetterKind.ERASURE_REPLY, language, kept=()):
        assert not missing(words, *whole[language])
        assert missing(words, *part) == [*part]


@pytest.mark.parametrize("language", LANGUAGES)
def test_erasure_where_all_must_stay_claims_nothing_was_erased(language: str) -> None:
    refused = {"fr": "ne pouvons pas encore effacer", "en": "cannot erase your data yet"}[language]
    gone = {"fr": ("ont été effacées", "fait droit", "article 19"), "en": ("have been erased", "granted", "Article 19")}[language]  # fmt: skip
    text, html = say(LetterKind.ERASURE_REPLY, language, erased=(), told=())
    assert refused in html
    for words in (text, html):
        assert not missing(words, facts.SAID[language]["kept_basis"], *CNIL, *REMEDIES[language])
        assert missing(words, *gone) == [*gone]


@pytest.mark.parametrize("language", LANGUAGES)
def test_erasure_where_nothing_was_held_says_so_and_offers_another_search(language: str) -> None:
    """D15: that is an answer, too."""
    markers = {
        "fr": ("aucune donnée à votre sujet", "rien à effacer", "une autre adresse", "empreinte", "gratuitement"),
        "en": ("no data about you", "nothing left to erase", "another address", "fingerprint", "free of charge"),
    }[language]  # fmt: skip
    absent = {"fr": ("sauvegardes", "fait droit", "article 19"), "en": ("Our backups", "granted", "Article 19")}[language]  # fmt: skip
    for words in say(LetterKind.ERASURE_REPLY, language, erased=(), kept=(), told=()):
        assert not missing(words, *markers, *days(language, facts.VERIFIED), *CNIL)
        assert missing(words, *absent) == [*absent]


@pytest.mark.parametrize("language", LANGUAGES)
def test_marketing_objection_names_date_tools_rest_and_suppression_entry(language: str) -> None:
    said = facts.SAID[language]
    markers = {
        "fr": ("article 21, paragraphe 2", "aucun motif", "profilage", "empreinte", "finalité", "contenu", "durée"),
        "en": ("Article 21(2)", "no reason", "profiling", "fingerprint", "purpose", "content", "duration"),
    }[language]  # fmt: skip
    for words in say(LetterKind.OBJECTION_REPLY, language):
        assert not missing(words, *markers, *LIST_NAME[language], *SYSTEM_TITLES[language][:2])
        assert not missing(words, said["campaigns"], said["calls"])
        assert not missing(words, said["contract"], said["contract_basis"], said["invoices_basis"])
        assert not missing(words, *short(language, facts.AT_ONCE))
        assert not missing(words, *days(language, facts.AT_ONCE, facts.SUPPRESSED_UNTIL))


@pytest.mark.parametrize("language", LANGUAGES)
def test_upheld_objection_speaks_of_the_weighing_and_not_of_marketing(language: str) -> None:
    upheld = {"fr": ("article 21, paragraphe 1", "mis en balance", "fait droit"), "en": ("Article 21(1)", "weighed", "granted")}[language]  # fmt: skip
    marketing = {"fr": ("prospection", "paragraphe 2", "empreinte"), "en": ("marketing", "21(2)", "fingerprint")}[language]  # fmt: skip
    for words in say(LetterKind.OBJECTION_REPLY, language, marketing=False, suppressed_until=None):
        assert not missing(words, *upheld)
        assert missing(words, *marketing) == [*marketing]


@pytest.mark.parametrize("language", LANGUAGES)
def test_objection_of_a_person_in_no_tool_is_answered_all_the_same(language: str) -> None:
    nothing = {
        "fr": ("rien à arrêter", "aucune autre utilisation"),
        "en": ("nothing to stop", "no other use"),
    }
    for words in say(LetterKind.OBJECTION_REPLY, language, stopped=(), continues=()):
        assert not missing(words, *nothing[language], *days(language, facts.AT_ONCE), *LIST_NAME[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_consent_reply_says_what_stopped_what_went_and_that_the_past_stays_lawful(language: str) -> None:
    said = facts.SAID[language]
    markers = {
        "fr": ("article 7, paragraphe 3", "avant votre retrait", "reste licite", "empreinte"),
        "en": ("Article 7(3)", "before your withdrawal", "remains lawful", "fingerprint"),
    }[language]
    for words in say(LetterKind.CONSENT_REPLY, language):
        assert not missing(words, *markers, said["newsletter"], said["audience"], said["visits"])
        assert not missing(words, said["invoices"], said["invoices_basis"], SYSTEM_TITLES[language][0])
        assert not missing(words, *days(language, facts.AT_ONCE, facts.SUPPRESSED_UNTIL))
    empty = {"fr": ("rien à arrêter", "aucune donnée ne reposait"), "en": ("nothing to stop", "no data rested")}[language]  # fmt: skip
    bare = {"stopped": (), "erased": (), "continues": (), "suppressed_until": None}
    for words in say(LetterKind.CONSENT_REPLY, language, **bare):
        assert not missing(words, *empty)
        assert missing(words, markers[-1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_portability_gives_both_formats_the_scope_and_no_code(language: str) -> None:
    """R6, S2: the code comes in a letter of its own; never a PDF (GL 156)."""
    said = facts.SAID[language]
    markers = {
        "fr": ("article 20", "JSON Schema", "CSV", "message séparé", "oui, 4 enregistrements", "oui, 1 enregistrement", "non", "article 15", "à personne d’autre", "article 20, paragraphe 2", "techniquement possible", "ne change rien"),
        "en": ("Article 20", "JSON Schema", "CSV", "separate message", "yes, 4 records", "yes, 1 record", "no", "Article 15", "to nobody else", "Article 20(2)", "technically feasible", "changes nothing"),
    }[language]  # fmt: skip
    for words in say(LetterKind.PORTABILITY_REPLY, language):
        assert not missing(words, *markers, facts.LINK)
        for what in ("form", "deal", "prospecting", "notes"):
            assert not missing(words, said[what], said[f"{what}_why"])
        assert not missing(words, *days(language, facts.DECIDED, date(2026, 12, 11), facts.LINK_EXPIRES))
        assert missing(words, "PDF") == ["PDF"]
    alone = (InScope(what="x", included=True, why="y", records=2),)
    for words in say(LetterKind.PORTABILITY_REPLY, language, scope=alone):
        assert not missing(words, {"fr": "oui, 2 enregistrements", "en": "yes, 2 records"}[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_table_rows_of_the_text_are_lists_with_what_belongs_together_below(language: str) -> None:
    long = Kept(system="S" * 30, what="w" * 40, how="kept", until=None, basis="b " * 60)
    context = sample(LetterKind.ERASURE_REPLY, language)
    lines = render(
        LetterKind.ERASURE_REPLY, language, type(context)(**{**dict(context), "kept": (long,)})
    ).text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("- SSS"))
    end = next(place for place, line in enumerate(lines[start:], start) if not line)
    assert all(line.startswith("  ") for line in lines[start + 1 : end])
    assert flat(" ".join(lines[start:end])).count("b ") >= 59


@pytest.mark.parametrize("language", LANGUAGES)
def test_datetime_and_day_are_said_alike(language: str) -> None:
    instant = datetime.fromisoformat("2026-12-14T10:00:00+01:00")
    assert say_date(language, instant).startswith(say_date(language, facts.DECIDED))
    assert say_date(language, facts.DECIDED).endswith(say_day(language, facts.DECIDED))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [LetterKind.OBJECTION_REPLY, LetterKind.CONSENT_REPLY])
def test_reply_without_an_identity_check_does_not_say_who_is_a_client(
    kind: LetterKind, language: str
) -> None:
    """I20: anyone may object in another's name, so what continues is said for everybody alike."""
    for words in say(kind, language):
        assert not missing(
            words, {"fr": "dans la mesure où cela vous concerne", "en": "so far as it concerns you"}[language]
        )
