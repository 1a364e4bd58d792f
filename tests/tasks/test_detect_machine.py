"""Words make nobody a machine where something speaks for a request; where nothing does, six languages are recognised. Our own words."""

import pytest

from models.classification import Classification, Kind, Machine
from tasks.classifier.classify import classify
from tasks.mail.read_mail import read_mail
from tests.support.mail_samples import letter

ARTICLE_15 = (
    "Bonjour,\n\nAu titre de l'article 15 du RGPD, je vous demande une copie de mes données.\n\nAna Diaz\n"
)
ERASE = "Hello,\n\nplease delete my account and all my personal data.\n\nAna Diaz\n"

# fmt: off
PEOPLE = [  # (subject, text, From)
    ("Absence de réponse à ma demande d'accès", ARTICLE_15, "Ana <ana@mail.example>"),
    ("Absence de réponse", "Je n'ai reçu aucune réponse à ma demande du 3 mai.", "Ana <ana@mail.example>"),
    ("Absent de vos fichiers ?", "Suis-je absent de vos fichiers ? Quelles données avez-vous sur moi ?", "ana@mail.example"),
    ("Read my data request", ERASE, "ana@mail.example"),
    ("Read: my data request", "You have not read it: please delete my account.", "ana@mail.example"),
    ("Lu et approuvé : effacez mon compte", "Merci d'effacer toutes mes données.", "ana@mail.example"),
    ("Vacation rental account - delete my data", ERASE, "ana@mail.example"),
    ("Holiday photos", "I am away until Monday. Please erase the photos and all my data on my return.", "ana@mail.example"),
    ("En congés", "Je suis en congés jusqu'au 12, où en est ma demande avant mon retour ?", "ana@mail.example"),
    ("Urlaub", "Ich bin bis zum 3. Mai im Urlaub. Bitte löschen Sie bis dahin mein Konto und meine Daten.", "ana@mail.example"),
    ("Automatic reply: hello", "I am away until Monday. Please delete my account and all my data.", "ana@mail.example"),
    ("Email problem: please delete my account", f"My earlier request was rejected.\n\n{ERASE}", "ana@mail.example"),
    ("Échec de remise - ma demande d'effacement", "Mon courrier m'a été retourné : destinataire inconnu. Effacez mes données.", "ana@mail.example"),
    ("My data", f"My earlier request was rejected.\n\n{ERASE}", "postmaster@smallfirm.example"),
    ("Delivery problem", f"My earlier request was rejected.\n\n{ERASE}", "postmaster@smallfirm.example"),
    ("My data", f"My earlier request was rejected.\n\n{ERASE}", ""),
    ("Mailbox full", "I had no answer to my request of 3 May, my mailbox was full. What about my personal data?", "ana@mail.example"),
    ("[Ticket 4711] We have received your request", "Thank you for contacting us.\n\nNow please delete my personal data.", "ana@mail.example"),
    ("Votre message DSR-2026-0042", "Nous avons bien reçu votre message, dossier 12345 : ci-joint le mandat.", "cabinet@avocats.example"),
]
MACHINES = [  # none has a header that says so
    ("Absence du bureau Re: DSR-2026-0042 : un code pour confirmer votre identité", "Je suis absente jusqu'au 4 janvier."),
    ("Réponse automatique : DSR-2026-0042 : nous avons bien reçu votre demande", "Je suis absent, sans accès à ma messagerie."),
    ("Réponse automatique : Vos données personnelles", "Bonjour, je suis absente. En mon absence, écrivez à accueil@b.example."),
    ("Absence", "Bonjour,\n\nJe serai de retour le 12 janvier.\n\nCamille"),
    ("Notification d'absence", "Bonjour, je réponds à mon retour le 12."),
    ("Re: DSR-2026-0042", "Je ne fais plus partie de la société, écrivez à accueil@b.example."),
    ("Lu : votre courrier", "Votre message a été lu le lundi 3 mai 2026 à 10:12."),
    ("Automatic reply: DSR-2026-0042: a code to confirm your identity", "I am away until 12 January."),
    ("Out of Office", "Thank you for your message. I am back on Monday."),
    ("Annual leave", "I am on annual leave until 12 January. For urgent matters please call the desk."),
    ("Re: your letter", "Ann Lee no longer works here. Please write to office@b.example."),
    ("Read: your letter", "Your message was read on Monday 3 May 2026 at 10:12."),
    ("Abwesenheitsnotiz: DSR-2026-0042", "Ich bin bis zum 12. Januar nicht im Büro."),
    ("Automatische Antwort: Ihre Anfrage", "Vielen Dank für Ihre Nachricht. Ich lese sie nach meiner Rückkehr."),
    ("Gelesen: Ihr Brief", "Ihre Nachricht wurde am Montag, 3. Mai 2026 gelesen."),
    ("AW: Ihr Brief", "Herr Roth ist nicht mehr für das Unternehmen tätig, schreiben Sie bitte an info@b.example."),
    ("Respuesta automática: su carta", "Estoy fuera de la oficina hasta el 12 de enero."),
    ("Vacaciones", "Gracias por su correo. Estoy de vacaciones hasta el 12 de enero."),
    ("RE: carta", "Ana ya no trabaja aquí, escriba a info@b.example."),
    ("Risposta automatica: lettera", "Sono fuori ufficio fino al 12 gennaio."),
    ("Ferie", "Grazie per il messaggio. Sono in ferie fino al 12 gennaio."),
    ("R: lettera", "Paolo non lavora più qui, scriva a info@b.example."),
    ("Automatisch antwoord: uw brief", "Ik ben tot 12 januari niet op kantoor."),
    ("Afwezigheidsbericht", "Ik ben met vakantie en lees geen mails."),
    ("Antw: brief", "Jan is niet meer werkzaam bij ons, mail info@b.example."),
    ("Re: DSR-2026-0042 [#48213]", "Nous avons bien reçu votre demande, ticket n° 48213. Un conseiller vous répondra."),
    ("DSR-2026-0042", "Votre message a bien été enregistré sous la référence SUP-48213."),
    ("Re: your letter", "We have received your request, ticket #48213. An agent will answer soon."),
    ("Case 48213", "Hello, your request has been received and will be looked at. Case number: 48213"),
    ("AW: Ihr Brief", "Wir haben Ihre Anfrage erhalten. Ihre Vorgangsnummer lautet 48213."),
    ("RE: carta", "Hemos recibido su solicitud. Número de referencia: 48213."),
    ("R: lettera", "Abbiamo ricevuto la sua richiesta. Pratica n. 48213."),
    ("Antw: brief", "Wij hebben uw bericht ontvangen onder nummer 48213."),
]
# fmt: on


