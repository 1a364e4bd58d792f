"""Families of ordinary wording in each language, forms, footers, notices and other people's business. Our own words."""

import pytest

from models.classification import Kind
from models.rights import Right
from tasks.classifier.classify import classify
from tasks.classifier.find_name import find_name
from tasks.mail.read_mail import read_mail
from tests.support.mail_samples import FILLER, letter

# fmt: off
ASKED = [
    # portability without its name
    ("fr", "portability", "On change d'outil en juin : pouvons-nous récupérer nos contacts et nos notes dans un format que le nouveau logiciel sait lire ?"),
    ("en", "portability", "We are switching to another supplier in June and need our contacts in a file their software can import."),
    ("de", "portability", "Wir wechseln im Juni zu einem anderen Anbieter und brauchen einen Export unserer Daten."),
    ("es", "portability", "En junio cambiamos de proveedor y necesito llevarme mis datos en un fichero que otro programa pueda leer."),
    ("it", "portability", "A giugno passiamo a un altro fornitore: mi serve un'esportazione dei miei dati."),
    ("nl", "portability", "In juni stappen wij over naar een andere leverancier en ik wil mijn gegevens meenemen."),
    # rectification: old and new, a changed name, telegraphic
    ("fr", "rectification", "Enlevez le fixe, il n'existe plus. Le nouveau numéro est le 01 00 00 00 00."),
    ("en", "rectification", "Please take the landline off my card. Use the mobile 07700 900000 instead."),
    ("de", "rectification", "Seit der Heirat heiße ich Vogt, bitte ändern Sie mein Profil."),
    ("es", "rectification", "Borrad el móvil antiguo y poned el nuevo, es el 600 000 001."),
    ("it", "rectification", "Togliete il numero vecchio e mettete quello nuovo."),
    ("nl", "rectification", "U schrijft nog naar mijn oude adres, het nieuwe is Kade 3."),
    # consent, given and taken back
    ("fr", "consent_withdrawal", "J'avais donné mon accord pour le témoignage en vidéo, je le retire."),
    ("en", "consent_withdrawal", "I agreed to the interview in May. I revoke that."),
    ("de", "consent_withdrawal", "Im Mai habe ich zugestimmt, das widerrufe ich hiermit."),
    ("es", "consent_withdrawal", "Di permiso para la entrevista y ahora lo retiro."),
    ("it", "consent_withdrawal", "Avevo dato il permesso per l'intervista, lo ritiro."),
    ("nl", "consent_withdrawal", "In mei ging ik akkoord met het interview, dat trek ik in."),
    # restriction: store, and no more
    ("fr", "restriction", "Tant que vous n'avez pas contrôlé cette mention, personne ne doit se servir de mon dossier."),
    ("en", "restriction", "Until you have checked the entry, nobody should use my record."),
    ("de", "restriction", "Löschen Sie meine Akte nicht, aber verwenden Sie sie bis zum Urteil nicht mehr."),
    ("es", "restriction", "Congelen mi expediente hasta que lo comprueben."),
    ("it", "restriction", "Sospendete l'uso dei miei dati finché non avrete verificato."),
    ("nl", "restriction", "Bevries mijn dossier tot dit is nagegaan."),
    # a right that is named and not wanted
    ("fr", "rectification", "Vous m'avez proposé de supprimer ma fiche : non, je demande seulement que l'erreur sur mon poste soit corrigée."),
    ("en", "restriction", "Instead of erasing the profile, restrict its use until the case is over."),
    ("en", "objection", "I object to the use of my data for marketing. Add me to your suppression list rather than deleting my details."),
    ("de", "access", "Bitte löschen Sie meine Daten nicht, ich möchte zuerst eine Kopie meiner Akte."),
    # what others offer or complain of, in the requester's own letter
    ("en", "access", "I attended your webinar in May. Under the GDPR I ask for a copy of my data, and expect your team to process my request."),
    ("fr", "access", "J'ai suivi votre formation en mai. Conformément au RGPD je demande une copie de mes données, vos équipes traiteront ma demande."),
    # whom to tell is no wish to know
    ("es", "erasure", "Eliminen todos mis datos y notifiquen a terceros que hayan recibido mis datos."),
    ("nl", "erasure", "Wis al mijn gegevens en stel elke ontvanger aan wie mijn gegevens zijn verstrekt op de hoogte."),
    # a commonly used form belongs to access
    ("es", "access", "Ejerzo mi derecho de acceso y pido una copia de mis datos en un formato electrónico de uso común."),
    # under a heading
    ("en", "erasure objection", "I demand the erasure of all my personal data.\n\nRights exercised:\n- right to erasure\n- right to object\n\nAnn"),
]
BOXES = [
    "☒ La rectification de mon numéro de téléphone : 01 00 00 00 00\n☐ L'effacement de mes données\n☐ La portabilité de mes données",
    "[x] La rectification de mon numéro de téléphone : 01 00 00 00 00\n[ ] L'effacement de mes données\n[ ] je m'oppose au traitement de mes données",
]
ASIDE = [
    "Notre formation apprend à vos équipes l'accès, la rectification, l'effacement et la portabilité.",
    "Our course teaches your staff to answer a subject access request and a request for erasure.",
    "Nous avons été saisis d'une plainte d'une personne qui a exercé son droit d'accès. Nous attendons vos observations.",
    "Please find our redline of the agreement: assistance with access, erasure and portability requests.",
    "Étudiante, je prépare un mémoire sur le droit à l'effacement : accepteriez-vous de répondre à mes questions ?",
    "Dans quel pays sont hébergées les données, et quels sont vos sous-traitants ?",
]
NOTHING = [
    "Je garde mon numéro : voici mon code RIO pour la portabilité vers mon nouvel opérateur.",
    "Our engineers need access to the building, please send us the badge form and the information you need.",
    "Il y a une erreur sur la facture 12, pouvez-vous nous l'annuler et en refaire une ?",
    "You are receiving this because you visited our stand.\n\nUnsubscribe · Request my data · Delete my account",
    "Auskunft, Berichtigung und Löschung Ihrer Daten können Sie jederzeit verlangen.",
    "The invoice has the wrong address, please send a corrected one.",
    "Bitte ändern Sie die Menge von zwei auf zwölf.",
    "Your mailbox is full and will be suspended, verify your account today.",
]
SEEN_BY_A_PERSON = [
    "Was in that box of mine should come over to the machine at the new place, how do I get it out?",
    "Tout ce que j'ai rentré là-dedans, comment je le sors pour le mettre ailleurs ?",
]
CLIENTS = [
    ("Cabinet Lenoir <contact@lenoir.example>", "Je suis le conseil de Mme Awa Ndiaye, qui demande une copie de ses données.", ("Awa", "Ndiaye")),
    ("Hill LLP <post@hill.example>", "We act for Mr Peter van Dam. Our client asks for a copy of his data.", ("Peter", "van Dam")),
    ("Kanzlei Roth <post@roth.example>", "Namens meiner Mandantin Frau Lena Graf bitte ich um Auskunft.", ("Lena", "Graf")),
]
SIGNATURES = [
    ("Renee Lefevre <r.lefevre@b.example>", "Bonjour,\n\nMerci.\n\nRenée Lefèvre", ("Renée", "Lefèvre")),
    ("MORIN Julie <jm@b.example>", "Bonjour,\n\nMerci.\n\nCordialement,\nJulie Morin", ("Julie", "Morin")),
    ("DE LUCA MARIO <m@b.example>", "Salve, cancellate i miei dati.", ("MARIO", "DE LUCA")),
    ("J. P. Stone <jp@b.example>", "Hello,\n\nplease.\n\nKind regards\nJohn Paul Stone", ("John Paul", "Stone")),
    ("Clara Weiss <c.weiss@b.example>", "Guten Tag,\n\nbitte ändern.\n\nGrüße\nClara Sommer (bisher Weiss)", ("Clara", "Sommer")),
    ("Zoe <zoe@b.example>", "Merci\nZoe", (None, None)),
]
# fmt: on


