"""Decides what a message is: a request, its follow-up, no request, or something a person must look at.

Pure: the same message gives the same answer. When unsure a person decides (law.md V2): missing a request costs more
than looking twice.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from models.classification import Classification, Evidence, Kind, Machine
from models.rights import Right
from tasks.classifier.cite_articles import cited_rights, cites_complaint
from tasks.classifier.detect_language import detect_language
from tasks.classifier.detect_machine import (
    detect_machine,
    is_bulk,
    is_marked_automatic,
    is_personal,
    quotes_our_subject,
    says_automatic,
    says_away,
    speaks_of_own_request,
    subject_says_automatic,
)
from tasks.classifier.find_name import find_name
from tasks.classifier.load_vocabulary import LANGUAGES, load_vocabulary, plain_words
from tasks.classifier.match_rights import (
    OTHER,
    Finding,
    Reading,
    Strength,
    read_rights,
)
from tasks.classifier.second_opinion import second_opinion
from tasks.mail.read_mail import ParsedMail

UNDERSTOOD = 0.1  # share of a text's words that are a language's commonest ones, from which we read it
UNSURE = 0.6  # confidence in "no request" where the language is hardly known
MAX_EVIDENCE = 12
SHORT_WORDS = 120  # up to this a mere hint makes a person look, and a subject "unsubscribe" means it
TERSE_WORDS = (
    25  # a line or two in words nobody foresaw: whoever writes to a privacy mailbox is read by a person
)
FORWARD_WORDS = 5  # from this on, words above a forwarded message speak for their sender
LIFTED_WORDS = (
    50  # up to this the second opinion alone may make a person look; a longer text always has such a line
)
OPINION_ASKS, OPINION_ASKS_TERSELY, OPINION_OF_RIGHT = 0.85, 0.5, 0.5  # chances

_FORWARDED = re.compile(
    r"^[ \t]*-{2,}[ \t]*(?:forwarded message|original message|message transféré|message d['’]origine|weitergeleitete nachricht|ursprüngliche nachricht|mensaje reenviado|mensaje original|messaggio inoltrato|messaggio originale|doorgestuurd bericht|oorspronkelijk bericht)\b",
    re.IGNORECASE | re.MULTILINE,
)
_MINE = re.compile(
    r"\b(?:i|my|me|mine|us|our|je|j|m|me|moi|mon|ma|mes|nous|nos|notre|ich|mich|mir|mein\w*|uns\w*|mis?|mio|mia|miei|mie|nuestr\w*|nostr\w*|ik|mij|mijn|ons|onze)\b"
)
_COMPLAINT = re.compile(r"\b(?:plainte|complaint|beschwerde|reclam|denuncia|klacht)")  # to an authority


def classify(mail: ParsedMail, own_domains: Collection[str] = ()) -> Classification:
    """Kind, rights, language, name and evidence of one message; a list of `own_domains` is no mass mail."""
    mail = _without_forwarded(mail)
    subject, body = read_rights(mail.subject, is_subject=True), read_rights(mail.fresh_text)
    rights, findings = _rights(mail, subject, body)
    kind, confidence, machine = _kind(mail, subject, body, rights, own_domains)
    if kind is Kind.NOT_REQUEST:
        rights, findings = (), []
        confidence = confidence if machine or _is_understood(body) else UNSURE
    if kind is Kind.NEEDS_REVIEW and not rights:
        rights, findings = _possible_rights(mail, subject, body)
    spoken = body.languages or subject.languages
    hint = next(iter(spoken)) if len(spoken) == 1 else ""
    language = detect_language(f"{mail.subject}\n{mail.fresh_text}", hint)
    first_name, last_name = find_name(mail, language)
    return Classification(
        kind=kind,
        rights=rights,
        language=language,
        first_name=first_name,
        last_name=last_name,
        confidence=confidence,
        machine=machine,
        because=_evidence(findings, rights, subject, body),
    )


def _is_understood(body: Reading) -> bool:
    """Whether one of the languages whose words we know is clearly spoken: what we cannot read may ask for anything."""
    said = Counter(word for part in body.told for word in part.split())
    common = (load_vocabulary(language).common for language in LANGUAGES if language != OTHER)
    return any(sum(said[word] for word in words) >= UNDERSTOOD * said.total() for words in common)


def _without_forwarded(mail: ParsedMail) -> ParsedMail:
    """The mail with what its sender wrote above a forwarded message as its own text, where that is more than a greeting."""
    own = _FORWARDED.split(mail.fresh_text, maxsplit=1)[0]
    said = own != mail.fresh_text and len(plain_words(own).split()) >= FORWARD_WORDS
    return replace(mail, fresh_text=own) if said else mail


def _rights(mail: ParsedMail, subject: Reading, body: Reading) -> tuple[tuple[Right, ...], list[Finding]]:
    """The rights that are asked for: in the body, else in the subject, else by a condition alone.

    A subject "unsubscribe" adds an objection and hides nothing: an erasure is never taken for less (law.md Q5).
    """
    levels = ((body, Strength.ASKED), (subject, Strength.ASKED), (body, Strength.CONDITIONAL))
    stops = {Right.OBJECTION} if _is_stop(mail, subject, body) else set()
    for reading, strength in levels[:1] if stops else levels:
        findings = [finding for finding in reading.findings if finding.strength >= strength]
        if findings:
            asked = {finding.right for finding in findings}
            beside = (
                finding for finding in body.findings + subject.findings if finding.strength is Strength.BESIDE
            )
            findings += [finding for finding in beside if finding.right not in asked]
            found = stops | {finding.right for finding in findings}
            return tuple(right for right in Right if right in found), findings
    return tuple(stops), []


def _is_stop(mail: ParsedMail, subject: Reading, body: Reading) -> bool:
    """True for the one-word mails people and mail programs send to leave a list (law.md R7a, List-Unsubscribe)."""
    return body.whole or (subject.whole and _is_short(mail))


def _is_short(mail: ParsedMail) -> bool:
    return len(plain_words(mail.fresh_text).split()) <= SHORT_WORDS


def _kind(
    mail: ParsedMail,
    subject: Reading,
    body: Reading,
    rights: tuple[Right, ...],
    own_domains: Collection[str],
) -> tuple[Kind, float, Machine | None]:
    """Kind, confidence and machine. A machine's own words (a footer) ask for nothing; a robot may pass on a request."""
    machine = detect_machine(mail)
    if mail.report_type == "feedback-report":
        return Kind.NOT_REQUEST, 0.98, None
    if machine is not None and not is_marked_automatic(mail):
        spoken = _spoken_behind(mail, machine, subject, body)
        if spoken is not None:
            return *spoken, None
    if machine is Machine.BOUNCE:
        return Kind.NOT_REQUEST, 0.98, machine
    passes_on = bool(rights) and says_automatic(mail) and not mail.auto_submitted.startswith("auto-replied")
    if machine is Machine.AUTO_REPLY and not passes_on and (says_away(mail) or not rights):
        return Kind.NOT_REQUEST, 0.95, machine
    bulk = is_bulk(mail, own_domains)
    if machine or bulk or (body.offers_to_leave and not _is_short(mail)):
        personal = is_personal(mail)
        announced = bulk and not personal and bool(body.notice) and not subject.findings
        asks = (rights and not announced) or (bulk and personal and _touches_law(subject, body))
        return (Kind.NEEDS_REVIEW, 0.5, None) if asks else (Kind.NOT_REQUEST, 0.9, None)
    return *_written_by_person(mail, subject, body, rights), None


