"""The replies to an objection, a withdrawal of consent, a restriction and a rectification (law.md R2, R4, R7, R8).

Each letter is written in its step's transaction, under the reply's one key.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from models.calendar import Language, paris_date
from models.controller import LegalBasis, Text
from models.data_map import ManualSystem, legal_basis
from models.grounds import RestrictionCase
from models.letters import LetterKind
from models.map_in_words import column_title, said
from models.records import Change
from models.replies import (
    ConsentReply,
    Continues,
    Corrected,
    DoneIn,
    ObjectionReply,
    RectificationReply,
    RestrictionEnds,
    RestrictionReply,
    Told,
    letter_language,
)
from models.tables import Receipt
from tasks.changes.carry_out_erasure import receipts_of
from tasks.letters.correspondence import requester_facts
from tasks.letters.end_otherwise import write_reply
from tasks.letters.hold_letters import write_automatic
from tasks.letters.reply_erasure import erased_in_words, title
from tasks.letters.write_letter import write_letter
from tasks.search_systems import data_map
from tasks.steps import Effect, Scene

WHAT: dict[str, dict[Language, str]] = {
    "stopped": {"fr": "prospection arrêtée", "en": "marketing stopped"},
    "ceased": {"fr": "traitement contesté arrêté", "en": "processing objected to stopped"},
    "restricted": {
        "fr": "données seulement conservées, plus utilisées",
        "en": "data only stored, no longer used",
    },
    "rectified": {"fr": "données corrigées", "en": "data corrected"},
    "withdrawn": {
        "fr": "ce qui reposait sur votre consentement a cessé",
        "en": "what rested on your consent has stopped",
    },
}
NO_LONGER = Text(
    fr="Le motif de cette limitation n’existe plus.", en="The reason for this restriction no longer applies."
)
ENDED: dict[RestrictionCase, Text] = {
    RestrictionCase.ACCURACY: Text(
        fr="Nous avons terminé la vérification de l’exactitude de vos données. Notre réponse vous parvient dans un message séparé.",
        en="We have finished checking the accuracy of your data. Our answer reaches you in a separate message.",
    ),
    RestrictionCase.BALANCING: Text(
        fr="Nous avons terminé l’examen de votre opposition. Notre réponse vous parvient dans un message séparé.",
        en="We have finished considering your objection. Our answer reaches you in a separate message.",
    ),
    RestrictionCase.UNLAWFUL: NO_LONGER,
    RestrictionCase.CLAIMS: NO_LONGER,
}
"""Why a restriction ends with its request, told to the person: an officer's reason is not written for them."""
ERASED: dict[Language, str] = {"fr": "données effacées", "en": "data erased"}
COLON: dict[Language, str] = {"fr": " : ", "en": ": "}
GOES_ON = (LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION)


def done_in(what: str, when: Mapping[str, date], language: Language) -> tuple[DoneIn, ...]:
    """One line for each system, in the order of the map. The same for everybody: it does not say who is on file."""
    mapped = data_map()
    return tuple(
        DoneIn(system=title(mapped, name, language), what=WHAT[what][language], on=when[name])
        for name in mapped.systems
        if name in when
    )


def continues(language: Language) -> tuple[Continues, ...]:
    """What no objection and no withdrawal can end: contracts and legal duties (law.md R7, R8)."""
    purposes = data_map().controller.purposes.values()
    return tuple(
        Continues(purpose=said(purpose.title, language), basis=said(purpose.basis_text, language))
        for purpose in purposes
        if purpose.basis in GOES_ON
    )


def reply_objection(
    decided_on: date,
    when: Mapping[str, date],
    suppressed_until: date,
    *,
    marketing: bool,
    automatic: bool = False,
) -> Effect:
    """Return the effect that queues the reply to an objection. `when`: system to the day on which it stopped.

    `automatic`: no officer decided it, so that it is held back where a machine may have asked (RFC 3834).
    """

    def effect(scene: Scene) -> dict[str, Any]:
        language = letter_language(scene.case.language)
        context = ObjectionReply(
            **requester_facts(scene.case),
            decided_on=decided_on,
            marketing=marketing,
            stopped=done_in("stopped" if marketing else "ceased", when, language),
            continues=continues(language),
            suppressed_until=suppressed_until,
        )
        kind = LetterKind.OBJECTION_REPLY

        def write() -> dict[str, Any]:
            return write_reply(scene, kind, context, "answered")

        return write_automatic(scene, kind, write) if automatic else write()

    return effect


