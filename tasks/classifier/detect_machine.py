"""Tells bounces and automatic replies from mail that a person wrote (RFC 3464, RFC 3834, RFC 6522).

Pure. "Automatic" means "do not answer automatically", never by itself "do not open a case": whoever calls this looks
for rights as well.
"""

import re
from collections.abc import Collection

from models.classification import Machine
from tasks.classifier.load_vocabulary import fold
from tasks.mail.read_mail import ParsedMail

SHORT = 900  # characters: an absence note is not longer, a letter that mentions an absence is
LOOKED_AT = 4_000  # characters of the text in which a bounce names its failure

_DAEMON = re.compile(
    r"^(?:mailer.?daemon|post.?master|mail.?daemon|mdaemon|daemon|mailerdaemon|mail.?delivery\w*|bounces?|amavis\w*|mta|smtpd?)\b"
)
_LIST_MANAGER = re.compile(r"-(?:admin|owner|request|bounces?|errors)$")
_LISTS = ("list-id", "list-unsubscribe", "list-post")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
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
    r"|(?:not|n t) (?:be )?deliver|undeliver|deliver\w* (?:to|of|status|has|fail|attempt|failed|error)|over quota|quota exceed|permanent (?:error|failure|fatal)|returned to sender|(?:message|mail|recipient|address|sender|host|server|delivery|policy|it) (?:\w+ ){0,3}rejected|rejected (?:by (?:the|your|our|a|their|recipient\w*|remote|host|server|policy)|your (?:message|mail|e ?mail)|message|mail|recipient|address|for (?:policy|spam)|due to|because)|host unknown|recipient (?:address|rejected|unknown)"
    r"|(?:are|is|were) not (?:a )?(?:member|subscrib\w+)|non ?member|not allowed to post"
    r"|n a pas pu etre (?:remis|distribu|deliv)|destinataire inconnu|boite (?:aux lettres )?pleine|konnte nicht zugestellt|empfanger unbekannt|no se pudo entregar|impossibile consegnare|kon niet worden (?:afgeleverd|bezorgd)"
)
_REPLIES = r"^(?:(?:re|aw|sv|r|antw|rif|tr|fwd?) ?: ?)*\W*"
# Whole phrases: "Absence de réponse à ma demande" and "Read my request" are no machine's.
_AUTO_SUBJECT = re.compile(
    _REPLIES
    + r"(?:auto(?:matic|mated)?\W*(?:reply|response|answer|respon\w*|replied)\b|out of (?:the )?office|ooo ?(?:$|[:(])|away from (?:the office|my (?:desk|e ?mail|mail))|(?:vacation|holiday|leave) (?:notice|reply|message|response|auto\w*)\b"
    r"|(?:reponse|message|notification) automatique|(?:message|notification|avis|reponse) d absence|absen\w+ (?:du|de mon|au|hors du) bureau|hors (?:du )?bureau|accuse de reception automatique"
    r"|abwesenheits\w+|automatische (?:antwort|ruckantwort|abwesenheit\w*|eingangsbestatigung)|autoantwort|respuesta automatica|fuera de (?:la )?oficina|(?:aviso|mensaje|notificacion) de ausencia"
    r"|risposta automatica|fuori (?:sede|ufficio)|(?:messaggio|avviso|notifica) di assenza|automatisch (?:antwoord|bericht)|afwezigheids\w+|niet op kantoor"
    r"|read receipt|accuse de lecture|lesebestatigung|confirmacion de lectura|conferma di lettura|leesbevestiging)"
)
# Words with which a person too may begin a subject: the text must say the rest.
_AWAY_SUBJECT = re.compile(
    _REPLIES
    + r"(?:(?:i am |je suis |ich bin |estoy |sono |ik ben )?(?:on |away on |en |im |in |de |met )?(?:annual |sick |maternity |parental )?(?:absence|absente?s?|conges?|vacances|leave|vacation|holidays?|away|abwesen\w*|urlaub\w*|ausente|ausencia|vacaciones|assen\w+|ferie|afwezig\w*|vakantie|verlof))\b"
)
_READ_SUBJECT = re.compile(_REPLIES + r"(?:read|lu|gelesen|leido|letto|gelezen) ?:")
_READ_TEXT = re.compile(
    r"(?:was|been) (?:read|displayed|opened)|a ete (?:lu|affiche|ouvert)|wurde .{0,80}?(?:gelesen|angezeigt|geoffnet)|(?:fue|ha sido|se ha) (?:leido|mostrado|abierto)|e stato (?:letto|visualizzato|aperto)|is (?:op .{0,40}?)?gelezen"
)
# Nobody but a machine says so of itself.
_AUTOMATIC = re.compile(
    r"this is an? (?:auto\w*|system) |(?:ceci est|message|reponse|e ?mail) (?:un )?(?:message |reponse |e ?mail )?(?:genere\w* |envoye\w* )?automatiq\w+|(?:diese|dies) (?:\w+ ){0,4}?automatisch|automatische (?:antwort|eingangsbestatigung|nachricht)|automatisch (?:gegenereerd|generiert|erzeugt|bericht|antwoord|verstuurd)"
    r"|respuesta automatica|mensaje automatico|generado automaticamente|messaggio automatico|risposta automatica|generat\w automaticamente"
    r"|(?:do not|don t|please do not) (?:reply|respond) (?:directly )?to this|(?:ne pas|pas|merci de ne pas) (?:y )?repondre a (?:ce|cet)|merci de ne pas y repondre|antworten sie (?:bitte )?nicht auf diese|no responda a este|non rispond\w+ a quest|beantwoord deze"
    r"|auto(?:matic|mated)? ?(?:reply|response|responder)\b|(?:boite|adresse) (?:aux lettres |mail )?n est pas (?:surveillee|consultee|relevee)|(?:mailbox|inbox|address) is (?:not|no longer) (?:being |actively )?(?:monitored|read|checked)"
    r"|(?:i am|i m|i will be|am) (?:currently |presently )?(?:ooo\b|out of (?:the )?office)|fuera de (?:la )?oficina|fuori (?:ufficio|sede)|niet op kantoor|absent\w* du bureau|hors du bureau|nicht (?:im|am) (?:buro|arbeitsplatz)"
    r"|no longer (?:works?|employed|with (?:the company|us))|ne (?:fais|fait) plus partie (?:de|des)|a quitte (?:la societe|l entreprise|ses fonctions)|nicht mehr (?:im unternehmen|fur das unternehmen|bei \w+ (?:tatig|beschaftigt))|ya no (?:trabaja|forma parte)|non (?:lavora|fa) piu|niet (?:meer|langer) werkzaam"
)
# A person says it too; it takes a second sign to tell.
_AWAY = re.compile(
    r"\b(?:i am|i m|i will be|i ll be) out (?:until|till|from|this|on|for)\b|(?:i am|i m|i will be|i ll be|we are|currently|am) (?:currently |presently |now )?(?:\S+ ){0,3}?(?:away|on (?:annual |sick |maternity |paternity |parental |family |medical )?(?:leave|vacation|holidays?)|unavailable|travell?ing)"
    r"|(?:je suis|je serai|actuellement|suis|serai|nous sommes|etant) (?:actuellement |donc )?(?:\S+ ){0,3}?(?:absente?s?|en (?:conges?|vacances|deplacement|arret|formation)|indisponible|fermes?)|\babsente? (?:du|jusqu|ce jour|pour)|limited (?:email |e mail )?access"
    r"|(?:ich bin|bin|ich werde|wir sind) (?:\S+ ){0,8}?(?:abwesend|erreichbar|im urlaub|ausser haus|in elternzeit|im mutterschutz)"
    r"|(?:estoy|estare|me encuentro|encuentro|estaremos) (?:\S+ ){0,3}?(?:ausente|de vacaciones|de baja|de viaje)|no (?:estare|estoy) disponible"
    r"|(?:sono|saro|siamo) (?:\S+ ){0,3}?(?:assente|in ferie|in vacanza|in maternita)|(?:ik ben|ben|wij zijn) (?:\S+ ){0,6}?(?:afwezig|met vakantie|met verlof|op vakantie|niet bereikbaar)"
)
_SECOND_SIGN = re.compile(
    r"(?:thanks?|thank you) (?:\w+ ){0,3}?for (?:your |the |contacting|reaching|writing)|merci (?:\w+ ){0,2}?(?:de|pour) (?:votre|ton) (?:message|mail|courriel|e mail)|dank\w* (?:\w+ ){0,2}?fur (?:ihre|deine|die) (?:\w+ )?(?:nachricht|mail|e mail|anfrage)|gracias por (?:su|tu|el) (?:correo|mensaje|email|e mail)|grazie per (?:\w+ ){0,2}?(?:mail|messaggio|email|e mail)|bedankt voor (?:uw|je) (?:bericht|mail|e mail)"
    r"|(?:in|en|pendant|durant|wahrend|bij|tijdens) (?:my|mon|son|notre|meiner|mi|mia|mijn) (?:absence|abwesenheit|ausencia|assenza|afwezigheid)|urgen\w+|emergenc\w+|dringend\w*|spoed|on my return|upon (?:my )?return|when i (?:return|get back|am back)|(?:will|ll) (?:be back|return)|back (?:on|in the office)|(?:a|des|lors de) mon retour|de retour (?:le|lundi|mardi|mercredi|jeudi|vendredi|a partir)|nach meiner (?:ruckkehr|abwesenheit)|wieder (?:erreichbar|im buro|da|fur sie)|a mi (?:regreso|vuelta)|regres\w+|volver[ae]|al mio (?:rientro|ritorno)|bij mijn terugk\w+|na mijn (?:terugk|vakantie)|terug op"
    r"|acces limite|(?:not|no|kein\w*|sin|geen) (?:be )?(?:read\w*|acces\w*|zugriff|zugang|toegang)|limited access|wird (?:nicht|auch nicht) (?:weitergeleitet|gelesen)|lees (?:mijn|geen) (?:mails?|e mail\w*)|no tendre acceso|ne (?:pourrai|peux|serai pas en mesure)"
    r"|jusqu au|jusqu a |inclus\b|\buntil\b|bis (?:zum|einschliesslich|einschl)|hasta el|fino al|tot en met|\bvom \d+ \d* ?(?:\w+ )?bis"
)
_ACKNOWLEDGED = re.compile(
    r"^(?:re |aw |sv |r |tr |fwd? )*\W*(?:ticket|case|request|demande|anfrage)?\W*\w{0,12}\W*(?:we (?:have )?(?:well )?received|your (?:request|message|e ?mail|ticket) (?:has been|was|is) (?:received|registered|submitted|logged)|thank you for (?:contacting|your (?:request|message|e ?mail|enquiry))|nous avons bien (?:recu|enregistre)|votre (?:demande|message|ticket) (?:a bien )?(?:a )?ete (?:recue?|enregistree?|prise? en compte)|accuse (?:de )?reception (?:de|automatique)|confirmation de reception|eingangsbestatigung|wir haben ihre (?:nachricht|anfrage)|hemos recibido su|acuse de recibo|abbiamo ricevuto|ontvangstbevestiging|wij hebben uw (?:bericht|mail|vraag))"
)

