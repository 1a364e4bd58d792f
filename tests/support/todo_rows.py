"""What waits for an officer outside the forms, for pictures and tests; persons and letters are invented."""

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

from sqlmodel import Session, select

from models import storage
from models.by_hand import ByHand
from models.cases import find_case
from models.database import unit_of_work
from models.mandates import AgentKind, MandateGiven
from models.rights import Right
from models.tables import Channel, Letter, Message, MessageState, Request, TodoKind
from tasks.letters.acknowledge import acknowledge
from tasks.mail.open_by_hand import open_by_hand
from tasks.steps import Scene
from tasks.todos import note
from tests.support.case_rows import NOW, add_case
from tests.support.desk_rows import acknowledge as acknowledged

UNCLEAR = """Bonjour,

Je n'arrive plus à me souvenir si j'ai un compte chez vous. Si c'est le cas, que faites-vous de
mes données, et pouvez-vous supprimer mon ancien numéro ? Je ne veux plus recevoir vos e-mails.

Vous trouverez ci-joint votre dernier courrier.

Bien à vous,
Élodie Garnier
06 12 34 56 78
"""
BECAUSE = [
    ["access", "que faites-vous de mes donnees"],
    ["rectification", "supprimer mon ancien numero"],
    ["objection", "ne veux plus recevoir vos e-mails"],
]
LAWYER = MandateGiven(
    kind=AgentKind.LAWYER,
    agent_name="Maître Inès Roux",
    agent_address="i.roux@avocats.example",
    purpose="exercice du droit d’accès, dossier Lambert",
    evidence="courrier à en-tête du 18 novembre",
)
ON_PAPER = ByHand(
    rights=(Right.ERASURE,),
    channel=Channel.POST,
    received_at=NOW - timedelta(days=4),
    name="Marguerite Lambert",
    postal=("12 rue des Lilas", "75011 Paris"),
    notes="Je vous prie d'effacer toutes les données que vous avez sur moi.",
    key="todo-rows",
    mandate=LAWYER.model_copy(update={"agent_address": ""}),
)


def fill_todos(session: Session) -> dict[str, int]:
    """Add one thing to do of most kinds; return the numbers of the message in the pen."""
    message = penned(session)
    note(session, TodoKind.QUALIFY, NOW - timedelta(days=3), message=message)
    bounced, _ = add_case(session, name="Paul Meunier", address="p.meunier@ancien.example")
    letter = acknowledged(session, bounced, NOW - timedelta(hours=20))
    letter.bounced_at, letter.bounce = NOW - timedelta(hours=19), "5.1.1 no such mailbox"
    note(session, TodoKind.BOUNCED, NOW - timedelta(days=3), case=bounced, letter=letter)
    listed, [request] = add_case(session, name="", address="noreply@formulaire.example")
    held = penned(session, subject="Formulaire de contact nº 118", sender="noreply@formulaire.example")
    held.state, held.case_id, held.automatic = (
        MessageState.CASE,
        listed.id,
        "its sender is a no-reply address",
    )
    acknowledge(Scene(session, listed, request, NOW - timedelta(hours=2)))
    reminded, _ = add_case(session, name="Théo Blanc", address="theo@blanc.example")
    reminded.reminders, reminded.reminded_at = 1, NOW - timedelta(hours=1)
    again = penned(session, subject="Toujours sans nouvelles", sender="theo@blanc.example")
    again.state, again.case_id = MessageState.CASE, reminded.id
    note(session, TodoKind.REMINDER, NOW - timedelta(hours=1), case=reminded, message=again)
    return {"message": message.id}


def fill_paper() -> int:
    """Open a case from a letter on paper, for which an acknowledgement waits to be posted; return that letter."""
    opened = open_by_hand(ON_PAPER, "Dana Privacy", NOW)
    with unit_of_work() as session:
        request = session.exec(select(Request).where(Request.ref == opened.requests[0])).one()
        key = acknowledge(Scene(session, find_case(session, opened.ref), request, NOW))["letter"]
        return session.exec(select(Letter.id).where(Letter.key == key)).one()


def penned(
    session: Session, subject: str = "Une question, et mon numéro", sender: str = "e.garnier@fleurs.example"
) -> Message:
    """A message with an attachment that waits to be qualified."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = f"Élodie Garnier <{sender}>", "privacy@nexoris.com", subject
    mail["Message-ID"] = f"<{abs(hash(subject))}@mail.example>"
    mail.set_content(UNCLEAR)
    mail.add_attachment(b"%PDF-1.7" * 4000, maintype="application", subtype="pdf", filename="courrier.pdf")
    raw = mail.as_bytes()
    message = Message(
        mailbox="privacy@nexoris.com",
        message_id=mail["Message-ID"],
        content_hash=storage.sha256(raw),
        storage_key=storage.keep("mail", raw),
        received_at=NOW - timedelta(days=3, hours=1),
        kept_at=NOW - timedelta(days=3),
        handled_at=NOW - timedelta(days=3),
        state=MessageState.PEN,
        reason="it may be a request: read it and decide today",
        sender=sender,
        subject=subject,
        classification={
            "kind": "needs_review", "rights": ["access", "rectification", "objection"], "language": "fr",
            "first_name": "Élodie", "last_name": "Garnier", "because": BECAUSE,
        },
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message
