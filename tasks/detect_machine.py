"""Tells bounces and automatic replies from mail that a person wrote (RFC 3464, RFC 3834, RFC 6522).

Pure. "Automatic" means "do not answer automatically", never by itself "do not open a case": whoever calls this looks
for rights as well.
"""

import re

from models.classification import Machine
from tasks.load_vocabulary import fold
from tasks.read_mail import ParsedMail

SHORT = 900  # characters: an absence note is not longer, a letter that mentions an absence is
LOOKED_AT = 4_000  # characters of the text in which a bounce names its failure

_DAEMON = re.compile(
    r"^(?:mailer.?daemon|post.?master|mail.?daemon|mdaemon|daemon|mailerdaemon|mail.?delivery\w*|bounces?|amavis\w*|mta|smtpd?)\b"
)
_ROBOT = re.compile(r"^(?:no|do.?not).?reply\b")
_FAILED_SUBJECT = re.compile(
    r"undeliver|non.?deliver|not deliver|couldn t be deliver|could not be deliver|cannot be deliver|deliver\w* (?:status|fail|report|error|problem|has failed|unsuccess|delay|notif|incomplete|attempt)"
    r"|(?:mail|message|e ?mail|deliver\w*|dispatch|transmi\w*) (?:system )?(?:error|fail\w*|status|problem|rejected|returned|bounced|warning|delayed)"
    r"|fail\w* (?:notice|to deliver|deliver|mail|notification)|returned (?:mail|message|to sender)|return to sender|bounce|rejected mail|mail rejected|user unknown|unknown user"
    r"|non remis|non distribu|echec de (?:la )?(?:remise|distribution)|avis de non|retour a l expediteur|unzustellbar|nicht zustell|zustellung|fehlgeschlagen"
    r"|no (?:se ha )?(?:podido )?entreg|devuelto|mancata consegna|non recapit|onbestelbaar|niet bezorg|notification d etat"
)
_FAILED_TEXT = re.compile(
    r"\b[45]\.\d{1,3}\.\d{1,3}\b|\b(?:421|4[45]\d|5[05]\d)[ -]|user unknown|unknown (?:user|recipient|address)|no such (?:user|recipient|mailbox|address)|mailbox (?:full|unavailable|not found|is full|quota|does not)"
    r"|(?:not|n t) (?:be )?deliver|undeliver|deliver\w* (?:to|of|status|has|fail|attempt|failed|error)|over quota|quota exceed|permanent (?:error|failure|fatal)|returned to sender|rejected|host unknown|recipient (?:address|rejected|unknown)"
    r"|n a pas pu etre (?:remis|distribu|deliv)|destinataire inconnu|boite (?:aux lettres )?pleine|konnte nicht zugestellt|empfanger unbekannt|no se pudo entregar|impossibile consegnare|kon niet worden (?:afgeleverd|bezorgd)"
)
_AUTO_SUBJECT = re.compile(
    r"^(?:re |aw |sv |r )?\W*(?:auto(?:matic|mated)?\W*(?:reply|response|answer|respon\w*|replied)|out of (?:the )?office|ooo\b|away from|on (?:vacation|leave|holiday)|vacation|holiday (?:notice|reply)"
    r"|reponse automatique|message automatique|absence\b|absent|hors (?:du )?bureau|en conges?|accuse de reception automatique|abwesen\w*|automatische antwort|autoantwort|respuesta automatica|fuera de (?:la )?oficina"
    r"|risposta automatica|fuori (?:sede|ufficio)|assenza|automatisch antwoord|afwezig\w*|read receipt|lu |read |gelesen |accuse de lecture)"
)
_AWAY = re.compile(
    r"(?:i am|i m|i will be|i ll be|we are|currently|am) (?:currently |presently |now )?(?:\w+ ){0,3}?(?:out of (?:the )?office|away|on (?:annual |sick |maternity |parental )?(?:leave|vacation|holidays?)|unavailable|travell?ing)"
    r"|(?:je suis|je serai|actuellement|suis|serai) (?:actuellement |donc )?(?:\w+ ){0,3}?(?:absente?|en (?:conges?|vacances|deplacement)|hors du bureau|indisponible)"
    r"|(?:ich bin|bin) (?:\w+ ){0,6}?(?:abwesend|nicht (?:im|am) (?:buro|haus|arbeitsplatz|erreichbar)|im urlaub|ausser haus)|(?:estoy|estare) (?:\w+ ){0,3}?(?:ausente|fuera de la oficina|de vacaciones)"
    r"|(?:sono|saro) (?:\w+ ){0,3}?(?:assente|fuori (?:ufficio|sede)|in ferie)|(?:ik ben|ben) (?:\w+ ){0,5}?(?:afwezig|niet op kantoor|met vakantie|met verlof)|no longer (?:works?|employed|with)|a quitte (?:la societe|l entreprise|ses fonctions)"
    r"|this is an automat\w+|(?:ceci est|message) (?:un )?(?:message |reponse |e mail )?(?:genere )?automatiq\w+|(?:diese|dies) (?:\w+ ){0,4}?automatisch|respuesta automatica|messaggio automatico|automatisch (?:gegenereerd|bericht|antwoord)"
)


