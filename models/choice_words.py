"""The words an officer chooses from, and the reasons for which an answer is sent back; both languages, keys elsewhere."""

from models.controller import Text
from models.questions import SHORTEST_DELAY_REASON, SHORTEST_REASON, Choice

WORDS: dict[Choice, Text] = {
    Choice.NOT_KNOWN: Text(
        fr="Chercher cette adresse partout et répondre sur ce qui est trouvé ou non",
        en="Search this address everywhere and answer on what is found or not",
    ),
    Choice.SEND_CODE: Text(
        fr="Envoyer un code à l’adresse connue de nos dossiers, indiquée ci-dessous",
        en="Send a code to the address on file given below",
    ),
    Choice.ESTABLISHED: Text(
        fr="L’identité est établie autrement, preuve ci-dessous ; répondre à l’adresse indiquée",
        en="Identity is established by the evidence below; answer to the address given",
    ),
    Choice.ASK_EVIDENCE: Text(
        fr="Nous doutons : demander à la personne ce qui est indiqué ci-dessous",
        en="We are in doubt: ask the person for what is given below",
    ),
    Choice.SEND_COPY: Text(fr="Envoyer la réponse complète", en="Send the complete answer"),
    Choice.NOTHING_HELD: Text(fr="Répondre que nous ne détenons rien", en="Answer that we hold nothing"),
    Choice.SEARCH_AGAIN: Text(fr="Chercher de nouveau", en="Search again"),
    Choice.IDENTIFY: Text(fr="Établir d’abord l’identité", en="Establish identity first"),
    Choice.ASK_SCOPE: Text(
        fr="Beaucoup de données : demander à la personne lesquelles elle veut",
        en="A large quantity of data: ask the person which of them are meant",
    ),
    Choice.ERASE: Text(fr="Effacer exactement comme prévu ci-dessus", en="Erase exactly as planned above"),
    Choice.PLAN_AGAIN: Text(
        fr="Refaire un plan pour ce qui reste, puis l’approuver",
        en="Plan again for what is left, then approve",
    ),
    Choice.LEAVE: Text(
        fr="Ce qui reste concerne d’autres personnes : l’effacement est achevé",
        en="What is left is about other people: the erasure is complete",
    ),
    Choice.ASK_AGAIN: Text(fr="Demander de nouveau aux collègues", en="Ask the colleagues again"),
    Choice.ATTEST: Text(
        fr="C’est fait autrement : le motif dit par qui, quand et comment",
        en="It was done otherwise: the reason says by whom, when and how",
    ),
    Choice.CONFIRM: Text(fr="Confirmer la décision ci-dessus", en="Confirm the decision above"),
    Choice.DECLINE: Text(fr="Ne pas confirmer : à décider de nouveau", en="Do not confirm: decide again"),
    Choice.CORRECT: Text(fr="Corriger comme indiqué ci-dessus", en="Correct as shown above"),
    Choice.PREVIEW: Text(
        fr="Montrer l’avant et l’après avec les valeurs ci-dessous",
        en="Show before and after with the values below",
    ),
    Choice.ASK_PERSON: Text(
        fr="Demander à la personne ce qu’il faut corriger", en="Ask the person what to correct"
    ),
    Choice.RESTRICT_MEANWHILE: Text(
        fr="Limiter le traitement pendant que l’exactitude est vérifiée",
        en="Restrict processing while accuracy is checked",
    ),
    Choice.RESTRICT: Text(
        fr="Limiter le traitement, pour le cas choisi ci-dessous",
        en="Restrict processing, in the case chosen below",
    ),
    Choice.MARKETING_ONLY: Text(
        fr="L’opposition ne vise que la prospection, déjà arrêtée",
        en="Only marketing is objected to, which has stopped already",
    ),
    Choice.UPHOLD: Text(
        fr="Donner raison : le traitement contesté cesse", en="Uphold: the processing objected to ceases"
    ),
    Choice.REFUSE: Text(
        fr="Refuser, pour le motif choisi ci-dessous", en="Refuse, on the ground chosen below"
    ),
    Choice.EXTEND: Text(
        fr="Prolonger le délai de deux mois au plus, pour la raison choisie ci-dessous",
        en="Extend the period by two months at most, for the reason chosen below",
    ),
    Choice.WITHDRAWN: Text(fr="La personne a retiré sa demande", en="The person has withdrawn the request"),
    Choice.NOT_A_REQUEST: Text(
        fr="Ce message n’exerce aucun droit : répondre par le motif ci-dessous",
        en="This message exercises no right: answer with the reason below",
    ),
}

SENT_BACK: dict[str, Text] = {
    "officer": Text(fr="choisissez votre nom", en="choose your name"),
    "other_officer": Text(
        fr="une autre personne que celle qui a décidé doit confirmer",
        en="somebody other than the person who decided must confirm",
    ),
    "code": Text(
        fr="le code à usage unique est faux ou a déjà servi : attendez le suivant",
        en="the one-time code is wrong or was used before: wait for the next one",
    ),
    "choice": Text(
        fr="cette décision n’est pas possible dans l’état du dossier",
        en="this decision is not possible as the case stands",
    ),
    "reason": Text(
        fr=f"écrivez le motif en une phrase, d’au moins {SHORTEST_REASON} caractères",
        en=f"write the reason in one sentence, of at least {SHORTEST_REASON} characters",
    ),
    "delay_reason": Text(
        fr=f"expliquez la prolongation à la personne, en {SHORTEST_DELAY_REASON} caractères au moins",
        en=f"explain the extension to the person, in at least {SHORTEST_DELAY_REASON} characters",
    ),
    "ground": Text(
        fr="choisissez dans la liste le motif qui correspond à la décision",
        en="choose from the list the ground that belongs to the decision",
    ),
    "override": Text(
        fr=f"dites en {SHORTEST_REASON} caractères au moins pourquoi une question tardive arrête le délai, ou rien",
        en=f"say in at least {SHORTEST_REASON} characters why a late question stops the clock, or nothing",
    ),
    "evidence": Text(
        fr=f"écrivez ce que la personne doit nous envoyer, en {SHORTEST_REASON} caractères au moins",
        en=f"write what the person is to send us, in at least {SHORTEST_REASON} characters",
    ),
    "papers": Text(
        fr="une pièce d’identité est disproportionnée ici (CEPD, lignes directrices 01/2022, §73 à 78) : demandez autre chose",
        en="an identity document is disproportionate here (EDPB guidelines 01/2022, 73 to 78): ask for something else",
    ),
    "late": Text(
        fr="le délai légal est passé ou déjà prolongé : il ne peut plus l’être",
        en="the statutory period is over or extended already: it cannot be extended any more",
    ),
    "address": Text(
        fr="indiquez une adresse qui figure déjà dans un de nos systèmes",
        en="give an address that is already on file in one of our systems",
    ),
    "third_party": Text(
        fr="dites si les textes libres ont été relus", en="say whether the free texts were read"
    ),
}


def choice_of(words: str) -> Choice | None:
    """Return the choice that a form's words (in any language) or its key stand for."""
    return next((choice for choice, said in WORDS.items() if words in {choice, said.fr, said.en}), None)
