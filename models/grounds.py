"""Closed lists of reasons: why a request is refused, why it takes longer, why data are only stored.

Pure. A form shows the words, a letter says them in full; our database keeps the keys.
"""

from enum import StrEnum

from models.controller import Text
from models.rights import Right


class Refusal(StrEnum):
    """Why a request, or a part of it, is refused (GDPR 12(4), 12(5) and the article of the right)."""

    NOT_PROVED = "not_proved"
    NOT_THEIRS = "not_theirs"
    UNFOUNDED = "unfounded"
    EXCESSIVE = "excessive"
    ACCURATE = "accurate"
    LEGAL_DUTY = "legal_duty"
    LEGAL_CLAIMS = "legal_claims"
    STILL_NEEDED = "still_needed"
    NO_RESTRICTION_CASE = "no_restriction_case"
    COMPELLING_GROUNDS = "compelling_grounds"
    NOT_OBJECTIONABLE = "not_objectionable"
    NOT_PORTABLE = "not_portable"
    NO_CONSENT = "no_consent"


class Delay(StrEnum):
    """Why a reply takes up to two months longer (D12); large effort as such is no reason."""

    VOLUME = "volume"
    SCATTERED = "scattered"
    REDACTION = "redaction"
    INTELLIGIBILITY = "intelligibility"
    SURGE = "surge"


class RestrictionCase(StrEnum):
    """GDPR 18(1)(a) to (d)."""

    ACCURACY = "accuracy"
    UNLAWFUL = "unlawful"
    CLAIMS = "claims"
    BALANCING = "balancing"


NEEDS_TWO = frozenset({Refusal.UNFOUNDED, Refusal.EXCESSIVE})
"""Refusals that a second officer must confirm (law.md X7)."""

ANY_RIGHT = (Refusal.NOT_PROVED, Refusal.NOT_THEIRS, Refusal.UNFOUNDED, Refusal.EXCESSIVE)
BY_RIGHT: dict[Right, tuple[Refusal, ...]] = {
    Right.ACCESS: (),
    Right.RECTIFICATION: (Refusal.ACCURATE,),
    Right.ERASURE: (Refusal.LEGAL_DUTY, Refusal.LEGAL_CLAIMS, Refusal.STILL_NEEDED),
    Right.RESTRICTION: (Refusal.NO_RESTRICTION_CASE,),
    Right.PORTABILITY: (Refusal.NOT_PORTABLE,),
    Right.OBJECTION: (Refusal.COMPELLING_GROUNDS, Refusal.LEGAL_CLAIMS, Refusal.NOT_OBJECTIONABLE),
    Right.CONSENT_WITHDRAWAL: (Refusal.NO_CONSENT,),
}


def refusals(right: Right) -> tuple[Refusal, ...]:
    """Return the grounds on which a request under `right` can be refused."""
    return BY_RIGHT[right] + ANY_RIGHT