def judge(text: str, subject: str = "Question"):
    return classify(read_mail(letter(subject, text)))


@pytest.mark.parametrize(("language", "rights", "text"), ASKED)
def test_a_right_is_found_in_ordinary_words(language, rights, text):
    found = judge(text)
    assert (found.kind, set(found.rights)) == (Kind.REQUEST, {Right(right) for right in rights.split()})
    assert found.language == language


@pytest.mark.parametrize("boxes", BOXES)
def test_only_the_ticked_boxes_of_a_form_are_asked_for(boxes):
    found = judge(f"Je vous demande :\n\n{boxes}\n\nMerci de me répondre.")
    assert (found.kind, found.rights) == (Kind.REQUEST, (Right.RECTIFICATION,))


@pytest.mark.parametrize("text", ASIDE)
def test_rights_as_a_subject_of_somebody_elses_work_go_to_a_person(text):
    assert judge(text).kind is Kind.NEEDS_REVIEW


@pytest.mark.parametrize("text", NOTHING)
def test_words_of_rights_that_ask_for_nothing_open_no_case(text):
    assert judge(f"{text}\n\n{FILLER}").kind is Kind.NOT_REQUEST


@pytest.mark.parametrize("text", SEEN_BY_A_PERSON)
def test_a_wish_in_words_no_rule_knows_is_seen_by_a_person(text):
    assert (
        judge(f"{text} " + "Thank you, see you on Monday at the usual place. " * 2).kind is Kind.NEEDS_REVIEW
    )