_RECEIVED = re.compile(
    r"we (?:have |ve )?(?:well |safely |successfully )?(?:received|registered|logged) your (?:\w+ )?(?:request|message|e ?mail|enquiry|inquiry|query|ticket)|your (?:\w+ )?(?:request|message|e ?mail|enquiry|inquiry|query|ticket) (?:has been|was|is) (?:successfully )?(?:received|registered|submitted|logged|opened|created)|a (?:new )?(?:support )?(?:ticket|case) has been (?:opened|created)"
    r"|nous avons bien (?:recu|enregistre|pris en compte) (?:votre|ta) (?:\w+ )?(?:demande|message|courriel|mail|e ?mail|requete|ticket)|(?:votre|ta) (?:\w+ )?(?:demande|message|requete|ticket|courriel|mail|e ?mail) (?:a|est) (?:bien )?(?:ete )?(?:recue?|enregistree?|prise? en compte|transmise?|parvenue?)"
    r"|(?:wir haben )?ihre (?:\w+ )?(?:anfrage|nachricht|mail|e mail|meldung) (?:\w+ ){0,6}?(?:erhalten|eingegangen|registriert|erfasst|angelegt)|hemos recibido (?:su|tu) (?:solicitud|mensaje|correo|consulta|peticion)|(?:su|tu) (?:solicitud|consulta|peticion|mensaje) ha sido (?:recibid|registrad)\w"
    r"|abbiamo ricevuto (?:la|il) (?:sua|suo|tua|tuo|vostra|vostro) (?:richiesta|messaggio|mail|e mail|segnalazione)|la (?:sua|tua|vostra) (?:richiesta|segnalazione) e stata (?:ricevuta|registrata|presa in carico)|(?:we|wij) hebben (?:uw|je) (?:vraag|bericht|verzoek|e ?mail|mail|aanvraag) (?:\w+ ){0,4}?ontvangen|uw (?:vraag|verzoek|bericht|aanvraag) is (?:\w+ ){0,3}?(?:ontvangen|geregistreerd)"
)
_TICKET = re.compile(
    r"\[\W*(?:\w+\W)?\W*\d{3,}\W*\]|(?:#|\b(?:tickets?|case|incident|reference|ref|dossier|vorgang\w*|fall\w*|aktenzeichen|caso|expediente|referencia|pratica|riferimento|zaak\w*|kenmerk|referentie|number|numero|nummer|nr|n°|id))\W{0,3}(?:(?:number|numero|nummer|nr|no|n°|n|id|is|est|lautet|es|e)\W{1,3}){0,2}(?:[a-z]{1,6}\W?)?\d{3,}"
)
# A machine speaks of the request of whoever it answers; only a person speaks of theirs.
_MY_REQUEST = re.compile(
    r"\b(?:ma|mes|notre|nos) (?:\w+ )?(?:demandes?|requetes?|courriers?|reclamations?|droits?)\b|\b(?:my|our) (?:\w+ )?(?:requests?|claims?|rights?|enquiry|inquiry)\b|\b(?:mein|unser)\w{0,2} (?:\w+ )?(?:antrage?|antrags|anfragen?|schreiben|rechte?)\b"
    r"|\b(?:mis?|nuestras?) (?:\w+ )?(?:solicitud\w*|peticion\w*|derechos?)\b|\b(?:la mia|le mie|i miei|la nostra) (?:\w+ )?(?:richiest\w|domand\w|diritti)\b|\b(?:mijn|onze?) (?:\w+ )?(?:verzoek\w*|aanvra\w+|rechten)\b"
)
_OUR_REFERENCE = re.compile(r"\bdsr \d{4} \d{4,}\b")
_ENCLOSED = re.compile(
    r"ci joint|en piece jointe|attached|enclosed|anbei|im anhang|adjunt\w+|allegat\w+|in allegato|bijgevoegd|(?:als|in de) bijlage"
)


