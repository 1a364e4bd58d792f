"""The traps of law.md V2 in each language: (language, rights, sentence); rights `-` is business, `?` is for a person. Our own words."""

import pytest

from models.classification import Kind, Machine
from models.rights import Right
from tasks.classifier.classify import classify
from tasks.mail.read_mail import read_mail
from tests.support.mail_samples import FILLER, letter

# fmt: off
ASKED = [
    # several rights in one sentence, and in passing
    ("fr", "access erasure", "Dites-moi d'abord ce que vous avez sur moi, puis effacez tout."),
    ("fr", "objection erasure", "Plus aucun appel de votre part, et supprimez mon numéro de vos bases."),
    ("en", "access erasure", "I'd like a copy of what you hold about me and after that I want all of it deleted."),
    ("en", "rectification objection", "My surname is spelt Grey and not Gray, please fix it, and no more newsletters."),
    ("de", "access erasure", "Schicken Sie mir eine Kopie meiner Daten und löschen Sie danach mein Konto."),
    ("es", "access erasure", "Quiero saber qué datos tienen sobre mí y que después los borren."),
    ("it", "access erasure", "Vorrei sapere quali dati avete su di me e poi chiedo che siano cancellati."),
    ("nl", "access erasure", "Stuur mij een kopie van mijn gegevens en verwijder daarna mijn account."),
    # negation
    ("fr", "access", "Ce n'est pas une suppression que je demande : je veux une copie de mes données."),
    ("en", "erasure", "I am not a customer and never was, so please erase my details."),
    ("de", "erasure", "Ich war nie Kunde bei Ihnen, bitte löschen Sie meine Daten."),
    ("es", "erasure", "Nunca he sido cliente suyo, por favor borren mis datos."),
    ("it", "erasure", "Non sono mai stato vostro cliente, per favore cancellate i miei dati."),
    ("nl", "erasure", "Ik ben nooit klant geweest, gelieve mijn gegevens te wissen."),
    # the old value goes, a new one comes
    ("fr", "rectification", "Effacez mon ancienne adresse, la nouvelle est le 9 rue du Lavoir."),
    ("en", "rectification", "Please delete my old e-mail address, the new one is jo@b.org."),
    ("de", "rectification", "Bitte löschen Sie meine alte Telefonnummer, die neue lautet 030 123."),
    ("es", "rectification", "Borren mi teléfono antiguo, el nuevo es el 600 000 000."),
    ("it", "rectification", "Cancellate il mio vecchio numero, quello nuovo è 333 000."),
    ("nl", "rectification", "Verwijder mijn oude adres, het nieuwe adres is Dorpsstraat 1."),
    # keep, but do not use
    ("fr", "restriction", "Gardez mon dossier mais ne vous en servez plus tant que le litige n'est pas réglé."),
    ("en", "restriction", "Keep my file, but don't use it until the court has decided."),
    ("de", "restriction", "Bitte sperren Sie meine Daten, bis die Sache geklärt ist."),
    ("es", "restriction", "Solicito que limiten el tratamiento de mis datos mientras dura el litigio."),
    ("it", "restriction", "Chiedo di bloccare il trattamento dei miei dati fino alla decisione."),
    ("nl", "restriction", "Graag de verwerking van mijn gegevens beperken tot dit is uitgezocht."),
    # portability, and not of a telephone number
    ("fr", "portability", "Je voudrais récupérer mes données dans un format que mon nouveau prestataire pourra importer."),
    ("en", "portability", "Please export my data in a machine-readable format so that I can move to another provider."),
    ("de", "portability", "Bitte übertragen Sie meine Daten an meinen neuen Anbieter."),
    ("es", "portability", "Quiero trasladar mis datos a otro proveedor en un formato estructurado."),
    ("it", "portability", "Desidero la portabilità dei miei dati verso un altro fornitore."),
    ("nl", "portability", "Ik wil mijn gegevens meenemen in een machineleesbaar formaat."),
    # consent
    ("fr", "consent_withdrawal", "Je retire l'accord que j'avais donné pour l'utilisation de ma photo."),
    ("en", "consent_withdrawal", "I take back the permission I gave you last spring."),
    ("de", "consent_withdrawal", "Hiermit widerrufe ich nach Art. 7 Abs. 3 DSGVO die Ihnen im Mai erteilte Einwilligung."),
    ("es", "consent_withdrawal", "Retiro el consentimiento que di en mayo."),
    ("it", "consent_withdrawal", "Ritiro il consenso dato a maggio."),
    ("nl", "consent_withdrawal", "Ik trek mijn toestemming van mei in."),
    # objection in everyday words
    ("fr", "objection", "Fichez-moi la paix avec vos mails."),
    ("en", "objection", "Quit calling me, I mean it."),
    ("de", "objection", "Hören Sie auf, mir Werbung zu schicken."),
    ("es", "objection", "Dejen ya de llamarme."),
    ("it", "objection", "Smettetela di telefonarmi."),
    ("nl", "objection", "Stop met bellen, ik heb geen belangstelling."),
    ("fr", "objection", "Inutile de me rappeler, et ne me recontactez plus."),
    ("en", "objection", "Don't ever phone me again."),
    ("en", "objection", "Please don't share my number with your partners."),
    ("de", "objection", "Streichen Sie mich von Ihrer Telefonliste."),
    ("es", "objection", "No quiero que me vuelvan a escribir."),
    ("it", "objection", "Non richiamatemi più."),
    ("nl", "objection", "Schrap mij van jullie adressenlijst."),
    # the source
    ("fr", "access", "Vous m'avez écrit hier ; d'où sortez-vous mon adresse ? Dites-moi qui vous a donné mon mail."),
    ("en", "access", "Who gave you my phone number?"),
    ("de", "access", "Von wem haben Sie meine E-Mail-Adresse?"),
    ("es", "access", "¿De dónde han sacado mi correo?"),
    ("it", "access", "Chi vi ha dato la mia mail?"),
    ("nl", "access", "Van wie hebben jullie mijn nummer gekregen?"),
]
BUSINESS = [
    ("fr", "Mon badge ne donne plus accès au parking, pouvez-vous le réactiver ?"),
    ("fr", "Supprimez la réunion de lundi, s'il vous plaît."),
    ("fr", "Merci de me retirer de la boucle sur ce sujet."),
    ("fr", "J'ai fait opposition au chèque numéro 12."),
    ("fr", "Comment garder mon numéro ? Je parle de la portabilité de ma ligne mobile."),
    ("en", "Please delete my last message, it went to the wrong person."),
    ("en", "My badge does not give me access to the building any more."),
    ("en", "Can you drop me from this thread, Ann will take over."),
    ("en", "I object to the late fee on invoice 12."),
    ("de", "Bitte löschen Sie den Termin am Dienstag."),
    ("de", "Ich habe keinen Zugang zum Gebäude mehr."),
    ("de", "Gegen Ihren Bescheid lege ich Widerspruch ein: die Rechnung ist falsch."),
    ("es", "¿Pueden anular la cita del martes?"),
    ("es", "Quiero cambiar la dirección de entrega de mi pedido."),
    ("it", "Potete spostare la riunione di martedì?"),
    ("it", "Vorrei cambiare l'indirizzo di consegna del mio ordine."),
    ("fr", "Votre logiciel efface mes photos à chaque démarrage."),
    ("en", "Why did you never ring me back?"),
    ("en", "Don't call me before noon, I am in court."),
    ("de", "Warum haben Sie mich nicht zurückgerufen?"),
    ("nl", "Kunt u de afspraak van dinsdag annuleren?"),
    ("nl", "Ik maak bezwaar tegen de boete op factuur 12."),
]
FOR_A_PERSON = [
    ("fr", "Ma mère est décédée, je suis son héritière : que devient son compte et ses données ?"),
    ("fr", "Votre bandeau cookies ne permet pas de refuser les traceurs."),
    ("en", "What is your legal basis for the cookies on your site?"),
    ("de", "Anbei der Auftragsverarbeitungsvertrag zur Unterschrift."),
    ("es", "Hemos actualizado nuestra política de privacidad."),
    ("it", "Vi segnalo una violazione dei dati sul vostro portale."),
    ("nl", "In de bijlage vindt u de verwerkersovereenkomst."),
]
AWAY = [
    ("Re: votre dossier", "Merci de votre message. Je suis absente jusqu'au 12 et vous répondrai à mon retour."),
    ("Re: x", "Bonjour, je ne fais plus partie de la société, adressez-vous à accueil@b.fr."),
    ("Re: your letter", "I am on leave until Monday. For urgent matters please call the front desk."),
    ("AW: Anfrage", "Vielen Dank für Ihre Nachricht. Ich bin bis zum 3. Mai im Urlaub."),
    ("RE: consulta", "Gracias por su mensaje. Estoy de vacaciones hasta el lunes."),
    ("R: richiesta", "Grazie per la mail. Sono in ferie fino al 3 maggio, risponderò al mio rientro."),
    ("Antw: vraag", "Bedankt voor uw bericht. Ik ben met vakantie tot en met maandag."),
    ("[Ticket 7] We have received your request", "Thank you for contacting us. An agent will answer within two days."),
]
PERSONS = [
    ("Réunion", "Bonjour, je suis absent mardi, peut-on se voir mercredi ? Paul"),
    ("Krank", "Hallo, ich bin krank und heute leider nicht da. Gruß, Uwe"),
    ("Delete", "I am travelling at the moment, but please delete my account. Ann"),
    ("Mes données", "Je suis en vacances jusqu'au 12, merci de supprimer mon compte d'ici mon retour. Ana"),
]
# fmt: on