@pytest.mark.parametrize(
    "text",
    [
        "L'adresse sur la facture est fausse, merci d'en envoyer une corrigée.",
        "Ik werk niet meer bij het bedrijf, schrijf mijn collega.",
    ],
)
def test_what_may_or_may_not_concern_a_persons_data_is_no_request_by_itself(text):
    assert judge(text).kind is not Kind.REQUEST


def test_articles_in_the_subject_are_asked_for_beside_what_the_body_says():
    found = judge("Je souhaite une copie de mes données.", "Demande au titre des articles 15 et 20")
    assert set(found.rights) == {Right.ACCESS, Right.PORTABILITY}


def test_what_stands_above_a_forwarded_message_is_what_its_sender_says():
    forwarded = (
        "---------- Forwarded message ---------\nFrom: A\n\nDelete your duplicates. Correct your records."
    )
    found = judge(f"Please stop sending me this newsletter.\n\n{forwarded}")
    assert (found.kind, found.rights) == (Kind.REQUEST, (Right.OBJECTION,))


def test_a_line_of_links_asks_for_nothing_and_a_list_of_wishes_does():
    assert judge("Access my data | Delete my account | Unsubscribe").kind is not Kind.REQUEST
    assert judge("I want this:\n  · a copy of my data\n  · my account deleted").rights == (
        Right.ACCESS,
        Right.ERASURE,
    )


def test_a_notice_of_confidentiality_asks_for_nothing():
    notice = "This message is confidential. If you are not the addressee, please delete it from your system."
    assert judge(f"I would like a copy of my data.\n\nAnn\n\n{notice}").rights == (Right.ACCESS,)
    assert judge(f"{notice}\n\nHello.\n\nI would like a copy of my data.").rights == (Right.ACCESS,)


def test_a_first_letter_that_speaks_of_the_time_limit_is_no_reminder():
    text = "Je demande une copie complète de mon dossier. Passé le délai d'un mois, je saisirai la CNIL."
    assert judge(text).kind is Kind.REQUEST
    assert (
        judge("Vorrei una copia dei miei dati. Resto in attesa di un vostro riscontro.").kind is Kind.REQUEST
    )


@pytest.mark.parametrize(("sender", "text", "name"), [*CLIENTS, *SIGNATURES])
def test_the_name_is_the_requesters_own(sender, text, name):
    assert find_name(read_mail(letter("Demande", text, sender)), "fr") == name