def _spoken_behind(
    mail: ParsedMail, machine: Machine, subject: Reading, body: Reading
) -> tuple[Kind, float] | None:
    """What a person may have written in a machine's words, where no header says machine; None where nothing speaks for it."""
    heard = Reading() if quotes_our_subject(mail) else subject
    rights, _ = _rights(mail, heard, body)
    if not (rights or _touches_law(heard, body) or speaks_of_own_request(mail)):
        return None
    kind, confidence = _written_by_person(mail, heard, body, rights)
    sure = machine is Machine.AUTO_REPLY and not subject_says_automatic(mail)
    return (kind, confidence) if kind is Kind.FOLLOW_UP or (sure and rights) else (Kind.NEEDS_REVIEW, 0.5)


def _touches_law(*parts: Reading) -> bool:
    return any(part.follow_up or part.privacy or part.alarm for part in parts)


def _written_by_person(
    mail: ParsedMail, subject: Reading, body: Reading, rights: tuple[Right, ...]
) -> tuple[Kind, float]:
    findings = subject.findings + body.findings
    touches = bool(subject.privacy or body.privacy or subject.alarm or body.alarm)
    perhaps = bool(subject.touch or body.touch) and not (subject.business or body.business)
    aside = bool(subject.aside or body.aside)
    complains = any(_COMPLAINT.search(words) for words in subject.alarm) or cites_complaint(mail.subject)
    follows = not aside and bool(body.follow_up or subject.follow_up) and not complains
    if follows and (touches or findings):
        return Kind.FOLLOW_UP, 0.75
    surest = max((finding.strength for finding in findings), default=Strength.LISTED)
    trade = len(set(subject.business + body.business)) > 1 and not (touches or subject.touch or body.touch)
    called = bool(rights) and not body.findings and bool(body.business) and not (touches or body.touch)
    if (
        rights
        and not (aside or trade or called or subject.notice or body.notice)
        and (surest is Strength.ASKED or _is_stop(mail, subject, body))
    ):
        return Kind.REQUEST, 0.95 if len(body.findings) > 1 else 0.85
    if _sells(subject, body):
        return Kind.NOT_REQUEST, 0.8
    vague = surest is Strength.BESIDE and bool(subject.business or body.business)
    hinted = _is_short(mail) and ((surest >= Strength.HINTED and not vague) or perhaps)
    reminds = follows and len(set(subject.follow_up + body.follow_up)) > 1
    if rights or touches or hinted or reminds or _says_it_elsewhere(mail) or _may_ask(mail, subject, body):
        return Kind.NEEDS_REVIEW, 0.5
    return Kind.NOT_REQUEST, 0.9