def judge(text: str, subject: str = "Question"):
    return classify(read_mail(letter(subject, text)))


@pytest.mark.parametrize(("language", "rights", "text"), ASKED)
def test_a_right_is_found_whatever_stands_around_it(language, rights, text):
    found = judge(text)
    assert (found.kind, set(found.rights)) == (Kind.REQUEST, {Right(right) for right in rights.split()})
    assert found.language == language


@pytest.mark.parametrize(("language", "text"), BUSINESS)
def test_the_same_words_in_business_open_no_case(language, text):
    found = judge(f"{text}\n\n{FILLER}")
    assert (found.kind, found.rights) == (Kind.NOT_REQUEST, ())


def test_a_line_that_nobody_foresaw_is_read_by_a_person():
    assert judge("Enough is enough, whoever you are.").kind is Kind.NEEDS_REVIEW
    assert judge("The weather in Lyon was fine. " * 20).kind is Kind.NOT_REQUEST
    assert judge("").kind is Kind.NOT_REQUEST


@pytest.mark.parametrize(("language", "text"), FOR_A_PERSON)
def test_law_without_a_right_goes_to_a_person(language, text):
    assert judge(text).kind is Kind.NEEDS_REVIEW


@pytest.mark.parametrize(("subject", "text"), AWAY)
def test_an_absence_is_known_without_headers(subject, text):
    found = judge(text, subject)
    assert (found.kind, found.machine) == (Kind.NOT_REQUEST, Machine.AUTO_REPLY)