def detect_machine(mail: ParsedMail) -> Machine | None:
    """BOUNCE or AUTO_REPLY where structure, headers or wording prove it; None for everything else."""
    if mail.report_type == "feedback-report":
        return None
    if _is_bounce(mail):
        return Machine.BOUNCE
    return Machine.AUTO_REPLY if _is_auto_reply(mail) else None


def says_away(mail: ParsedMail) -> bool:
    """True if the subject says that it is an automatic reply, or a short text does by one clear or two weaker signs."""
    if subject_says_automatic(mail):
        return True
    said = " ".join(mail.fresh_text.split())
    subject, text = _folded(mail.subject).strip(), _folded(said[: 2 * SHORT])
    if len(text) > SHORT:
        return False
    if _AUTOMATIC.search(text) or (_READ_SUBJECT.search(subject) and _READ_TEXT.search(text)):
        return True
    answers = bool(_SECOND_SIGN.search(text)) or mail.auto_submitted.startswith("auto-")
    if _AWAY.search(text):
        threaded = bool(mail.in_reply_to) or mail.return_path == ""
        return answers or threaded or bool(_AWAY_SUBJECT.search(subject))
    if answers and (_AWAY_SUBJECT.search(subject) or _ACKNOWLEDGED.match(subject)):
        return True
    return _acknowledges(mail, subject, text)