def _sells(subject: Reading, body: Reading) -> bool:
    """True for one who informs or sells and asks for nothing, nor do the rights asked of the reader's customers count."""
    if not (subject.notice or body.notice):
        return False
    said = [finding for finding in subject.findings + body.findings if finding.strength > Strength.BESIDE]
    own = [finding.words for finding in said] + subject.touch + body.touch + subject.privacy + body.privacy
    if any(_MINE.search(words) for words in own):
        return False
    if subject.alarm or body.alarm:
        return False
    if not said:
        return True
    formats = all(finding.right is Right.PORTABILITY for finding in said)
    offers = formats and bool(subject.business or body.business)
    return offers or bool(subject.aside or body.aside)


def _may_ask(mail: ParsedMail, subject: Reading, body: Reading) -> bool:
    """True for a few lines in words no rule knows, in which the second opinion sees a wish and nothing tells of business."""
    words = len(plain_words(mail.fresh_text).split())
    if not words or subject.business or body.business or words > LIFTED_WORDS:
        return False
    terse = words <= TERSE_WORDS and not body.offers_to_leave
    return second_opinion(subject.told + body.told).asks >= (OPINION_ASKS_TERSELY if terse else OPINION_ASKS)


def _says_it_elsewhere(mail: ParsedMail) -> bool:
    """True if the letter may be an attachment without a word beside it, or stands in the quoted text only."""
    if not any(character.isalpha() for character in mail.text):
        return bool(mail.attachments)
    return mail.text != mail.fresh_text and bool(read_rights(mail.text).rights(Strength.ASKED))


def _possible_rights(
    mail: ParsedMail, subject: Reading, body: Reading
) -> tuple[tuple[Right, ...], list[Finding]]:
    """What a person should consider: cited articles, else rights only hinted at, quoted, or seen by the second opinion."""
    cited = cited_rights(f"{mail.subject}\n{mail.fresh_text}")
    if cited:
        return cited, []
    findings = subject.findings + body.findings or read_rights(mail.text).findings
    if not findings:
        likely = second_opinion(subject.told + body.told).surely(OPINION_OF_RIGHT)
        findings = [Finding(right, words, Strength.HINTED) for right, words in likely.items()]
    found = {finding.right for finding in findings}
    return tuple(right for right in Right if right in found), findings


def _evidence(
    findings: list[Finding], rights: tuple[Right, ...], subject: Reading, body: Reading
) -> tuple[Evidence, ...]:
    """The words shown to the officer: the strongest first, each once."""
    strongest = sorted(findings, key=lambda finding: -finding.strength)
    shown = [Evidence(finding.right, finding.words) for finding in strongest if finding.right in rights]
    others = (
        subject.follow_up
        + body.follow_up
        + subject.alarm
        + body.alarm
        + subject.privacy
        + body.privacy
        + subject.touch
        + body.touch
    )
    return tuple(dict.fromkeys(shown + [Evidence(None, words) for words in others]))[:MAX_EVIDENCE]