def reply_consent(
    withdrawn_on: date,
    when: Mapping[str, date],
    by_hand: Mapping[str, date],
    suppressed_until: date,
    told: Sequence[Told] = (),
) -> Effect:
    """Return the effect that queues the reply to a withdrawal of consent; what was erased is in the receipts."""

    def effect(scene: Scene) -> dict[str, Any]:
        language = letter_language(scene.case.language)
        context = ConsentReply(
            **requester_facts(scene.case),
            withdrawn_on=withdrawn_on,
            stopped=done_in("withdrawn", when, language),
            erased=erased_in_words(receipts_of(scene.session, scene.request), by_hand, language),
            told=tuple(told),
            continues=continues(language),
            suppressed_until=suppressed_until,
        )
        return write_reply(scene, LetterKind.CONSENT_REPLY, context, "answered")

    return effect


def consent_tables() -> dict[str, tuple[str, ...]]:
    """Return the tables of each database whose data rest on consent alone (law.md R8; GDPR 17(1)(b))."""
    mapped = data_map()
    found = {
        name: tuple(
            key
            for key, table in spec.tables.items()
            if legal_basis(mapped.controller, table) is LegalBasis.CONSENT and table.erasure
        )
        for name, spec in mapped.systems.items()
        if not isinstance(spec, ManualSystem)
    }
    return {name: tables for name, tables in found.items() if tables}


def reply_restriction(
    case: RestrictionCase,
    decided_at: datetime,
    when: Mapping[str, date],
    review_on: date,
    told: Sequence[Told],
) -> Effect:
    """Return the effect that queues the reply to a request for restriction."""

    def effect(scene: Scene) -> dict[str, Any]:
        context = RestrictionReply(
            **requester_facts(scene.case),
            decided_on=paris_date(decided_at),
            case=case,
            restricted=done_in("restricted", when, letter_language(scene.case.language)),
            review_on=review_on,
            told=tuple(told),
        )
        return write_reply(scene, LetterKind.RESTRICTION_REPLY, context, "answered")

    return effect


def announce_end(case: RestrictionCase, since: date) -> Effect:
    """Return the effect that queues the notice before a restriction is lifted (GDPR 18(3)); its result says why."""

    def effect(scene: Scene) -> dict[str, Any]:
        because = said(ENDED[case], letter_language(scene.case.language))
        context = RestrictionEnds(
            **requester_facts(scene.case),
            case=case,
            restricted_since=since,
            ends_on=paris_date(scene.now),
            because=because,
        )
        letter = write_letter(
            scene.session,
            scene.case,
            scene.request,
            LetterKind.RESTRICTION_ENDS,
            context,
            scene.case.verified_address or scene.case.requester_address,
            f"{scene.request.ref}:restriction-ends",
            scene.now,
        )
        return {"letter": letter.key, "because": because}

    return effect


def corrected_in_words(changes: Iterable[Change], language: Language) -> tuple[Corrected, ...]:
    """One line for each field that changed, before and after."""
    mapped = data_map()
    lines: dict[Corrected, None] = {}
    for change in changes:
        spec = mapped.systems[change.system]
        assert not isinstance(spec, ManualSystem)
        columns = spec.tables[change.table].columns
        for name, after in change.after.items():
            if after != change.before[name]:
                line = Corrected(
                    system=title(mapped, change.system, language),
                    field=column_title(columns[name], name, language),
                    before="" if change.before[name] is None else str(change.before[name]),
                    after="" if after is None else str(after),
                )
                lines[line] = None
    return tuple(lines)


def lines_for_recipients(changes: Iterable[Change], language: Language) -> tuple[str, ...]:
    """What changed, one line a field, in the language of the case and so of the letter."""
    colon = COLON[language]
    return tuple(
        dict.fromkeys(f"{one.field}{colon}{one.after}" for one in corrected_in_words(changes, language))
    )


def erased_for_recipients(
    receipts: Iterable[Receipt], by_hand: Mapping[str, date], language: Language
) -> tuple[str, ...]:
    """What was erased, one line for each kind of record; nothing where nothing was."""
    lines = erased_in_words(receipts, by_hand, language)
    return tuple(dict.fromkeys(f"{ERASED[language]}{COLON[language]}{line.what}" for line in lines))


def reply_rectification(
    decided_at: datetime, changes: Sequence[Change], when: Mapping[str, date], told: Sequence[Told]
) -> Effect:
    """Return the effect that queues the reply to a request for rectification."""

    def effect(scene: Scene) -> dict[str, Any]:
        language = letter_language(scene.case.language)
        context = RectificationReply(
            **requester_facts(scene.case),
            decided_on=paris_date(decided_at),
            corrected=corrected_in_words(changes, language),
            done=done_in("rectified", when, language),
            unchanged=(),
            told=tuple(told),
        )
        return write_reply(scene, LetterKind.RECTIFICATION_REPLY, context, "answered")

    return effect