def _acknowledges(mail: ParsedMail, subject: str, text: str) -> bool:
    """True for a ticket system's "we have received your request" with a number of its own, and nothing enclosed."""
    numbered = _TICKET.search(_OUR_REFERENCE.sub(" ", f"{subject} \n {text}"))
    files = any(not attachment.media_type.startswith("image/") for attachment in mail.attachments)
    return bool(_RECEIVED.search(text) and numbered) and not files and not _ENCLOSED.search(text)


def is_marked_automatic(mail: ParsedMail) -> bool:
    """True if its structure or headers prove that a machine sent it: no words do, for a person may write the same."""
    return bool(
        mail.report_type
        or mail.return_path == ""
        or says_automatic(mail)
        or _has_automatic_headers(mail)
        or _is_delivery_report(mail)
    )


def says_automatic(mail: ParsedMail) -> bool:
    """True where Auto-Submitted says so (RFC 3834 5)."""
    return mail.auto_submitted.partition(";")[0].strip() not in {"", "no"}


def subject_says_automatic(mail: ParsedMail) -> bool:
    """True if the subject begins as mail programs begin an automatic reply's; what follows is the letter's it answers."""
    return bool(_AUTO_SUBJECT.search(_folded(mail.subject).strip()))


def quotes_our_subject(mail: ParsedMail) -> bool:
    """True if the subject's words are those of a letter that it answers, ours for the most part."""
    return subject_says_automatic(mail) or bool(_OUR_REFERENCE.search(_folded(mail.subject)))


