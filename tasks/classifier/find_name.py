"""Finds the requester's first and last name: in labelled lines, signature, display name, and last in the address.

Pure. A missing name is None and never a ground to refuse (law.md I7).
"""

import re

from tasks.classifier.load_vocabulary import fold
from tasks.mail.read_mail import ParsedMail

Name = tuple[str | None, str | None]
NOBODY: Name = (None, None)
LOOKED_AT = 8_000  # characters at each end of the text
SIGNATURE_LINES = 6  # lines under a closing formula in which a name may stand
MAX_NAME_WORDS = 5

_TITLES = re.compile(
    r"^(?:(?:m|mr|mrs|ms|miss|mme|mlle|me|dr|docteur|doctor|doktor|dottore|dottoressa|prof|pr|herrn?|frau|sr|sra|srta|sig|sig\.?ra|dott|dott\.?ssa|dhr|mevr|mw|monsieur|madame|mademoiselle|maître|señora?|don|doña|signora?|heer|mevrouw)\b\.?\s+)+",
    re.IGNORECASE,
)
_LETTER = r"[^\W\d_]"
_WORD = rf"['’]?{_LETTER}(?:{_LETTER}|['’ʼ‐‑.-](?={_LETTER}))*\.?"
_NAME_LINE = re.compile(rf"{_WORD}(?:,?\s+{_WORD}){{0,{MAX_NAME_WORDS - 1}}}")
_PARTICLES = frozenset(
    {"de", "du", "des", "d", "la", "le", "les", "van", "von", "der", "den", "dem", "het", "ten", "ter", "te", "zu", "zum", "zur", "vom", "da", "das", "do", "dos", "di", "del", "della", "dello", "dei", "degli", "lo", "el", "al", "ben", "bin", "ibn", "abu", "'t", "op", "in", "st", "st.", "saint", "sainte", "ní", "ni", "nic", "ó", "mac", "mc", "af", "av"}
)  # fmt: skip
_AND = frozenset({"i", "y", "e"})  # between two surnames
_FORMERLY = r"(?:née?|born|formerly|previously|bisher|vormals|früher|geb\.|geborene|anciennement|antes|già|voorheen|ex)"
_LAST_LABEL = r"nom(?: de famille)?|last ?name|surname|family name|nachname|familienname|apellidos?|cognome|achternaam|familienaam"
_FIRST_LABEL = r"pr[ée]nom(?:\(?s\)?)?|first ?name|given name|forename|vorname|nombre|nome|voornaam"
_FULL_LABEL = r"(?:nom (?:et|&) pr[ée]noms?|pr[ée]noms? (?:et|&) noms?|nom,? pr[ée]nom|pr[ée]nom,? nom|full name|my name|name|nom complet|vollständiger name|nombre (?:y apellidos?|completo)|nome (?:e cognome|completo)|cognome e nome|naam|volledige naam|vor- und nachname|name und vorname)"
# Words of a signature, an address or a salutation that are capitalised like a name, and are none.
_NO_NAME = re.compile(
    r"\b(?:madame|monsieur|mesdames|messieurs|mademoiselle|maître|dear|sir|sirs|madam|damen|herren|herr|frau|geachte|beste|heer|mevrouw|estimad[oa]s?|señor(?:es|as?)?|gentil[ei]|egregi[oa]?|spett|signor[ei]?|signora|bonjour|bonsoir|hello|hallo|hola|buongiorno|goedendag|whom|concern|objet|betreff|subject|onderwerp|asunto|oggetto|datum|date"
    r"|sarl|sasu?|eurl|scop|gmbh|ltd|llc|inc|plc|corp|group|groupe|srl|spa|bvba|cabinet|société|company|studio|atelier|garage|agence|agency|verein|stichting|association|mairie"
    r"|direct(?:or|eur|rice|ora?)|manager|designer|développeur|developer|ingénieur|engineer|consultante?|gérante?|président[e]?|chief|officer|assistante?|responsable|chargée?|geschäftsführer(?:in)?|leiter(?:in)?|freelance|architecte?"
    r"|rue|avenue|boulevard|impasse|place|street|road|lane|stra(?:ß|ss)e|weg|platz|calle|via|viale|piazza|straat|laan|plein|tel|tél|fax|mobile|phone|gsm"
    r"|france|germany|deutschland|italia|italy|españa|spain|nederland|netherlands|belgique|belgium|belgië|suisse|schweiz|switzerland|österreich|austria|kingdom|england|ireland|usa|cedex"
    r"|stop|svp|iphone|android|outlook|gmail|yahoo|unsubscribe|désinscription|abmelden|gdpr|rgpd|dsgvo|avg|article|artikel|best|kind|warm|regards|grüße|saluti|saludos|groet(?:en)?|cordialement)\b",
    re.IGNORECASE,
)
_ROLES = re.compile(
    r"\b(?:support|team|équipe|equipe|service|services|newsletter|no.?reply|info|contact|privacy|admin\w*|sales|office|customer|client|clients|webmaster|postmaster|mailer|daemon|marketing|compta\w*|direction|department|sav|user|account|mail|me|moi|abuse|security|help|desk|kundenservice|privé|personal|perso|home|web|taller|atelier|garage|reception|accueil|boutique|shop|store|bureau|secretariat|buero|kontakt|oficina|tienda|ufficio|negozio|studio|winkel)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\W*(?:.{0,60}\b)?(?:cordialement|salutations?|sentiments|considération|respectueusement|sincèrement|bien à vous|merci(?: d'avance| par avance| beaucoup)?|bonne journée|a bientôt|regards|sincerely|faithfully|truly|thanks?|thank you|cheers|best|yours|respectfully|grüßen?|grüssen?|mfg|hochachtungsvoll|dank|saludos?|atentamente|cordialmente|gracias|saluti|distinti|grazie|ossequi|groet(?:en)?|hoogachtend|bedankt|met vriendelijke groet|atenciosamente|cumprimentos|obrigad[oa]|hilsen|hälsningar|pozdravem|pozdrowieniami|poważaniem|lijep pozdrav|poštovanjem|saygılarımla|уважением)\b[^\n]{0,40}$",
    re.IGNORECASE,
)
_BEHIND_NAME = re.compile(r"\s*(?:,|\||–|—|\s-\s|/|\()\s*")
_STATES = re.compile(
    rf"(?:je soussigné(?:e|\(e\)|·e)?,?|je m['’]appelle|mon nom est|my name is|i am called|i, (?:the undersigned,? )?|ich heiße|ich heisse|mein name (?:ist|lautet)|me llamo|mi nombre es|(?:yo|el|la) abajo firmante,?|mi chiamo|il mio nome è|(?:il|la|io) sottoscritt[oa]/?a?,?|mijn naam is|ik heet|ondergetekende,?|meu nome é|jmenuji se|nazywam się|zovem se|\bi am|\bi['’]m|\bthis is|\bje suis|\bich bin|\bik ben|\bsoy|\b(?:me|myself|moi),)(?:\s+(?:désormais|maintenant|dorénavant|now|jetzt|nun|ahora|adesso|ora|nu|voortaan))?\s+(?P<name>{_WORD}(?:[ \t]+{_WORD}){{1,{MAX_NAME_WORDS - 1}}})",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    rf"({_LETTER}{{2,}}(?:-{_LETTER}{{2,}})?)[._]({_LETTER}{{2,}}(?:-{_LETTER}{{2,}})?)\d{{0,4}}$"
)