def detect_machine(mail: ParsedMail) -> Machine | None:
    """BOUNCE or AUTO_REPLY where structure, headers or wording prove it; None for everything else."""
    if mail.report_type == "feedback-report":
        return None
    if _is_bounce(mail):
        return Machine.BOUNCE
    return Machine.AUTO_REPLY if _is_auto_reply(mail) else None


def says_away(mail: ParsedMail) -> bool:
    """True if subject or a short text says by itself that it is an automatic reply."""
    text = _folded(mail.fresh_text)
    return _subject_says_automatic(mail) or bool(len(text) <= SHORT and _AWAY.search(text))


def is_marked_automatic(mail: ParsedMail) -> bool:
    """True if headers or subject say that nobody wrote it; a mere "I no longer work there" says nothing of the kind."""
    return _has_automatic_headers(mail) or _subject_says_automatic(mail)


def _subject_says_automatic(mail: ParsedMail) -> bool:
    return bool(_AUTO_SUBJECT.search(_folded(mail.subject).strip()))


def is_bulk(mail: ParsedMail) -> bool:
    """True for mailing lists and mass mail; a person may still stand behind one (RFC 3834 2)."""
    lists = any(
        mail.machine_header(name) for name in ("list-id", "list-unsubscribe", "list-post", "feedback-id")
    )
    return (
        lists
        or "newsletter" in f"{mail.sender_address} {mail.sender_name}".lower()
        or mail.precedence in {"bulk", "list", "junk"}
    )


def _is_bounce(mail: ParsedMail) -> bool:
    types = {attachment.media_type for attachment in mail.attachments}
    if mail.report_type == "delivery-status" or "message/delivery-status" in types:
        return True
    if mail.machine_header("x-failed-recipients"):
        return True
    subject = bool(_FAILED_SUBJECT.search(_folded(mail.subject)))
    text = bool(_FAILED_TEXT.search(_folded(mail.text[:LOOKED_AT])))
    daemon = mail.return_path == "" or bool(_DAEMON.match(mail.sender_address.partition("@")[0]))
    daemon = daemon or bool(_FAILED_SUBJECT.search(_folded(mail.sender_name))) or not mail.sender_address
    robot = bool(_ROBOT.match(mail.sender_address))
    returned = robot and bool(types & {"message/rfc822", "text/rfc822-headers"})
    return sum((subject, text, daemon, returned)) > 1 and not (daemon and not subject and says_away(mail))


def _is_auto_reply(mail: ParsedMail) -> bool:
    return _has_automatic_headers(mail) or says_away(mail)


def _has_automatic_headers(mail: ParsedMail) -> bool:
    if mail.auto_submitted.startswith("auto-replied") or mail.precedence in {"auto_reply", "auto-reply"}:
        return True
    if mail.machine_header("x-autoreply") or mail.machine_header("x-autorespond"):
        return True
    return mail.report_type == "disposition-notification"


def _folded(text: str) -> str:
    return " ".join(fold(text).split())