def speaks_of_own_request(mail: ParsedMail) -> bool:
    """True if whoever wrote it speaks of a request or right of their own."""
    return bool(_MY_REQUEST.search(_folded(mail.fresh_text[:LOOKED_AT])))


def is_bulk(mail: ParsedMail, own_domains: Collection[str] = ()) -> bool:
    """True for mailing lists and mass mail; a person may still stand behind one (RFC 3834 2).

    A list of our own is a mailbox by another name: what comes over it is as personal as what is sent to us.
    """
    if mail.machine_header("feedback-id") or mail.precedence in {"bulk", "junk"} or _is_newsletter(mail):
        return True
    lists = mail.precedence == "list" or any(map(mail.machine_header, _LISTS))
    return lists and not is_own_list(mail, own_domains)


def is_own_list(mail: ParsedMail, own_domains: Collection[str]) -> bool:
    """True where List-Id or List-Post names one of our domains (RFC 2919 2, RFC 2369 3.4)."""
    named = f"{mail.machine_header('list-id')} {mail.machine_header('list-post')}".lower()
    hosts = _HOST.findall(named)
    return any(host == domain or host.endswith(f".{domain}") for host in hosts for domain in own_domains)


def is_personal(mail: ParsedMail) -> bool:
    """True for bulk mail that a person may have written: over a list to which people write, or marked bulk by a form."""
    if _ROBOT.match(mail.sender_address) or _is_newsletter(mail):
        return False
    announces = mail.machine_header("feedback-id") or mail.machine_header("list-unsubscribe")
    return "mailto:" in mail.machine_header("list-post").lower() or not announces


def _is_newsletter(mail: ParsedMail) -> bool:
    return "newsletter" in f"{mail.sender_address} {mail.sender_name}".lower()


def _is_delivery_report(mail: ParsedMail) -> bool:
    types = {attachment.media_type for attachment in mail.attachments}
    reports = mail.report_type == "delivery-status" or "message/delivery-status" in types
    return reports or bool(mail.machine_header("x-failed-recipients"))


def _is_bounce(mail: ParsedMail) -> bool:
    if _is_delivery_report(mail):
        return True
    types = {attachment.media_type for attachment in mail.attachments}
    subject = bool(_FAILED_SUBJECT.search(_folded(mail.subject)))
    text = bool(_FAILED_TEXT.search(_folded(mail.text[:LOOKED_AT])))
    daemon = mail.return_path == "" or bool(_DAEMON.match(mail.sender_address.partition("@")[0]))
    daemon = daemon or bool(_LIST_MANAGER.search(mail.sender_address.partition("@")[0]))
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
