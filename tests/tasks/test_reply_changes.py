"""What a restriction's end, a correction and an erasure say to the person and to recipients, in their language."""

from collections.abc import Callable
from email import message_from_bytes, policy

import pytest
from sqlmodel import col, select

from models.calendar import Language, paris_date
from models.database import unit_of_work
from models.grounds import RestrictionCase
from models.records import Change
from models.replies import Told
from models.rights import Right
from models.storage import fetch
from models.tables import Case, Letter, Receipt, Request
from tasks.letters.reply_changes import (
    announce_end,
    erased_for_recipients,
    lines_for_recipients,
    reply_consent,
)
from tasks.steps import Effect, Scene
from tests.support.case_rows import NOW, add_case

TODAY = paris_date(NOW)


@pytest.fixture
def play(db: str) -> Callable[[Language, Effect], str]:
    """A function that plays an effect on a fresh request, and returns the text of the letter it queues."""

    def play_one(language: Language, effect: Effect) -> str:
        with unit_of_work() as session:
            request_id = add_case(session, Right.OBJECTION, language=language)[1][0].id
        with unit_of_work() as session:
            request = session.get_one(Request, request_id)
            effect(Scene(session, session.get_one(Case, request.case_id), request, NOW))
            letter = session.exec(select(Letter).order_by(col(Letter.id).desc())).first()
            assert letter is not None
            mail = message_from_bytes(fetch(letter.storage_key), policy=policy.default)
            body = mail.get_body(("plain",))  # type: ignore[attr-defined]  # the policy makes an EmailMessage
            return " ".join(str(body.get_content()).split())

    return play_one


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("case", "language", "says"),
    [
        (RestrictionCase.ACCURACY, "fr", "vérification de l’exactitude"),
        (RestrictionCase.ACCURACY, "en", "checking the accuracy"),
        (RestrictionCase.BALANCING, "fr", "examen de votre opposition"),
        (RestrictionCase.BALANCING, "en", "considering your objection"),
        (RestrictionCase.CLAIMS, "fr", "n’existe plus"),
        (RestrictionCase.UNLAWFUL, "en", "no longer applies"),
    ],
)
def test_each_restriction_that_ends_with_its_request_says_why_in_our_own_words(
    play: Callable[[Language, Effect], str], case: RestrictionCase, language: Language, says: str
) -> None:
    assert says in play(language, announce_end(case, TODAY))


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("language", "says"), [("fr", "Partner SA : prévenu"), ("en", "Partner SA: told")])
def test_who_was_told_of_what_went_with_the_consent_stands_in_the_reply(
    play: Callable[[Language, Effect], str], language: Language, says: str
) -> None:
    told = Told(recipient="Partner SA", told=True)
    assert says in play(language, reply_consent(TODAY, {}, {}, TODAY, [told]))
    assert "article 19" not in play(language, reply_consent(TODAY, {}, {}, TODAY)).casefold()


def test_recipients_read_what_changed_in_the_language_of_the_case(home: object) -> None:
    del home
    name = {"full_name": "Camille Durand"}
    change = Change(
        system="site_db", table="contacts", key={"id": 1}, before=name, after={"full_name": "Camille Lefort"}
    )
    assert lines_for_recipients([change, change], "fr") == ("Nom : Camille Lefort",)
    assert lines_for_recipients([change], "en") == ("Name: Camille Lefort",)


def test_recipients_read_what_was_erased_and_nothing_where_nothing_was(home: object) -> None:
    del home
    form = Receipt(
        request_id=1, kind="erased", system="site_db", record='{"key": {"id": 1}, "table": "form_submissions"}',
        detail={}, at=NOW,
    )  # fmt: skip
    assert erased_for_recipients([form], {}, "fr") == (
        "données effacées : 1 enregistrement (Formulaires envoyés)",
    )
    assert erased_for_recipients([form], {}, "en") == ("data erased: 1 record (Forms sent)",)
    assert erased_for_recipients([], {}, "en") == ()