_ON_BEHALF = re.compile(
    rf"\b(?:conseil de|avocate? de|mandataire de|pour le compte de|au nom de|(?:mon|notre) client,?|(?:ma|notre) cliente,?|agissant pour|(?:we|i) act for|acting for|(?:on|in) behalf of|(?:my|our) client,?|instructed by"
    rf"|mandant(?:in|en)?,?|in vertretung von|im namen von|en (?:nombre|representación) (?:y (?:en )?(?:nombre|representación) )?de|mi (?:cliente|representad[oa]),?|(?:per|in) (?:conto|nome) (?:di|del|della)|(?:assistit[oa]|client[ei]),?|cliënte?,?|namens)"
    rf"(?=\s+(?P<name>{_WORD}(?:\s+{_WORD}){{1,{MAX_NAME_WORDS}}}))",
    re.IGNORECASE,
)


def find_name(mail: ParsedMail, language: str = "") -> Name:
    """(first name, last name) as the person writes them, without titles; None for what is not said.

    `language` (two letters) decides where Spanish and Portuguese double surnames begin.
    """
    text = mail.fresh_text or mail.text
    client = _client(text, language)
    if all(client):
        return client
    labelled = _labelled(text, language)
    if all(labelled):
        return labelled
    display, signed = _display(mail, language), _signed(mail.text, language)
    if all(display) and all(signed) and _is_better(signed, display, text):
        return signed
    if all(display) and not _is_partial(display, mail.sender_name):
        return display
    said = (_stated(text, language), signed)
    for candidate in (*said, display, _address(mail.sender_address)):
        if all(candidate):
            return candidate
    return NOBODY  # half a name tells nobody apart


