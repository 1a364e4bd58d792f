"""Who writes, and for whom: sellers, newsletters, applicants and machines ask for no right; their phrases hide none. Our own words."""

import pytest

from models.classification import Kind, Machine
from models.rights import Right
from tasks.classifier.classify import classify
from tasks.classifier.load_vocabulary import LANGUAGES
from tasks.classifier.split_sentences import spoken_in
from tasks.mail.read_mail import read_mail
from tests.support.mail_samples import letter

# fmt: off
ASKS_FOR_NOTHING = [
    # a footer tells its reader of the reader's rights
    ("Nouveautés", "Trois nouveaux modules vous attendent.\n\nVous ne voulez plus recevoir nos messages ? Répondez STOP. Pour demander l'effacement de vos données, écrivez à dpo@editeur.example."),
    ("May at a glance", "Three new modules are out.\n\nYou no longer wish to receive these mails? You can ask for access, correction or portability of your data at dpo@vendor.example."),
    ("Newsletter", "Drei neue Module sind da.\n\nSie möchten unsere Post nicht mehr erhalten? Hier abmelden."),
    # an offer, and the seller's promise to leave its reader alone
    ("Une idée pour vous", "Notre cabinet automatise les demandes d'accès et d'effacement. Audit gratuit sur demande.\nSi ce sujet ne vous concerne pas, répondez STOP et je ne vous relancerai plus."),
    ("An idea", "Deletion requests eat your week? Our tool finds the personal data for you. Worth a quick call? Book a slot.\nNot relevant? Let me know."),
    ("Prospects du bâtiment", "8 000 contacts avec mobile et mail direct, livrés en CSV. Tarif de lancement : 400 € HT. Je vous envoie un échantillon ?"),
    ("Staff course", "Would your team recognise a subject access request? Our one-hour course covers erasure, portability and objection. Reserve your seats before Friday."),
    ("Angebot", "Wir bieten Ihnen externe Datenschutzbeauftragte. Auskunftsersuchen und Löschanträge erledigen wir für Sie. Wann passt Ihnen ein Gespräch?"),
    ("Formation RGPD", "Formez vos équipes en deux jours : droit d'accès, droit à l'oubli, portabilité. Inscription avant le 30 juin, places limitées."),
    ("Webinar", "Join our free webinar on handling subject access requests and erasure requests. Register now, seats are limited."),
    ("Servicios", "Somos una consultora. Gestionamos las solicitudes de acceso y supresión de sus clientes. ¿Le viene bien una llamada?"),
    ("Your parcel", "Parcel 4471 arrives on Thursday. We process your personal data as our privacy notice says; you have the right to object."),
    ("Planned maintenance", "Our servers will be down on Sunday. No data will be deleted."),
    # whoever applies for a job lets us keep the application
    ("Candidature spontanée", "Je souhaite rejoindre votre équipe, mon CV est joint. J'autorise la conservation de ma candidature."),
    ("Application", "I would like to apply for the post of tester. My CV is attached. I consent to the storage of my details."),
    ("Candidatura", "Allego il mio curriculum per la posizione di tecnico. Autorizzo il trattamento dei miei dati personali."),
    ("Initiativbewerbung", "Mein Lebenslauf liegt bei. Ich willige in die Speicherung meiner Unterlagen ein."),
    # the same words in a bank, a workshop and a telephone company
    ("Opposition sur votre carte", "Nous avons bien noté la perte. Les frais sont de 12 euros."),
    ("Demande d'accès pour un stagiaire", "Bonjour, Léa commence demain sur le chantier, il lui faut un compte."),
    ("Access for a new starter", "Our colleague needs read access to the planning tool, the project begins on Monday."),
    ("Moving our lines", "How long does portability of two phone numbers take with your company as the new carrier?"),
    # others' privacy policies, swindlers, a slip
    ("Nouveautés juridiques", "Notre politique de confidentialité évolue au 1er juin."),
    ("News", "Our privacy policy has changed."),
    ("Dernier rappel RGPD", "Votre société est en défaut de conformité RGPD. Régularisez en payant les frais de 300 euros."),
    ("Oops", "I sent this to the wrong person, sorry."),
]
SEEN_BY_A_PERSON = [
    # none of the phrases above hides a wish of the sender's own
    ("Votre dossier", "Nos services instruisent une plainte. Communiquez-nous votre registre des traitements."),
    ("Cher ami", "Maître Dossou, notaire. Vous recevrez trois millions d'un client défunt, envoyez vos données personnelles."),
    ("Re: the deadline", "I do not accept the two-month extension. Answer my original request about my three invoices."),
    ("Vos messages", "Vous dites : répondez STOP. Je l'ai fait trois fois. Effacez mon adresse maintenant."),
    ("Désinscription", "Votre lien de désinscription ne marche pas."),
    ("Candidature", "J'ai postulé chez vous en 2022. Supprimez mon CV."),
    ("My application", "I applied for a post last year. Please delete my CV and my application."),
    ("Bewerbung", "Ich willige in die Speicherung meiner Bewerbung nicht länger ein, bitte löschen Sie sie."),
    ("Candidatura", "Non autorizzo il trattamento dei miei dati personali."),
    ("Consent", "I do not consent to the processing of my data."),
    ("Bank", "Je fais opposition à l'utilisation de mes données à des fins commerciales."),
    ("RE: Votre rendez-vous", "Mon poste n'est plus le bon et l'adresse n'est plus valable non plus. Merci de mettre tout ça à jour."),
    ("Your webinar", "Join our free webinar, you wrote. No: stop mailing me, I object to the use of my address."),
    ("Vos offres", "Si ce sujet ne vous concerne pas, transmettez au DPO : je retire mon consentement."),
    ("Votre formation", "Formez vos équipes, dites-vous ? Commencez par effacer mes données."),
    ("Newsletter", "Vous recevez ce message car je retire mon consentement aux newsletters si vous pensez l'avoir."),
    # somebody misuses our name, something leaked
    ("Alerte", "J'ai reçu un faux mail qui se sert de votre nom. Ils avaient mon contrat : il y a peut-être une fuite chez vous."),
    ("Beware", "Someone is using your name for a scam and they know my contract number. Was there a leak at your company?"),
    ("Achtung", "In Ihrem Namen kommt eine gefälschte Rechnung. Gab es ein Datenleck bei Ihnen?"),
    ("Attenzione", "Una truffa gira a vostro nome."),
    ("Copie de ma plainte auprès de la CNIL", "Voici la copie de la plainte. Je n'attends pas de réponse de votre part."),
]
ASKED = [
    ("consent_withdrawal", "Je retire mon accord pour les photos. Sans réponse de votre part sous un mois, je saisirai la CNIL."),
    ("portability", "Ich beantrage meine Daten in einem maschinenlesbaren Format nach Art. 20 DSGVO. Bleibt die Antwort aus, reiche ich Beschwerde ein."),
    ("restriction", "Bitte sperren Sie meine Daten bis zum Ende Ihrer Prüfung. Eine Löschung verlange ich ausdrücklich nicht."),
    ("erasure", "Effacez mes données et informez tous les destinataires à qui vous les auriez transmises depuis le début de notre contrat, par un courrier dont vous garderez la trace."),
    ("erasure", "Pouvez-vous m'enlever complètement de vos fichiers ?"),
    ("access erasure", "Qui vous a filé mon mail perso ? Effacez-le, ainsi que mon numéro."),
    ("access objection", "Where did you get my address? And don't use it for sales mail again."),
    ("consent_withdrawal erasure", "Il sottoscritto\n\nREVOCA\n\ntale consenso e chiede la cancellazione dei suoi dati personali."),
    ("rectification", "Mon numéro finit par 12 et pas 21. Merci de mettre cela à jour."),
    ("restriction", "Half of what's on my file is wrong. Keep my data but don't use it until you have checked."),
]
# fmt: on


