"""The columns of the register of requests (law.md A1), one line per request: one right of one case. Pure values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, NamedTuple

from models.calendar import Language

Value = str | int | date | datetime | None
Line = Mapping[str, Value]


class Column(NamedTuple):
    """One column. `kind`: what its cells are; instants are UTC, days are days in Paris. `named`: personal data or free text."""

    key: str
    fr: str
    en: str
    kind: Literal["text", "day", "instant", "number"] = "text"
    named: bool = False

    def title(self, language: Language) -> str:
        """What stands above the column."""
        return self.fr if language == "fr" else self.en


COLUMNS = (
    Column("reference", "Dossier", "Case"),
    Column("received_at", "Arrivée (UTC)", "Arrival (UTC)", "instant"),
    Column("channel", "Voie", "Channel"),
    Column("received_on", "Reçue le", "Received on", "day"),
    Column("requester_name", "Demandeur", "Requester", named=True),
    Column("requester_address", "Adresse", "Address", named=True),
    Column("rule_version", "Version des règles", "Version of the rules"),
    Column("right", "Droit", "Right"),
    Column("language", "Langue", "Language"),
    Column("identity_doubt", "Identité : doute", "Identity: doubt"),
    Column("identity_method", "Identité : moyen", "Identity: method"),
    Column("identity_result", "Identité : résultat", "Identity: result"),
    Column("identity_evidence", "Identité : preuve", "Identity: evidence", named=True),
    Column("clock", "Horloge", "Clock"),
    Column("paused_days", "Jours de pause", "Days paused", "number"),
    Column("commitment", "Fin des 30 jours", "30 days end", "day"),
    Column("statutory", "Date légale", "Date in law", "day"),
    Column("extended_until", "Prolongée jusqu’au", "Extended until", "day"),
    Column("extension_ground", "Motif de prolongation", "Ground of extension"),
    Column("extension_reason", "Raisons de prolongation", "Reasons of extension", named=True),
    Column("extension_told_at", "Prolongation dite (UTC)", "Extension told (UTC)", "instant"),
    Column("extension_hash", "SHA-256 de l’avis", "SHA-256 of the notice"),
    Column("searched", "Systèmes interrogés", "Systems searched"),
    Column("searched_by", "Interrogés par", "Searched by", named=True),
    Column("third_parties", "Champs vus pour les tiers", "Fields looked at for third parties", "number"),
    Column("withheld", "Occultations", "Redactions"),
    Column("decisions", "Décisions et motifs", "Decisions and grounds"),
    Column("decided_by", "Décidé par", "Decided by", named=True),
    Column("reasons", "Raisons", "Reasons", named=True),
    Column("recipients_told", "Destinataires prévenus", "Recipients told", "number"),
    Column("recipients_not_told", "Destinataires non prévenus", "Recipients not told", "number"),
    Column("recipients", "Destinataires", "Recipients", named=True),
    Column("sent_at", "Réponse envoyée (UTC)", "Reply sent (UTC)", "instant"),
    Column("sent_by", "Voie de la réponse", "Channel of the reply"),
    Column("sent_hash", "SHA-256 de la réponse", "SHA-256 of the reply"),
    Column("returned_at", "Réponse revenue (UTC)", "Reply came back (UTC)", "instant"),
    Column("outcome", "Issue", "Outcome"),
    Column("refusal_ground", "Motif de refus", "Ground of refusal"),
    Column("refused_at", "Refus dit, art. 12(4) (UTC)", "Refusal told, Art. 12(4) (UTC)", "instant"),
    Column("closed_at", "Close (UTC)", "Closed (UTC)", "instant"),
    Column("answered_on", "Répondue le", "Answered on", "day"),
    Column("answer_days", "Jours", "Days", "number"),
    Column("late", "En retard", "Late"),
    Column("late_because", "Retard : a surtout attendu", "Late: waited mostly for"),
)


def columns(*, names: bool) -> tuple[Column, ...]:
    """Return the columns; those that name people or hold free text only with `names`."""
    return tuple(column for column in COLUMNS if names or not column.named)