def _is_partial(name: Name, written: str) -> bool:
    """True for initials ("J. de Vries") and for what is written small: the letter may hold the full name."""
    first = (name[0] or "").replace("-", "").replace(".", "").replace(" ", "")
    return len(first) < 2 or (len(first) < 4 and "." in (name[0] or "")) or written.islower()


def _is_better(signed: Name, display: Name, text: str) -> bool:
    """True if a signature names the same person more fully than the display name, or in their own spelling and order."""
    by_hand, shown = (fold(f"{first} {last}").replace(".", "").split() for first, last in (signed, display))
    if sorted(by_hand) == sorted(shown):
        return True
    if len(by_hand) >= len(shown) and all(_stands_for(word, by_hand) for word in shown):
        return True
    if fold(signed[0] or "") != fold(display[0] or ""):
        return False
    renamed = re.search(rf"{_FORMERLY}\W{{1,3}}{re.escape(display[1] or '')}\b", text, re.IGNORECASE)
    return bool(renamed)


def _stands_for(word: str, full: list[str]) -> bool:
    """True if the word is one of these, or the initials of one."""
    return word in full or (len(word) < 3 and any(whole[0] == word[0] for whole in full))


def split_name(full: str, language: str = "") -> Name:
    """First and last name of a full one, whichever way round; the surname in capitals may come first (French habit)."""
    full = " ".join(_TITLES.sub("", " ".join(full.split())).split())
    last, comma, first = (part.strip() for part in full.partition(","))
    if comma and first and last:
        return first, last
    words = full.replace(",", " ").split()
    if len(words) < 2:
        return (words[0], None) if words else NOBODY
    if all(map(_is_capitals, words)) and len(words) > 2 and words[0].lower() in _PARTICLES:
        end = next((i for i, word in enumerate(words) if word.lower() not in _PARTICLES), 0) + 1
        return " ".join(words[end:]) or None, " ".join(words[:end])
    given = [word for word in words if not _is_capitals(word) and word.lower() not in _PARTICLES]
    if given and any(_is_capitals(word) for word in words):
        return " ".join(given), " ".join(word for word in words if word not in given)
    start = _surname_start(words, language)
    return " ".join(words[:start]), " ".join(words[start:])


def _surname_start(words: list[str], language: str) -> int:
    """Index of the first word of the surname: its particle; two surnames in Spanish and Portuguese; else the last word."""
    if language in {"es", "pt"}:
        joined = _PARTICLES | _AND
        units = [
            i
            for i, word in enumerate(words)
            if i == 0 or (words[i - 1].lower() not in joined and word.lower() not in _AND)
        ]
        return units[1] if len(units) < 4 else units[-2]
    particles = (i for i, word in enumerate(words[1:-1], start=1) if word.lower() in _PARTICLES)
    return next(particles, len(words) - 1)


def _is_capitals(word: str) -> bool:
    letters = [char for char in word if char.isalpha()]
    return len(letters) > 1 and all(char.isupper() for char in letters)


def looks_like_name(line: str) -> bool:
    """True for two to five capitalised words, particles apart, none of them a role."""
    line = _TITLES.sub("", line.strip())
    words = line.replace(",", " ").split()
    if not 2 <= len(words) <= MAX_NAME_WORDS or not _NAME_LINE.fullmatch(line):
        return False
    if _ROLES.search(line) or _NO_NAME.search(line):
        return False
    return all(word[0].isupper() or word.lower() in _PARTICLES or word[:2].lower() == "d'" for word in words)