def judge(text: str, subject: str = "Question", **headers: str):
    return classify(read_mail(letter(subject, text, **headers)))


@pytest.mark.parametrize(("subject", "text"), ASKS_FOR_NOTHING)
def test_whoever_informs_sells_or_applies_opens_no_case(subject, text):
    assert judge(text, subject).kind is Kind.NOT_REQUEST


@pytest.mark.parametrize(("subject", "text"), SEEN_BY_A_PERSON)
def test_the_same_phrases_hide_no_wish_and_no_alarm(subject, text):
    assert judge(text, subject).kind in {Kind.REQUEST, Kind.NEEDS_REVIEW}


@pytest.mark.parametrize(("rights", "text"), ASKED)
def test_the_right_is_the_one_that_is_asked_for(rights, text):
    found = judge(text)
    assert (found.kind, set(found.rights)) == (Kind.REQUEST, {Right(right) for right in rights.split()})


def test_a_right_called_by_name_in_the_subject_of_business_is_for_a_person():
    assert judge("Merci de valider le devis avant la réunion.", "Opposition").kind is not Kind.REQUEST


def test_a_stranger_who_says_who_she_is_corrects_nothing():
    assert judge("I am Mrs Ruth Oduya, a widow. Kindly send me your full name.").kind is not Kind.REQUEST


def test_a_mailbox_that_is_no_longer_read_answers_by_itself():
    found = judge(
        "I have left the firm. This mailbox is no longer read. Please update your records.", "Re: Export"
    )
    assert (found.kind, found.machine) == (Kind.NOT_REQUEST, Machine.AUTO_REPLY)


def test_a_long_list_is_read_in_its_one_likely_language_and_a_short_one_in_all():
    line = " widget gasket valve flange bracket the rivet washer "
    assert spoken_in([line] * 20) == ("en",)
    assert spoken_in([line] * 2) == LANGUAGES
