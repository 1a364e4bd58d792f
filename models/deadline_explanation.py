"""Why a case has its dates: sentences for the privacy officer, in French or English, each naming its rule of law.md.

Pure. No sentence holds personal data or an officer's free text, so they may be shown in Prefect as well.
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from models.calendar import Language, day_off_name, format_day, format_days, is_working
from models.deadlines import Deadlines, PauseVerdict

Facts = dict[str, Any]  # what a sentence names; dates are written out in its language
LIMITS = ("extension_notice_promised_by", "extension_notice_legal_latest", "refusal_notice_latest")

SENTENCES: dict[str, dict[Language, str]] = {
    "received": {
        "en": "[D2, D10] The request arrived on {received_on}, Paris time; that day is day 0, whoever read it later.",
        "fr": "[D2, D10] La demande est arrivée le {received_on}, heure de Paris ; c’est le jour 0, peu importe quand elle a été lue.",
    },
    "commitment": {
        "en": "[D26] Our published promise is an answer within 30 days: by {commitment}. Nothing moves this date.",
        "fr": "[D26] Nous avons promis publiquement de répondre sous 30 jours : au plus tard le {commitment}. Rien ne déplace cette date.",
    },
    "target": {
        "en": "[D26] Nobody works that day ({why}), so aim for {commitment_target}.",
        "fr": "[D26] Ce jour n’est pas travaillé ({why}) : visez le {commitment_target}.",
    },
    "month": {
        "en": "[D1, D4] The law allows one month, up to the day with the same number: {month_ends}.",
        "fr": "[D1, D4] La loi laisse un mois, jusqu’au jour portant le même numéro : le {month_ends}.",
    },
    "clamp": {
        "en": "[D1, D5] The law allows one month; that month has no day {number}, so it ends on its last day: {month_ends}.",
        "fr": "[D1, D5] La loi laisse un mois ; ce mois n’a pas de jour {number}, le délai finit donc son dernier jour : le {month_ends}.",
    },
    "counted": {
        "en": "[{rule}] The clock stood still from {asked} to {answered} while we waited for an answer about {subject}: {days} added.",
        "fr": "[{rule}] Le délai a été suspendu du {asked} au {answered}, dans l’attente d’une réponse sur {subject} : {days} de plus.",
    },
    "open": {
        "en": "[{rule}] The clock has stood still since {asked}, as we wait for an answer about {subject}: {days} added so far.",
        "fr": "[{rule}] Le délai est suspendu depuis le {asked}, dans l’attente d’une réponse sur {subject} : {days} de plus à ce jour.",
    },
    "overridden": {
        "en": "[{rule}] That question went out more than {limit} working days after receipt; it counts because a person decided so and gave a reason.",
        "fr": "[{rule}] Cette question est partie plus de {limit} jours ouvrés après la réception ; elle compte parce qu’une personne l’a décidé en le motivant.",
    },
    "no_reason": {
        "en": "[{rule}] The question of {asked} about {subject} does not stop the clock: no reason for asking it is recorded.",
        "fr": "[{rule}] La question du {asked} sur {subject} ne suspend pas le délai : aucun motif n’est enregistré.",
    },
    "period_over": {
        "en": "[{rule}] The question of {asked} about {subject} does not stop the clock: the month was already over.",
        "fr": "[{rule}] La question du {asked} sur {subject} ne suspend pas le délai : le mois était déjà écoulé.",
    },
    "too_late": {
        "en": "[{rule}] The question of {asked} about {subject} does not stop the clock: it went out more than {limit} working days after receipt.",
        "fr": "[{rule}] La question du {asked} sur {subject} ne suspend pas le délai : elle est partie plus de {limit} jours ouvrés après la réception.",
    },
    "paused": {
        "en": "[D19] With {days} of pause the month ends on {statutory_nominal}. Without it, the last day would be {statutory_due_without_pause}.",
        "fr": "[D19] Avec {days} de suspension, le mois finit le {statutory_nominal}. Sans elle, le dernier jour serait le {statutory_due_without_pause}.",
    },
    "roll": {
        "en": "[D6] Nobody works on {off}, so the law’s last day becomes {due}.",
        "fr": "[D6] Jours non travaillés : {off} ; le dernier jour légal devient donc le {due}.",
    },
    "extension_in_force": {
        "en": "[D11, D13] Extended by two months: the law’s last day is {extended_due}. Promise the requester {extended_cautious}.",
        "fr": "[D11, D13] Prolongation de deux mois : le dernier jour légal est le {extended_due}. Promettez au demandeur le {extended_cautious}.",
    },
    "promise_broken": {
        "en": "[D29] The requester was told of the extension after {binding}: lawful, but a broken promise.",
        "fr": "[D29] Le demandeur a été averti de la prolongation après le {binding} : c’est légal, mais la promesse n’est pas tenue.",
    },
    "promise_has_no_extension": {
        "en": "[D29] Our 30 days know no extension: the notice must say that they will be exceeded.",
        "fr": "[D29] Nos 30 jours ne se prolongent pas : l’avis doit dire qu’ils seront dépassés.",
    },
    "extension_no_reason": {
        "en": "[D11] The extension does not count: no reason is recorded.",
        "fr": "[D11] La prolongation ne compte pas : aucun motif n’est enregistré.",
    },
    "extension_too_late": {
        "en": "[D12] The extension does not count: the requester was told after {statutory_due}.",
        "fr": "[D12] La prolongation ne compte pas : le demandeur a été averti après le {statutory_due}.",
    },
    "extension_not_told": {
        "en": "[D11] The extension does not count yet: its notice has not left. It must be told by {extension_notice_legal_latest}.",
        "fr": "[D11] La prolongation ne compte pas encore : son avis n’est pas parti. Elle doit être annoncée au plus tard le {extension_notice_legal_latest}.",
    },
    "extension_undelivered": {
        "en": "[D11] The extension does not count: its notice could not leave or came back. Tell the requester otherwise by {extension_notice_legal_latest}.",
        "fr": "[D11] La prolongation ne compte pas : son avis n’a pas pu partir ou est revenu. Prévenez le demandeur autrement, au plus tard le {extension_notice_legal_latest}.",
    },
    "extension_none": {
        "en": "[D11, D29] An extension must be told, with reasons, by {extension_notice_promised_by}; the law refuses it after {extension_notice_legal_latest}.",
        "fr": "[D11, D29] Une prolongation doit être annoncée et motivée au plus tard le {extension_notice_promised_by} ; la loi la refuse après le {extension_notice_legal_latest}.",
    },
    "refusal": {
        "en": "[D14] A refusal, even in part, must be told by {refusal_notice_latest}, extension or not.",
        "fr": "[D14] Un refus, même partiel, doit être annoncé au plus tard le {refusal_notice_latest}, prolongation ou non.",
    },
    "binding_commitment": {
        "en": "[D27] The promise comes first: {binding} is the date we work to.",
        "fr": "[D27] La promesse vient en premier : nous travaillons pour le {binding}.",
    },
    "binding_statutory": {
        "en": "[D27] The law comes first: {binding} is the date we work to.",
        "fr": "[D27] La loi vient en premier : nous travaillons pour le {binding}.",
    },
    "binding_equal": {
        "en": "[D27] Promise and law end on the same day: {binding} is the date we work to.",
        "fr": "[D27] La promesse et la loi finissent le même jour : nous travaillons pour le {binding}.",
    },
    "safe": {
        "en": "[D27] To be safe, send the answer by {safe_send_by}, the last working day that respects both dates.",
        "fr": "[D27] Pour être sûr, envoyez la réponse au plus tard le {safe_send_by}, dernier jour ouvré qui respecte les deux dates.",
    },
}
SUBJECTS: dict[str, dict[Language, str]] = {
    "identity": {"en": "who the requester is", "fr": "l’identité du demandeur"},
    "scope": {"en": "which processing is meant", "fr": "les traitements visés"},
}
ADDED_HOLIDAY: dict[Language, str] = {"en": "holiday added by setting", "fr": "jour férié ajouté par réglage"}


def explain(dates: Deadlines, language: Language) -> list[str]:
    """One sentence for each rule that shaped the dates, in the order in which they were applied."""
    facts: Facts = {field.name: getattr(dates, field.name) for field in fields(dates)}
    facts |= {name: getattr(dates, name) for name in LIMITS}
    return [_written(key, facts | own, language) for key, own in _reasons(dates, language)]


def _written(key: str, facts: Facts, language: Language) -> str:
    shown = {
        name: format_day(fact, language) if isinstance(fact, date) else fact for name, fact in facts.items()
    }
    return SENTENCES[key][language].format_map(shown)


def _reasons(dates: Deadlines, language: Language) -> Iterator[tuple[str, Facts]]:
    yield "received", {}
    yield "commitment", {}
    if dates.commitment_target != dates.commitment:
        yield "target", {"why": _why_off(dates.commitment, language)}
    clamped = dates.month_ends.day != dates.received_on.day
    yield ("clamp" if clamped else "month"), {"number": dates.received_on.day}
    for verdict in dates.pauses:
        yield from _pause(verdict, dates, language)
    if dates.paused_days:
        yield "paused", {"days": format_days(dates.paused_days, language)}
    yield from _roll(dates.statutory_nominal, dates.statutory_due, language)
    yield from _extension(dates, language)
    yield "refusal", {}
    earlier = "commitment" if dates.commitment < dates.statutory_due else "statutory"
    yield f"binding_{'equal' if dates.commitment == dates.statutory_due else earlier}", {}
    yield "safe", {}


def _pause(verdict: PauseVerdict, dates: Deadlines, language: Language) -> Iterator[tuple[str, Facts]]:
    pause = verdict.pause
    facts: Facts = {
        "rule": "D16" if pause.kind == "identity" else "D17",
        "subject": SUBJECTS[pause.kind][language],
        "asked": pause.asked,
        "limit": dates.query_working_days,
        "days": format_days(verdict.days, language),
    }
    if verdict.outcome != "counted":
        yield verdict.outcome, facts
        return
    yield ("counted", facts | {"answered": pause.answered}) if pause.answered else ("open", facts)
    if verdict.overridden:
        yield "overridden", facts


def _roll(nominal: date, due: date, language: Language) -> Iterator[tuple[str, Facts]]:
    if nominal != due:
        off = [nominal + timedelta(days=n) for n in range((due - nominal).days)]
        yield "roll", {"off": ", ".join(_day_off(day, language) for day in off), "due": due}


def _extension(dates: Deadlines, language: Language) -> Iterator[tuple[str, Facts]]:
    if not dates.extended:
        yield f"extension_{dates.extension}", {}
        return
    yield "extension_in_force", {}
    yield from _roll(dates.extended_nominal, dates.extended_due, language)
    yield "promise_has_no_extension", {}
    if dates.extension == "in_force_promise_broken":
        yield "promise_broken", {}


def _day_off(day: date, language: Language) -> str:
    name, written = _why_off(day, language), format_day(day, language)
    return written if name in written else f"{written} ({name})"


def _why_off(day: date, language: Language) -> str:
    return ADDED_HOLIDAY[language] if is_working(day) else day_off_name(day, language)