def _display(mail: ParsedMail, language: str) -> Name:
    """The display name, if it is one: in lower case it may be a nickname, unless the address repeats it."""
    name = re.sub(r"\(.*?\)|\[.*?\]|\s+(?:via|\||-|–|chez|at|@)\s.*$|[\"<>]", " ", mail.sender_name).strip(
        " ,"
    )
    if not name or "@" in name or any(char.isdigit() for char in name):
        return NOBODY
    if _ROLES.search(name) or _NO_NAME.search(_TITLES.sub("", name)) or (len(name) < 4 and name.isupper()):
        return NOBODY
    local = fold(mail.sender_address.partition("@")[0])
    if name.islower() and not any(len(word) > 2 and word in local for word in fold(name).split()):
        return NOBODY
    return split_name(name, language) if _NAME_LINE.fullmatch(_TITLES.sub("", name)) else NOBODY


def _labelled(text: str, language: str) -> Name:
    """Names in lines such as `Nom : Durand`, `First name: Camille`, `Name: Camille Durand`."""
    head = text[:LOOKED_AT] + "\n" + text[-LOOKED_AT:]
    first = _after_label(head, _FIRST_LABEL)
    last = _after_label(head, _LAST_LABEL)
    if first and last:
        return first, last
    full = _after_label(head, _FULL_LABEL) or (last if not first else None)
    return split_name(full, language) if full and looks_like_name(full) else NOBODY


def _after_label(text: str, label: str) -> str | None:
    match = re.search(
        rf"(?:^|[\n,;(])[ \t>*•-]*(?:{label})[ \t]*(?:is|est|ist|:|=)[ \t]*({_WORD}(?:[ \t]+{_WORD}){{0,{MAX_NAME_WORDS - 1}}})[ \t]*(?=$|[\n,;.)])",
        text,
        re.IGNORECASE,
    )
    return match[1] if match else None


def _stated(text: str, language: str) -> Name:
    """A name after "my name is", "je soussignée" and the like: the capitalised words that follow."""
    match = _STATES.search(text[:LOOKED_AT])
    return _capitalised(match["name"], language) if match else NOBODY


def _client(text: str, language: str) -> Name:
    """The person for whom a lawyer or a relative writes: theirs are the data."""
    for match in _ON_BEHALF.finditer(text[:LOOKED_AT]):
        name = _capitalised(match["name"], language)
        if all(name) and looks_like_name(" ".join(part for part in name if part)):
            return name
    return NOBODY


def _capitalised(written: str, language: str) -> Name:
    """The name in the capitalised words at the beginning of `written`."""
    words: list[str] = []
    for word in _TITLES.sub("", " ".join(written.split())).split():
        if not word[0].isupper() and word.lower() not in _PARTICLES:
            break
        words.append(word)
        if word.endswith(".") and len(word) > 2:
            break
    words[-1:] = [word.rstrip(".") for word in words[-1:]]
    while words and words[-1].lower() in _PARTICLES:
        words.pop()
    return split_name(" ".join(words), language) if len(words) > 1 else NOBODY


def _signed(text: str, language: str) -> Name:
    """A line under a closing formula, else the last line, else the first, that looks like a name."""
    lines = [line.strip(" \t*_,.-–—") for line in text[-LOOKED_AT:].split("\n")]
    closings = [index for index, line in enumerate(lines) if _CLOSING.match(line)]
    for start in reversed(closings):
        for line in [line for line in lines[start + 1 :] if line][:SIGNATURE_LINES]:
            if name := _name_in(line):
                return split_name(name, language)
        if name := _name_in(lines[start].rpartition(",")[2].strip()):
            return split_name(name, language)
    filled = [line for line in lines if line]
    ends = [re.split(r"[.!?]\s+", line)[-1] for line in filled[-1:] if not line.isupper()]
    for line in [*reversed(filled[-3:]), *ends, *filled[:2]]:
        if name := _name_in(line):
            return split_name(name, language)
    return NOBODY


def _name_in(line: str) -> str:
    """The line, or what stands before its comma, bar or dash, where that looks like a name; else empty."""
    pieces = (line, _BEHIND_NAME.split(line, maxsplit=1)[0])
    return next((piece for piece in pieces if looks_like_name(piece)), "")


def _address(address: str) -> Name:
    """`camille.durand@` as a last resort: accents cannot be known."""
    match = _ADDRESS.match(address.partition("@")[0])
    if not match or _ROLES.search(match[1]) or _ROLES.search(match[2]):
        return NOBODY
    return match[1].title(), match[2].title()