@pytest.mark.parametrize(("subject", "text"), PERSONS)
def test_a_person_who_is_away_is_no_machine(subject, text):
    assert judge(text, subject).machine is None


def test_a_ground_of_article_17_is_no_withdrawal():
    text = (
        "I request the erasure of my personal data. I have the right to it where:\n"
        "- the data is no longer necessary\n- I withdraw my consent and there is no other legal ground\n"
    )
    assert judge(text).rights == (Right.ERASURE,)


def test_a_list_of_existing_rights_asks_for_none_of_them():
    text = (
        "Bitte erteilen Sie mir Auskunft über meine Daten, ihre Herkunft und ggf. bestehende Rechte auf Löschung,"
        " Berichtigung oder Einschränkung der Verarbeitung."
    )
    assert judge(text).rights == (Right.ACCESS,)


def test_a_mail_programs_own_sentence_under_unsubscribe_is_no_automatic_reply():
    found = judge("This message was automatically generated by the mail program.", "unsubscribe")
    assert (found.kind, found.rights, found.machine) == (Kind.REQUEST, (Right.OBJECTION,), None)


def test_the_list_managers_refusal_is_a_bounce():
    raw = b"From: list-admin@b.org\r\nSubject: You are not member\r\n\r\nYou are not a member of this mailing list.\r\n"
    assert classify(read_mail(raw)).machine is Machine.BOUNCE
