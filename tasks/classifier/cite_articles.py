"""Reads which articles of the GDPR a text cites, and the rights they stand for.

Pure: text in, numbers and rights out.
"""

import re

from models.rights import ARTICLES, Right
from tasks.classifier.load_vocabulary import LANGUAGES, load_vocabulary, plain_words
from tasks.classifier.split_sentences import sentences

COMPLAINT = "77"  # the article

_ARTICLE = re.compile(
    r"\b(?:arts?|articles?|artikel\w*|articulos?|articol[oi]|artigos?) (\d+(?: (?:et|and|und|y|e|en|ou|or|oder|o|of|u) \d+){0,3})\b"
)
# A citation is an insertion: without it the verb stands beside its object ("widerrufe ich gemäß Art. 7 meine ...").
_LAW = r"general data protection regulation|reglement general sur la protection des donnees|datenschutz ?grundverordnung|reglamento general de proteccion de datos|regolamento generale sulla protezione dei dati|algemene verordening gegevensbescherming"
CITATION = re.compile(
    r"(?:\b(?:conformement|en application|en vertu|au titre|sur le fondement|selon|pursuant to|in accordance with|according to|as per|gemass|nach|gem|laut|gestutzt auf|im sinne|ai sensi|a norma|conforme|en virtud|de conformidad con|de acuerdo con|al amparo|segun|op grond van|overeenkomstig|krachtens|ingevolge|under) )?"
    r"(?:(?:a|al|de|des|du|del|dell|von|van|l|la|le|the|los|lo dispuesto en el) ){0,2}"
    r"\b(?:arts?|articles?|artikel\w*|articulos?|articol[oi]|artigos?) \d+"
    rf"(?: (?:{_LAW}|\d+|abs|absatz|satz|s|par|paragraph|alinea|section|lid|co|comma|apartado|lit|lettre|letter|point|[a-h]|of|the|du|de|la|le|l|del|della|dell|des|der|van|und|et|and|ff|dsgvo|ds gvo|gdpr|rgpd|avg|reglement|regulation|reglamento|regolamento|verordening|ue|eu|uk)\b)*"
)


def cites_complaint(text: str) -> bool:
    """True if the text cites Article 77 GDPR, the complaint to the supervisory authority."""
    return COMPLAINT in articles(plain_words(text))


def cited_rights(text: str) -> tuple[Right, ...]:
    """Rights whose article of the GDPR a demanding sentence cites; for messages in which nothing else is found."""
    numbers: set[str] = set()
    for sentence in sentences(text):
        if any(load_vocabulary(language).words["ask"].search(sentence) for language in LANGUAGES):
            numbers.update(articles(sentence))
    return tuple(right for right in Right if ARTICLES[right] in numbers)


def articles(words: str) -> set[str]:
    """The numbers of the articles that folded words cite: of "articles 15 and 20" both."""
    return {number for match in _ARTICLE.finditer(words) for number in match[1].split() if number.isdigit()}