REFUSAL_WORDS: dict[Refusal, Text] = {
    Refusal.NOT_PROVED: Text(
        fr="l’identité n’a pas pu être établie malgré notre demande (RGPD 12(2) et 12(6))",
        en="identity could not be established although we asked (GDPR 12(2) and 12(6))",
    ),
    Refusal.NOT_THEIRS: Text(
        fr="la demande porte sur les données d’une autre personne, sans mandat (RGPD 15 à 22)",
        en="the request is about another person’s data, without authority (GDPR 15 to 22)",
    ),
    Refusal.UNFOUNDED: Text(
        fr="la demande est manifestement infondée (RGPD 12(5))",
        en="the request is manifestly unfounded (GDPR 12(5))",
    ),
    Refusal.EXCESSIVE: Text(
        fr="la demande est manifestement excessive (RGPD 12(5))",
        en="the request is manifestly excessive (GDPR 12(5))",
    ),
    Refusal.ACCURATE: Text(
        fr="après vérification, les données sont exactes (RGPD 16)",
        en="having checked, we find the data accurate (GDPR 16)",
    ),
    Refusal.LEGAL_DUTY: Text(
        fr="la loi nous oblige à conserver ces données (RGPD 17(3)(b))",
        en="the law obliges us to keep these data (GDPR 17(3)(b))",
    ),
    Refusal.LEGAL_CLAIMS: Text(
        fr="ces données servent à constater, exercer ou défendre des droits en justice (RGPD 17(3)(e), 21(1))",
        en="these data serve to establish, exercise or defend legal claims (GDPR 17(3)(e), 21(1))",
    ),
    Refusal.STILL_NEEDED: Text(
        fr="aucun des motifs d’effacement n’est réuni : les données restent nécessaires (RGPD 17(1))",
        en="none of the grounds for erasure applies: the data are still needed (GDPR 17(1))",
    ),
    Refusal.NO_RESTRICTION_CASE: Text(
        fr="aucun des quatre cas de limitation n’est réuni (RGPD 18(1)(a) à (d))",
        en="none of the four cases of restriction applies (GDPR 18(1)(a) to (d))",
    ),
    Refusal.COMPELLING_GROUNDS: Text(
        fr="des motifs légitimes et impérieux prévalent (RGPD 21(1))",
        en="compelling legitimate grounds override (GDPR 21(1))",
    ),
    Refusal.NOT_OBJECTIONABLE: Text(
        fr="ce traitement repose sur un contrat, un consentement ou une obligation légale (RGPD 21(1))",
        en="this processing rests on a contract, on consent or on a legal duty (GDPR 21(1))",
    ),
    Refusal.NOT_PORTABLE: Text(
        fr="aucune donnée n’entre dans le droit à la portabilité (RGPD 20(1))",
        en="no data fall under the right to portability (GDPR 20(1))",
    ),
    Refusal.NO_CONSENT: Text(
        fr="aucun traitement ne repose sur un consentement de votre part (RGPD 7(3))",
        en="no processing rests on your consent (GDPR 7(3))",
    ),
}
DELAY_WORDS: dict[Delay, Text] = {
    Delay.VOLUME: Text(fr="le volume des données", en="the volume of the data"),
    Delay.SCATTERED: Text(
        fr="la dispersion des données entre plusieurs services", en="data scattered over several units"
    ),
    Delay.REDACTION: Text(
        fr="l’occultation de données d’autres personnes ou de secrets d’affaires",
        en="redacting other people’s data or trade secrets",
    ),
    Delay.INTELLIGIBILITY: Text(
        fr="le travail nécessaire pour rendre les données intelligibles",
        en="the work needed to make the data intelligible",
    ),
    Delay.SURGE: Text(
        fr="un afflux temporaire de demandes", en="a temporary surge in the number of requests"
    ),
}
RESTRICTION_WORDS: dict[RestrictionCase, Text] = {
    RestrictionCase.ACCURACY: Text(
        fr="l’exactitude des données est contestée, le temps de la vérifier (RGPD 18(1)(a))",
        en="the accuracy of the data is contested, while we check it (GDPR 18(1)(a))",
    ),
    RestrictionCase.UNLAWFUL: Text(
        fr="le traitement est illicite et la personne préfère la limitation à l’effacement (RGPD 18(1)(b))",
        en="the processing is unlawful and the person prefers restriction to erasure (GDPR 18(1)(b))",
    ),
    RestrictionCase.CLAIMS: Text(
        fr="nous n’en avons plus besoin, mais la personne oui pour ses droits en justice (RGPD 18(1)(c))",
        en="we no longer need the data, but the person does for legal claims (GDPR 18(1)(c))",
    ),
    RestrictionCase.BALANCING: Text(
        fr="la personne s’est opposée, le temps de mettre les intérêts en balance (RGPD 18(1)(d))",
        en="the person objected, while the interests are weighed (GDPR 18(1)(d))",
    ),
}