def judge(subject: str, text: str, sender: str = "somebody@b.example", **headers: str) -> Classification:
    return classify(read_mail(letter(subject, text, sender, **headers)))


@pytest.mark.parametrize(("subject", "text", "sender"), PEOPLE)
def test_a_person_in_a_machines_words_reaches_a_person(subject: str, text: str, sender: str) -> None:
    found = judge(subject, text, sender)
    assert found.machine is None
    assert found.kind is not Kind.NOT_REQUEST


@pytest.mark.parametrize(("subject", "text"), MACHINES)
def test_a_machine_without_headers_is_known_where_nothing_speaks(subject: str, text: str) -> None:
    found = judge(subject, text)
    assert (found.kind, found.machine) == (Kind.NOT_REQUEST, Machine.AUTO_REPLY)


def test_headers_prove_what_words_do_not() -> None:
    text = f"I am away until Monday.\n\n{ERASE}"
    assert judge("Automatic reply: x", text).kind is Kind.NEEDS_REVIEW
    assert judge("Automatic reply: x", text, Auto_Submitted="auto-replied").machine is Machine.AUTO_REPLY
    failed = f"The following message was rejected: 550 5.1.1 user unknown\n\n{ERASE}"
    assert judge("Returned mail", failed, "mailer-daemon@b.example").kind is Kind.NEEDS_REVIEW
    for proof in ({"Return_Path": "<>"}, {"X_Failed_Recipients": "ana@b.example"}):
        found = judge("Returned mail", failed, "mailer-daemon@b.example", **proof)
        assert found.machine is Machine.BOUNCE


def test_a_form_s_robot_that_says_so_passes_on_a_request() -> None:
    """peers.md 4.2: `auto-generated` is no answer to anything of ours."""
    text = f"This is an automatic message, do not reply to this e-mail.\n\n{ERASE}"
    found = judge("Form", text, "no-reply@forms.example", Auto_Submitted="auto-generated")
    assert (found.kind, found.machine) == (Kind.NEEDS_REVIEW, None)
    assert judge("Form", text, "no-reply@forms.example").machine is None
