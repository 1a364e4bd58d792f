"""Sample contexts of the replies to each right, about the invented person of `letter_samples.py`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from models.grounds import Delay, Refusal, RestrictionCase
from models.letters import LetterKind, Withheld
from models.replies import Continues, Corrected, DataSet, DoneIn, InScope, Kept, SystemHolds, Told
from models.rights import Right

BASE, PIPEDRIVE, MAIL, BILLING = range(4)
AT_ONCE, DECIDED, DONE, VERIFIED = (
    date(2026, 12, 2),
    date(2026, 12, 14),
    date(2026, 12, 15),
    date(2026, 12, 16),
)
INVOICES_UNTIL, SUPPRESSED_UNTIL, REVIEW = date(2036, 12, 31), date(2029, 12, 2), date(2027, 1, 14)
NEW_DUE, PROMISED, ANSWER_BY = date(2027, 2, 26), date(2026, 12, 31), date(2026, 12, 10)
SINCE, ENDS, DISCLOSED = date(2026, 12, 2), date(2027, 1, 20), date(2026, 9, 8)
ERASED_UNTIL = date(2027, 4, 14)
LINK_EXPIRES = datetime(2026, 12, 21, 8, 30, tzinfo=UTC)
BACKUP_DAYS = 120
LINK = "https://dsr.nexoris.example/download/3rJx9bKq0vTzN5wYc7LmE2aHs8PdUf4G"
CASE_LINK = "https://dsr.nexoris.example/desk/cases/DSR-2026-0042"

SAID: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "role": "Fonction",
        "before": "Responsable des achats",
        "after": "Directrice des achats",
        "mail": "Adresse e-mail",
        "mail_after": "c.martin-le-goff@example.org",
        "corrected": "fiche de contact corrigée",
        "note": "Compte rendu du 4 mars 2025",
        "note_why": "il rapporte fidèlement ce qui a été dit ce jour-là, et nous y avons joint votre message.",
        "erased_base": "fiche de contact, 4 formulaires",
        "erased_pipe": "1 contact, 3 notes (l’hébergeur purge sa corbeille le 14 janvier 2027)",
        "erased_mail": "41 e-mails",
        "kept": "2 factures et leurs mentions obligatoires",
        "kept_basis": "article 17, paragraphe 3, point b, du RGPD et article L123-22 du code de commerce (dix ans)",
        "claim": "dossier du litige sur la facture de mai 2026",
        "claim_basis": "article 17, paragraphe 3, point e, du RGPD (droits en justice)",
        "partner_not": "cette société a cessé son activité en 2026",
        "campaigns": "envoi de lettres et de campagnes",
        "calls": "relances commerciales et listes d’appel",
        "contract": "Exécution de votre contrat",
        "contract_basis": "article 6, paragraphe 1, point b, du RGPD",
        "invoices": "Facturation et comptabilité",
        "invoices_basis": "obligation légale (article L123-22 du code de commerce)",
        "form": "formulaires envoyés par vous",
        "form_why": "données que vous avez fournies, avec votre consentement",
        "deal": "données du compte client",
        "deal_why": "données que vous avez fournies, en vertu de votre contrat",
        "prospecting": "suivi commercial",
        "prospecting_why": "repose sur notre intérêt légitime (article 6, paragraphe 1, point f, du RGPD)",
        "notes": "notes de nos équipes",
        "notes_why": "vous ne les avez pas fournies",
        "card": "fiche de contact",
        "because": "Nous avons vérifié vos données auprès de votre entreprise et les avons corrigées.",
        "newsletter": "lettre d’information par e-mail",
        "audience": "mesure d’audience du site",
        "visits": "36 visites enregistrées",
        "refusal": "la facture n° 2026-118 doit être conservée avec le nom de son destinataire jusqu’au 31 décembre 2036.",
        "not_request": "Vous nous demandez l’horaire de notre stand au salon de janvier. Il est ouvert de 9 à 18 heures.",
        "delay": "vos échanges avec trois de nos services remplissent plus de deux mille e-mails, qui nomment aussi d’autres personnes.",
        "evidence": "Donnez-nous le nom de votre interlocuteur chez nous et le sujet de votre dernière commande.",
        "exchanges": "e-mails échangés avec vous",
        "files": "documents joints",
        "disclosed": "coordonnées professionnelles",
        "change": "fiche de contact effacée",
        "change_other": "inscription à la lettre d’information effacée",
    },
    "en": {
        "role": "Role",
        "before": "Purchasing manager",
        "after": "Head of purchasing",
        "mail": "E-mail address",
        "mail_after": "c.martin-le-goff@example.org",
        "corrected": "contact record corrected",
        "note": "Meeting note of 4 March 2025",
        "note_why": "it reports faithfully what was said that day; we have attached your message to it.",
        "erased_base": "contact record, 4 forms",
        "erased_pipe": "1 contact, 3 notes (the provider empties its bin on 14 January 2027)",
        "erased_mail": "41 e-mails",
        "kept": "2 invoices with their mandatory particulars",
        "kept_basis": "Article 17(3)(b) GDPR; Article L123-22 of the French Commercial Code (ten years)",
        "claim": "file of the dispute about the invoice of May 2026",
        "claim_basis": "Article 17(3)(e) GDPR: legal claims",
        "partner_not": "this company ceased trading in 2026",
        "campaigns": "newsletters and campaigns",
        "calls": "sales reminders and call lists",
        "contract": "Performing your contract",
        "contract_basis": "Article 6(1)(b) GDPR",
        "invoices": "Invoicing and accounting",
        "invoices_basis": "legal duty (Article L123-22 of the French Commercial Code)",
        "form": "forms you sent",
        "form_why": "data you provided, with your consent",
        "deal": "data of the client account",
        "deal_why": "data you provided, under your contract",
        "prospecting": "sales follow-up",
        "prospecting_why": "rests on our legitimate interest (Article 6(1)(f) GDPR)",
        "notes": "notes of our team",
        "notes_why": "you did not provide them",
        "card": "contact record",
        "because": "We checked your data with your company and corrected them.",
        "newsletter": "newsletter by e-mail",
        "audience": "measuring the website’s audience",
        "visits": "36 recorded visits",
        "refusal": "invoice no. 2026-118 has to be kept with the name of its addressee until 31 December 2036.",
        "not_request": "You ask for the opening hours of our stand at the January trade fair: it is open from 9 to 18.",
        "delay": "your exchanges with three of our departments fill more than two thousand e-mails, which also name other people.",
        "evidence": "Give us the name of the person you deal with here, and the subject of your last order.",
        "exchanges": "e-mails exchanged with you",
        "files": "attached documents",
        "disclosed": "business contact details",
        "change": "contact record erased",
        "change_other": "newsletter subscription erased",
    },
}  # fmt: skip


def reply_facts(language: str, titles: Sequence[str]) -> Mapping[LetterKind, Mapping[str, Any]]:
    """What each kind of reply knows beyond its requester; `titles` are those of four systems."""
    said = SAID[language]
    return {**_changed(said, titles), **_given(said, titles), **_said(said), **_to_others(said, titles)}


def _done(titles: Sequence[str], *whats: tuple[int, str], on: date = DONE) -> tuple[DoneIn, ...]:
    return tuple(DoneIn(system=titles[place], what=what, on=on) for place, what in whats)


def _changed(said: Mapping[str, str], titles: Sequence[str]) -> dict[LetterKind, dict[str, Any]]:
    told = (
        Told(recipient="Imprimerie Dubreuil SARL", told=True),
        Told(recipient="Salons du Marais SAS", told=False, why_not=said["partner_not"]),
    )
    role = Corrected(system=titles[BASE], field=said["role"], before=said["before"], after=said["after"])
    mail = Corrected(system=titles[PIPEDRIVE], field=said["mail"], before="", after=said["mail_after"])
    return {
        LetterKind.RECTIFICATION_REPLY: {
            "decided_on": DECIDED,
            "corrected": (role, mail),
            "done": _done(titles, (BASE, said["corrected"]), (PIPEDRIVE, said["corrected"])),
            "unchanged": (Withheld(what=said["note"], reason=said["note_why"]),),
            "told": told,
        },
        LetterKind.ERASURE_REPLY: {
            "decided_on": DECIDED,
            "erased": _done(
                titles,
                (BASE, said["erased_base"]),
                (PIPEDRIVE, said["erased_pipe"]),
                (MAIL, said["erased_mail"]),
            ),
            "kept": (
                Kept(
                    system=titles[BILLING],
                    what=said["kept"],
                    how="minimised",
                    until=INVOICES_UNTIL,
                    basis=said["kept_basis"],
                ),
                Kept(
                    system=titles[MAIL], what=said["claim"], how="kept", until=None, basis=said["claim_basis"]
                ),
            ),
            "told": told,
            "verified_on": VERIFIED,
            "backup_days": BACKUP_DAYS,
            "suppressed_until": ERASED_UNTIL,
        },
        LetterKind.RESTRICTION_REPLY: {
            "decided_on": AT_ONCE,
            "case": RestrictionCase.ACCURACY,
            "restricted": _done(titles, (BASE, said["card"]), (PIPEDRIVE, said["card"]), on=AT_ONCE),
            "review_on": REVIEW,
            "told": (),
        },
    }


def _given(said: Mapping[str, str], titles: Sequence[str]) -> dict[LetterKind, dict[str, Any]]:
    continues = (
        Continues(purpose=said["contract"], basis=said["contract_basis"]),
        Continues(purpose=said["invoices"], basis=said["invoices_basis"]),
    )
    scope = (("form", True, 4), ("deal", True, 1), ("prospecting", False, 12), ("notes", False, 3))
    return {
        LetterKind.OBJECTION_REPLY: {
            "decided_on": AT_ONCE,
            "marketing": True,
            "stopped": _done(titles, (BASE, said["campaigns"]), (PIPEDRIVE, said["calls"]), on=AT_ONCE),
            "continues": continues,
            "suppressed_until": SUPPRESSED_UNTIL,
        },
        LetterKind.CONSENT_REPLY: {
            "withdrawn_on": AT_ONCE,
            "stopped": _done(titles, (BASE, said["newsletter"]), (BASE, said["audience"]), on=AT_ONCE),
            "erased": _done(titles, (BASE, said["visits"]), on=AT_ONCE),
            "continues": continues[1:],
            "suppressed_until": SUPPRESSED_UNTIL,
        },
        LetterKind.PORTABILITY_REPLY: {
            "decided_on": DECIDED,
            "link": LINK,
            "link_expires_on": LINK_EXPIRES,
            "state_of_data_on": date(2026, 12, 11),
            "scope": tuple(
                InScope(what=said[what], included=included, why=said[f"{what}_why"], records=records)
                for what, included, records in scope
            ),
        },
    }


def _said(said: Mapping[str, str]) -> dict[LetterKind, dict[str, Any]]:
    refusal = {"right": Right.ERASURE, "ground": Refusal.LEGAL_DUTY, "reason": said["refusal"]}
    delay = {"rights": (Right.ACCESS, Right.ERASURE), "delay": Delay.REDACTION, "reason": said["delay"]}
    ends = {"case": RestrictionCase.ACCURACY, "restricted_since": SINCE, "because": said["because"]}
    asked = {"answer_by": ANSWER_BY, "commitment": PROMISED, "stops_clock": True}
    return {
        LetterKind.REFUSAL: {**refusal, "decided_on": DECIDED},
        LetterKind.EXTENSION: {**delay, "promised": PROMISED, "new_due": NEW_DUE},
        LetterKind.RESTRICTION_ENDS: {**ends, "ends_on": ENDS},
        LetterKind.NOT_A_REQUEST: {"reason": said["not_request"]},
        LetterKind.WITHDRAWN: {"right": Right.ERASURE},
        LetterKind.ASK_CHANGE: {"answer_by": ANSWER_BY},
        LetterKind.ASK_EVIDENCE: {"asked": said["evidence"], **asked},
    }


def _to_others(said: Mapping[str, str], titles: Sequence[str]) -> dict[LetterKind, dict[str, Any]]:
    held = (
        SystemHolds(title=titles[BASE], sets=(DataSet(what=said["card"], count=1),)),
        SystemHolds(
            title=titles[MAIL],
            sets=(DataSet(what=said["exchanges"], count=1408), DataSet(what=said["files"], count=212)),
        ),
    )
    return {
        LetterKind.ASK_SCOPE: {
            "systems": held,
            "answer_by": ANSWER_BY,
            "commitment": PROMISED,
            "stops_clock": True,
        },
        LetterKind.RECIPIENT_NOTICE: {
            "right": Right.ERASURE,
            "recipient": "Imprimerie Dubreuil SARL",
            "person": "Claire Martin",
            "about": ("claire.martin@example.org", "+33 1 99 00 12 34"),
            "disclosed_on": DISCLOSED,
            "what": said["disclosed"],
            "changes": (said["change"], said["change_other"]),
            "privacy_address": "privacy@nexoris.com",
        },
        LetterKind.REAPPEARED: {"system_title": titles[PIPEDRIVE], "rows": 3, "case_link": CASE_LINK},
        LetterKind.REVIEW_DUE: {"since": SINCE, "case_link": CASE_LINK},
    }
