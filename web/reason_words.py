"""Why a message waits or was not answered, in the officers' language; a reason without words is shown as it is stored.

Reasons are stored in English, in parts between semicolons. Pure.
"""

import re

from models.calendar import Language

_REFERENCE = re.compile(r"DSR-\d{4}-\d{4,}")
FRENCH = {
    "it may be a request: read it and decide today": "c’est peut-être une demande : à lire et à décider aujourd’hui",
    "no request was found in it": "aucune demande n’y a été trouvée",
    "it seems to belong to an earlier case, which could not be found": (
        "il semble suivre un dossier antérieur, qui n’a pas été retrouvé"
    ),
    "it is a request, but of which right is not clear": "c’est une demande, mais le droit exercé n’est pas clair",
    "the sender's address cannot be answered": "on ne peut pas répondre à l’adresse de l’expéditeur",
    "a colleague forwarded it: say who asks and when it arrived at the company": (
        "un collègue l’a transmis : dites qui demande, et quand c’est arrivé dans l’entreprise"
    ),
    "it answers {ref} and may ask for something new: read it and decide today": (
        "il répond à {ref} et demande peut-être autre chose : à lire et à décider aujourd’hui"
    ),
    "its sender has {ref} open: say whether it belongs to it or is a case of its own": (
        "son expéditeur a {ref} ouvert : dites s’il en fait partie, ou si c’est un dossier à part"
    ),
    "marketing stops": "le démarchage s’arrête",
    "it may ask for more: read it and decide today": (
        "il demande peut-être davantage : à lire et à décider aujourd’hui"
    ),
    "an earlier message has the same Message-ID and other words": (
        "un message antérieur porte le même Message-ID et d’autres mots"
    ),
    "it is larger than DSR_MESSAGE_MAX_BYTES: look at it by hand": "il est trop grand : à regarder à la main",
    "it is larger than DSR_MESSAGE_MAX_BYTES: only its header is kept here, it stays unread in the mailbox: read it there "
    "and decide today": (
        "il est trop grand : seul son en-tête est gardé ici, il reste non lu dans la boîte : à lire là-bas et à décider "
        "aujourd’hui"
    ),
    "bringing it here ended the intake three times: only its header is kept here, it stays unread in the mailbox: read it "
    "there and decide today": (
        "le recevoir a arrêté la réception trois fois : seul son en-tête est gardé ici, il reste non lu dans la boîte : "
        "à lire là-bas et à décider aujourd’hui"
    ),
    "reading it ended its reader three times: look at it by hand": (
        "sa lecture a échoué trois fois : à regarder à la main"
    ),
    "reading it takes longer than DSR_MESSAGE_SECONDS: look at it by hand": (
        "sa lecture prend trop de temps : à regarder à la main"
    ),
    "it says that a machine sent it": "il dit qu’une machine l’a envoyé",
    "it has no return path": "il n’a pas d’adresse de retour",
    "it is bulk mail": "c’est un envoi en nombre",
    "it came over a mailing list": "il est venu par une liste de diffusion",
    "it asks for no automatic answer": "il demande de ne pas répondre automatiquement",
    "it is an automatic reply or a report": "c’est une réponse automatique ou un rapport",
    "our own address sent it for somebody: say who asks": (
        "notre propre adresse l’a envoyé pour quelqu’un : dites qui demande"
    ),
    "a robot sent it for somebody: say who asks": "un robot l’a envoyé pour quelqu’un : dites qui demande",
    "{ref} waits for an answer, and it may be one: see who wrote it": (
        "{ref} attend une réponse, et c’en est peut-être une : voyez qui l’a écrite"
    ),
    "our own address sent it": "notre propre adresse l’a envoyé",
    "its address is that of a robot": "son adresse est celle d’un robot",
    "this address had enough automatic answers today": (
        "cette adresse a reçu assez de réponses automatiques aujourd’hui"
    ),
}


def reason_in_words(language: Language, reason: str) -> str:
    """Return a stored reason in `language`."""
    if language == "en":
        return reason
    return " ; ".join(_part(part) for part in reason.split("; "))


def _part(part: str) -> str:
    found = _REFERENCE.search(part)
    plain = part.replace(found[0], "{ref}") if found else part
    words = FRENCH.get(plain)
    return words.replace("{ref}", found[0] if found else "") if words else part
